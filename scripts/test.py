# SPDX-License-Identifier: BSD-2-Clause
"""./dev test: builds, runs meson test, and counts test cases.

What is counted are cases: each line of a program that speaks TAP (all of ours do), or the program
itself where it does not. A program that crashes, times out or ends before its plan counts as one more
failure. The closing line, alone on its line, is the total over all builds of this call.
"""

import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass

from build import BUILDS, ROOT, BuildFailed, in_ci, make, test_environment

ALLOWED_SKIPS = ROOT / "tests" / "allowed-skips"
TAP_LINE = re.compile(r"^(not )?ok\b\s*(\d*)\s*(.*)$")
TAP_PLAN = re.compile(r"^1\.\.(\d+)\s*(?:#\s*skip\S*\s*(.*))?$", re.IGNORECASE)
TAP_SKIP = re.compile(r"#\s*skip\S*\s*(.*)$", re.IGNORECASE)
SKIPPED_EXIT = 77


@dataclass
class Case:
    program: str
    name: str
    outcome: str  # passed, failed, skipped
    detail: str = ""


def main():
    args = parse_arguments()
    if args.list:
        list_names(make(BUILDS["gcc"]))
        return 0
    cases = []
    for name in args.builds:
        cases += run_build(BUILDS[name], args.names)
    return report(cases, args.names)


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev test")
    for name in BUILDS:
        parser.add_argument(f"--{name}", dest="builds", action="append_const", const=name)
    parser.add_argument("--all", dest="builds", action="store_const", const=list(BUILDS))
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    args.builds = args.builds or ["gcc"]
    return args


def list_names(folder):
    listing = subprocess.run(["meson", "test", "-C", str(folder), "--list", "--no-rebuild"],
                             cwd=ROOT, check=True, capture_output=True, text=True)
    print(listing.stdout, end="")


def run_build(build, names):
    print(f"== {build.name}: building into {build.folder}/", flush=True)
    try:
        folder = make(build)
    except BuildFailed as error:
        return [Case(f"{build.name}:build", "(program)", "failed", str(error))]
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    print(f"== {build.name}: testing", flush=True)
    # a test named by hand runs in any build, whatever its suite
    selection = names or build.test_selection
    code = subprocess.run(
        ["meson", "test", "-C", str(folder), "--no-rebuild", "--print-errorlogs",
         "-t", str(build.slowness), *selection],
        cwd=ROOT, stdin=subprocess.DEVNULL, env={**os.environ, **test_environment(build)}).returncode
    programs = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    cases = [case for program in programs for case in cases_of(program, build.name)]
    if code and not any(case.outcome == "failed" for case in cases):
        cases.append(Case(f"{build.name}:meson", "(program)", "failed", f"exit status {code}"))
    return cases


def cases_of(program, build_name):
    """The cases of one entry of meson's testlog.json."""
    name = program["name"].split(" / ")[-1].split(":")[-1]
    label = f"{build_name}:{name}"
    cases = []
    for line in program.get("stdout", "").splitlines():
        case = parse_tap(label, line)
        if case:
            cases.append(case)
        elif line.startswith("#") and cases and cases[-1].outcome == "failed":
            cases[-1].detail += "\n        " + line
    result, status = program["result"], program["returncode"]
    if result in ("FAIL", "ERROR", "TIMEOUT", "INTERRUPT"):
        # an exit status of the program's own choice only repeats the case that failed
        told = any(case.outcome == "failed" for case in cases) and result != "TIMEOUT" and 0 <= status < 128
        if not told:
            cases.append(Case(label, "(program)", "failed", f"{result.lower()}, exit status {status}"))
    elif not cases:
        cases.append(Case(label, "(program)", *whole_program(program)))
    return cases


def parse_tap(label, line):
    match = TAP_LINE.match(line)
    if match:
        name = match[3].lstrip("- ")
        skip = TAP_SKIP.search(name)
        if skip:
            return Case(label, name[:skip.start()].strip(), "skipped", skip[1].strip())
        return Case(label, name, "failed" if match[1] else "passed")
    plan = TAP_PLAN.match(line)
    if plan and plan[1] == "0":
        return Case(label, "(program)", "skipped", (plan[2] or "").strip())
    return None


def whole_program(program):
    """Outcome and detail of a program that does not speak TAP."""
    if program["result"] == "SKIP" or program["returncode"] == SKIPPED_EXIT:
        output = program.get("stdout", "").strip().splitlines()
        return "skipped", output[-1] if output else "no reason given"
    return "passed", ""


def report(cases, names):
    allowed = read_allowed_skips()
    failed = [case for case in cases if case.outcome == "failed"]
    skipped = [case for case in cases if case.outcome == "skipped"]
    count = Counter(case.outcome for case in cases)
    print()
    for case in failed:
        print(f"FAILED  {case.program}: {case.name} {case.detail}".rstrip())
    refused = 0
    for case in skipped:
        mark = ""
        if not is_allowed(case, allowed):
            mark = " (not in tests/allowed-skips)"
            refused += in_ci()
        print(f"SKIPPED {case.program}: {case.name}: {case.detail or 'no reason given'}{mark}")
    if refused:
        print(f"FAILED  {refused} skipped that CI does not allow")
    if not cases:
        print(f"FAILED  no test ran{' that is named ' + ' '.join(names) if names else ''}")
    # a refused skip is counted once, as a failure
    totals = count["passed"], count["failed"] + refused, count["skipped"] - refused
    print("%d passed, %d failed, %d skipped" % totals, flush=True)
    return 1 if totals[1] or not cases else 0


def read_allowed_skips():
    """Lines `[BUILD:]PROGRAM: REASON`, both shell patterns; # begins a comment."""
    entries = []
    for line in ALLOWED_SKIPS.read_text().splitlines():
        line = line.split("#", 1)[0].strip()
        if line:
            program, _, reason = line.partition(": ")
            entries.append((program.strip(), reason.strip()))
    return entries


def is_allowed(case, allowed):
    plain = case.program.split(":", 1)[1]
    return any((fnmatch.fnmatchcase(case.program, program) or fnmatch.fnmatchcase(plain, program))
               and fnmatch.fnmatchcase(case.detail, reason)
               for program, reason in allowed)


if __name__ == "__main__":
    sys.exit(main())
