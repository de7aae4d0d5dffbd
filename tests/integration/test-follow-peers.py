#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""timesrvd follows Debian's chronyd and ntpd: a wrong clock over a wrong oscillator becomes right.

The peers serve this machine's clock (neither has a hand on it), so the machine's clock is the truth that the
software clock of timesrvd is held against.
"""

from statistics import median

from frame import main, query, wait_until

INITIAL_ERROR = {"initial-offset": "300ms", "initial-frequency": "50ppm"}
GOAL_S = 100e-6
LIMIT_S = 120
FAST = {"iburst": True, "min-poll": 0, "max-poll": 3}


def served_offset_s(host, address="127.0.0.1", port=123):
    """How far the served time is from this machine's clock: of ten readings the one with the least delay."""
    replies = [reply for reply in (query(address, port, host=host) for _ in range(10)) if reply]
    usable = [reply for reply in replies if reply.packet.leap != 3]
    return min(usable, key=lambda reply: reply.delay_s).offset_s if usable else None


def is_within(offset_s, goal_s):
    return offset_s is not None and abs(offset_s) < goal_s


def start_peers(rig):
    lan = rig.lan("chrony", "ntpsec", "ours")
    rig.chronyd(["local stratum 3", "allow"], host=lan["chrony"])
    ntpd = rig.ntpd([f"server {lan['chrony'].ip4} iburst minpoll 3 maxpoll 3"], host=lan["ntpsec"])
    ntpd.wait_until_selected(lan["chrony"].ip4)
    return lan


def test_wrong_clock_follows_chronyd_and_ntpd_within_100_us(rig):
    lan = start_peers(rig)
    ours = rig.timesrvd(host=lan["ours"], config={
        "sources": [{"server": lan["chrony"].ip4, **FAST}, {"server": lan["ntpsec"].ip4, **FAST}],
        "server": {"listen": ["0.0.0.0:123"], "allow": ["192.0.2.0/24"], "serve-unsynchronised": True},
        "clock": {"software": INITIAL_ERROR}})
    first_s = query("127.0.0.1", host=lan["ours"]).offset_s
    assert abs(first_s - 0.3) < 0.1, f"the clock began {first_s} s off, not 0.3 s"

    # twice in a row, not on its way through
    wait_until(lambda: all(is_within(served_offset_s(lan["ours"]), GOAL_S) for _ in range(20)), LIMIT_S,
               f"the served time is within {GOAL_S * 1e6} us of the system's")

    assert ours.is_synchronised(), ours.status()
    usable = {source["name"]: source["verdict"] for source in ours.sources()}
    assert len(usable) == 2, usable
    # 50 ppm too fast a raw clock is steered 50 ppm slower
    frequency_ppm = ours.status()["clock"]["frequency_ppm"]
    assert abs(frequency_ppm + 50) < 10, frequency_ppm

    from_ntpdig = median(rig.ntpdig("127.0.0.1", lan["ours"])["offset"] for _ in range(5))
    assert abs(from_ntpdig) < GOAL_S, from_ntpdig
    from_chronyd = rig.chronyd_offset(lan["ours"].ip4, host=lan["chrony"])
    assert is_within(from_chronyd, GOAL_S), from_chronyd


if __name__ == "__main__":
    main(globals())
