# SPDX-License-Identifier: BSD-2-Clause
"""A program that a test started: with a log of its own, ended by its id, dead when the test is."""

import ctypes
import os
import signal
import subprocess

from .tap import Failure
from .wait import wait_until

PR_SET_PDEATHSIG = 1
STOP_LIMIT_S = 10
LOG_TAIL_LINES = 40

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """Between fork and exec: a test that is killed leaves no program behind."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    def __init__(self, name, argv, log, env=None):
        """Starts @argv; what it says goes to the file @log."""
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        self.may_end = False  # set before it ends as planned; else an end is a failure of the test
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})}, preexec_fn=die_with_parent)

    @property
    def pid(self):
        return self.popen.pid

    def is_running(self):
        return self.popen.poll() is None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def tail(self):
        return "\n".join(self.text().splitlines()[-LOG_TAIL_LINES:])

    def wait_for_log(self, words, seconds=10):
        """Until the log has @words, which may be a compiled pattern."""
        found = words.search if hasattr(words, "search") else lambda text: words in text

        def has_words():
            if found(self.text()):
                return True
            self.check_running()
            return False
        wait_until(has_words, seconds, f"{self.name} logs {words!r}")

    def check_running(self):
        if not self.may_end and not self.is_running():
            raise Failure(f"{self.name} ended by itself, exit status {self.popen.returncode}:\n{self.tail()}")

    def send_signal(self, number):
        self.popen.send_signal(number)

    def wait_for_end(self, seconds=STOP_LIMIT_S):
        """Returns: the exit status."""
        self.may_end = True
        wait_until(lambda: not self.is_running(), seconds, f"{self.name} ends")
        return self.popen.returncode

    def stop(self, number=signal.SIGTERM, seconds=STOP_LIMIT_S):
        """Ends it as an operator would. Returns: the exit status, negative for a signal."""
        self.may_end = True
        if self.is_running():
            self.send_signal(number)
        return self.wait_for_end(seconds)

    def kill(self):
        """For the end of a test: without mercy, and without a word if it is gone already."""
        self.may_end = True
        if self.is_running():
            self.popen.terminate()
            try:
                self.popen.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()
