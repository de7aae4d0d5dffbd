# SPDX-License-Identifier: BSD-2-Clause
"""The daemons of the tests, each with a configuration written for the case. None of them can set the clock."""

import json
import os
import pwd
import signal

from .process import Process
from .tap import Failure
from .wait import wait_until

# without this capability ntpd of ntpsec follows and serves, and leaves the clock alone
NO_CLOCK = ["setpriv", "--bounding-set", "-sys_time", "--inh-caps", "-sys_time"]

# chronyd would become its package's user, whom this machine need not know; -U: it need not be root
AS_CALLER = ["-U", "-u", pwd.getpwuid(os.geteuid()).pw_name]


class Daemon:
    """A process of the rig, with what all of them have in common."""

    def __init__(self, rig, host):
        self.rig = rig
        self.host = host
        self.folder = rig.folder / f"{len(rig.processes)}-{type(self).__name__.lower()}"
        self.folder.mkdir(mode=0o750)  # chronyd wants its socket's folder closed to others

    def launch(self, argv, env=None):
        self.process = self.rig.start(type(self).__name__.lower(), argv, self.host, env)

    def stop(self, number=signal.SIGTERM):
        return self.process.stop(number)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path


class Timesrvd(Daemon):
    """@config: a dict in the shape of timesrv.yaml (JSON is YAML). It gets the software clock, no listener and
    no bus, if it does not say otherwise. @drop_ins (name -> dict or text) lie in self.conf_dir, which is read
    after the folders @conf_dirs; more can be laid there for a reload."""

    def __init__(self, rig, config, host, args=(), env=None, conf_dirs=(), drop_ins=None):
        super().__init__(rig, host)
        self.socket = self.folder / "control.sock"
        self.conf_dir = self.folder / "conf.d"
        self.conf_dir.mkdir()
        self.args = [*(word for folder in [*conf_dirs, self.conf_dir] for word in ("--conf-dir", folder)), *args]
        self.env = env
        self.config = self._with_defaults(config)
        self.write_config()
        for name, drop_in in (drop_ins or {}).items():
            self.drop_in(name, drop_in)
        self.start()

    def _with_defaults(self, config):
        config = {section: dict(value) if isinstance(value, dict) else value for section, value in config.items()}
        clock = config.setdefault("clock", {})
        clock.setdefault("driver", "software")
        clock.setdefault("drift-file", str(self.folder / "drift"))
        config.setdefault("server", {}).setdefault("listen", [])
        control = config.setdefault("control", {})
        control.setdefault("socket", str(self.socket))
        control.setdefault("bus", "none")
        return config

    def write_config(self):
        """The main file from self.config; a change counts after reload()."""
        self.main_file = self.file("timesrv.yaml", json.dumps(self.config, indent=1))

    def drop_in(self, name, config):
        path = self.conf_dir / name
        path.write_text(config if isinstance(config, str) else json.dumps(config, indent=1))
        return path

    def start(self):
        self.launch([self.rig.find_program("timesrvd"), "--config", self.main_file, *self.args], self.env)
        wait_until(self._is_up, 20, "timesrvd answers on its socket")

    def _is_up(self):
        """Its main loop runs, so all that is made at start is there."""
        self.process.check_running()
        if self.config["control"]["socket"] == "none":
            return True
        return self.socket.exists() and self.run_ctl("status").returncode == 0

    def run_ctl(self, *words):
        """Returns: subprocess.CompletedProcess of timesrvctl."""
        return self.rig.run([self.rig.find_program("timesrvctl"), "--socket", self.socket, *words])

    def ctl(self, *words):
        """A verb that must succeed. Returns: what it prints."""
        result = self.run_ctl(*words)
        if result.returncode:
            raise Failure(f"timesrvctl {' '.join(map(str, words))}: {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def ctl_json(self, *words):
        return json.loads(self.ctl(*words, "--json"))

    def status(self):
        return self.ctl_json("status")

    def sources(self):
        return self.ctl_json("sources")

    def source(self, label):
        return self.ctl_json("source", label)

    def is_synchronised(self):
        return self.status()["clock"]["synchronised"]

    def wait_until_synchronised(self, seconds=20):
        self.wait_for_status(lambda status: status["clock"]["synchronised"], seconds, "the clock is synchronised")

    def wait_for_verdict(self, label, *verdicts, seconds=20):
        """Until @label has one of @verdicts (core/select/select.h)."""
        self._wait_for(lambda: self.source(label), lambda source: source["verdict"] in verdicts, seconds,
                       f"{label} is {' or '.join(verdicts)}")

    def wait_for_status(self, holds, seconds, what="the status is as wanted"):
        return self._wait_for(self.status, holds, seconds, what)

    def wait_for_sources(self, hold, seconds, what="the sources are as wanted"):
        return self._wait_for(self.sources, hold, seconds, what)

    def _wait_for(self, get, holds, seconds, what):
        answer = None

        def look():
            nonlocal answer
            self.process.check_running()
            answer = get()
            return holds(answer)
        wait_until(look, seconds, what, lambda: json.dumps(answer))
        return answer

    def reload(self):
        self.ctl("reload")


class Chronyd(Daemon):
    """`chronyd -x`: follows, but has no hand on the clock. @lines: of chrony.conf."""

    def __init__(self, rig, lines, host, port=None):
        super().__init__(rig, host)
        self.port = 123 if port is None else port
        self.socket = self.folder / "chronyd.sock"
        conf = self.file("chrony.conf", "\n".join([
            f"port {self.port}", "cmdport 0", f"bindcmdaddress {self.socket}", f"pidfile {self.folder}/pid", *lines,
            ""]))
        self.launch([rig.find_program("chronyd"), "-x", "-d", *AS_CALLER, "-f", conf])
        wait_until(self._is_up, 10, "chronyd answers on its socket")

    def _is_up(self):
        self.process.check_running()
        return self.socket.exists()

    def chronyc(self, *words):
        """Returns: the rows of chronyc's CSV answer."""
        result = self.rig.run([self.rig.find_program("chronyc"), "-c", "-n", "-h", self.socket, *words])
        if result.returncode:
            raise Failure(f"chronyc {' '.join(words)}: {result.stdout} {result.stderr}")
        return [line.split(",") for line in result.stdout.splitlines()]

    def sources(self):
        """Returns: address -> state: * selected, + combined, - not combined, x falseticker, ? unusable."""
        return {row[2]: row[1] for row in self.chronyc("sources")}

    def wait_until_selected(self, address, seconds=30):
        wait_until(lambda: self.sources().get(address) == "*", seconds, f"chronyd selects {address}")


class Ntpd(Daemon):
    """ntpd of ntpsec; it has port 123 only, so it needs a host of its own. @lines: of ntp.conf."""

    def __init__(self, rig, lines, host):
        super().__init__(rig, host)
        conf = self.file("ntp.conf", "\n".join([
            f"driftfile {self.folder}/drift", "restrict 127.0.0.1", "restrict ::1", *lines, ""]))
        # -g: a first offset above the panic limit is no reason to end
        self.launch([*NO_CLOCK, rig.find_program("ntpd"), "-n", "-g", "-c", str(conf), "-p", f"{self.folder}/pid"])

    def peers(self):
        """Returns: address -> tally code of ntpq: * system peer, + candidate, - outlier, x falseticker, ' ' none."""
        python = self.rig.find_program("ntpq")
        path = python.rsplit("/bin/", 1)[0] + "/lib/python3/dist-packages"
        result = self.rig.run(["/usr/bin/python3", python, "-n", "-p"], self.host,
                              env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"})
        rows = [line for line in result.stdout.splitlines()[2:] if line]
        return {row[1:].split()[0]: row[0] for row in rows}

    def wait_until_selected(self, address, seconds=60):
        wait_until(lambda: self.peers().get(address) == "*", seconds, f"ntpd selects {address}")


class Dnsmasq(Daemon):
    """A DNS server on @host. @records: name -> list of addresses; set_records() changes them."""

    def __init__(self, rig, records, host, address=None, ttl_s=1):
        super().__init__(rig, host)
        self.address = address or host.ip4
        self.hosts = self.folder / "hosts"
        self._write(records)
        self.launch([rig.find_program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                     "--no-hosts", f"--addn-hosts={self.hosts}", "--user=root", "--pid-file=", "--bind-interfaces",
                     f"--listen-address={self.address}", f"--local-ttl={ttl_s}", "--log-facility=-",
                     "--log-queries"])
        self.process.wait_for_log("started")

    def _write(self, records):
        self.hosts.write_text("".join(f"{address} {name}\n" for name, addresses in records.items()
                                      for address in addresses))

    def set_records(self, records):
        before = self.process.text().count("read ")
        self._write(records)
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.process.text().count("read ") > before, 10, "dnsmasq reads its records again")


class DbusDaemon(Daemon):
    """A message bus of the system's kind, private to the test; programs find it by self.env."""

    CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
  </policy>
  {includes}
</busconfig>
"""

    def __init__(self, rig, policies=(), host=None):
        from .net import Host
        super().__init__(rig, host or Host())
        self.socket = self.folder / "bus"
        self.address = f"unix:path={self.socket}"
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        includes = "\n".join(f"<include>{policy}</include>" for policy in policies)
        conf = self.file("bus.conf", self.CONFIG.format(socket=self.socket, includes=includes))
        self.launch([rig.find_program("dbus-daemon"), f"--config-file={conf}", "--nofork", "--nopidfile"])
        wait_until(self.socket.exists, 10, "dbus-daemon listens")
