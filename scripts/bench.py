# SPDX-License-Identifier: BSD-2-Clause
"""./dev bench: an optimised build, then meson's benchmarks: they print figures and judge nothing."""

import subprocess
import sys

from build import ROOT, Build, BuildFailed, make

BENCH = Build("bench", "build-bench", ["-Dbuildtype=release"])


def main():
    try:
        folder = make(BENCH)
    except BuildFailed as error:
        sys.exit(f"dev: {error}")
    return subprocess.run(["meson", "test", "-C", str(folder), "--benchmark", "--verbose", *sys.argv[1:]],
                          cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
