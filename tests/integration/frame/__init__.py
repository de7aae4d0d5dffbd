# SPDX-License-Identifier: BSD-2-Clause
"""The frame of the integration tests: real programs on loopback or in network namespaces.

    from frame import main

    def test_client_one_server_is_selected(rig):
        server = rig.chronyd(["local stratum 3", "allow"], port=rig.free_port())
        client = rig.timesrvd({"sources": [{"server": "127.0.0.1", "port": server.port}]})
        client.wait_for_status(lambda status: status["state"] == "locked", seconds=30)

    if __name__ == "__main__":
        main(globals())

Every function named test_* becomes one TAP case with a rig of its own: what a rig started, made or
mounted is ended and removed when the case is over, however it ends. Waiting is always for a condition
with a limit (wait_until), never for a time.
"""

from .net import Host, Lan
from .ntp import FakeServer, Packet, ntp64, query
from .rig import Rig
from .tap import Failure, Skip, main
from .wait import wait_until

__all__ = ["Failure", "FakeServer", "Host", "Lan", "Packet", "Rig", "Skip", "main", "ntp64", "query", "wait_until"]
