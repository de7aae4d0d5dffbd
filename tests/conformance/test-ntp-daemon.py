# SPDX-License-Identifier: BSD-2-Clause
"""timesrvd itself, by the same rows as the server alone."""

from responder import Client, Failure, good_request
from rows import SILENT, UNKNOWN_TAILS, expect, random_requests, unique_id_tails

from frame import wait_until


def start(rig, **server):
    """Without sources: what it says of its time is what it is told."""
    port = rig.free_port()
    rig.timesrvd({"server": {"listen": [f"127.0.0.1:{port}"], **server}})
    with Client(port) as client:
        wait_until(lambda: client.ask(timeout=1), 10, "timesrvd answers")
    return port


def test_daemon_unsynchronised_gives_no_usable_time(rig):
    with Client(start(rig)) as client:
        packet = client.ask().packet
    expect("leap", packet.leap, 3)
    expect("stratum", packet.stratum, 0)
    expect("refid", packet.refid, 0)


def test_daemon_told_to_serve_is_stratum_15(rig):
    with Client(start(rig, **{"serve-unsynchronised": True})) as client:
        reply = client.ask()
    expect("leap", reply.packet.leap, 0)
    expect("stratum", reply.packet.stratum, 15)
    if abs(reply.offset_s) > 0.1:  # its software clock began with the system's
        raise Failure(f"the time is {reply.offset_s} s off")


def test_daemon_only_this_machine_may_ask_by_default(rig):
    lan = rig.lan("server", "client")
    # one worker: requests are handled in their order
    rig.timesrvd({"server": {"listen": ["0.0.0.0:123"], "workers": 1}}, lan["server"])
    with Client(123, host=lan["server"]) as inside, Client(123, lan["server"].ip4, lan["client"]) as outside:
        wait_until(lambda: inside.ask(timeout=1), 10, "timesrvd answers")
        outside.sock.send(good_request().pack())
        inside.ask()
        outside.sock.setblocking(False)
        try:
            raise Failure(f"answered: {outside.sock.recv(1000)!r}")
        except BlockingIOError:
            pass


def test_daemon_versions_and_modes_are_answered_in_kind(rig):
    with Client(start(rig)) as client:
        for version, mode, answer in ((1, 0, 4), (1, 3, 4), (2, 3, 4), (3, 3, 4), (4, 3, 4), (4, 1, 2)):
            request = good_request(version=version, mode=mode)
            packet = client.ask(request).packet
            expect("version and mode", (packet.version, packet.mode), (version, answer))
            expect("origin", packet.origin, request.transmit)


def test_daemon_what_is_no_request_gets_no_answer(rig):
    with Client(start(rig)) as client:
        for name, (data, _) in SILENT.items():
            if client.ask_before_good(data):
                raise Failure(f"{name} is answered")


def test_daemon_fields_are_answered_by_the_unique_id_alone(rig):
    with Client(start(rig)) as client:
        for tail, echo in [*unique_id_tails(), *((tail, b"") for tail in UNKNOWN_TAILS)]:
            reply = client.ask_before_good(good_request(tail=tail).pack())
            expect(f"what follows the header for {len(tail)}", reply and reply.packet.tail, echo)


def test_daemon_reply_is_never_longer_than_the_request(rig):
    with Client(start(rig)) as client:
        for data in random_requests(1000):
            reply = client.ask_before_good(data)
            if reply and reply.length > len(data):
                raise Failure(f"{reply.length} octets for {data.hex()}")


if __name__ == "__main__":
    from frame import main
    main(globals())
