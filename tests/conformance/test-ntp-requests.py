# SPDX-License-Identifier: BSD-2-Clause
"""Each kind of request and its one right answer. The table of rows is ntp.md."""

import os
import socket

from responder import Client, Failure, field, good_request, start
from rows import SILENT, UNIQUE_ID, UNKNOWN_TAILS, expect, random_requests, unique_id_tails

LISTEN = "listen=127.0.0.1:0"


def test_requests_version_1_to_4_are_answered_in_kind(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for version in (1, 2, 3, 4):
            request = good_request(version=version)
            reply = client.ask(request)
            expect("version", reply.packet.version, version)
            expect("mode", reply.packet.mode, 4)
            expect("origin", reply.packet.origin, request.transmit)
            expect("length", reply.length, 48)


def test_requests_version_1_has_no_mode(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        reply = client.ask(good_request(version=1, mode=0))
        expect("version", reply.packet.version, 1)
        expect("mode", reply.packet.mode, 4)


def test_requests_symmetric_active_gets_passive_without_state(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        request = good_request(mode=1)
        reply = client.ask(request)
        expect("mode", reply.packet.mode, 2)
        expect("origin", reply.packet.origin, request.transmit)


def test_requests_reply_has_every_field(rig):
    responder = start(rig, LISTEN, "stratum=4", "refid=c0000263", "delay=0.5", "dispersion=0.25",
                      "rate-of-dispersion=0", "leap=1")
    with Client(responder.port) as client:
        request = good_request(poll=9, leap=3, stratum=16, precision=32, root_delay=7, root_dispersion=8, refid=9,
                               reference=10)
        reply = client.ask(request)
    packet = reply.packet
    expect("leap", packet.leap, 1)
    expect("stratum", packet.stratum, 4)
    expect("poll", packet.poll, 9)
    expect("root delay", packet.root_delay, 0x8000)
    expect("root dispersion", packet.root_dispersion, 0x4000)
    expect("refid", packet.refid, 0xC0000263)
    if not -32 <= packet.precision <= -10:
        raise Failure(f"precision 2^{packet.precision} s")
    if not 0 < (packet.transmit - packet.reference) / 2**32 < 60:
        raise Failure("the reference timestamp is not a moment ago")
    if not 0 < (packet.transmit - packet.receive) / 2**32 < 0.1:
        raise Failure("transmit does not follow on receive")
    if abs(reply.offset_s) > 0.1:
        raise Failure(f"the time is {reply.offset_s} s off")


def test_requests_what_is_none_gets_no_answer_and_is_counted(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for name, (data, counter) in SILENT.items():
            before = responder.counters()
            if client.ask_before_good(data):
                raise Failure(f"{name} is answered")
            grown = responder.wait_for_counters(before, requests=2, replies=1, kernel_stamps=1, **{counter: 1})
            expect(f"counters after {name}", sum(grown.values()), 5)


def test_requests_unknown_fields_are_answered_without_them(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for tail in UNKNOWN_TAILS:
            reply = client.ask_before_good(good_request(tail=tail).pack())
            expect(f"length for {len(tail)}", reply and reply.length, 48)


def test_requests_unique_id_is_echoed_alone(rig):
    """RFC 8915 5.3 (N074, N075): in plain replies too, and nothing else of what came (RFC 7822)."""
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for tail, echo in unique_id_tails():
            reply = client.ask_before_good(good_request(tail=tail).pack())
            expect(f"what follows the header for {len(tail)}", reply and reply.packet.tail, echo)


def test_requests_unique_id_is_echoed_with_a_kiss(rig):
    responder = start(rig, LISTEN, "rate=1000,1,0,0")
    unique_id = field(UNIQUE_ID, 36, os.urandom(32))
    with Client(responder.port) as client:
        client.ask()
        request = good_request(tail=unique_id)
        reply = client.ask(request)
        expect("kiss", reply.packet.kiss, "RATE")
        expect("tail", reply.packet.tail, unique_id)
        expect("origin", reply.packet.origin, request.transmit)
        expect("leap", reply.packet.leap, 3)
        expect("poll", reply.packet.poll, 10)


def test_requests_random_ones_are_never_answered_by_more(rig):
    """At most one reply for each, never a longer one."""
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for data in random_requests(2000):
            reply = client.ask_before_good(data)
            if reply and reply.length > len(data):
                raise Failure(f"{reply.length} octets for {data.hex()}")


def test_requests_unsynchronised_server_gives_no_usable_time(rig):
    """As chronyd: leap 3, stratum 0, and no kiss code that could be taken for one."""
    responder = start(rig, LISTEN, "state=bad")
    with Client(responder.port) as client:
        packet = client.ask().packet
        expect("leap", packet.leap, 3)
        expect("stratum", packet.stratum, 0)
        expect("refid", packet.refid, 0)
        if not 16 << 16 <= packet.root_dispersion <= 0x7FFFFFFF:
            raise Failure(f"root dispersion {packet.root_dispersion:#x}")
        responder.update("state=good")
        expect("stratum when synchronised", client.ask().packet.stratum, 2)
        responder.update("state=told")
        packet = client.ask().packet
        expect("leap when told", packet.leap, 0)
        expect("stratum when told", packet.stratum, 15)
    responder.wait_for_counters(unsynchronised_replies=1)


def test_requests_disrupted_clock_gives_no_usable_time(rig):
    """Between a suspend (or a step by others) and what the engine publishes then."""
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        responder.disrupt_clock()
        packet = client.ask().packet
        expect("leap and stratum", (packet.leap, packet.stratum), (3, 0))
        responder.update("state=good")
        expect("stratum of the new epoch", client.ask().packet.stratum, 2)


def test_requests_root_figures_are_never_negative(rig):
    """Field case B10: in every clock state, whatever the estimate says."""
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        for state in ("good", "bad", "told"):
            for value in ("-1e-9", "-5", "0", "40000", "1e300", "nan", "inf"):
                responder.update(f"state={state}", f"delay={value}", f"dispersion={value}")
                packet = client.ask().packet
                for figure in (packet.root_delay, packet.root_dispersion):
                    if figure > 0x7FFFFFFF:
                        raise Failure(f"{state}, {value}: {figure:#x}")


def test_requests_from_port_0_have_no_answer(rig):
    rig.require_root("a raw socket")
    responder = start(rig, LISTEN)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        data = good_request().pack()
        raw.sendto((0).to_bytes(2, "big") + responder.port.to_bytes(2, "big") + (8 + len(data)).to_bytes(2, "big")
                   + bytes(2) + data, ("127.0.0.1", 0))
    with Client(responder.port) as client:
        client.ask()
    responder.wait_for_counters(requests=2, bad_address=1, replies=1)


def test_requests_stamps_are_fresh_and_marked(rig):
    """Receive stamps odd, transmit stamps even (interleave.h), never the same twice (RFC 9769)."""
    responder = start(rig, LISTEN)
    seen = set()
    with Client(responder.port) as client:
        for _ in range(200):
            packet = client.ask().packet
            expect("lowest bit of receive", packet.receive & 1, 1)
            expect("lowest bit of transmit", packet.transmit & 1, 0)
            if packet.receive in seen or packet.transmit in seen:
                raise Failure("a stamp came twice")
            seen |= {packet.receive, packet.transmit}
    responder.wait_for_counters(kernel_stamps=200)


if __name__ == "__main__":
    from frame import main
    main(globals())
