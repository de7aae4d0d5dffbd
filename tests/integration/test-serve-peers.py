#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Debian's chronyd and ntpd take timesrvd as their server, over IPv4 and IPv6."""

from frame import main, wait_until

SERVER = {"listen": ["0.0.0.0:123", "[::]:123"], "allow": ["192.0.2.0/24", "2001:db8::/32"]}
NTPDATA_INTERLEAVED = 26  # column of `chronyc -c ntpdata`


def start_server(rig, *clients):
    lan = rig.lan("ours", *clients)
    rig.timesrvd({"server": {**SERVER, "local": {"stratum": 5}}}, host=lan["ours"])
    return lan


def test_chronyd_selects_timesrvd_over_ipv4(rig):
    lan = start_server(rig, "chrony")
    chronyd = rig.chronyd([f"server {lan['ours'].ip4} iburst minpoll 0 maxpoll 1"], host=lan["chrony"])

    chronyd.wait_until_selected(lan["ours"].ip4)

    assert chronyd.chronyc("tracking")[0][2] == "6", "stratum is one more than ours"


def test_chronyd_selects_timesrvd_over_ipv6_interleaved(rig):
    lan = start_server(rig, "chrony")
    chronyd = rig.chronyd([f"server {lan['ours'].ip6} iburst xleave minpoll 0 maxpoll 1"], host=lan["chrony"])

    chronyd.wait_until_selected(lan["ours"].ip6)

    def is_interleaved():
        return chronyd.chronyc("ntpdata", lan["ours"].ip6)[0][NTPDATA_INTERLEAVED] == "Yes"
    wait_until(is_interleaved, 20, "chronyd gets interleaved replies")


def test_ntpd_selects_timesrvd_over_both_families(rig):
    lan = start_server(rig, "four", "six")
    four = rig.ntpd([f"server {lan['ours'].ip4} iburst minpoll 3 maxpoll 3"], host=lan["four"])
    six = rig.ntpd([f"server {lan['ours'].ip6} iburst minpoll 3 maxpoll 3"], host=lan["six"])

    four.wait_until_selected(lan["ours"].ip4)
    six.wait_until_selected(lan["ours"].ip6)


def test_ntpdig_and_chronyd_q_read_the_served_time(rig):
    lan = start_server(rig, "client")

    answer = rig.ntpdig(lan["ours"].ip4, lan["client"])
    offset_s = rig.chronyd_offset(lan["ours"].ip4, host=lan["client"])

    assert answer.get("stratum") == 5 and abs(answer["offset"]) < 0.01, answer
    assert offset_s is not None and abs(offset_s) < 0.01, offset_s


if __name__ == "__main__":
    main(globals())
