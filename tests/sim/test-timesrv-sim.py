#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""timesrv-sim itself: exit status, mistakes told with their place, JSON, plot, overrides. Prints TAP."""

import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PROGRAM = os.environ["TIMESRV_SIM"]

GOOD = """\
duration: 2h
settle: 1h
servers: {a: {}}
nodes:
  client:
    clock: {frequency: 20ppm, wander: 1ppb, offset: 30ms}
    config: {sources: [{server: a, iburst: true}]}
links: [{to: a, delay: 1ms, jitter: 100us}]
expect: {outside: 0, state: locked, rms: "<1ms"}
"""


def run(text, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "scenario.yaml")
        path.write_text(text)
        return subprocess.run([PROGRAM, *options, str(path)], capture_output=True, text=True, cwd=folder)


def figures(result):
    return [entry["nodes"]["client"] for entry in json.loads(result.stdout)["runs"]]


def a_scenario_that_holds_ends_with_0():
    result = run(GOOD)
    return result.returncode == 0 and result.stderr == "" and "locked" in result.stdout


def a_broken_expectation_is_told_with_its_place_and_ends_with_1():
    result = run(GOOD.replace('"<1ms"', '"<1ns"'), "--quiet")
    return result.returncode == 1 and result.stdout == "" and \
        "scenario.yaml:9:42: rms of client is " in result.stderr and "expected was <1ns (seed 1)" in result.stderr


def a_condition_on_the_median_is_not_asked_of_each_run():
    runs = figures(run(GOOD, "--json", "--seeds", "5"))
    values = sorted(entry["rms"] for entry in runs)
    limit = f'"median <{(values[2] + values[3]) / 2:.12f}s"'
    between = run(GOOD.replace('"<1ms"', limit), "-q", "--seeds", "5")
    below = run(GOOD.replace('"<1ms"', f'"median <{values[1]:.12f}s"'), "-q", "--seeds", "5")
    return between.returncode == 0 and below.returncode == 1 and "of 5 seeds" in below.stderr


def a_word_is_compared_as_a_word():
    result = run(GOOD.replace("state: locked", "state: holdover"), "-q")
    return result.returncode == 1 and "state of client is locked, expected was holdover" in result.stderr


def what_a_node_expects_goes_before_what_all_do():
    own = GOOD.replace("    config:", '    expect: {rms: ">1ns"}\n    config:').replace('"<1ms"', '"<1ns"')
    return run(own, "-q").returncode == 0


def mistakes_are_told_with_their_places_all_at_once():
    text = GOOD.replace("delay: 1ms", "delya: 1ms").replace("frequency: 20ppm", "frequency: fast") \
        .replace("server: a", "server: b").replace("rms:", "rsm:")
    result = run(text)
    wanted = ["scenario.yaml:8:17: error: unknown key 'delya' in a link; did you mean 'delay'?",
              "scenario.yaml:6:24: error: frequency: ", "server b is not in this scenario; there are a, client",
              "nothing of the name 'rsm' is measured; did you mean 'rms'?"]
    return result.returncode == 2 and result.stdout == "" and all(line in result.stderr for line in wanted)


def an_event_for_an_unknown_host_is_a_mistake():
    result = run(GOOD + "events: [{at: 1h, servers: {z: {offset: 1s}}}]\n")
    return result.returncode == 2 and "there is no z among the servers" in result.stderr


def to_sleep_among_others_is_a_mistake():
    text = GOOD.replace("links:", "  other: {}\nlinks:") + "events: [{at: 1h, nodes: {client: {suspend: 1h}}}]\n"
    return run(text).returncode == 2 and "one node" in run(text).stderr


def no_file_ends_with_2():
    result = subprocess.run([PROGRAM, "/nonexistent.yaml"], capture_output=True, text=True)
    return result.returncode == 2 and "/nonexistent.yaml" in result.stderr


def one_seed_is_one_result_and_another_another():
    first, again, other = (run(GOOD, "--json", "--seed", seed).stdout for seed in ("7", "7", "8"))
    return first == again and figures(run(GOOD, "--json", "--seed", "7"))[0] != json.loads(other)["runs"][0]["nodes"]["client"]


def seeds_are_runs_of_one_seed_each():
    together = figures(run(GOOD, "--json", "--seed", "3", "--seeds", "3"))
    alone = [figures(run(GOOD, "--json", "--seed", str(seed)))[0] for seed in (3, 4, 5)]
    return together == alone


def an_override_replaces_one_value():
    text = GOOD.replace("jitter: 100us", "jitter: 1ms")
    changed = run(GOOD, "--json", "-o", "links.0.jitter=1ms", "-o", "nodes.client.clock.wander=2ppb")
    return figures(changed) == figures(run(text.replace("wander: 1ppb", "wander: 2ppb"), "--json"))


def an_override_that_leads_nowhere_is_a_mistake():
    return all(run(GOOD, "-o", override).returncode == 2 for override in ("links.7.jitter=1ms", "duration.x=1", "seed"))


def the_plot_shows_error_and_bound():
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "plot.svg")
        if run(GOOD, "-q", "--plot", str(picture)).returncode != 0:
            return False
        svg = "{http://www.w3.org/2000/svg}"
        paths = {path.get("class"): path.get("d") for path in ElementTree.parse(picture).iter(svg + "path")}
        return len(paths["error"]) > 1000 and len(paths["bound"]) > 1000 and "nan" not in picture.read_text()


def a_liar_alone_is_seen_outside_of_its_bound():
    result = run(GOOD.replace("servers: {a: {}}", "servers: {a: {offset: 100ms}}"), "-q")
    return result.returncode == 1 and "outside of client is " in result.stderr


def the_log_carries_virtual_time():
    lines = run(GOOD, "-q", "--log", "notice").stderr.splitlines()
    return any("engine: clock locked" in line and float(line.split()[0]) < 60 for line in lines)


CASES = [a_scenario_that_holds_ends_with_0, a_broken_expectation_is_told_with_its_place_and_ends_with_1,
         a_condition_on_the_median_is_not_asked_of_each_run, a_word_is_compared_as_a_word,
         what_a_node_expects_goes_before_what_all_do, mistakes_are_told_with_their_places_all_at_once,
         an_event_for_an_unknown_host_is_a_mistake, to_sleep_among_others_is_a_mistake, no_file_ends_with_2,
         one_seed_is_one_result_and_another_another, seeds_are_runs_of_one_seed_each, an_override_replaces_one_value,
         an_override_that_leads_nowhere_is_a_mistake, the_plot_shows_error_and_bound,
         a_liar_alone_is_seen_outside_of_its_bound, the_log_carries_virtual_time]

if __name__ == "__main__":
    print(f"1..{len(CASES)}")
    n_bad = 0
    for number, case in enumerate(CASES, 1):
        is_good = case()
        n_bad += not is_good
        print(f"{'ok' if is_good else 'not ok'} {number} - {case.__name__.replace('_', ' ')}", flush=True)
    sys.exit(n_bad > 0)
