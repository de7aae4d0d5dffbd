# SPDX-License-Identifier: BSD-2-Clause
"""./dev fuzz: builds the targets of tests/fuzz with clang's libFuzzer and runs each for some seconds.

What a target finds is left in build-fuzz/findings; put it into tests/fuzz/corpus/NAME with the fix, and the
replay test holds it from then on.
"""

import argparse
import os
import subprocess
import sys

from build import ROOT, Build, BuildFailed, make, sanitize, test_environment

FUZZ = Build("fuzz", "build-fuzz",
             ["-Dfuzz=true", *sanitize("address,undefined", "-fsanitize=fuzzer-no-link")], compiler="clang")
LONGEST_INPUT_BYTES = 4096


def main():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("--seconds", type=int, default=10, metavar="N")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    try:
        folder = make(FUZZ)
    except BuildFailed as error:
        sys.exit(f"dev: {error}")
    targets = {path.name.removeprefix("fuzz-"): path
               for path in sorted((folder / "tests" / "fuzz").glob("fuzz-*"))
               if path.is_file() and os.access(path, os.X_OK)}
    unknown = set(args.names) - set(targets)
    if unknown or not targets:
        sys.exit(f"dev: no fuzz target {' '.join(sorted(unknown))}; there are: {' '.join(targets)}")
    failed = [name for name in args.names or targets
              if not fuzz(name, targets[name], folder, args.seconds)]
    print(f"{len(args.names or targets)} targets, {len(failed)} with findings: {' '.join(failed)}".rstrip(": "))
    return 1 if failed else 0


def fuzz(name, target, folder, seconds):
    grown = folder / "corpus" / name  # what this machine found interesting; the tree's own is read only
    findings = folder / "findings"
    grown.mkdir(parents=True, exist_ok=True)
    findings.mkdir(exist_ok=True)
    corpus = ROOT / "tests" / "fuzz" / "corpus" / name
    print(f"== {name}: {seconds} s", flush=True)
    return subprocess.run(
        [target, f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT_BYTES}", "-print_final_stats=1",
         "-verbosity=0", f"-artifact_prefix={findings}/{name}-", grown, *([corpus] if corpus.is_dir() else [])],
        env={**os.environ, **test_environment(FUZZ)}).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
