# SPDX-License-Identifier: BSD-2-Clause
"""./dev run: the main job on show, without privileges and without a file to write first.

timesrvd follows the sources of the shipped conf.d, disciplines a software clock (this machine's is not
touched) and serves NTP on a free port of loopback. Where no source answers, a second timesrvd on loopback
becomes the upstream, added at run time.
"""

import argparse
import math
import os
import shutil
import signal
import sys
import time

from build import BUILDS, ROOT, BuildFailed, make

sys.path.insert(0, str(ROOT / "tests" / "integration"))
from frame import Failure, Rig, query  # noqa: E402 (found by the line above)

NETWORK_LIMIT_S = 8  # a source that answers at all does so well within its initial burst
REFRESH_S = 1.0      # of the screen
REPEAT_S = 5.0       # of tables that stay, where there is no screen
UPSTREAM_STRATUM = 8
CLEAR_SCREEN = "\x1b[H\x1b[2J"


def main():
    args = parse_arguments()
    if "TIMESRV_BUILD" not in os.environ:  # set: a build that is there already
        try:
            make(BUILDS["gcc"])
        except BuildFailed as error:
            sys.exit(f"dev: {error}")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    with Rig("run") as rig:
        try:
            show = Show(rig, args.timesrvd_args, args.seconds)
            show.run()
            return show.verdict()
        except KeyboardInterrupt:
            print("\ndev: ending what was started")
            return 128 + signal.SIGINT
        except Failure as failure:
            print(f"dev: {failure}\n{rig.logs()}", file=sys.stderr)
            return 1


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev run")
    parser.add_argument("--seconds", type=float, metavar="N",
                        help="end after N seconds; exit 0 only if the clock was synchronised and the server answered")
    parser.add_argument("timesrvd_args", nargs="*", metavar="ARGS", help="after --: for timesrvd")
    return parser.parse_args()


class Show:
    def __init__(self, rig, args, seconds):
        self.rig = rig
        self.seconds = seconds or math.inf
        self.network_limit_s = min(NETWORK_LIMIT_S, self.seconds / 3)
        self.port = rig.free_port()
        self.upstream = None
        self.notice = ""
        self.began = time.monotonic()
        # in a drop-in too: the shipped ones may not have the last word
        self.daemon = rig.timesrvd(args=args, conf_dirs=[ROOT / "conf.d"], drop_ins={
            "99-run.yaml": {"server": {"listen": [f"127.0.0.1:{self.port}"]},
                            "clock": {"driver": "software"}}})

    def run(self):
        refresh_s = REFRESH_S if sys.stdout.isatty() else REPEAT_S
        while self.age_s() < self.seconds:
            self.daemon.process.check_running()
            if not self.upstream and self.age_s() > self.network_limit_s and not self.has_answer():
                self.add_upstream()
            self.draw()
            time.sleep(max(0, min(refresh_s, self.seconds - self.age_s())))

    def age_s(self):
        return time.monotonic() - self.began

    def has_answer(self):
        return any(source["reach"] for source in self.daemon.sources())

    def add_upstream(self):
        """A second timesrvd as the source that the network does not give."""
        port = self.rig.free_port()
        self.upstream = self.rig.timesrvd({"server": {"listen": [f"127.0.0.1:{port}"],
                                                      "local": {"stratum": UPSTREAM_STRATUM}}})
        self.daemon.ctl("source", "add", "server=127.0.0.1", f"port={port}", "iburst=true", "min-poll=-2",
                        "max-poll=4", "name=loopback-upstream")
        self.notice = (f"No source of conf.d answered within {self.network_limit_s:.0f} s: a second timesrvd on "
                       f"127.0.0.1:{port} is the upstream.")

    def draw(self):
        """The screen anew on a terminal; elsewhere one table after the other."""
        screen = "\n".join(text.rstrip("\n") for text in [
            f"timesrvd serves NTP on 127.0.0.1:{self.port}, control socket {self.daemon.socket}",
            *([self.notice] if self.notice else []), "",
            self.daemon.ctl("status"), "", self.daemon.ctl("sources"), "",
            *self.daemon.process.text().splitlines()[-3:]])
        if sys.stdout.isatty():
            height = shutil.get_terminal_size().lines
            screen = CLEAR_SCREEN + "\n".join(screen.splitlines()[:height - 1])
        print(screen, flush=True)

    def verdict(self):
        """What --seconds promises: the exit status."""
        clock = self.daemon.status()["clock"]
        reply = query("127.0.0.1", self.port)
        is_served = bool(reply) and reply.packet.leap != 3 and 0 < reply.packet.stratum < 16
        answer = f"stratum {reply.packet.stratum}, offset {reply.offset_s * 1e6:+.1f} us" if reply else "no answer"
        print(f"clock: {clock['state']}; server on 127.0.0.1:{self.port}: {answer}")
        return 0 if clock["synchronised"] and is_served else 1


if __name__ == "__main__":
    sys.exit(main())
