#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Holds the arrows of docs/architecture.md: who may include whom, and what every file must have.

    base <- config, sched <- clock <- select <- metrics <- source <- ntp <- plugin <- control <- main

Usage: arrows.py CHECK, one of the functions' names at the end; it prints TAP, a case a file or folder.
"""

import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "core"

# a folder sees itself and those before it; main is the files that lie in core/ itself
ORDER = ["base", "config", "sched", "clock", "select", "metrics", "source", "ntp", "security", "plugin", "control"]

# narrower than the order: folder -> what it may include of another
ONLY = {
    "sched": {"config": set()},
    "config": {"sched": set()},
    "select": {"clock": {"clock/leap.h"}, "sched": set(), "config": set()},
}

# words of a cryptosystem, in includes and in names
CRYPTO = re.compile(r"\b(nettle|gnutls|openssl|gcrypt|siv_aes|aes_siv|cmac|hmac)", re.IGNORECASE)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def sources(*folders, suffixes=(".c", ".h")):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                yield path


def includes(path, quotes='<"'):
    return [name for quote, name in INCLUDE.findall(path.read_text()) if quote in quotes]


def complain(folders, complaints_of, suffixes=(".c", ".h")):
    """All that @complaints_of says of the files of some folders, each with the file's name before it."""
    return [f"{path.relative_to(ROOT)}: {complaint}"
            for path in sources(*folders, suffixes=suffixes) for complaint in complaints_of(path)]


def report(cases):
    """cases: (name, list of complaints) each."""
    cases = list(cases)
    print(f"1..{len(cases)}")
    bad = 0
    for number, (name, complaints) in enumerate(cases, 1):
        bad += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {number} - {name}")
        for complaint in complaints:
            print(f"# {complaint}")
    return 1 if bad else 0


def core_folder(include):
    """The folder of core/ that an include names, None if it is no header of core/."""
    folder = include.split("/", 1)[0]
    return folder if "/" in include and (CORE / include).exists() else None


def includes_point_one_way():
    yield "every folder of core/ has its place in the order", [
        f"core/{path.name} is not in ORDER" for path in sorted(CORE.iterdir())
        if path.is_dir() and path.name not in ORDER and any(path.glob("*.[ch]"))]
    for folder in ORDER:
        def against_the_arrow(path, folder=folder):
            return [f"includes {include}" for include in includes(path)
                    if not may_include(folder, core_folder(include), include)]
        yield f"core/{folder} includes only what stands before it", complain([f"core/{folder}"], against_the_arrow)


def may_include(folder, target, include):
    if target in (None, folder):
        return True
    allowed = ONLY.get(folder, {}).get(target)
    if allowed is not None:
        return include in allowed
    return ORDER.index(target) < ORDER.index(folder)


def includes_name_their_folder():
    """An include of ours is written from core/ on, so that it says which arrow it is."""
    def without_folder(path):
        return [f"includes {include} without its folder" for include in includes(path, quotes='"')
                if (path.parent / include).exists() and path.parent != CORE]
    yield "includes of core/ name their folder", complain(["core"], without_folder)


def plugins_see_only_the_sdk():
    for folder in plugin_folders():
        def outside(path, folder=folder):
            return [f"includes {include}" for include in includes(path)
                    if core_folder(include) or "core/" in include or is_of_another_plugin(path, include, folder)]
        yield f"plugins/{folder.name} includes nothing of core/ or another plugin", \
            complain([f"plugins/{folder.name}"], outside)

    def foreign(path):
        return [f"includes {include}" for include in includes(path)
                if core_folder(include) or include.startswith(("glib", "gio"))]
    yield "the headers of the SDK are plain C", complain(["sdk/include"], foreign)


def is_of_another_plugin(path, include, folder):
    target = (path.parent / include).resolve()
    plugins = ROOT / "plugins"
    return target.exists() and plugins in target.parents and folder not in target.parents


def plugin_folders():
    plugins = ROOT / "plugins"
    return [path for path in sorted(plugins.iterdir()) if (path / "meson.build").exists()] if plugins.is_dir() else []


def core_names_no_plugin():
    names = [re.escape(folder.name) for folder in plugin_folders()]
    word = re.compile(rf"\b({'|'.join(names)})\b") if names else re.compile("$^")

    def named(path):
        code = COMMENT.sub(" ", path.read_text())
        return [f"has the string {string}" for string in STRING.findall(code) if word.search(string)]
    yield "core/ has no string that names a plugin", complain(["core"], named)


def ntp_knows_no_cryptosystem():
    def crypto(path):
        return [f"has {word}" for word in sorted(set(CRYPTO.findall(COMMENT.sub(" ", path.read_text()))))]
    for folder in ("ntp", "select", "source"):
        yield f"core/{folder} names no cryptosystem", complain([f"core/{folder}"], crypto)


def files_have_their_licence_line():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = tracked.stdout.splitlines() if tracked.returncode == 0 else \
        [str(path.relative_to(ROOT)) for path in sources("core", "ctl", "sdk", "plugins", "tests")]
    yield "every source file has its SPDX line", [
        f"{name}: no SPDX line among the first three" for name in names
        if is_source(ROOT / name) and not has_licence_line(ROOT / name)]


def is_source(path):
    return path.is_file() and (path.suffix in (".c", ".h", ".py", ".sh")
                               or path.name in ("meson.build", "meson_options.txt", "dev"))


def has_licence_line(path):
    return any("SPDX-License-Identifier: BSD-2-Clause" in line for line in path.read_text().splitlines()[:3])


def headers_compile_alone(compiler, *flags):
    """Each public header as the only include of a program, without warning."""
    flags = [*flags, *shlex.split(subprocess.run(
        ["pkg-config", "--cflags", "gio-unix-2.0", "yaml-0.1", "json-glib-1.0"],
        capture_output=True, text=True, check=True).stdout)]

    def compile_alone(job):
        include, folders = job
        search = [f"-I{folder}" for folder in folders]
        result = subprocess.run(
            [*shlex.split(compiler), "-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
             *search, *flags, "-x", "c", "-"],
            input=f'#include "{include}"\n', capture_output=True, text=True)
        return include, result.stderr.splitlines()[:5]

    sdk = ROOT / "sdk" / "include"
    jobs = [(str(path.relative_to(CORE)), [CORE, sdk]) for path in sources("core", suffixes=(".h",))]
    jobs += [(str(path.relative_to(sdk)), [sdk]) for path in sources("sdk/include", suffixes=(".h",))]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(compile_alone, jobs))


CHECKS = [includes_point_one_way, includes_name_their_folder, plugins_see_only_the_sdk, core_names_no_plugin,
          ntp_knows_no_cryptosystem, files_have_their_licence_line, headers_compile_alone]

if __name__ == "__main__":
    chosen = {check.__name__.replace("_", "-"): check for check in CHECKS}[sys.argv[1]]
    sys.exit(report(chosen(*sys.argv[2:])))
