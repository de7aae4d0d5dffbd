#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""How timesrvd ends, and with which status: told to, misused, or past the panic limit (field case B36)."""

import json
import signal

from frame import main

FAST = {"iburst": True, "min-poll": -2, "max-poll": 0}
FAILED, USAGE, PANIC = 1, 2, 3


def entry(server, name):
    return {"server": "127.0.0.1", "port": server.port, "name": name, **FAST}


def test_exit_status_is_0_when_told_to_end(rig):
    for number in (signal.SIGTERM, signal.SIGINT):
        ours = rig.timesrvd()
        assert ours.stop(number) == 0


def test_exit_status_is_2_for_options_it_does_not_know(rig):
    result = rig.run([rig.find_program("timesrvd"), "--no-such-option"])
    assert result.returncode == USAGE, result
    assert "--no-such-option" in result.stderr, result.stderr


def test_exit_status_is_2_for_a_broken_file_and_every_mistake_is_said(rig):
    broken = rig.write("broken.yaml", "sources:\n  - sever: a\nserver: {lisen: []}\nclock: {driver: sofware}\n")
    command = [rig.find_program("timesrvd"), "--config", broken, "--conf-dir", rig.folder / "none"]

    for words in (["--check-config"], []):
        result = rig.run([*command, *words])
        assert result.returncode == USAGE, result
        for mistake in (f"{broken}:2:5:", "server", f"{broken}:3:10:", "listen", f"{broken}:4:17:", "software"):
            assert mistake in result.stderr, (mistake, result.stderr)


def test_exit_status_is_1_for_a_second_daemon_on_the_same_socket(rig):
    first = rig.timesrvd()
    second = rig.run([rig.find_program("timesrvd"), "--config", first.main_file, "--conf-dir", first.conf_dir])
    assert second.returncode == FAILED, second
    assert str(first.socket) in second.stderr, second.stderr
    assert first.status()["version"]


def test_without_a_place_for_its_socket_it_runs_on_and_says_so(rig):
    server = rig.fake_server()
    no_folder = rig.write("file", "")
    config = rig.write("timesrv.json", json.dumps({
        "sources": [entry(server, "s")], "clock": {"driver": "software"}, "server": {"listen": []},
        "control": {"socket": str(no_folder / "control.sock"), "bus": "none"}}))
    process = rig.start("timesrvd", [rig.find_program("timesrvd"), "--config", config, "--conf-dir", rig.folder / "none"])
    process.wait_for_log("will not reach this daemon")
    process.wait_for_log("clock locked")
    assert process.stop() == 0


def test_exit_status_is_3_past_the_panic_limit_and_nothing_is_set(rig):
    servers = [rig.fake_server() for _ in range(3)]
    ours = rig.timesrvd({"sources": [entry(server, f"s{number}") for number, server in enumerate(servers)],
                         "clock": {"panic": "1000s"}})
    ours.wait_until_synchronised()

    for server in servers:
        server.offset_s = 7200.0

    assert ours.process.wait_for_end(60) == PANIC
    words = ours.process.text()
    said = [line for line in words.splitlines() if "panic limit" in line]
    assert len(said) == 1 and "7200" in said[0] and "1000" in said[0], words
    assert "stepped" not in words, words


def test_exit_status_is_3_at_the_first_correction_only_when_told(rig):
    server = rig.fake_server()
    server.offset_s = 7200.0

    patient = rig.timesrvd({"sources": [entry(server, "s")]})
    patient.wait_until_synchronised()
    assert "stepped by +7" in patient.process.text(), patient.process.text()

    strict = rig.timesrvd({"sources": [entry(server, "s")], "clock": {"panic-at-start": True}})
    assert strict.process.wait_for_end(60) == PANIC


if __name__ == "__main__":
    main(globals())
