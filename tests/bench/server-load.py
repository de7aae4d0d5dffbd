#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Processor time a reply of our server beside chronyd's, on loopback: prints figures, judges nothing.

Usage: server-load.py BUILD_DIR [ROUNDS] [SECONDS]

Rounds are interleaved and each figure is the median, because other work on the machine moves all of them:
only ratios within one run mean something. Servers run on the last processor, the clients on the first.
chronyd comes from build/peers (./dev bench unpacks it); it serves its local clock and touches nothing (-x).
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("TIMESRV_PEERS", ROOT / "build" / "peers"))
CLIENTS, WINDOW = 4096, 192
TABLE_BYTES = 1 << 20
# name (its first word is the mode), address listened on, clients
CASES = [
    ("basic", "127.0.0.1", CLIENTS),
    ("basic, wildcard", "0.0.0.0", CLIENTS),
    ("interleaved", "127.0.0.1", CLIENTS),
    ("basic, 1 M clients", "127.0.0.1", 1_000_000),
]


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def on_processor(number):
    return ["taskset", "-c", str(number)]


class Server:
    def __init__(self, argv, port):
        self.port = port
        self.popen = subprocess.Popen(on_processor(os.cpu_count() - 1) + argv, stdin=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            for _ in range(50):
                sock.sendto(b"\x23" + bytes(39) + os.urandom(8), ("127.0.0.1", self.port))
                try:
                    if sock.recv(1000)[1]:  # stratum 0: not yet
                        return
                except TimeoutError:
                    pass
        sys.exit(f"no answer of {self.popen.args}")

    def memory_kb(self):
        with open(f"/proc/{self.popen.pid}/smaps_rollup") as rollup:
            return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))

    def stop(self):
        self.popen.stdin.close()
        self.popen.terminate()
        self.popen.wait()


def start_ours(build, address, table_bytes, folder):
    port = free_port()
    return Server([f"{build}/tests/conformance/respond", f"listen={address}:{port}", f"table={table_bytes}"], port)


def start_chronyd(build, address, table_bytes, folder):
    port = free_port()
    lines = [f"port {port}", f"bindaddress {address}", "cmdport 0", "bindcmdaddress /", f"pidfile {folder}/pid",
             "allow all", "local stratum 2", f"clientloglimit {table_bytes}"]
    conf = Path(folder) / "chrony.conf"
    conf.write_text("\n".join(lines) + "\n")
    return Server([str(PEERS / "usr/sbin/chronyd"), "-x", "-d", "-U", "-u", "root", "-f", str(conf)], port)


def measure(build, server, mode, clients, seconds):
    argv = on_processor(0) + [f"{build}/tests/bench/bench-server-load", str(server.popen.pid), "127.0.0.1",
                              str(server.port), mode, str(clients), str(WINDOW), str(seconds)]
    return json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)


def run_round(build, start, name, address, clients, seconds):
    # a client of a million must be held by either table: 64 octets of ours, 129 of chronyd's
    table_bytes = TABLE_BYTES if clients == CLIENTS else 64_000_000 if start is start_ours else 256_000_000
    with tempfile.TemporaryDirectory() as folder:
        server = start(build, address, table_bytes, folder)
        before_kb = server.memory_kb()
        # a million addresses take some seconds until all have been there
        result = measure(build, server, name.split(",")[0], clients, seconds if clients == CLIENTS else 3 * seconds)
        result["grown_kb"] = server.memory_kb() - before_kb
        server.stop()
    return result


def main():
    build = Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 2
    servers = {"timesrv": start_ours}
    if (PEERS / "usr/sbin/chronyd").exists():
        servers["chronyd"] = start_chronyd
    else:
        print(f"no chronyd in {PEERS}: ./dev bench unpacks it")
    print(f"{'case':20} {'server':8} {'CPU ns/reply':>12} {'range':>15} {'replies/s':>10} {'interl.':>8} "
          f"{'lost':>6} {'util':>5} {'grown kB':>9}")
    for name, address, clients in CASES:
        results = {server: [] for server in servers}
        for _ in range(rounds):
            for server, start in servers.items():
                results[server].append(run_round(build, start, name, address, clients, seconds))
        medians = {}
        for server, found in results.items():
            cpu = [result["cpu_ns_per_reply"] for result in found]
            medians[server] = statistics.median(cpu)
            median = {key: statistics.median(result[key] for result in found) for key in found[0]}
            print(f"{name:20} {server:8} {medians[server]:12.0f} {f'{min(cpu)}-{max(cpu)}':>15} "
                  f"{median['replies_per_s']:10.0f} {median['interleaved']:8.4f} {median['lost']:6.0f} "
                  f"{median['utilisation']:5.2f} {median['grown_kb']:9.0f}", flush=True)
        if "chronyd" in medians:
            print(f"{name:20} ratio    {medians['timesrv'] / medians['chronyd']:12.2f}", flush=True)


if __name__ == "__main__":
    main()
