#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A pool from a real DNS server: its members, and what becomes of one that stops or leaves."""

from frame import main

NAME = "pool.example.net"
FAST = {"iburst": True, "min-poll": -2, "max-poll": 0}
FIRST, LAST = 11, 16  # of the addresses that the DNS server gives


def addresses(numbers):
    return [f"192.0.2.{number}" for number in numbers]


class Pool:
    """A DNS server and six NTP servers on one host, four of which timesrvd shall use."""

    def __init__(self, rig, published=range(FIRST, LAST + 1), **options):
        self.lan = rig.lan("servers", "client")
        self.servers = {}
        for address in addresses(range(FIRST, LAST + 1)):
            self.lan.add_address(self.lan["servers"], address, 24)
            self.servers[address] = rig.fake_server(self.lan["servers"], address=address, port=123)
        self.dns = rig.dnsmasq({NAME: addresses(published)}, self.lan["servers"])
        self.lan["client"].use_resolver(self.dns.address)
        self.ours = rig.timesrvd({"sources": [{"pool": NAME, "max-sources": 4, **FAST, **options}]},
                                 host=self.lan["client"])

    def members(self):
        """The addresses of the members that have answered."""
        return {source["address"] for source in self.ours.sources() if source["address"] and source["reach"]}

    def wait_for_members(self, wanted, seconds, what):
        """Until wanted(members) holds."""
        self.ours.wait_for_sources(lambda sources: wanted(self.members()), seconds, what)
        return self.members()


def test_pool_uses_max_sources_of_its_addresses(rig):
    pool = Pool(rig)

    members = pool.wait_for_members(lambda members: len(members) == 4, 20, "four members answer")

    assert members <= set(addresses(range(FIRST, LAST + 1)))
    pool.ours.wait_until_synchronised()


def test_pool_member_that_stops_is_replaced(rig):
    pool = Pool(rig)
    members = pool.wait_for_members(lambda members: len(members) == 4, 20, "four members answer")
    dead = sorted(members)[0]

    pool.servers[dead].stop()

    replaced = pool.wait_for_members(lambda now: len(now) == 4 and dead not in now, 60, f"{dead} is replaced")
    assert members - {dead} <= replaced, "the living members are kept"
    assert pool.ours.is_synchronised()


def test_pool_replacement_has_the_options_of_the_pool(rig):
    pool = Pool(rig, **{"prefer": True, "max-delay": "0.5s"})
    members = pool.wait_for_members(lambda members: len(members) == 4, 20, "four members answer")
    dead = sorted(members)[0]
    pool.servers[dead].stop()
    pool.wait_for_members(lambda now: len(now) == 4 and dead not in now, 60, f"{dead} is replaced")

    for source in pool.ours.sources():
        assert source["options"]["prefer"] is True, source


def test_server_that_stops_is_dropped(rig):
    servers = [rig.fake_server() for _ in range(2)]
    ours = rig.timesrvd({"sources": [{"server": "127.0.0.1", "port": server.port, "name": name, **FAST}
                                     for server, name in zip(servers, ("stays", "stops"))]})
    ours.wait_for_verdict("stops", "system-peer", "combined")

    servers[1].stop()

    ours.wait_for_verdict("stops", "stale", seconds=60)
    assert ours.is_synchronised()


if __name__ == "__main__":
    main(globals())
