# SPDX-License-Identifier: BSD-2-Clause
"""Hosts: network namespaces on one bridge, with sockets that a test opens inside them.

             mid (a namespace of its own, with the bridge)
      +--------+--------+
    host1    host2    host3      192.0.2.N, 2001:db8::N each

Filters for a test (nft, bridge family) belong into `mid`. Not every kernel has netem: a test that needs
delay gets it from a server's script.
"""

import ctypes
import os
import shutil
import socket
import subprocess
import threading

from .tap import Failure, Skip

CLONE_NEWNET = 0x40000000
NETNS_FOLDER = "/var/run/netns"
NETNS_ETC = "/etc/netns"

_libc = ctypes.CDLL(None, use_errno=True)


def ip(*words):
    result = subprocess.run(["ip", *words], capture_output=True, text=True)
    if result.returncode:
        raise Failure(f"ip {' '.join(words)}: {result.stderr.strip()}")
    return result.stdout


def require_namespaces():
    if os.geteuid() != 0:
        raise Skip("network namespaces need root")
    if not shutil.which("ip"):
        raise Skip("no ip (package iproute2)")


class Host:
    """The machine that the test runs on: programs and sockets as they are. The base of a NamedHost."""

    name = "localhost"
    ip4 = "127.0.0.1"
    ip6 = "::1"

    def wrap(self, argv):
        """@argv so that it runs on this host."""
        return list(argv)

    def socket(self, family, kind, protocol=0):
        return socket.socket(family, kind, protocol)


class NamedHost(Host):
    """A network namespace with loopback up."""

    def __init__(self, name, namespace):
        self.name = name
        self.namespace = namespace
        ip("netns", "add", namespace)
        try:
            self.ip("link", "set", "lo", "up")
        except Exception:
            self.remove()
            raise

    def ip(self, *words):
        return ip("-n", self.namespace, *words)

    def wrap(self, argv):
        return ["ip", "netns", "exec", self.namespace, *argv]

    def socket(self, family, kind, protocol=0):
        """A socket that lives in this namespace; usable from any thread."""
        made = []
        thread = threading.Thread(target=lambda: made.append(self._socket_inside(family, kind, protocol)))
        thread.start()
        thread.join()
        if isinstance(made[0], Exception):
            raise made[0]
        return made[0]

    def _socket_inside(self, family, kind, protocol):
        # setns moves this thread alone, and the thread ends right after
        try:
            with open(f"{NETNS_FOLDER}/{self.namespace}") as namespace:
                if _libc.setns(namespace.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(family, kind, protocol)
        except Exception as error:
            return error

    def use_resolver(self, *addresses):
        """The DNS servers that programs on this host ask (`ip netns exec` lays them over /etc)."""
        folder = f"{NETNS_ETC}/{self.namespace}"
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/resolv.conf", "w") as conf:
            conf.writelines(f"nameserver {address}\n" for address in addresses)
            conf.write("options timeout:1 attempts:2\n")

    def remove(self):
        shutil.rmtree(f"{NETNS_ETC}/{self.namespace}", ignore_errors=True)
        subprocess.run(["ip", "netns", "del", self.namespace], capture_output=True)


class Lan:
    """Hosts by name, all on one link."""

    def __init__(self, prefix, names):
        self.hosts = {}
        self.mid = None
        try:
            self.mid = NamedHost("mid", f"{prefix}-mid")
            self.mid.ip("link", "add", "bridge", "type", "bridge")
            self.mid.ip("link", "set", "bridge", "up")
            for number, name in enumerate(names, 1):
                self._add(prefix, name, number)
        except Exception:
            self.remove()
            raise

    def __getitem__(self, name):
        return self.hosts[name]

    def _add(self, prefix, name, number):
        host = self.hosts[name] = NamedHost(name, f"{prefix}-{name}")
        host.ip4, host.ip6 = f"192.0.2.{number}", f"2001:db8::{number:x}"
        port = f"to-{name}"
        self.mid.ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        self.mid.ip("link", "set", port, "master", "bridge", "up")
        host.ip("link", "set", "eth0", "up")
        self.add_address(host, host.ip4, 24)
        self.add_address(host, host.ip6, 64)

    def add_address(self, host, address, length):
        # nodad: an IPv6 address is usable at once
        nodad = ["nodad"] if ":" in address else []
        host.ip("address", "add", f"{address}/{length}", "dev", "eth0", *nodad)

    def set_link(self, host, is_up):
        """Pulls host's cable, or puts it back."""
        self.mid.ip("link", "set", f"to-{host.name}", "up" if is_up else "down")

    def remove(self):
        for host in [*self.hosts.values(), *([self.mid] if self.mid else [])]:
            host.remove()
