#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One falseticker of four is found, named and not followed; and taken up again when it is right."""

from frame import main

FAST = {"iburst": True, "min-poll": -2, "max-poll": 0}
WRONG_S = 0.25


def start(rig, wrong_s):
    servers = [rig.fake_server() for _ in range(4)]
    servers[2].offset_s = wrong_s
    ours = rig.timesrvd({"sources": [{"server": "127.0.0.1", "port": server.port, "name": f"s{number}", **FAST}
                                     for number, server in enumerate(servers)]})
    return servers, ours


def test_falseticker_of_four_is_found_and_named(rig):
    _, ours = start(rig, WRONG_S)

    ours.wait_for_verdict("s2", "falseticker")

    ours.wait_until_synchronised()
    assert all(ours.source(name)["verdict"] in ("system-peer", "combined", "outlier") for name in ("s0", "s1", "s3"))
    why = ours.ctl("why", "s2")
    assert "falseticker" in why and "s2" in why, why
    assert "250" in why or "0.25" in why, f"the figure is missing: {why}"


def test_falseticker_that_becomes_right_is_taken_up(rig):
    servers, ours = start(rig, WRONG_S)
    ours.wait_for_verdict("s2", "falseticker")

    servers[2].offset_s = 0

    ours.wait_for_verdict("s2", "system-peer", "combined", "outlier")


if __name__ == "__main__":
    main(globals())
