# SPDX-License-Identifier: BSD-2-Clause
"""The builds that ./dev knows: configure once, compile. Run as a program it makes the plain one."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def sanitize(kind, *c_args):
    """A finding ends the program, so that no test passes over it."""
    flags = " ".join(["-fno-sanitize-recover=all", "-fno-omit-frame-pointer", *c_args])
    return [f"-Db_sanitize={kind}", f"-Dc_args={flags}", "-Db_lundef=false"]


@dataclass(frozen=True)
class Build:
    name: str
    folder: str
    setup: list = field(default_factory=list)  # arguments of meson setup
    test_selection: list = field(default_factory=list)  # arguments of meson test
    slowness: int = 1  # a test's time limit is multiplied by this
    compiler: str = "gcc"


def test_environment(build):
    """What check and the sanitizers' runtimes read; the latter without effect on other builds."""
    environment = {
        "TIMESRV_BUILD_NAME": build.name,
        # check ends a case after 4 s: too soon on two busy cores
        "CK_TIMEOUT_MULTIPLIER": str(5 * build.slowness),
        "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:atexit_sleep_ms=50:"
                        f"suppressions={ROOT}/tests/tsan/suppressions",
    }
    order = ROOT / build.folder / "tests" / "tsan" / "libglib-order.so"
    return {**environment, "LD_PRELOAD": str(order)} if order.exists() else environment


BUILDS = {
    build.name: build
    for build in [
        Build("gcc", "build"),
        Build("clang", "build-clang", test_selection=["--suite", "unit"], compiler="clang"),
        Build("asan", "build-asan", sanitize("address,undefined"), ["--no-suite", "source"], slowness=3),
        Build("tsan", "build-tsan", sanitize("thread"),
              ["--no-suite", "source"], slowness=4),
    ]
}


def in_ci():
    return os.environ.get("CI", "") not in ("", "false", "0")


def is_set(folder, option):
    """The value of a meson option of a folder that is set up."""
    options = json.loads((folder / "meson-info" / "intro-buildoptions.json").read_text())
    return next(each["value"] for each in options if each["name"] == option)


class BuildFailed(Exception):
    pass


def make(build):
    """Sets up and compiles; returns the folder. Raises BuildFailed."""
    folder = ROOT / build.folder
    werror = ["-Dwerror=true"] if in_ci() else []
    if not (folder / "meson-private" / "coredata.dat").exists():
        run(["meson", "setup", str(folder), *build.setup, *werror], CC=build.compiler)
    elif werror and not is_set(folder, "werror"):
        run(["meson", "configure", str(folder), *werror])
    run(["meson", "compile", "-C", str(folder)])
    return folder


def run(argv, **environment):
    # stdout of ours is a pipe in CI: keep the order of what we and what meson says
    sys.stdout.flush()
    code = subprocess.run(argv, cwd=ROOT, env={**os.environ, **environment}).returncode
    if code:
        raise BuildFailed(f"{' '.join(argv)}: exit status {code}")


if __name__ == "__main__":
    try:
        make(BUILDS["gcc"])
    except BuildFailed as error:
        sys.exit(f"dev: {error}")
