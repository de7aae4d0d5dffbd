# SPDX-License-Identifier: BSD-2-Clause
"""Waiting for a condition, with a limit."""

import time

from .tap import Failure

PAUSE_S = 0.05  # between two looks; no test may depend on it


def wait_until(condition, seconds, what, describe=None):
    """Calls @condition until it gives something true, and returns that.

    Fails with @what, and what was seen last (the last answer, or what @describe makes of it), when that
    took longer than @seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"after {seconds} s not yet: {what}; seen last: {describe() if describe else answer!r}")
        time.sleep(PAUSE_S)
