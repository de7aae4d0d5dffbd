#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""The SDK as a plugin's author gets it: installed, in each language, with nothing else of this tree.

Usage: test-sdk.py headers|standalone BUILD
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror", "-Wno-unused-const-variable"]
LANGUAGES = [("gcc", "c", "c11"), ("gcc", "c", "c17"), ("clang", "c", "c11"), ("clang", "c", "c17"),
             ("g++", "c++", "c++17"), ("clang++", "c++", "c++17")]


def run(*argv, **options):
    result = subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            **options)
    return None if result.returncode == 0 else f"{' '.join(map(str, argv))}:\n{result.stdout}"


def headers(_build):
    """A case a compiler that is here: the whole SDK without a warning."""
    for compiler, language, standard in LANGUAGES:
        if shutil.which(compiler):
            yield f"the SDK compiles as {standard} with {compiler}", run(
                compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only", f"-I{ROOT}/sdk/include",
                HERE / "every-language.c")


def standalone(build):
    """Each plugin of the tree, copied away and built alone against what is installed."""
    with tempfile.TemporaryDirectory(prefix="timesrv-sdk-") as folder:
        stage = Path(folder) / "stage"
        failure = run("meson", "install", "-C", build, "--no-rebuild", "--destdir", stage, "--quiet")
        yield "the SDK is installed", failure
        found = next(stage.rglob("timesrv-sdk.pc"), None)
        if not found:
            yield "pkg-config finds timesrv-sdk", f"no timesrv-sdk.pc under {stage}"
            return
        env = {**os.environ, "PKG_CONFIG_PATH": str(found.parent), "PKG_CONFIG_SYSROOT_DIR": str(stage)}
        for plugin in sorted(path.parent for path in (ROOT / "plugins").glob("*/meson.build")):
            yield f"{plugin.name} builds alone", build_alone(plugin, Path(folder), env)


def build_alone(plugin, folder, env):
    copy = folder / plugin.name
    shutil.copytree(plugin, copy)
    failure = run("meson", "setup", "build", "-Dwerror=true", cwd=copy, env=env) \
        or run("meson", "compile", "-C", "build", cwd=copy, env=env) \
        or run("meson", "test", "-C", "build", cwd=copy, env=env)
    if failure:
        return failure
    made = copy / "build" / f"{plugin.name}.so"
    return None if made.is_file() else f"there is no {made.name}"


def main():
    chosen = {"headers": headers, "standalone": standalone}[sys.argv[1]]
    number = failed = 0
    for number, (name, failure) in enumerate(chosen(sys.argv[2]), 1):
        print(f"{'not ok' if failure else 'ok'} {number} - {name}", flush=True)
        if failure:
            failed += 1
            print("\n".join(f"# {line}" for line in failure.splitlines()[-40:]))
    print(f"1..{number}")
    sys.exit(1 if failed or not number else 0)


main()
