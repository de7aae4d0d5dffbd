#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One server in several files (field case B31), and several names for one address (B05), with the real daemon."""

from frame import main

FAST = {"iburst": True, "min-poll": -2, "max-poll": 0}


def entry(server, **options):
    return {"server": "127.0.0.1", "port": server.port, **FAST, **options}


def test_drop_ins_same_server_in_two_files_is_one_source_and_keeps_its_samples(rig):
    server = rig.fake_server()
    ours = rig.timesrvd({}, drop_ins={"10-dhcp.yaml": {"sources": [entry(server, **{"max-samples": 20})]},
                                      "30-admin.yaml": {"sources": [entry(server, prefer=True)]}})
    ours.wait_until_synchronised()
    source, = ours.sources()
    assert source["options"]["prefer"] is True and source["options"]["max-samples"] == 20, source
    assert "30-admin.yaml" in ours.ctl("config", "show")
    said = [line for line in ours.process.text().splitlines() if "30-admin.yaml" in line]
    assert said and not any("error" in line for line in said), said
    before, = ours.wait_for_sources(lambda sources: sources[0]["reach"] == 255, 30, "a full reach register")

    (ours.conf_dir / "30-admin.yaml").unlink()
    ours.reload()

    after, = ours.sources()
    assert after["id"] == source["id"] and after["reach"] == 255, (source, after)
    assert after["samples"] >= before["samples"] and not after["options"].get("prefer"), after


def test_drop_ins_scalars_follow_the_order_of_their_names_and_lists_add_up(rig):
    servers = [rig.fake_server() for _ in range(3)]
    ours = rig.timesrvd({}, drop_ins={
        f"{number}0-part.yaml": {"sources": [entry(server, name=f"s{number}")], "log": {"level": level}}
        for number, (server, level) in enumerate(zip(servers, ("info", "debug", "notice")), 1)})

    assert [source["label"] for source in ours.sources()] == ["s1", "s2", "s3"]
    shown = ours.ctl("config", "show")
    level = next(line for line in shown.splitlines() if "level" in line)
    assert "notice" in level and "30-part.yaml" in level, level


def test_drop_ins_once_by_name_and_once_by_address_is_one_vote(rig):
    wrong, *right = [rig.fake_server() for _ in range(3)]
    wrong.offset_s = 0.5
    names = ("127.0.0.1", "localhost")
    ours = rig.timesrvd({"sources": [
        *({"server": name, "port": wrong.port, "name": f"wrong{number}", "family": "ipv4", **FAST}
          for number, name in enumerate(names)),
        *(entry(server, name=f"right{number}") for number, server in enumerate(right))]})

    ours.wait_until_synchronised()

    ours.wait_for_verdict("wrong0", "falseticker", "duplicate")
    verdicts = {source["label"]: source["verdict"] for source in ours.sources()}
    assert sorted(verdicts[f"wrong{number}"] for number in range(2)) == ["duplicate", "falseticker"], verdicts
    assert all(verdicts[f"right{number}"] != "falseticker" for number in range(2)), verdicts
    why = ours.ctl("why")
    assert why.count("one address has one vote") == 1, why


if __name__ == "__main__":
    main(globals())
