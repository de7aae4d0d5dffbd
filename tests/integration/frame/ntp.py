# SPDX-License-Identifier: BSD-2-Clause
"""NTP packets with every field settable, a client that asks once, and a server that answers by script."""

import ipaddress
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, replace

from .net import Host
from .tap import Failure
from .wait import wait_until

NTP_UNIX_S = 2208988800  # 1900 to 1970
HEADER = struct.Struct(">BBbbIIIQQQQ")
NS = 1_000_000_000
LONGEST = 65535
SO_TIMESTAMPNS = 35  # Linux; Python 3.11 has no name for it

MODE_CLIENT, MODE_SERVER = 3, 4
LEAP_UNSYNCHRONISED = 3
KISS = {code: int.from_bytes(code.encode(), "big") for code in ("RATE", "DENY", "RSTR", "INIT", "STEP")}


def ntp64(unix_ns):
    """Nanoseconds since 1970 as an NTP timestamp (RFC 5905 section 6), era left out."""
    seconds, fraction = divmod(unix_ns, NS)
    return ((seconds + NTP_UNIX_S) % 2**32) << 32 | (fraction << 32) // NS


def unix_ns(timestamp, near_ns=None):
    """An NTP timestamp as nanoseconds since 1970, in the era that is nearest to @near_ns (now)."""
    near_ns = time.time_ns() if near_ns is None else near_ns
    ns = ((timestamp >> 32) - NTP_UNIX_S) * NS + ((timestamp & 0xFFFFFFFF) * NS >> 32)
    era_ns = 2**32 * NS
    return ns + round((near_ns - ns) / era_ns) * era_ns


def ntp32(seconds):
    """Seconds in the short format of root delay and root dispersion."""
    return round(seconds * 65536)


@dataclass
class Packet:
    """The fields as they are on the wire: integers, no scaling, nothing checked."""

    leap: int = 0
    version: int = 4
    mode: int = MODE_CLIENT
    stratum: int = 0
    poll: int = 0
    precision: int = 0
    root_delay: int = 0
    root_dispersion: int = 0
    refid: int = 0
    reference: int = 0
    origin: int = 0
    receive: int = 0
    transmit: int = 0
    tail: bytes = b""  # extension fields and MAC

    def pack(self):
        first = (self.leap & 3) << 6 | (self.version & 7) << 3 | self.mode & 7
        return HEADER.pack(first, self.stratum, self.poll, self.precision, self.root_delay, self.root_dispersion,
                           self.refid, self.reference, self.origin, self.receive, self.transmit) + self.tail

    @classmethod
    def unpack(cls, data):
        if len(data) < HEADER.size:
            raise ValueError(f"{len(data)} octets are no NTP packet")
        first, *rest = HEADER.unpack_from(data)
        return cls(first >> 6, first >> 3 & 7, first & 7, *rest, data[HEADER.size:])

    def with_fields(self, **fields):
        return replace(self, **fields)

    @property
    def kiss(self):
        """The kiss code of a reply with stratum 0, else None."""
        return self.refid.to_bytes(4, "big").decode("latin1") if self.stratum == 0 else None


@dataclass
class Reply:
    packet: Packet
    source: tuple  # the address it came from
    length: int
    offset_s: float  # > 0: the server is ahead of this machine's clock
    delay_s: float


def random_transmit():
    return int.from_bytes(os.urandom(8), "big") or 1


def family_of(address):
    """@address is numeric; a scope may stand behind it."""
    return socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET


def open_client(address, port, host=None):
    """A UDP socket on @host that sends to @address and gives kernel receive stamps."""
    sock = (host or Host()).socket(family_of(address), socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.connect((address, port))
    return sock


def receive(sock):
    """Returns: data, source, and when the kernel got it (ns since 1970)."""
    data, control, _, source = sock.recvmsg(LONGEST, 128)
    for level, kind, payload in control:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, ns = struct.unpack("@qq", payload[:16])
            return data, source, seconds * NS + ns
    return data, source, time.time_ns()


def exchange(sock, request, timeout=1.0):
    """Sends @request (a Packet or bytes) and returns the Reply, None if there is none in time."""
    data = request.pack() if isinstance(request, Packet) else request
    sock.settimeout(timeout)
    sent_ns = time.time_ns()
    sock.send(data)
    try:
        answer, source, received_ns = receive(sock)
    except (TimeoutError, ConnectionRefusedError):
        return None
    packet = Packet.unpack(answer)
    t2, t3 = unix_ns(packet.receive), unix_ns(packet.transmit)
    return Reply(packet, source, len(answer), ((t2 - sent_ns) + (t3 - received_ns)) / 2 / NS,
                 ((received_ns - sent_ns) - (t3 - t2)) / NS)


def query(address, port=123, request=None, timeout=1.0, host=None):
    """Asks once. Returns: the Reply, or None."""
    with open_client(address, port, host) as sock:
        request = request or Packet(transmit=random_transmit())
        return exchange(sock, request, timeout)


class FakeServer:
    """A server that says what the test wants it to.

    server = FakeServer(offset_s=0.5, stratum=2)           fields of every reply
    server.fields["root_delay"] = 0xFFFFFF1B               changed while it runs
    server.script = lambda request, reply: None            or: decide each answer

    A script gets the request and the reply that would be sent (Packets) and returns what to send: a Packet,
    bytes, a list of them, or None for silence. It runs in the server's thread.
    """

    def __init__(self, host=None, address=None, port=0, offset_s=0.0, script=None, **fields):
        self.host = host or Host()
        self.address = address or self.host.ip4
        self.offset_s = offset_s
        self.script = script
        self.fields = {"stratum": 1, "precision": -20, "refid": int.from_bytes(b"FAKE", "big"),
                       "root_dispersion": 1, **fields}
        self.requests = []  # (Packet, source, received_ns), oldest first
        self.error = None   # what a script raised
        self._sock = self.host.socket(family_of(self.address), socket.SOCK_DGRAM)
        self._sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sock.bind((self.address, port))
        self.port = self._sock.getsockname()[1]
        self._is_stopping = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def wait_for_requests(self, count, seconds=10):
        """Until @count requests more than now have come."""
        target = len(self.requests) + count
        wait_until(lambda: len(self.requests) >= target, seconds, f"{count} more requests at {self.address}")

    def check(self):
        if self.error:
            raise Failure(f"the script of the server at {self.address} failed") from self.error

    def stop(self):
        """From now on its port is closed."""
        if self._is_stopping:
            return
        self._is_stopping = True
        with self.host.socket(self._sock.family, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"", (self.address, self.port))  # wakes the thread out of its read
        self._thread.join()
        self._sock.close()

    def _serve(self):
        while True:
            data, source, received_ns = receive(self._sock)
            if self._is_stopping:
                return
            try:
                request = Packet.unpack(data)
                self.requests.append((request, source, received_ns))
                self._answer(request, source, received_ns)
            except ValueError:
                continue  # no NTP: as silent as a server
            except Exception as error:
                self.error = error

    def _answer(self, request, source, received_ns):
        shift_ns = round(self.offset_s * NS)
        reply = Packet(
            mode=MODE_SERVER, version=request.version, poll=request.poll, origin=request.transmit,
            reference=ntp64(received_ns + shift_ns - NS), receive=ntp64(received_ns + shift_ns),
            transmit=ntp64(time.time_ns() + shift_ns)).with_fields(**self.fields)
        answers = self.script(request, reply) if self.script else reply
        for answer in answers if isinstance(answers, list) else [answers]:
            if answer is not None:
                self._sock.sendto(answer.pack() if isinstance(answer, Packet) else answer, source)
