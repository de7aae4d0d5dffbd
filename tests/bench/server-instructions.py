#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Instructions a reply takes in user space, by callgrind: not moved by other work on the machine.

Usage: server-instructions.py BUILD_DIR

Full batches of 64. What the kernel does for a reply, nine tenths of its time, is not in it.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHOWN = 10


class Respond:
    """The server alone, under callgrind."""

    def __init__(self, build, folder):
        self.popen = subprocess.Popen(
            ["valgrind", "-q", "--tool=callgrind", "--toggle-collect=ts_batch_serve",
             f"--callgrind-out-file={folder}/out", f"{build}/tests/conformance/respond", "listen=127.0.0.1:0"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = self.popen.stdout.readline().split()[1]

    def counters(self):
        self.popen.stdin.write("counters\n")
        self.popen.stdin.flush()
        return {name: int(value) for name, value in
                (line.split() for line in iter(lambda: self.popen.stdout.readline().strip(), "end"))}

    def stop(self):
        self.popen.stdin.close()
        self.popen.wait()


def measure(build, mode, folder):
    server = Respond(build, folder)
    subprocess.run([f"{build}/tests/bench/bench-server-load", str(server.popen.pid), "127.0.0.1", server.port, mode,
                    "4096", "256", "3"], check=True, stdout=subprocess.DEVNULL)
    replies = server.counters()["server_replies"]
    server.stop()
    report = subprocess.run(["callgrind_annotate", "--threshold=100", f"{folder}/out"], capture_output=True, text=True,
                            check=True).stdout
    total = int(re.search(r"([\d,]+) \(100\.0%\)  PROGRAM TOTALS", report)[1].replace(",", ""))
    print(f"{mode}: {total / replies:.0f} instructions a reply, over {replies} replies")
    rows = re.findall(r"^\s*([\d,]+) \([ \d.]+%\)\s+(\S+)", report, re.MULTILINE)
    for count, name in [row for row in rows if ":" in row[1]][:SHOWN]:
        print(f"  {int(count.replace(',', '')) / replies:7.1f}  {name.split(':', 1)[1]}")


def main():
    if not shutil.which("valgrind"):
        print("no valgrind: nothing measured")
        return
    for mode in ("basic", "interleaved"):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(sys.argv[1]), mode, folder)


if __name__ == "__main__":
    main()
