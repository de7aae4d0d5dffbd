#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The control interface of a running daemon: on the private socket and on a bus, for friends, strangers and
those who mean harm."""

import json
import os
import re
import socket
import struct
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from frame import Failure, main, wait_until  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = ["Manager", "Clock", "Source", "Server"]
STRANGER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
KEEPERS_GID = "1"  # "daemon": there on every Debian
KEEPER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--groups", KEEPERS_GID]


def start(rig, **control):
    """A daemon with one source, whose socket everybody can reach: the folders of daemons are closed."""
    server = rig.fake_server()
    daemon = rig.timesrvd({
        "sources": [{"server": "127.0.0.1", "port": server.port, "name": "up", "iburst": True}],
        "control": {"group": "daemon", **control}})
    os.chmod(daemon.folder, 0o755)
    return daemon


def ctl_as(rig, who, daemon, *words, env=None):
    return rig.run([*who, rig.find_program("timesrvctl"), "--socket", daemon.socket, *words], env=env)


def introspect(rig, daemon, path, *options):
    result = rig.run(["gdbus", "introspect", "--address", f"unix:path={daemon.socket}", "--dest", "org.timesrv1",
                      "--object-path", path, *options])
    if result.returncode:
        raise Failure(f"gdbus introspect: {result.stderr}")
    return result.stdout


def connect(daemon):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(20)
    sock.connect(str(daemon.socket))
    return sock


def greet(sock):
    """The handshake, after which messages follow."""
    sock.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\nBEGIN\r\n")
    line = b""
    while not line.endswith(b"\r\n"):
        line += sock.recv(1)
    assert line.startswith(b"OK "), line


def method_call(path, interface, member, serial=1):
    """A D-Bus call without arguments, written by hand: D-Bus specification, "Message Format"."""
    def field(code, kind, text):
        data = struct.pack("<BB2sI", code, 1, kind.encode() + b"\0", len(text)) + text.encode() + b"\0"
        return data + b"\0" * (-len(data) % 8)
    fields = field(1, "o", path) + field(2, "s", interface) + field(3, "s", member)
    fields = fields.rstrip(b"\0") + b"\0"  # the last is not padded
    header = struct.pack("<4sIII", b"l\1\0\1", 0, serial, len(fields)) + fields
    return header + b"\0" * (-len(header) % 8)


PING = method_call("/", "org.freedesktop.DBus.Peer", "Ping")
OBJECTS = method_call("/org/timesrv1", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")


def threads(daemon):
    """Names of its threads, without GLib's helper that takes signals (g_unix_signal_add)."""
    names = [name for task in Path(f"/proc/{daemon.process.pid}/task").iterdir()
             if (name := (task / "comm").read_text().strip()) != "gmain"]
    if os.environ.get("TIMESRV_BUILD_NAME") == "tsan":
        names.remove("timesrvd")  # ThreadSanitizer's own
    return names


def pss_kb(daemon):
    text = Path(f"/proc/{daemon.process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss_Anon: *(\d+)", text, re.M).group(1))


def check_growth(daemon, before_kb, limit_kb):
    """A sanitizer keeps freed memory for a while: there the rest of the test counts alone."""
    if re.search(r"lib[at]san", Path(f"/proc/{daemon.process.pid}/maps").read_text()):
        return
    growth_kb = pss_kb(daemon) - before_kb
    assert growth_kb < limit_kb, growth_kb
    print(f"# grew by {growth_kb} kB")


def test_control_introspection_prints_every_interface(rig):
    daemon = start(rig)

    text = introspect(rig, daemon, "/org/timesrv1", "--recurse")

    for name in INTERFACES:
        assert f"interface org.timesrv1.{name} {{" in text, name
    assert "interface org.freedesktop.DBus.ObjectManager {" in text
    assert "Step();" in text and "readonly s State = " in text


