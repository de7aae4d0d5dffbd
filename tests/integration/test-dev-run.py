#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""./dev run: the first command of README.md, where no network gives a server, and how it ends."""

import os
import signal
from pathlib import Path

from frame import main
from frame.rig import BUILD, ROOT

RUN = ["/usr/bin/env", "python3", ROOT / "scripts" / "run.py"]
STARTED = "runs: clock driver software"  # what timesrvd logs, shown below the table


def start(rig, *words):
    """On a host without any network."""
    scratch = rig.folder / "scratch"
    scratch.mkdir()
    env = {"TIMESRV_BUILD": str(BUILD), "TMPDIR": str(scratch), "PYTHONUNBUFFERED": "1"}
    return rig.start("run", [*RUN, *words], rig.lan("alone")["alone"], env), scratch


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_run_for_seconds_shows_a_locked_clock_that_is_served(rig):
    show, scratch = start(rig, "--seconds", "15")

    status = show.wait_for_end(60)

    assert status == 0, status
    assert STARTED in show.text()
    assert "a second timesrvd" in show.text() and "loopback-upstream" in show.text()
    assert "clock: locked" in show.text()
    assert not list(scratch.iterdir()), "something was left behind"


def test_run_interrupted_leaves_nothing_behind(rig):
    show, scratch = start(rig)
    show.wait_for_log("loopback-upstream", 60)
    started = children(show.pid)
    assert len(started) >= 2, started

    status = show.stop(signal.SIGINT, 30)

    assert status == 128 + signal.SIGINT, status
    assert not [pid for pid in started if os.path.exists(f"/proc/{pid}")]
    assert not list(scratch.iterdir()), "something was left behind"


def test_run_passes_arguments_on(rig):
    show, _ = start(rig, "--seconds", "6", "--", "--log-level", "error")

    show.wait_for_end(60)

    assert "timesrvd serves NTP" in show.text()
    assert STARTED not in show.text(), "a line of level notice"


if __name__ == "__main__":
    main(globals())
