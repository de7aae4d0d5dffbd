#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""timesrvd follows a segment that this test fills, in an IPC namespace of its own."""

import ctypes
import errno
import functools
import operator
import os
import socket
import struct
import threading
import time

from frame import Skip, main, query, wait_until

CLONE_NEWIPC = 0x08000000
IPC_CREAT = 0o1000
IPC_RMID = 0
KEY = 0x4E545030
SIZE = 96
# offsets of shm-segment.h where time_t has 8 bytes
MODE, COUNT, CLOCK, CLOCK_US, RECEIVE, RECEIVE_US, LEAP, PRECISION, VALID, CLOCK_NS, RECEIVE_NS = \
    0, 4, 8, 16, 24, 32, 36, 40, 48, 52, 56
NS = 1_000_000_000

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]


def use_own_segments():
    """From here on this process and those that it starts see segments of their own."""
    if libc.unshare(CLONE_NEWIPC):
        raise Skip(f"an IPC namespace needs root ({errno.errorcode[ctypes.get_errno()]})")


class Writer:
    """Writes a sample five times a second, as gpsd does once: @offset_s is what the source is ahead of the
    system's clock."""

    def __init__(self, rig, unit=0, mode=1, offset_s=0.0, precision=-20, leap=0):
        self.mode, self.offset_s, self.precision, self.leap = mode, offset_s, precision, leap
        self.unit = unit
        self.attach()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        rig._undo.callback(self.stop)

    def attach(self):
        self.id = libc.shmget(KEY + self.unit, SIZE, IPC_CREAT | 0o666)
        assert self.id >= 0, os.strerror(ctypes.get_errno())
        self.address = libc.shmat(self.id, None, 0)

    def remove(self):
        libc.shmctl(self.id, IPC_RMID, None)

    def put(self, offset, form, value):
        ctypes.memmove(self.address + offset, struct.pack(form, value), struct.calcsize(form))

    def get(self, offset):
        return struct.unpack("i", ctypes.string_at(self.address + offset, 4))[0]

    def write(self):
        receive_ns = time.time_ns()
        clock_ns = receive_ns + round(self.offset_s * NS)
        self.put(MODE, "i", self.mode)
        self.put(VALID, "i", 0)
        self.put(COUNT, "i", self.get(COUNT) + 1)
        for time_ns, seconds, us, ns in ((clock_ns, CLOCK, CLOCK_US, CLOCK_NS),
                                         (receive_ns, RECEIVE, RECEIVE_US, RECEIVE_NS)):
            self.put(seconds, "q", time_ns // NS)
            self.put(us, "i", time_ns % NS // 1000)
            self.put(ns, "I", time_ns % NS)
        self.put(LEAP, "i", self.leap)
        self.put(PRECISION, "i", self.precision)
        self.put(COUNT, "i", self.get(COUNT) + 1)
        self.put(VALID, "i", 1)

    def _run(self):
        while not self._stop.wait(0.2):
            self.write()

    def stop(self):
        self._stop.set()
        self._thread.join()


def start(rig, *sources):
    """A daemon on a software clock 0.3 s off, that serves. Returns: it and its port."""
    port = rig.free_port()
    daemon = rig.timesrvd({
        "sources": [{"refclock": "shm", **source} for source in sources],
        "server": {"listen": [f"127.0.0.1:{port}"], "rate-limit": False},
        "clock": {"software": {"initial-offset": "0.3s"}, "step": {"threshold": "50ms"}},
    }, args=["--plugin-dir", f"{os.environ['TIMESRV_BUILD']}/plugins"])
    return daemon, port


def wait_until_served(port, holds, what):
    """Waits for a reply for which @holds is true, and returns it."""
    seen = []

    def look():
        seen[:] = [query("127.0.0.1", port)]
        return seen[0] is not None and seen[0].packet.stratum < 16 and holds(seen[0])
    wait_until(look, 60, what)
    return seen[0]


def test_shm_both_modes_set_the_clock(rig):
    use_own_segments()
    for unit, mode in ((0, 0), (1, 1)):
        Writer(rig, unit=unit, mode=mode)
        _, port = start(rig, {"unit": unit})

        reply = wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, f"mode {mode} is followed")

        assert reply.packet.stratum == 1 and reply.packet.refid == int.from_bytes(b"SHM\0", "big"), reply


def test_shm_offset_of_the_source_is_served(rig):
    use_own_segments()
    Writer(rig, offset_s=-1.5)
    _, port = start(rig, {"unit": 0, "refid": "GPS", "stratum": 4})

    reply = wait_until_served(port, lambda reply: abs(reply.offset_s + 1.5) < 200e-6, "the source is followed")

    assert reply.packet.stratum == 5 and reply.packet.refid == int.from_bytes(b"GPS\0", "big"), reply


def test_shm_leap_is_passed_on(rig):
    use_own_segments()
    Writer(rig, leap=1)
    _, port = start(rig, {"unit": 0})

    wait_until_served(port, lambda reply: reply.packet.leap == 1, "the leap second is announced")


def test_shm_segment_that_is_made_anew_is_found(rig):
    use_own_segments()
    writer = Writer(rig)
    daemon, port = start(rig, {"unit": 0})
    wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, "the source is followed")

    writer.stop()
    writer.remove()
    second = Writer(rig, offset_s=0.25)

    daemon.process.wait_for_log("the segment was removed")
    wait_until(lambda: second.get(VALID) == 0 and second.get(COUNT) > 0, 20, "the new segment is read")