def test_control_introspection_agrees_with_the_installed_description(rig):
    daemon = start(rig)
    described = (ROOT / "data" / "org.timesrv1.xml").read_text()
    text = introspect(rig, daemon, "/org/timesrv1", "--recurse")

    for name in re.findall(r'<method name="(\w+)"', described):
        assert f"{name}(" in text, name
    plugin = described.index('"org.timesrv1.Plugin"')  # none is loaded here
    for name in re.findall(r'<property name="(\w+)"', described[:plugin]):
        assert re.search(rf"\b{name}\b", text), name


def test_control_of_another_bus_library_reads_a_property(rig):
    daemon = start(rig)
    daemon.wait_until_synchronised()

    result = rig.run(["busctl", f"--address=unix:path={daemon.socket}", "get-property", "org.timesrv1",
                      "/org/timesrv1/clock", "org.timesrv1.Clock", "SystemPeer"])

    assert result.stdout == 's "up"\n', result


def test_control_stranger_may_look_but_not_change(rig):
    rig.require_root("another user")
    daemon = start(rig)

    for verb in (["status"], ["sources"], ["source", "up"], ["why"], ["server"], ["metrics"], ["plugin", "list"]):
        result = ctl_as(rig, STRANGER, daemon, *verb)
        assert result.returncode == 0, (verb, result)
    for verb in (["reload"], ["step"], ["burst"], ["offline"], ["source", "add", "server=192.0.2.1"],
                 ["source", "remove", "up"], ["source", "set", "up", "prefer=true"], ["log", "debug"],
                 ["plugin", "load", "x"], ["source", "refresh"], ["config", "show"], ["config", "check"],
                 ["clients"]):
        result = ctl_as(rig, STRANGER, daemon, *verb)
        assert result.returncode == 5, (verb, result)
        assert "root and the group daemon" in result.stderr, (verb, result)
    assert [source["label"] for source in daemon.sources()] == ["up"]


def test_control_member_of_the_group_may_change(rig):
    rig.require_root("another user")
    daemon = start(rig)

    assert ctl_as(rig, KEEPER, daemon, "source", "set", "up", "prefer=true").returncode == 0
    assert daemon.source("up")["options"]["prefer"] is True


def test_control_folder_that_is_closed_is_said(rig):
    rig.require_root("another user")
    daemon = rig.timesrvd({})  # its folder has mode 0750

    result = ctl_as(rig, STRANGER, daemon, "status")

    assert result.returncode == 5, result
    assert str(daemon.socket) in result.stderr and "permission" in result.stderr, result


def test_control_second_daemon_on_the_socket_does_not_start(rig):
    daemon = start(rig)
    config = rig.write("second.json", json.dumps({
        "clock": {"driver": "software", "drift-file": "none"},
        "control": {"socket": str(daemon.socket), "bus": "none"}}))

    result = rig.run([rig.find_program("timesrvd"), "--config", config, "--conf-dir", rig.folder / "none"])

    assert result.returncode == 1, result
    assert "another daemon listens on" in result.stderr, result
    assert daemon.run_ctl("status").returncode == 0


def test_control_socket_of_a_killed_daemon_is_taken_over(rig):
    daemon = start(rig)
    daemon.process.may_end = True
    daemon.process.popen.kill()
    daemon.process.popen.wait()
    assert daemon.socket.exists()

    daemon.start()
    wait_until(lambda: daemon.run_ctl("status").returncode == 0, 10, "it answers again")


def test_control_socket_goes_with_the_daemon(rig):
    daemon = start(rig)
    daemon.ctl("status")  # the main loop runs: signals are taken

    assert daemon.stop() == 0
    assert not daemon.socket.exists()
    result = daemon.run_ctl("status")
    assert result.returncode == 3 and "timesrvd is not there: no socket" in result.stderr, result


