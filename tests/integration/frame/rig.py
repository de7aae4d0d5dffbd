# SPDX-License-Identifier: BSD-2-Clause
"""The rig of one test case: where its programs, files, hosts and servers come from and end."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from .daemons import AS_CALLER, Chronyd, DbusDaemon, Dnsmasq, Ntpd, Timesrvd
from .net import Host, Lan, require_namespaces
from .ntp import FakeServer
from .process import Process
from .tap import Skip

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("TIMESRV_BUILD", ROOT / "build"))
PEERS = Path(os.environ.get("TIMESRV_PEERS", ROOT / "build" / "peers"))
COMMAND_LIMIT_S = 60


class Rig:
    def __init__(self, name):
        self.name = name
        self._undo = ExitStack()
        self._lans = 0
        self.processes = []
        self.servers = []

    def __enter__(self):
        # short: the path of a unix socket has 107 characters
        self.folder = Path(self._undo.enter_context(tempfile.TemporaryDirectory(prefix="tsrv-")))
        os.chmod(self.folder, 0o755)
        return self

    def __exit__(self, *unused):
        self._undo.close()

    # programs

    def find_program(self, name):
        """A program of ours, of the unpacked peers, or of the system. Skips the test if there is none."""
        ours = [BUILD / "core" / name, BUILD / "ctl" / name]
        peers = [PEERS / "usr" / folder / name for folder in ("sbin", "bin")]
        for path in [*ours, *peers]:
            if path.is_file():
                return str(path)
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
        if not found:
            raise Skip(f"no {name} (./dev test gets it)")
        return found

    def start(self, name, argv, host=None, env=None, kind=Process):
        """Starts @argv on @host; it is ended with the case."""
        log = self.folder / f"{len(self.processes)}-{name}.log"
        process = kind(name, (host or Host()).wrap(argv), log, env)
        self.processes.append(process)
        self._undo.callback(process.kill)
        return process

    def run(self, argv, host=None, env=None, seconds=COMMAND_LIMIT_S):
        """Runs @argv to its end. Returns: subprocess.CompletedProcess, with text."""
        return subprocess.run((host or Host()).wrap([str(word) for word in argv]), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=seconds, env={**os.environ, **(env or {})})

    def timesrvd(self, config=None, host=None, args=(), **options):
        return Timesrvd(self, config or {}, host or Host(), args, **options)

    def chronyd(self, lines, host=None, **options):
        return Chronyd(self, lines, host or Host(), **options)

    def ntpd(self, lines, host, **options):
        return Ntpd(self, lines, host, **options)

    def dnsmasq(self, records, host, **options):
        return Dnsmasq(self, records, host, **options)

    def dbus_daemon(self, **options):
        return DbusDaemon(self, **options)

    def fake_server(self, host=None, **options):
        server = FakeServer(host, **options)
        self.servers.append(server)
        self._undo.callback(server.stop)
        return server

    # clients of other programs

    def ntpdig(self, address, host, *options):
        """ntpsec's client, which knows port 123 only. Returns: its JSON answer as a dict."""
        python = PEERS / "usr" / "lib" / "python3" / "dist-packages"
        result = self.run(["/usr/bin/python3", self.find_program("ntpdig"), "-j", *options, address], host,
                          env={"PYTHONPATH": str(python), "PYTHONDONTWRITEBYTECODE": "1"})
        return json.loads(result.stdout) if result.stdout.strip().startswith("{") else {"error": result.stderr}

    def chronyd_offset(self, address, port=123, host=None, options=""):
        """What `chronyd -Q` finds: how far the server is ahead of this machine's clock, s; None for no answer."""
        result = self.run([self.find_program("chronyd"), "-Q", "-t", "10", *AS_CALLER, "-f", "/dev/null",
                           f"server {address} port {port} iburst maxsamples 4 {options}".strip(),
                           f"pidfile {self.folder}/chronyd-q.pid"], host)
        for line in (result.stdout + result.stderr).splitlines():
            if "wrong by" in line:
                return float(line.split("wrong by")[1].split()[0])
        return None

    # hosts, ports, files

    def lan(self, *names):
        """Network namespaces on one link: rig.lan("server", "client")["client"]. Skips without root."""
        require_namespaces()
        self._lans += 1
        lan = Lan(f"tsrv{os.getpid()}-{self._lans}", names)
        self._undo.callback(lan.remove)
        return lan

    def free_port(self, kind=socket.SOCK_DGRAM, address="127.0.0.1"):
        """A port that was free a moment ago: bind it soon."""
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind) as sock:
            sock.bind((address, 0))
            return sock.getsockname()[1]

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def require_root(self, what):
        if os.geteuid() != 0:
            raise Skip(f"{what} needs root")

    # at the end of a case

    def check_alive(self):
        """A program that ended by itself is a failure even if the test did not ask it anything more."""
        for process in self.processes:
            process.check_running()
        for server in self.servers:
            server.check()

    def logs(self):
        return "\n".join(f"--- {process.name} (exit status {process.popen.poll()}):\n{process.tail()}"
                         for process in self.processes)
