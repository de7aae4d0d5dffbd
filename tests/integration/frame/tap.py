# SPDX-License-Identifier: BSD-2-Clause
"""Runs the test functions of a file, each with a rig, and says how they went in TAP."""

import signal
import sys
import traceback


class Failure(AssertionError):
    """What was to be shown does not hold."""


class Skip(Exception):
    """The test can't run here; the text says why."""


def main(namespace):
    """Runs every test_* of @namespace, or those named on the command line, and exits."""
    # meson ends a test that is too slow by SIGTERM: unwind, so that nothing is left behind
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    tests = [value for name, value in namespace.items() if name.startswith("test_") and callable(value)]
    if len(sys.argv) > 1:
        tests = [test for test in tests if test.__name__ in sys.argv[1:]]
        if not tests:
            sys.exit(f"no such test: {' '.join(sys.argv[1:])}")
    print(f"1..{len(tests)}", flush=True)
    outcomes = [run(number, test) for number, test in enumerate(tests, 1)]
    sys.exit(0 if all(outcomes) else 1)


def run(number, test):
    from .rig import Rig
    name = test.__name__
    with Rig(name) as rig:
        try:
            test(rig)
            rig.check_alive()
        except Skip as skip:
            print(f"ok {number} - {name} # SKIP {skip}", flush=True)
            return True
        except Exception as error:
            print(f"not ok {number} - {name}")
            say(describe(error))
            say(rig.logs())
            sys.stdout.flush()
            return False
    print(f"ok {number} - {name}", flush=True)
    return True


def describe(error):
    """A failure in its own words and its place; anything else with its whole trace."""
    if isinstance(error, AssertionError):
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/frame/" not in frame.filename]
        where = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}: {frame.line}" for frame in frames]
        return "\n".join([str(error) or "assertion failed", *where])
    return "".join(traceback.format_exception(error))


def say(text):
    for line in text.splitlines():
        print(f"# {line}")