def test_control_without_doors_has_no_thread_and_no_socket(rig):
    server = rig.fake_server()
    daemon = rig.timesrvd({
        "sources": [{"server": "127.0.0.1", "port": server.port, "iburst": True}],
        "control": {"socket": "none", "bus": "none"}})

    server.wait_for_requests(3)

    assert threads(daemon) == ["timesrvd"], threads(daemon)
    fds = [os.readlink(f"/proc/{daemon.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon.process.pid}/fd")]
    unix = {line.split()[6] for line in Path("/proc/net/unix").read_text().splitlines()[1:]}
    assert not [fd for fd in fds if fd.startswith("socket:") and fd[8:-1] in unix], fds


def test_control_private_socket_needs_no_thread(rig):
    daemon = start(rig)

    introspect(rig, daemon, "/org/timesrv1")

    assert threads(daemon) == ["timesrvd"], threads(daemon)


def test_control_noise_leaves_the_daemon_as_it_was(rig):
    daemon = start(rig)
    daemon.ctl("status")
    before = pss_kb(daemon)

    for seed in range(200):
        noise = bytes((seed * 7 + i * i * 31 + i) & 255 for i in range(3000))
        with connect(daemon) as sock:
            try:
                if seed % 2:
                    greet(sock)
                sock.sendall(noise if seed % 4 else b"\0" + noise)
                while sock.recv(65536):
                    pass
            except (BrokenPipeError, ConnectionResetError):
                pass
    assert daemon.run_ctl("status").returncode == 0
    check_growth(daemon, before, 256)


def test_control_claim_of_a_huge_message_costs_nothing(rig):
    daemon = start(rig)
    daemon.ctl("status")
    before = pss_kb(daemon)

    with connect(daemon) as sock:
        greet(sock)
        sock.sendall(struct.pack("<4sIII", b"l\1\0\1", 127 << 20, 1, 16))
        try:
            assert sock.recv(1) == b""
        except ConnectionResetError:
            pass
    check_growth(daemon, before, 256)


def test_control_client_that_does_not_read_costs_little(rig):
    daemon = start(rig)
    daemon.ctl("status")
    before = pss_kb(daemon)

    with connect(daemon) as sock:
        greet(sock)
        sock.settimeout(0.5)
        try:
            for _ in range(20000):
                sock.sendall(OBJECTS)
        except (TimeoutError, BrokenPipeError, ConnectionResetError):
            pass
        # meanwhile the others are served
        assert daemon.run_ctl("status").returncode == 0
        check_growth(daemon, before, 1024)


