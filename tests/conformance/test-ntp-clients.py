# SPDX-License-Identifier: BSD-2-Clause
"""What the server does with clients over time: access, rate limit, interleaved mode, workers, updates."""

import os
import socket
import threading

from responder import Client, Failure, forget_timestamping, good_request, require_filter, start
from rows import expect

from frame import wait_until
from frame.ntp import unix_ns

LISTEN = "listen=127.0.0.1:0"


def interleaved_request(last):
    """In answer to @last, the reply before."""
    return good_request(origin=last.packet.receive if last else 0, receive=int.from_bytes(os.urandom(8), "big"))


# access

def test_access_denied_address_gets_silence(rig):
    responder = start(rig, LISTEN, "allow=127.0.0.0/8", "deny=127.0.5.0/24", "allow=127.0.5.7")
    for source, is_allowed in (("127.0.0.1", True), ("127.0.5.1", False), ("127.0.5.7", True)):
        with Client(responder.port, source=source) as client:
            if is_allowed:
                expect(f"stratum for {source}", client.ask().packet.stratum, 2)
            else:
                client.sock.send(good_request().pack())
    with Client(responder.port) as client:  # later than the one that was denied
        client.ask()
    responder.wait_for_counters(denied=1, replies=3)


def test_access_rules_change_without_a_lost_request(rig):
    """Four workers under load while rules, limits and other listeners change."""
    rounds = 40
    responder = start(rig, LISTEN, "workers=4")
    stop = threading.Event()
    lost = []
    asked = [0] * 4

    def ask_until_stopped(number):
        with Client(responder.port, source=f"127.0.9.{number}") as client:
            # on a busy machine the changes may be over before a client had its share: it asks on
            while not stop.is_set() or asked[number] < rounds:
                if client.ask(timeout=10) is None:
                    lost.append(number)
                asked[number] += 1
    threads = [threading.Thread(target=ask_until_stopped, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: all(asked), 30, "every client asks")
    kept = f"listen=127.0.0.1:{responder.port}"
    responder.update(kept)
    for number in range(rounds):
        responder.update(kept, *([f"listen=127.0.0.2:{rig.free_port(address='127.0.0.2')}"] if number % 2 else []),
                         "allow=all", *[f"deny=10.{number}.{low}.0/24" for low in range(number)],
                         f"rate={0 if number % 3 else 1e-6},60000,2,2")
        responder.clients()
    stop.set()
    for thread in threads:
        thread.join()
    expect("lost", lost, [])


# rate limit

def test_rate_limit_burst_then_silence_then_leak(rig):
    responder = start(rig, LISTEN, "rate=1000,5,0,-1")
    with Client(responder.port) as client:
        for _ in range(5):
            client.ask()
        for _ in range(20):
            client.sock.send(good_request().pack())
    with Client(responder.port, source="127.0.0.2") as other:  # unaffected, and later
        expect("stratum for another", other.ask().packet.stratum, 2)
    responder.wait_for_counters(replies=6, dropped_rate=20)
    expect("dropped of the client", {row["address"]: row["dropped"] for row in responder.clients()},
           {"127.0.0.1": 20.0, "127.0.0.2": 0.0})


def test_rate_limit_spoofer_does_not_silence_the_victim(rig):
    """A flood in the victim's name: the victim, who asks again, has its answer in a few tries."""
    responder = start(rig, LISTEN, "rate=1000,1,2,-1")
    with Client(responder.port, source="127.0.0.9") as flood, Client(responder.port, source="127.0.0.9") as victim:
        for _ in range(20):
            for _ in range(20):
                flood.sock.send(good_request().pack())
            # 0.75^64: 1e-8
            if not any(victim.ask_before_other(flood, responder) for _ in range(64)):
                raise Failure("silenced")


def ask_before_other(self, other, responder):
    """Whether a request is answered; that it was not shows by the counters, not by waiting."""
    before = responder.counters()["server_requests"]
    self.sock.send(good_request().pack())
    while responder.counters()["server_requests"] == before:
        pass
    self.sock.setblocking(False)
    try:
        return len(self.sock.recv(1000)) == 48
    except BlockingIOError:
        return False
    finally:
        self.sock.setblocking(True)


Client.ask_before_other = ask_before_other


# interleaved mode

def test_interleaved_third_reply_carries_the_time_of_the_second(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        first = client.ask(interleaved_request(None))
        request = interleaved_request(first)
        second = client.ask(request)
        expect("origin of the second", second.packet.origin, request.transmit)
        before = second
        for _ in range(20):
            request = interleaved_request(before)
            reply = client.ask(request)
            expect("origin", reply.packet.origin, request.receive)
            left_after_s = (reply.packet.transmit - before.packet.receive) / 2**32
            if not 0 < left_after_s < 0.1:
                raise Failure(f"the reply before left {left_after_s} s after its request came")
            before = reply
    # loopback stamps as it sends, so the stamps of the kernel are there at once
    responder.wait_for_counters(interleaved_replies=20, kernel_transmit_stamps=21)
    expect("of this client", responder.clients()[0]["interleaved"], 20.0)


def test_interleaved_stamp_lies_between_send_and_arrival(rig):
    """The transmit timestamp of the kernel against the receive one of the client's kernel, on one clock."""
    from frame.ntp import receive
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        last, arrivals, gaps = None, [], []
        for _ in range(50):
            request = interleaved_request(last)
            client.sock.send(request.pack())
            data, _, arrived_ns = receive(client.sock)
            packet = type(request).unpack(data)
            if packet.origin == request.receive:
                gaps.append(arrivals[-1] - unix_ns(packet.transmit))
            arrivals.append(arrived_ns)
            last = type("Last", (), {"packet": packet})
    expect("interleaved replies", len(gaps), 48)
    # the software clock was set by the system's; nobody has steered it since
    if sorted(gaps)[len(gaps) // 2] > 100_000 or min(gaps) < -10_000:
        raise Failure(f"{gaps} ns from departure to arrival")


def test_interleaved_without_stamps_of_the_kernel(rig):
    """Transmit timestamps are then those of the moment after the send; receive ones are the kernel's still."""
    require_filter()
    responder = start(rig, LISTEN, preexec=forget_timestamping)
    with Client(responder.port) as client:
        last = client.ask(interleaved_request(client.ask(interleaved_request(None))))
        for _ in range(5):
            request = interleaved_request(last)
            reply = client.ask(request)
            expect("origin", reply.packet.origin, request.receive)
            if not 0 < (reply.packet.transmit - last.packet.receive) / 2**32 < 0.1:
                raise Failure("the transmit timestamp does not follow on the receive timestamp")
            last = reply
    responder.wait_for_counters(replies=7, kernel_stamps=7, kernel_transmit_stamps=0, send_errors=0)


def test_interleaved_pair_is_used_once(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        first = client.ask(interleaved_request(None))
        second = client.ask(interleaved_request(first))
        request = interleaved_request(second)
        expect("origin", client.ask(request).packet.origin, request.receive)
        again = interleaved_request(second)
        expect("origin of the second use", client.ask(again).packet.origin, again.transmit)


def test_interleaved_only_if_receive_and_transmit_differ(rig):
    """RFC 9769: else the client could not tell which of the two was returned."""
    responder = start(rig, LISTEN)
    with Client(responder.port) as client:
        second = client.ask(interleaved_request(client.ask(interleaved_request(None))))
        request = interleaved_request(second)
        request.receive = request.transmit
        expect("origin", client.ask(request).packet.origin, request.transmit)
    responder.wait_for_counters(replies=3, interleaved_replies=0)


def test_interleaved_many_clients_behind_one_address(rig):
    responder = start(rig, LISTEN)
    clients = [Client(responder.port) for _ in range(20)]
    last = [None] * len(clients)
    for turn in range(5):
        for number, client in enumerate(clients):
            request = interleaved_request(last[number])
            last[number] = client.ask(request)
            expect(f"turn {turn} of client {number}", last[number].packet.origin,
                   request.receive if turn >= 2 else request.transmit)
    for client in clients:
        client.sock.close()


def test_interleaved_another_address_gets_nothing_of_it(rig):
    responder = start(rig, LISTEN)
    with Client(responder.port) as client, Client(responder.port, source="127.0.0.2") as thief:
        second = client.ask(interleaved_request(client.ask(interleaved_request(None))))
        request = interleaved_request(second)
        expect("origin for the thief", thief.ask(request).packet.origin, request.transmit)
        request = interleaved_request(second)
        expect("origin for the client", client.ask(request).packet.origin, request.receive)


def test_interleaved_without_table_all_is_basic(rig):
    responder = start(rig, LISTEN, "table=0", "rate=1000,1,0,-1")
    with Client(responder.port) as client:
        last = None
        for _ in range(5):
            request = interleaved_request(last)
            last = client.ask(request)
            expect("origin", last.packet.origin, request.transmit)
    expect("clients", responder.clients(), [])


def test_clients_latest_come_first_up_to_the_limit(rig):
    responder = start(rig, LISTEN, "workers=3")
    # so many that those which are not wanted are dropped on the way
    sources = [f"127.0.{high}.{low}" for high in range(10, 16) for low in range(1, 251)]
    for source in sources:
        with Client(responder.port, source=source) as client:
            client.ask()
    expect("all", {row["address"] for row in responder.clients()}, set(sources))
    seen = [row["seen"] for row in responder.clients()]
    expect("order", seen, sorted(seen))
    latest = responder.clients(5)
    expect("number", len(latest), 5)
    # within the millisecond of a tick their order is open
    if not {row["address"] for row in latest} <= set(sources[-250:]):
        raise Failure(f"not the latest: {latest}")


# workers

def test_workers_client_always_meets_the_same(rig):
    """Each request from a new port: a client of two workers would be in two tables."""
    responder = start(rig, LISTEN, "workers=4")
    sources = [f"127.{number}.0.1" for number in range(1, 65)]
    for _ in range(4):
        for source in sources:
            with Client(responder.port, source=source) as client:
                expect("stratum", client.ask().packet.stratum, 2)
    rows = {row["address"]: row["requests"] for row in responder.clients()}
    expect("rows", len(responder.clients()), len(sources))
    expect("requests", rows, {source: 4.0 for source in sources})


def test_workers_number_changes_at_an_update(rig):
    responder = start(rig, LISTEN, "workers=1")
    kept = f"listen=127.0.0.1:{responder.port}"
    with Client(responder.port) as client:
        for workers in (4, 2, 1):
            responder.update(kept, f"workers={workers}")
            expect("stratum", client.ask().packet.stratum, 2)
    responder.wait_for_counters(replies=3)


# listeners

def test_listeners_come_and_go_and_others_stay(rig):
    responder = start(rig, LISTEN)
    kept, extra = f"listen=127.0.0.1:{responder.port}", f"listen=127.0.0.2:{rig.free_port(address='127.0.0.2')}"
    with Client(responder.port) as client:
        client.ask()
        responder.update(kept, extra)
        with Client(responder.ports[1], "127.0.0.2") as other:
            expect("stratum of the new one", other.ask().packet.stratum, 2)
            responder.update(kept)
            expect("reply of the one that went", other.ask(), None)  # refused at once: no wait
        client.ask()
        responder.update("listen=none")
        expect("reply of a pure client", client.ask(), None)
        responder.update(kept)
        expect("stratum again", client.ask().packet.stratum, 2)


def test_listeners_held_port_names_the_holder_and_is_retried(rig):
    """Field case B47."""
    holder = start(rig, LISTEN)
    other = start(rig, f"listen=127.0.0.1:{holder.port}", "listen=127.0.0.2:0")
    expect("ports", other.ports[0], 0)
    problem = other.listeners()[f"127.0.0.1:{holder.port}"]
    if f"held by respond (process {holder.pid})" not in problem:
        raise Failure(problem)
    other.retry()
    expect("warnings", other.text().count("held by"), 1)
    with Client(other.ports[1], "127.0.0.2") as client:
        expect("stratum on the other address", client.ask().packet.stratum, 2)
    port = holder.port
    holder.stop()
    other.retry()
    with Client(port) as client:
        expect("stratum after the retry", client.ask().packet.stratum, 2)


def test_listeners_wildcard_and_address_of_one_port(rig):
    port = rig.free_port(address="0.0.0.0")
    responder = start(rig, f"listen=0.0.0.0:{port}", f"listen=127.0.0.1:{port}", "workers=2")
    expect("ports", responder.ports, [port, port])
    for address in ("127.0.0.1", "127.0.0.2"):
        with Client(port, address) as client:
            expect("stratum", client.ask().packet.stratum, 2)


def test_listeners_dscp_marks_replies(rig):
    for listen, family, level, option, kind in (
            ("127.0.0.1:0", socket.AF_INET, socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
            ("[::1]:0", socket.AF_INET6, socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS)):
        responder = start(rig, f"listen={listen}", "dscp=46")
        if not responder.port:
            continue  # this machine has no IPv6
        with Client(responder.port, "::1" if family == socket.AF_INET6 else "127.0.0.1") as client:
            client.sock.setsockopt(level, option, 1)
            client.sock.settimeout(5)
            for dscp in (46, 8):
                if dscp != 46:
                    responder.update(f"dscp={dscp}")
                client.sock.send(good_request().pack())
                _, control, _, _ = client.sock.recvmsg(1000, 200)
                marks = [data[0] for found_level, found_kind, data in control
                         if (found_level, found_kind) == (level, kind)]
                expect("mark", marks, [dscp << 2])


if __name__ == "__main__":
    from frame import main
    main(globals())
