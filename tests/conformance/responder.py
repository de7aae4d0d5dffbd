# SPDX-License-Identifier: BSD-2-Clause
"""The program `respond` (a server alone, with any state) on the frame of the integration tests."""

import ctypes
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from frame import Failure, Packet, Skip, wait_until  # noqa: E402
from frame.ntp import exchange, open_client  # noqa: E402
from frame.process import Process, die_with_parent  # noqa: E402
from frame.rig import BUILD  # noqa: E402


class Responder(Process):
    """Takes commands on its stdin and answers on its stdout; the log is its stderr."""

    def __init__(self, name, argv, log, env=None, preexec=None):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.may_end = False

        def prepare():
            die_with_parent()
            if preexec:
                preexec()
        with open(log, "ab") as errors:
            self.popen = subprocess.Popen(self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                          text=True, env={**os.environ, **(env or {})}, preexec_fn=prepare)
        self.ports = self._read_ready()

    def _read_ready(self):
        word, *ports = self._read_line().split()
        if word != "ready":
            raise Failure(f"{self.name} says {word}")
        return [int(port) for port in ports]

    def _read_line(self):
        line = self.popen.stdout.readline()
        if not line:
            self.popen.wait(10)
            self.check_running()
        return line.strip()

    def _command(self, line):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()

    def _list(self, command):
        self._command(command)
        return list(iter(self._read_line, "end"))

    @property
    def port(self):
        return self.ports[0]

    def counters(self):
        return {name: int(value) for name, value in (line.split() for line in self._list("counters"))}

    def wait_for_counters(self, since=None, **wanted):
        """Until the counters (without "server_") have grown to those, from @since on: a worker books a batch after
        it sent the replies."""
        def grown():
            return {name: value - (since or {}).get(name, 0) for name, value in self.counters().items()}
        try:
            wait_until(lambda: all(grown()[f"server_{name}"] == value for name, value in wanted.items()), 5, "counters")
        except Failure:
            raise Failure(f"counters {wanted} expected, not {grown()}") from None
        return grown()

    def clients(self, limit=0):
        """Returns: a list of dicts with address, requests, dropped, interleaved, interval, seen, version, mode."""
        rows = []
        for line in self._list(f"clients {limit}"):
            address, *pairs = line.split()
            rows.append({"address": address, **{key: float(value) for key, value in
                                                (pair.split("=") for pair in pairs)}})
        return rows

    def listeners(self):
        return dict(line.split(" ", 1) for line in self._list("listeners"))

    def update(self, *words):
        self._command(" ".join(words))
        self.ports = self._read_ready()

    def disrupt_clock(self):
        self._command("epoch")
        self._read_ready()

    def retry(self):
        self._command("retry")
        self.ports = self._read_ready()


def start(rig, *words, host=None, preexec=None):
    def make(name, argv, log, env):
        return Responder(name, argv, log, env, preexec)
    program = BUILD / "tests" / "conformance" / "respond"
    return rig.start("respond", [program, *words], host, kind=make)


class Client:
    """One socket that asks one server."""

    def __init__(self, port, address="127.0.0.1", host=None, source=None):
        self.sock = open_client(address, port, host) if source is None else self._bound(address, port, source)

    @staticmethod
    def _bound(address, port, source):
        import socket
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((source, 0))
        if sock.getsockname()[1] == port:  # one in thousands: this machine's address and the server's port
            return Client._bound(address, port, source)  # are taken for the server itself; another while it is held
        sock.connect((address, port))
        return sock

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.sock.close()

    def ask(self, request=None, timeout=5.0):
        """Returns: the frame's Reply, None without one."""
        return exchange(self.sock, request or good_request(), timeout)

    def ask_before_good(self, data):
        """Sends @data and then a good request: what answers first tells whether @data was answered, without
        waiting for silence (one client's requests are served in their order). Returns: the Reply to @data, or
        None."""
        good = good_request()
        self.sock.send(data)
        first = exchange(self.sock, good, 5.0)
        if first is None:
            raise Failure("no answer to a good request")
        if first.packet.origin == good.transmit:
            return None
        second = exchange(self.sock, b"", 5.0)  # nothing is sent: takes the answer to the good one
        if second is None or second.packet.origin != good.transmit:
            raise Failure("more than one answer")
        return first


def good_request(**fields):
    return Packet(**{"transmit": int.from_bytes(os.urandom(8), "big") | 1, "poll": 6, **fields})


def field(kind, length, body=b""):
    """An extension field of @length octets."""
    return kind.to_bytes(2, "big") + length.to_bytes(2, "big") + body.ljust(length - 4, b"\x5a")


# kernels that lack something, by a filter on system calls. For preexec: it holds for the process and its children

AF_INET6, SOL_SOCKET, SO_TIMESTAMPING = 10, 1, 37
EAFNOSUPPORT, ENOPROTOOPT = 97, 92
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 0x00050000, 0x7FFF0000
SYSTEM_CALLS = {"x86_64": {"socket": 41, "setsockopt": 54}, "aarch64": {"socket": 198, "setsockopt": 208}}


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("jt", ctypes.c_ubyte), ("jf", ctypes.c_ubyte), ("k", ctypes.c_uint)]


class _Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction))]


def fail_call(name, arguments, error):
    """From now on calls of @name fail with @error if each argument of @arguments (number -> value) is as given."""
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    # of struct seccomp_data: the number of the call at 0, arguments of 8 octets from 16 on
    wanted = [(0, SYSTEM_CALLS[os.uname().machine][name]),
              *((16 + 8 * number, value) for number, value in arguments.items())]
    rules = []
    for position, (offset, value) in enumerate(wanted):
        to_allow = 2 * (len(wanted) - position) - 1
        rules += [(load, 0, 0, offset), (jump_if_equal, 0, to_allow, value)]
    rules += [(give, 0, 0, SECCOMP_RET_ERRNO | error), (give, 0, 0, SECCOMP_RET_ALLOW)]
    array = (_Instruction * len(rules))(*[_Instruction(*rule) for rule in rules])
    program = _Program(len(rules), array)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER,
                                                                ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def require_filter():
    if os.uname().machine not in SYSTEM_CALLS:
        raise Skip("the filter on system calls knows x86_64 and aarch64 only")


def forget_ipv6():
    """socket(AF_INET6) fails (field case B32)."""
    fail_call("socket", {0: AF_INET6}, EAFNOSUPPORT)


def forget_timestamping():
    """SO_TIMESTAMPING is unknown, as to some emulated kernels; SO_TIMESTAMPNS works."""
    fail_call("setsockopt", {1: SOL_SOCKET, 2: SO_TIMESTAMPING}, ENOPROTOOPT)
