#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""timesrvd follows the datagrams that this test sends."""

import os
import signal
import socket
import stat
import struct
import threading
import time

from frame import main, query, wait_until

MAGIC = 0x534F434B
NS = 1_000_000_000


class Sender:
    """Sends five samples a second. @offset_s is what the source is ahead of the system's clock."""

    def __init__(self, rig, path, offset_s=0.0, pulse=False, narrow=False):
        self.path, self.offset_s, self.pulse, self.narrow = str(path), offset_s, pulse, narrow
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        rig._undo.callback(self.stop)

    def datagram(self):
        seconds, ns = divmod(time.time_ns(), NS)
        offset_s = self.offset_s
        if self.pulse:  # as chronyd takes it: how far the system's clock is past the pulse's second
            offset_s = -offset_s
        return struct.pack("=IidIIII" if self.narrow else "=qqdIIII", seconds, ns // 1000, offset_s, self.pulse, 0, 0,
                           MAGIC)

    def send(self, datagram):
        try:
            self.socket.sendto(datagram, self.path)
        except OSError:
            pass  # the daemon is not there

    def _run(self):
        while not self._stop.wait(0.2):
            self.send(self.datagram())

    def stop(self):
        self._stop.set()
        self._thread.join()
        self.socket.close()


def start(rig, *sources):
    """A daemon on a software clock 0.3 s off, that serves. Returns: it and its port."""
    port = rig.free_port()
    daemon = rig.timesrvd({
        "sources": [{"refclock": "sock", **source} for source in sources],
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


def test_sock_samples_of_both_sizes_set_the_clock(rig):
    for narrow in (False, True):
        path = rig.folder / f"{narrow}.sock"
        _, port = start(rig, {"path": str(path), "refid": "GPS"})
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        Sender(rig, path, offset_s=-0.5, narrow=narrow)

        reply = wait_until_served(port, lambda reply: abs(reply.offset_s + 0.5) < 200e-6, "the source is followed")

        assert reply.packet.stratum == 1 and reply.packet.refid == int.from_bytes(b"GPS\0", "big"), reply


def test_sock_pulse_takes_its_second_from_the_source_it_is_locked_to(rig):
    serial, pulse = rig.folder / "serial.sock", rig.folder / "pulse.sock"
    _, port = start(rig, {"name": "serial", "path": str(serial), "noselect": True, "max-error": "0.3s"},
                    {"name": "pps", "path": str(pulse), "lock": "serial"})
    Sender(rig, serial, offset_s=2.2)
    Sender(rig, pulse, offset_s=0.1, pulse=True)  # 2.1 is the nearest time with this fraction

    wait_until_served(port, lambda reply: abs(reply.offset_s - 2.1) < 200e-6, "the pulse is followed")


def test_sock_junk_is_no_sample(rig):
    path = rig.folder / "clock.sock"
    daemon, port = start(rig, {"path": str(path)})
    sender = Sender(rig, path, offset_s=0.0)
    good = sender.datagram()
    for junk in (b"", b"x", good[:-1], good + b"x", b"\0" * 40, good[:36] + b"KCOS", os.urandom(4000),
                 good[:16] + struct.pack("=d", float("nan")) + good[24:]):
        sender.send(junk)

    wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, "the good ones are followed")

    daemon.process.check_running()


def test_sock_restart_takes_its_place_again(rig):
    path = rig.folder / "clock.sock"
    daemon, port = start(rig, {"path": str(path)})
    Sender(rig, path)
    wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, "the source is followed")

    daemon.stop(signal.SIGKILL)
    assert path.exists(), "a killed daemon leaves its socket"
    daemon.start()
    wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, "the source is followed again")

    daemon.stop()
    assert not path.exists(), "one that ends in order takes it away"


def test_sock_place_of_another_is_left_and_the_other_sources_go_on(rig):
    taken, free = rig.folder / "taken.sock", rig.folder / "free.sock"
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    other.bind(str(taken))
    daemon, port = start(rig, {"name": "a", "path": str(taken)}, {"name": "b", "path": str(free)})
    Sender(rig, free)

    wait_until_served(port, lambda reply: abs(reply.offset_s) < 200e-6, "the other source is followed")

    daemon.process.wait_for_log(f"{taken}: another program listens there")
    other.close()


if __name__ == "__main__":
    main(globals())
