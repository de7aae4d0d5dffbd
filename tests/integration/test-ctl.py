#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""timesrvctl against a running daemon: each verb for people and for programs, its exit statuses, what it
changes at run time, and that a reload touches only what changed."""

import json
import os
import pty
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from frame import Skip, main, wait_until  # noqa: E402
from frame.rig import BUILD  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
WIDTH = 80
LONG_ADDRESS = "2001:db8:1234:5678:9abc:def0:1234:5678"


def start(rig, sources=(), **sections):
    """A daemon that follows a good server ("up") and has what else is asked."""
    server = rig.fake_server()
    up = {"server": "127.0.0.1", "port": server.port, "name": "up", "iburst": True, "min-poll": -2, "max-poll": -1}
    daemon = rig.timesrvd({"sources": [up, *sources], **sections})
    daemon.server = server
    return daemon


def check_fits(text):
    # how long the path of a build folder is, is not ours to say
    for line in text.replace(str(BUILD), "").splitlines():
        assert len(line) <= WIDTH, (len(line), line)
    assert "\x1b" not in text and "nan" not in text.lower(), text


def test_ctl_status_of_a_followed_server(rig):
    daemon = start(rig)
    daemon.wait_until_synchronised()

    text = daemon.ctl("status")
    check_fits(text)
    assert re.search(r"^State +locked for \d+m?s: follows 1 of 1 sources$", text, re.M), text
    assert re.search(r"^Reference +up \(127\.0\.0\.1\)$", text, re.M), text
    status = daemon.status()
    assert status["clock"]["state"] == "locked" and status["clock"]["synchronised"] is True
    assert status["clock"]["stratum"] == 2 and status["clock"]["system_peer"] == "up"
    assert 0 < status["clock"]["max_error"] < 1
    assert daemon.run_ctl("status", "--check").returncode == 0
    assert daemon.ctl().startswith("State"), "no verb is status"


def test_ctl_status_before_the_first_answer(rig):
    daemon = rig.timesrvd({})

    result = daemon.run_ctl("status", "--check")

    assert result.returncode == 4, result
    check_fits(result.stdout)
    clock = daemon.status()["clock"]
    assert clock["state"] == "unsynchronised" and clock["synchronised"] is False
    for name in ("offset", "max_error", "system_peer", "reference_time", "root_delay", "refid"):
        assert clock[name] is None, name
    assert daemon.ctl("sources") == "no sources\n"
    assert daemon.ctl_json("sources") == []


def test_ctl_sources_of_every_kind(rig):
    daemon = start(rig, [
        {"server": LONG_ADDRESS},
        {"server": "a-very-long-host-name.in-a-very-long-domain.invalid"},
        {"server": "127.0.0.1", "port": rig.free_port(), "name": "silent"},
        {"server": "192.0.2.9", "online": False, "name": "away"}])
    daemon.wait_for_verdict("up", "system-peer")

    text = daemon.ctl("sources")
    check_fits(text)
    assert re.search(r"^\* up +1 +\d+ms +\d+ +", text, re.M), text
    assert LONG_ADDRESS not in text
    assert LONG_ADDRESS in daemon.ctl("sources", "--wide")
    sources = {source["label"]: source for source in daemon.sources()}
    assert sources["up"]["used"] is True and sources["up"]["reach"] & 1
    assert sources["away"]["verdict"] == "offline"
    for name in ("offset", "last_sample_age", "stratum", "refid", "root_distance"):
        assert sources["silent"][name] is None, name
    assert sources["a-very-long-host-name.in-a-very-long-domain.invalid"]["address"] is None
    assert not re.search(r"4294967295|18446744073709551615|1970", json.dumps(sources))


def test_ctl_two_names_of_one_address_are_said(rig):
    daemon = start(rig)

    daemon.ctl("source", "add", "server=127.0.0.1", f"port={daemon.server.port}", "name=twin")
    daemon.wait_for_verdict("twin", "duplicate")

    assert "twin: same address as up" in daemon.ctl("sources")
    assert daemon.source("twin")["duplicate_of"] == "up"
    assert "up" in daemon.ctl("why", "twin")


def test_ctl_one_source_by_label_address_and_beginning(rig):
    daemon = start(rig, [{"server": "192.0.2.9", "name": "unlike"}])
    daemon.wait_for_verdict("up", "system-peer")

    assert daemon.source("127.0.0.1")["label"] == "up"
    assert daemon.source("unl")["label"] == "unlike"
    text = daemon.ctl("source", "up")
    for words in ("Address         127.0.0.1:", "Says of itself  stratum 1", "Options         server=127.0.0.1"):
        assert words in text, text
    result = daemon.run_ctl("source", "u")
    assert result.returncode == 1 and "several sources begin with 'u'" in result.stderr, result
    result = daemon.run_ctl("source", "nowhere")
    assert result.returncode == 1 and "there is no source 'nowhere'" in result.stderr, result


def test_ctl_why_gives_a_sentence_with_figures(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")

    sentence = daemon.ctl("why", "up")
    assert sentence.startswith("up: ") and re.search(r"\d", sentence) and sentence.count("\n") == 1, sentence
    assert daemon.ctl("why").startswith("up: ")
    assert daemon.ctl_json("why", "up")["verdict"] == "system-peer"
    assert [reason["label"] for reason in daemon.ctl_json("why")] == ["up"]


def test_ctl_every_view_tells_the_same_when_all_sources_go(rig):
    """Field case B35: "synchronised" must not stay for ever."""
    daemon = start(rig, clock={"holdover-limit": 0.002})
    daemon.wait_until_synchronised()
    locked = daemon.status()["clock"]
    daemon.server.stop()

    holdover = daemon.wait_for_status(lambda status: status["clock"]["state"] == "holdover", 30)["clock"]
    assert holdover["cause"] and holdover["state_age"] < 30 and holdover["system_peer"] is None, holdover
    later = daemon.wait_for_status(lambda status: status["clock"]["state"] != "holdover" or
                                   status["clock"]["max_error"] > locked["max_error"], 30)["clock"]
    assert later["max_error"] > locked["max_error"], (locked, later)

    # the state may move on between two questions: ask until all were asked within one state
    def views():
        before = daemon.status()["clock"]["state"]
        metrics = {metric["name"]: metric["value"] for metric in daemon.ctl_json("metrics")}
        result = {
            "table": daemon.ctl("status").split()[1],
            "watch": json.loads(daemon.ctl("watch", "--count", "1", "--json"))["clock"]["state"],
            "check": daemon.run_ctl("status", "--check").returncode,
            "locked": metrics["clock_locked"]}
        return result if daemon.status()["clock"]["state"] == before else None
    seen = wait_until(views, 20, "all views of one state")
    assert seen["table"] == seen["watch"] != "locked" and seen["locked"] == 0, seen
    assert seen["check"] == (4 if seen["table"] == "unsynchronised" else 0), seen
    assert daemon.source("up")["reach"] == 0
    assert daemon.source("up")["verdict"] in daemon.ctl("why", "up")


def test_ctl_server_clients_and_access(rig):
    port = rig.free_port()
    daemon = start(rig, server={"listen": [f"127.0.0.1:{port}"], "allow": ["192.0.2.0/24"], "workers": 1})
    daemon.wait_until_synchronised()
    client = rig.timesrvd({"sources": [{"server": "127.0.0.1", "port": port, "iburst": True}]})
    client.wait_until_synchronised()

    text = daemon.ctl("server")
    assert f"Listens on      127.0.0.1:{port}" in text, text
    server = daemon.ctl_json("server")
    assert server["workers"] == 1 and server["listeners"][0]["bound"] is True
    assert server["counters"]["server_replies"] >= 1
    clients = daemon.ctl_json("clients")
    assert [record["address"] for record in clients] == ["127.0.0.1"] and clients[0]["requests"] >= 1
    check_fits(daemon.ctl("clients"))
    assert "127.0.0.1" in daemon.ctl("clients", "--limit", "1")
    assert daemon.ctl_json("access", "192.0.2.77") == {"allowed": True, "rule": "192.0.2.0/24"}
    assert daemon.ctl_json("access", "198.51.100.1")["allowed"] is False
    assert daemon.run_ctl("access", "nonsense").returncode == 1
    assert client.run_ctl("clients").returncode == 1
    assert "pure client" in client.ctl("server")


def test_ctl_metrics_are_those_of_the_registry(rig):
    daemon = start(rig)

    metrics = daemon.ctl_json("metrics")

    assert len(metrics) > 3
    for metric in metrics:
        assert metric["kind"] in ("counter", "gauge") and metric["help"] and metric["value"] is not None, metric
    assert not re.search(r"\de[+-]\d", daemon.ctl("metrics"))


def test_ctl_sources_added_set_and_removed_at_run_time(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")
    other = rig.fake_server()

    assert daemon.ctl("source", "add", "server=127.0.0.1", f"port={other.port}", "iburst", "min-poll=-2",
                      "max-poll=-1", "name=new") == "new\n"
    daemon.wait_for_verdict("new", "system-peer", "combined", "worse")
    before = daemon.source("new")
    assert before["runtime"] is True and daemon.source("up")["runtime"] is False
    daemon.ctl("source", "set", "new", "noselect=true")
    daemon.wait_for_verdict("new", "noselect")
    after = daemon.source("new")
    assert after["samples"] >= before["samples"] and after["reach"] & before["reach"], (before, after)
    assert after["options"]["min-poll"] == -2
    daemon.ctl("source", "set", "new", "noselect=")
    daemon.wait_for_verdict("new", "system-peer", "combined", "worse")
    daemon.ctl("source", "remove", "new")
    assert [source["label"] for source in daemon.sources()] == ["up"]
    assert daemon.source("up")["verdict"] == "system-peer"


def test_ctl_source_options_that_are_wrong_are_all_said(rig):
    daemon = start(rig)

    result = daemon.run_ctl("source", "add", "server=x", "min-pol=3", "port=0")
    assert result.returncode == 1 and "min-poll" in result.stderr and "port" in result.stderr, result
    result = daemon.run_ctl("source", "set", "up", "version=9")
    assert result.returncode == 1 and "version" in result.stderr, result
    result = daemon.run_ctl("source", "add", "server=127.0.0.1", "name=up")
    assert result.returncode == 1, result
    assert len(daemon.sources()) == 1


def test_ctl_source_that_is_kept_is_there_after_a_restart(rig):
    daemon = start(rig)

    daemon.ctl("source", "add", "server=192.0.2.7", "name=kept", "max-poll=9", "--keep")
    daemon.ctl("source", "add", "server=192.0.2.8", "name=passing")
    daemon.stop()
    daemon.start()
    assert sorted(source["label"] for source in daemon.sources()) == ["kept", "up"]
    assert daemon.source("kept")["options"]["max-poll"] == 9
    daemon.ctl("source", "remove", "kept", "--keep")
    daemon.ctl("reload")
    assert [source["label"] for source in daemon.sources()] == ["up"]


def test_ctl_offline_online_and_burst(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")

    daemon.ctl("offline", "up")
    daemon.wait_for_verdict("up", "offline")
    daemon.ctl("online")
    daemon.wait_for_verdict("up", "system-peer")
    daemon.ctl("burst", "up", "--good", "2", "--total", "4")
    daemon.server.wait_for_requests(2)
    assert daemon.run_ctl("burst", "--good", "0").returncode == 1
    assert daemon.ctl_json("source", "refresh") == {"ok": True}


def test_ctl_step_moves_the_software_clock(rig):
    server = rig.fake_server(offset_s=0.2)
    daemon = rig.timesrvd({
        "sources": [{"server": "127.0.0.1", "port": server.port, "iburst": True, "min-poll": -2, "max-poll": -1}],
        "clock": {"step": {"threshold": 10, "first-updates": "never"}, "max-slew": 10}})
    daemon.wait_until_synchronised()
    assert daemon.status()["clock"]["steps"] == 0

    daemon.ctl("step")

    assert daemon.status()["clock"]["steps"] == 1


def test_ctl_config_check_show_and_a_reload_that_is_refused(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")
    assert daemon.ctl("config", "check") == "the configuration is good\n"
    shown = daemon.ctl("config", "show")
    assert re.search(r'name: "up" +# .*timesrv\.yaml:\d+', shown), shown
    values = {value["path"]: value for value in daemon.ctl_json("config", "show")}
    assert values["sources[0].name"]["value"] == "up"
    assert values["sources[0].name"]["file"].endswith("timesrv.yaml") and values["sources[0].name"]["line"] > 1

    path = daemon.drop_in("50-broken.yaml", "sources:\n  - server: 192.0.2.1\n    min-pol: 4\nclok: 1\n")
    check = daemon.run_ctl("config", "check")
    assert check.returncode == 1, check
    assert re.search(r"50-broken\.yaml:3:5: error: .*min-poll", check.stdout), check
    assert re.search(r"50-broken\.yaml:4:1: error: .*clock", check.stdout), check
    problems = json.loads(daemon.run_ctl("config", "check", "--json").stdout)
    assert [problem["line"] for problem in problems] == [3, 4]
    result = daemon.run_ctl("reload")
    assert result.returncode == 1 and "running configuration stays" in result.stderr, result
    assert "50-broken.yaml:3:5" in result.stderr and "50-broken.yaml:4:1" in result.stderr, result
    assert [source["label"] for source in daemon.sources()] == ["up"]
    path.unlink()
    daemon.ctl("config", "reload")


def test_ctl_reload_of_a_new_drop_in_touches_only_its_source(rig):
    daemon = start(rig, [{"server": "127.0.0.1", "port": rig.free_port(), "name": "silent", "min-poll": -2}])
    daemon.wait_for_sources(lambda sources: sources[0]["reach"] == 255, 30, "up has answered eight times")
    before = daemon.source("up")

    other = rig.fake_server()
    drop_in = daemon.drop_in("50-more.yaml", {"sources": [
        {"server": "127.0.0.1", "port": other.port, "name": "more", "iburst": True}]})
    daemon.ctl("reload")
    after = daemon.source("up")
    assert after["id"] == before["id"] and after["reach"] == 255, (before, after)
    assert after["samples_total"] >= before["samples_total"]
    daemon.wait_for_verdict("more", "system-peer", "combined", "worse", "outlier")

    drop_in.write_text(json.dumps({"sources": [
        {"server": "127.0.0.1", "port": other.port, "name": "more", "iburst": True, "noselect": True}]}))
    more = daemon.source("more")
    daemon.ctl("reload")
    daemon.wait_for_verdict("more", "noselect")
    assert daemon.source("more")["id"] == more["id"]
    drop_in.unlink()
    daemon.ctl("reload")
    assert [source["label"] for source in daemon.sources()] == ["up", "silent"]
    last = daemon.source("up")
    assert last["id"] == before["id"] and last["reach"] == 255, last


def test_ctl_log_level(rig):
    daemon = start(rig)
    assert daemon.status()["log_level"] == "info"

    daemon.ctl("log", "debug")
    assert daemon.status()["log_level"] == "debug"
    assert daemon.run_ctl("log", "loud").returncode == 1
    daemon.ctl("reload")
    assert daemon.status()["log_level"] == "info"


def test_ctl_plugins_that_are_not_there(rig):
    daemon = start(rig)

    assert isinstance(daemon.ctl_json("plugin", "list"), list)
    for verb in ("info", "load", "unload"):
        result = daemon.run_ctl("plugin", verb, "no-such-plugin")
        assert result.returncode == 1 and "no-such-plugin" in result.stderr, result


def test_ctl_plugins_are_listed_loaded_and_unloaded(rig):
    folder = Path(rig.find_program("timesrvd")).parents[1] / "plugins"
    if not (folder / "refclock-sock").is_dir():
        raise Skip("built without refclock-sock")
    daemon = rig.timesrvd({}, args=["--plugin-dir", folder])

    assert "refclock-sock" in daemon.ctl("plugin", "list")
    listed = {plugin["name"]: plugin for plugin in daemon.ctl_json("plugin", "list")}
    assert listed["refclock-sock"]["loaded"] is False and listed["refclock-sock"]["kind"] == "refclock"
    info = daemon.ctl_json("plugin", "info", "refclock-sock")
    assert info["abi"].startswith("1.") and info["settings"], info
    check_fits(daemon.ctl("plugin", "info", "refclock-sock"))
    by_file = daemon.ctl_json("plugin", "info", folder / "refclock-sock" / "refclock-sock.so")
    assert by_file["name"] == "refclock-sock"
    daemon.ctl("plugin", "load", "refclock-sock")
    assert daemon.ctl_json("plugin", "info", "refclock-sock")["loaded"] is True
    daemon.ctl("plugin", "unload", "refclock-sock")
    assert daemon.ctl_json("plugin", "info", "refclock-sock")["loaded"] is False

    daemon.ctl("source", "add", "refclock=refclock-sock", f"path={rig.folder}/clock.sock", "name=pps")
    result = daemon.run_ctl("plugin", "unload", "refclock-sock")
    assert result.returncode == 1 and "pps" in result.stderr, result
    source = daemon.source("pps")
    assert source["kind"] == "refclock" and source["last_sample_age"] is None and source["address"] is None, source
    check_fits(daemon.ctl("sources"))
    daemon.ctl("source", "remove", "pps")
    assert daemon.sources() == []


def test_ctl_wait_ends_when_the_clock_is_right(rig):
    daemon = start(rig)

    result = daemon.run_ctl("wait", "--timeout", "30", "--max-error", "0.5")
    assert result.returncode == 0 and result.stdout.startswith("locked "), result
    assert daemon.is_synchronised()
    result = daemon.run_ctl("wait", "--timeout", "0", "--max-error", "0.000000001")
    assert result.returncode == 4, result


def test_ctl_wait_has_its_limit(rig):
    daemon = rig.timesrvd({})

    result = daemon.run_ctl("wait", "--timeout", "0.5")

    assert result.returncode == 4 and result.stdout.startswith("unsynchronised "), result


def test_ctl_wait_for_a_daemon_that_comes_later(rig):
    daemon = start(rig)
    daemon.stop()
    waiter = rig.start("waiter", [rig.find_program("timesrvctl"), "--socket", daemon.socket, "wait",
                                  "--timeout", "60"])
    waiter.may_end = True

    daemon.start()

    assert waiter.wait_for_end(60) == 0


def test_ctl_wait_for_a_daemon_that_never_comes(rig):
    result = rig.run([rig.find_program("timesrvctl"), "--socket", rig.folder / "none", "wait", "--timeout", "0.5"])

    assert result.returncode == 3, result


def test_ctl_watch_in_a_pipe_prints_lines(rig):
    daemon = start(rig)

    text = daemon.ctl("watch", "--count", "3", "--interval", "0.1")
    assert len(text.splitlines()) == 3
    for line in text.splitlines():
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (un)?\w+ stratum ", line), line
    lines = [json.loads(line) for line in daemon.ctl("watch", "--count", "2", "--interval", "0.1",
                                                     "--json").splitlines()]
    assert len(lines) == 2 and lines[0]["sources"][0]["label"] == "up" and "state" in lines[1]["clock"]
    assert daemon.run_ctl("watch", "--seconds", "0.3").returncode == 0


def run_on_a_terminal(rig, daemon, *words, env=None):
    """Returns: what is shown on a terminal."""
    reader, writer = pty.openpty()
    log = rig.folder / "terminal"
    pid = os.fork()
    if pid == 0:
        try:
            os.dup2(writer, 1)
            os.environ.update({"TERM": "xterm", **(env or {})})
            os.execv(rig.find_program("timesrvctl"), ["timesrvctl", "--socket", str(daemon.socket), *words])
        finally:
            os._exit(127)
    os.close(writer)
    shown = b""
    try:
        while data := os.read(reader, 65536):
            shown += data
    except OSError:
        pass  # the other end is closed
    _, status = os.waitpid(pid, 0)
    log.write_bytes(shown)
    assert os.waitstatus_to_exitcode(status) == 0, shown
    return shown.decode()


def test_ctl_colour_is_for_terminals_that_want_it(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")

    assert "\x1b[32m*" in run_on_a_terminal(rig, daemon, "sources")
    assert "\x1b" not in run_on_a_terminal(rig, daemon, "sources", env={"NO_COLOR": "1"})
    assert "\x1b" not in run_on_a_terminal(rig, daemon, "sources", env={"TERM": "dumb"})
    assert "\x1b" not in daemon.ctl("sources")


def test_ctl_watch_on_a_terminal_draws_a_table(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")

    shown = run_on_a_terminal(rig, daemon, "watch", "--count", "2", "--interval", "0.1")

    assert shown.count("\x1b[H\x1b[2J") == 2 and "Reason" not in shown and "Offset" in shown, shown


def test_ctl_watch_ends_with_the_daemon(rig):
    daemon = start(rig)
    watcher = rig.start("watcher", [rig.find_program("timesrvctl"), "--socket", daemon.socket, "watch",
                                    "--interval", "0.1"])
    watcher.wait_for_log("stratum")
    watcher.may_end = True

    daemon.stop()

    assert watcher.wait_for_end() == 3


def test_ctl_in_any_locale_prints_plain_decimals(rig):
    daemon = start(rig)
    daemon.wait_for_verdict("up", "system-peer")
    ctl = [rig.find_program("timesrvctl"), "--socket", daemon.socket]

    for verb in ("status", "sources", "metrics"):
        for locale in ("de_DE.UTF-8", "C", "C.UTF-8"):
            result = rig.run([*ctl, verb], env={"LC_ALL": locale, "LANG": locale})
            assert result.returncode == 0, result
            assert not re.search(r"\d,\d|\de[+-]?\d", result.stdout), result.stdout


def complete(rig, daemon, *words):
    """What bash offers for the last of @words."""
    script = (f"PATH={Path(rig.find_program('timesrvctl')).parent}:$PATH; . {ROOT}/data/timesrvctl.bash\n"
              f"export TIMESRV_SOCKET={daemon.socket}\n"
              f"COMP_WORDS=(timesrvctl {' '.join(words)}); COMP_CWORD={len(words)}\n"
              "_timesrvctl; printf '%s\\n' \"${COMPREPLY[@]}\"\n")
    result = rig.run(["bash", "-c", script])
    assert result.returncode == 0, result
    return result.stdout.split()


def test_ctl_completion_knows_verbs_and_labels(rig):
    daemon = start(rig, [{"server": "192.0.2.9", "name": "upper"}])

    assert complete(rig, daemon, "sou") == ["sources", "source"]
    assert complete(rig, daemon, "why", "u") == ["up", "upper"]
    assert complete(rig, daemon, "config", "s") == ["show"]
    assert complete(rig, daemon, "status", "--ch") == ["--check"]
    assert complete(rig, daemon, "source", "set", "uppe") == ["upper"]


def test_ctl_manual_has_every_verb_and_option(rig):
    help_text = rig.run([rig.find_program("timesrvctl"), "--help"]).stdout
    manual = (ROOT / "docs" / "timesrvctl.1").read_text()

    verbs = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?: [A-Z\[].*?)? {2,}\S", help_text.split("Verbs:")[1].split("Exit")[0], re.M)
    assert len(verbs) == 27, verbs
    for verb in verbs:
        assert re.search(rf"\b{verb}\b", manual), verb
    for option in re.findall(r"--([a-z-]+)", help_text.split("Application Options:")[1]):
        short = re.search(rf"-(\w), --{option}\b", help_text)
        assert f"Fl Fl {option}" in manual or (short and re.search(rf"Fl {short[1]}\b", manual)), option


def test_ctl_usage_errors(rig):
    daemon = start(rig)

    for words in (["frobnicate"], ["source"], ["source", "set"], ["source", "add"], ["access"], ["status", "x"],
                  ["status", "--keep"], ["sources", "--timeout", "3"], ["wait", "--timeout", "-1"],
                  ["wait", "--timeout", "soon"], ["watch", "--count", "0"], ["--no-such-option"], ["plugin"],
                  ["config", "explode"], ["clients", "--limit", "-5"]):
        result = daemon.run_ctl(*words)
        assert result.returncode == 2, (words, result)
        assert result.stderr and not result.stdout, (words, result)
    help_text = daemon.run_ctl("--help")
    assert help_text.returncode == 0 and "Exit status" in help_text.stdout
    assert daemon.run_ctl("--version").stdout.startswith("timesrvctl ")


def test_ctl_daemon_that_is_not_there(rig):
    ctl = rig.find_program("timesrvctl")
    plain = rig.write("plain", "")

    result = rig.run([ctl, "--socket", rig.folder / "none", "status"])
    assert result.returncode == 3 and f"no socket {rig.folder}/none" in result.stderr, result
    result = rig.run([ctl, "status"], env={"TIMESRV_SOCKET": f"{rig.folder}/by-env"})
    assert result.returncode == 3 and "by-env" in result.stderr, result
    result = rig.run([ctl, "--socket", plain, "status"])
    assert result.returncode == 3 and "plain" in result.stderr, result
    result = rig.run([ctl, "--socket", "/" + "x" * 200, "status"])
    assert result.returncode == 2, result
    daemon = start(rig)
    daemon.process.may_end = True
    daemon.process.popen.kill()
    daemon.process.popen.wait()
    result = daemon.run_ctl("status")
    assert result.returncode == 3 and "nobody listens" in result.stderr, result


def test_ctl_panic_has_its_exit_status(rig):
    server = rig.fake_server(offset_s=7200)
    daemon = rig.timesrvd({
        "sources": [{"server": "127.0.0.1", "port": server.port, "iburst": True}],
        "clock": {"panic": 1000, "panic-at-start": True}})
    daemon.process.may_end = True

    wait_until(lambda: not daemon.process.is_running(), 30, "it ends")

    assert daemon.process.popen.returncode == 3, daemon.process.text()
    assert re.search(r"7[12]\d\d.*1000", daemon.process.text()), daemon.process.text()


if __name__ == "__main__":
    main(globals())