def test_control_many_calls_at_once_hold_up_nobody(rig):
    daemon = start(rig)
    is_over = threading.Event()

    def flood():
        with connect(daemon) as sock:
            greet(sock)
            while not is_over.is_set():
                sock.sendall(PING * 100)
                sock.recv(65536)
    threads = [threading.Thread(target=flood, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        daemon.wait_until_synchronised()
        for _ in range(5):
            daemon.ctl("sources")
    finally:
        is_over.set()
        for thread in threads:
            thread.join(30)


def test_control_silent_connections_of_a_stranger_leave_room(rig):
    rig.require_root("another user")
    daemon = start(rig)
    code = ("import socket, sys, time\n"
            "socks = []\n"
            "for _ in range(100):\n"
            "    sock = socket.socket(socket.AF_UNIX)\n"
            "    sock.connect(sys.argv[1])\n"
            "    socks.append(sock)\n"
            "print('full', flush=True)\n"
            "time.sleep(1000)\n")
    stranger = rig.start("stranger", [*STRANGER, "/usr/bin/python3", "-c", code, daemon.socket])
    stranger.wait_for_log("full")

    assert daemon.run_ctl("status").returncode == 0


def test_control_signals_tell_sources_that_come_and_go(rig):
    daemon = start(rig)
    watcher = rig.start("watcher", [rig.find_program("timesrvctl"), "--socket", daemon.socket, "watch", "--json",
                                    "--interval", "0.1"])

    daemon.ctl("source", "add", "server=192.0.2.7", "name=late")
    watcher.wait_for_log('"label":"late"')
    daemon.ctl("source", "remove", "late")
    wait_until(lambda: '"late"' not in watcher.text().splitlines()[-1], 10, "late is gone")
    watcher.stop()


def bus(rig, **control):
    policy = ROOT / "data" / "org.timesrv1.conf"
    broker = rig.dbus_daemon(policies=[policy])
    os.chmod(broker.folder, 0o755)
    server = rig.fake_server()
    daemon = rig.timesrvd({
        "sources": [{"server": "127.0.0.1", "port": server.port, "name": "up", "iburst": True}],
        "control": {"bus": "system", "group": "daemon", **control}}, env=broker.env)
    daemon.process.wait_for_log("on the system bus as org.timesrv1")
    return broker, daemon


def test_control_on_the_system_bus(rig):
    broker, daemon = bus(rig)

    result = rig.run(["busctl", f"--address={broker.address}", "tree", "org.timesrv1"])
    assert "/org/timesrv1/source/1" in result.stdout, result
    result = rig.run(["busctl", f"--address={broker.address}", "introspect", "org.timesrv1", "/org/timesrv1/clock"])
    assert ".State" in result.stdout and ".Step" in result.stdout, result
    result = rig.run([rig.find_program("timesrvctl"), "--bus", "source", "up", "--json"], env=broker.env)
    assert json.loads(result.stdout)["label"] == "up", result
    daemon.ctl("status")
    assert daemon.stop() == 0


def test_control_on_the_bus_asks_who_the_caller_is(rig):
    rig.require_root("another user")
    broker, daemon = bus(rig)
    ctl = [rig.find_program("timesrvctl"), "--bus"]

    result = rig.run([*STRANGER, *ctl, "status"], env=broker.env)
    assert result.returncode == 0, result
    result = rig.run([*STRANGER, *ctl, "reload"], env=broker.env)
    assert result.returncode == 5 and "65534" in result.stderr, result
    result = rig.run([*KEEPER, *ctl, "source", "set", "up", "prefer=true"], env=broker.env)
    assert result.returncode == 0, result
    result = rig.run([*ctl, "source", "set", "up", "trust=true"], env=broker.env)
    assert result.returncode == 0, result
    assert daemon.source("up")["options"]["trust"] is True


def test_control_bus_that_goes_leaves_the_daemon_running(rig):
    broker, daemon = bus(rig)

    broker.stop()
    daemon.process.wait_for_log("system bus is gone")

    assert daemon.run_ctl("status").returncode == 0


def test_control_without_a_bus_runs_all_the_same(rig):
    daemon = rig.timesrvd({"control": {"bus": "system"}},
                          env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={rig.folder}/no-bus"})

    daemon.process.wait_for_log("no system bus")

    assert daemon.run_ctl("status").returncode == 0
    result = rig.run([rig.find_program("timesrvctl"), "--bus", "status"],
                     env={"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={rig.folder}/no-bus"})
    assert result.returncode == 3 and "no bus" in result.stderr, result


def test_control_bus_without_the_daemon_is_said(rig):
    broker = rig.dbus_daemon(policies=[ROOT / "data" / "org.timesrv1.conf"])

    result = rig.run([rig.find_program("timesrvctl"), "--bus", "status"], env=broker.env)

    assert result.returncode == 3, result


def test_control_start_is_told_to_the_service_manager(rig):
    path = rig.folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        manager.settimeout(20)
        daemon = rig.timesrvd({}, env={"NOTIFY_SOCKET": str(path)})

        def receive(word):
            while word not in manager.recv(4096).decode():
                pass
        receive("READY=1")
        daemon.ctl("reload")
        receive("RELOADING=1")
        receive("READY=1")
        daemon.stop()
        receive("STOPPING=1")


if __name__ == "__main__":
    main(globals())
