#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The frame itself: what the other tests stand on does what it says, with the peers alone."""

import os
import subprocess

from frame import FakeServer, Packet, Rig, main, ntp64, query, wait_until
from frame.ntp import KISS, unix_ns


def test_packet_survives_the_way_out_and_in(rig):
    packet = Packet(leap=3, version=4, mode=6, stratum=255, poll=-128, precision=127, root_delay=0xFFFFFF1B,
                    root_dispersion=1, refid=KISS["RATE"], reference=1, origin=2**64 - 1, receive=3, transmit=4,
                    tail=b"tail")
    assert Packet.unpack(packet.pack()) == packet


def test_ntp64_passes_the_era(rig):
    wrap_ns = 2085978496 * 10**9
    assert ntp64(wrap_ns) == 0
    assert unix_ns(0x80000000, near_ns=wrap_ns - 10**11) == wrap_ns + 5 * 10**8


def test_fake_server_offset_is_seen_by_our_client(rig):
    server = rig.fake_server(offset_s=2.5, stratum=3)

    reply = query("127.0.0.1", server.port)

    assert abs(reply.offset_s - 2.5) < reply.delay_s / 2 + 1e-6, reply
    assert reply.packet.stratum == 3


def test_fake_server_script_decides_the_answers(rig):
    server = rig.fake_server(script=lambda request, reply: reply.with_fields(stratum=0, refid=KISS["DENY"]))
    assert query("127.0.0.1", server.port).packet.kiss == "DENY"

    server.script = lambda request, reply: None
    assert query("127.0.0.1", server.port, timeout=0.2) is None
    assert len(server.requests) == 2


def test_fake_server_offset_is_seen_by_chronyd(rig):
    server = rig.fake_server(offset_s=-1.25)

    offset_s = rig.chronyd_offset("127.0.0.1", server.port)

    assert offset_s is not None and abs(offset_s + 1.25) < 0.01, offset_s


def test_lan_hosts_reach_each_other_over_both_families(rig):
    lan = rig.lan("server", "client")
    for address in (lan["server"].ip4, lan["server"].ip6):
        server = rig.fake_server(lan["server"], address=address, port=123)
        assert query(address, 123, host=lan["client"]), address
        assert server.requests[0][1][0] == (lan["client"].ip6 if ":" in address else lan["client"].ip4)
    assert query(lan["server"].ip4, 123, timeout=0.2) is None, "the machine itself must not see the link"


def test_lan_chronyd_ntpd_and_ntpdig_work_together(rig):
    lan = rig.lan("chrony", "ntpsec")
    chronyd = rig.chronyd(["local stratum 3", "allow"], host=lan["chrony"])
    ntpd = rig.ntpd([f"server {lan['chrony'].ip4} iburst minpoll 3 maxpoll 3"], host=lan["ntpsec"])

    wait_until(lambda: abs(rig.ntpdig(lan["chrony"].ip4, lan["ntpsec"]).get("offset", 1)) < 0.1, 10,
               "ntpdig asks chronyd")
    ntpd.wait_until_selected(lan["chrony"].ip4)
    assert chronyd.chronyc("tracking")[0][2] == "3"


def test_dnsmasq_gives_changed_records(rig):
    lan = rig.lan("dns")
    dnsmasq = rig.dnsmasq({"pool.example.net": ["192.0.2.9", "192.0.2.10"]}, lan["dns"])
    lan["dns"].use_resolver(dnsmasq.address)
    look_up = ["getent", "ahostsv4", "pool.example.net"]
    assert "192.0.2.9" in rig.run(look_up, lan["dns"]).stdout

    dnsmasq.set_records({"pool.example.net": ["192.0.2.11"]})

    addresses = {line.split()[0] for line in rig.run(look_up, lan["dns"]).stdout.splitlines()}
    assert addresses == {"192.0.2.11"}, addresses


def test_dbus_daemon_answers(rig):
    bus = rig.dbus_daemon()
    result = rig.run(["dbus-send", f"--bus={bus.address}", "--print-reply", "--dest=org.freedesktop.DBus", "/",
                      "org.freedesktop.DBus.ListNames"])
    assert "org.freedesktop.DBus" in result.stdout, result.stderr


def test_rig_ends_what_it_started(rig):
    with Rig("inner") as inner:
        lan = inner.lan("one")
        chronyd = inner.chronyd(["local"], host=lan["one"])
        FakeServer(lan["one"]).stop()
        pid, folder, namespace = chronyd.process.pid, inner.folder, lan["one"].namespace

    assert not os.path.exists(f"/proc/{pid}")
    assert not folder.exists()
    assert namespace not in subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    main(globals())