def test_shm_private_unit_is_private(rig):
    use_own_segments()
    start(rig, {"unit": 1, "name": "a"}, {"unit": 2, "name": "b"}, {"unit": 3, "name": "c", "perm": "0640"})

    perms = {}
    for line in open("/proc/sysvipc/shm").readlines()[1:]:
        key, _, perm = line.split()[:3]
        perms[int(key) - KEY] = perm

    assert perms == {1: "600", 2: "666", 3: "640"}, perms


class Receiver:
    """A GPS receiver on a TCP port (gpsd gives no time from pseudo terminals): at each full second the
    sentences that say so. It stands in Greenwich."""

    def __init__(self, rig):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(30)
        self.port = self.listener.getsockname()[1]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        rig._undo.callback(self.stop)

    @staticmethod
    def sentences(second):
        clock, date = time.strftime("%H%M%S.00", time.gmtime(second)), time.strftime("%d%m%y", time.gmtime(second))
        satellites = "".join(f",{number:02}" for number in range(1, 9)) + "," * 4
        bodies = [f"GPRMC,{clock},A,5128.6200,N,00000.0000,E,0.0,0.0,{date},,,A",
                  f"GPGGA,{clock},5128.6200,N,00000.0000,E,1,08,1.0,45.0,M,47.0,M,,",
                  f"GPGSA,A,3{satellites},1.6,1.0,1.2",
                  f"GPZDA,{clock},{time.strftime('%d,%m,%Y', time.gmtime(second))},00,00"]
        return "".join(f"${body}*{functools.reduce(operator.xor, body.encode()):02X}\r\n" for body in bodies).encode()

    def _run(self):
        try:
            peer, _ = self.listener.accept()
            while not self._stop.wait(1 - time.time() % 1):
                peer.sendall(self.sentences(round(time.time())))
        except OSError:
            pass  # gpsd ended, or never came

    def stop(self):
        self._stop.set()
        self._thread.join()
        self.listener.close()


def test_shm_gpsd_sets_the_clock(rig):
    use_own_segments()
    gpsd = rig.find_program("gpsd")
    receiver = Receiver(rig)
    _, port = start(rig, {"unit": 0, "refid": "GPS"})
    rig.start("gpsd", [gpsd, "-N", "-n", "-D", "2", "-S", str(rig.free_port(socket.SOCK_STREAM)),
                       f"tcp://127.0.0.1:{receiver.port}"])

    reply = wait_until_served(port, lambda reply: abs(reply.offset_s) < 0.1, "gpsd is followed")

    assert reply.packet.refid == int.from_bytes(b"GPS\0", "big"), reply
    # a serial line's time may be late by half a second: that enters what we tell our clients
    assert reply.packet.root_dispersion > 0.4 * 65536, reply


def test_shm_mistake_in_a_file_is_told_with_its_place(rig):
    path = rig.write("x.yaml", "sources:\n  - refclock: shm\n    untis: 1\n    perm: 9\n")

    result = rig.run([rig.find_program("timesrvd"), "--config", path, "--conf-dir", rig.folder / "none",
                      "--plugin-dir", f"{os.environ['TIMESRV_BUILD']}/plugins", "--check-config"])

    assert result.returncode != 0
    assert "x.yaml:3:5: error: plugin refclock-shm: unknown key 'untis'; did you mean 'unit'?" in result.stderr, \
        result.stderr
    assert "x.yaml:4:11: error: plugin refclock-shm: perm takes an octal file permission" in result.stderr, \
        result.stderr


if __name__ == "__main__":
    main(globals())
