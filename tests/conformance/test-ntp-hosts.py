# SPDX-License-Identifier: BSD-2-Clause
"""The server on hosts of their own: addresses, interfaces, forged sources, kernels without IPv6."""

import ipaddress
import json
import socket
import subprocess

from responder import Client, Failure, forget_ipv6, good_request, require_filter, start
from rows import expect

from frame import wait_until
from frame.ntp import Packet, exchange

V4, V6 = socket.AF_INET, socket.AF_INET6
IPV6_FREEBIND = 78  # Python has no name for it


def write_sysctl(host, name, value):
    """Of this host: what `ip netns exec` mounts is its own /sys, and /proc/sys/net is the reader's."""
    subprocess.run(host.wrap(["sh", "-c", f"echo {value} > /proc/sys/net/{name}"]), check=True)


def snmp(host, protocol, field):
    text = subprocess.run(host.wrap(["cat", "/proc/net/snmp"]), check=True, capture_output=True, text=True).stdout
    names, values = (line.split()[1:] for line in text.splitlines() if line.startswith(f"{protocol}:"))
    return int(dict(zip(names, values))[field])


def link_local(host, device):
    def find():
        for entry in json.loads(host.ip("-j", "-6", "address", "show", "dev", device)):
            for address in entry["addr_info"]:
                if address.get("scope") == "link" and not address.get("tentative"):
                    return address["local"]
        return None
    return wait_until(find, 10, f"{device} has a link-local address")


def two_links(rig):
    """A server and a client with two links between them: 192.0.2.0/24 and 198.51.100.0/24."""
    lan = rig.lan("server", "client")
    server, client = lan["server"], lan["client"]
    server.ip("link", "add", "eth1", "type", "veth", "peer", "name", "eth1", "netns", client.namespace)
    for host, number in ((server, 1), (client, 2)):
        for name in ("all", "default", "eth0", "eth1"):
            write_sysctl(host, f"ipv4/conf/{name}/rp_filter", 0)
        host.ip("link", "set", "eth1", "up")
        host.ip("address", "add", f"198.51.100.{number}/24", "dev", "eth1")
        host.ip("address", "add", f"2001:db8:1::{number}/64", "dev", "eth1", "nodad")
    return server, client


def add_more_addresses(server):
    """Returns: device -> all of its addresses, four of each family."""
    addresses = {"eth0": [server.ip4, server.ip6], "eth1": ["198.51.100.1", "2001:db8:1::1"]}
    for number in (11, 12, 13):
        for device, network in (("eth0", "192.0.2"), ("eth1", "198.51.100")):
            server.ip("address", "add", f"{network}.{number}/24", "dev", device)
            addresses[device].append(f"{network}.{number}")
        for device, network in (("eth0", "2001:db8"), ("eth1", "2001:db8:1")):
            server.ip("address", "add", f"{network}::{number}/64", "dev", device, "nodad")
            addresses[device].append(f"{network}::{number}")
    return addresses


def route_by_source(client):
    """Whatever address is asked, the request leaves by the interface of its source."""
    for table, (source4, via4, source6, via6, device) in enumerate((
            ("192.0.2.2", "192.0.2.1", "2001:db8::2", "2001:db8::1", "eth0"),
            ("198.51.100.2", "198.51.100.1", "2001:db8:1::2", "2001:db8:1::1", "eth1")), 100):
        for family, source, via in (("-4", source4, via4), ("-6", source6, via6)):
            client.ip(family, "route", "add", "default", "via", via, "dev", device, "table", str(table))
            client.ip(family, "rule", "add", "pref", str(table), "from", source, "lookup", str(table))


def ask_from(host, source, address, request=None):
    """Asks by a socket that takes replies from anywhere. Returns: the address that answered, and the packet."""
    family = V6 if ":" in address else V4
    with host.socket(family, socket.SOCK_DGRAM) as sock:
        if family == V6:  # a source out of a local route is on no interface
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        sock.bind((source, 0))
        sock.settimeout(5)
        sock.sendto((request or good_request()).pack(), (address, 123))
        data, answered = sock.recvfrom(1000)
    return str(ipaddress.ip_address(answered[0].split("%")[0])), Packet.unpack(data)


def test_hosts_reply_leaves_from_the_address_that_was_asked(rig):
    """Field case B12: two interfaces, four addresses of each family on both, asked from either side."""
    server, client = two_links(rig)
    addresses = add_more_addresses(server)
    route_by_source(client)
    responder = start(rig, "listen=0.0.0.0:123", "listen=[::]:123", "workers=3", host=server)
    asked = 0
    for source4, source6 in (("192.0.2.2", "2001:db8::2"), ("198.51.100.2", "2001:db8:1::2")):
        for address in addresses["eth0"] + addresses["eth1"]:
            answered, packet = ask_from(client, source6 if ":" in address else source4, address)
            expect("who answers", answered, address)
            expect("stratum", packet.stratum, 2)
            asked += 1
    responder.wait_for_counters(requests=asked, replies=asked, kernel_stamps=asked, send_errors=0)


def test_hosts_kiss_leaves_from_the_address_that_was_asked(rig):
    server, client = two_links(rig)
    addresses = add_more_addresses(server)
    start(rig, "listen=0.0.0.0:123", "listen=[::]:123", "rate=100000,1,0,0", host=server)
    for source, family in (("192.0.2.2", V4), ("2001:db8::2", V6)):
        of_family = [address for address in addresses["eth0"] if (":" in address) == (family == V6)]
        ask_from(client, source, of_family[0])
        for address in of_family:
            answered, packet = ask_from(client, source, address)
            expect("kiss", packet.kiss, "RATE")
            expect("who answers", answered, address)


def test_hosts_link_local_address_is_answered_on_its_interface(rig):
    server, client = two_links(rig)
    start(rig, "listen=[::]:123", "workers=2", host=server)
    for device in ("eth0", "eth1"):
        address = link_local(server, device)
        link_local(client, device)
        scope = int(client.ip("-o", "link", "show", "dev", device).split(":")[0])
        with client.socket(V6, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.sendto(good_request().pack(), (address, 123, 0, scope))
            _, answered = sock.recvfrom(1000)
        expect("who answers", (answered[0].split("%")[0], answered[3]), (address, scope))


def test_hosts_link_local_listener_with_scope(rig):
    server, client = two_links(rig)
    address = link_local(server, "eth1")
    link_local(client, "eth1")
    responder = start(rig, f"listen=[{address}%eth1]:123", host=server)
    expect("ports", responder.ports, [123])
    scope = int(client.ip("-o", "link", "show", "dev", "eth1").split(":")[0])
    with client.socket(V6, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(good_request().pack(), (address, 123, 0, scope))
        expect("who answers", sock.recvfrom(1000)[1][0].split("%")[0], address)


def test_hosts_device_listens_on_its_interface_only(rig):
    server, client = two_links(rig)
    responder = start(rig, "listen=0.0.0.0:123@eth1", "listen=0.0.0.0:124@eth9", host=server)
    expect("ports", responder.ports, [123, 0])
    if "No such device" not in responder.listeners()["0.0.0.0:124"]:
        raise Failure(str(responder.listeners()))
    expect("who answers", ask_from(client, "198.51.100.2", "198.51.100.1")[0], "198.51.100.1")
    with client.socket(V4, socket.SOCK_DGRAM) as sock:
        sock.connect(("192.0.2.1", 123))
        expect("reply by the other interface", exchange(sock, good_request()), None)  # refused at once
    # the interface comes later
    server.ip("link", "add", "eth9", "type", "veth", "peer", "name", "eth9-far")
    responder.retry()
    expect("ports", responder.ports, [123, 124])


def test_hosts_broadcast_and_multicast_have_no_answer(rig):
    """One request, as many replies as hosts: no."""
    lan = rig.lan("server", "client")
    server, client = lan["server"], lan["client"]
    responder = start(rig, "listen=0.0.0.0:123", "listen=[::]:123", host=server)
    with client.socket(V4, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.bind((client.ip4, 0))
        sock.sendto(good_request().pack(), ("192.0.2.255", 123))
    scope = int(client.ip("-o", "link", "show", "dev", "eth0").split(":")[0])
    with client.socket(V6, socket.SOCK_DGRAM) as sock:
        sock.bind((client.ip6, 0))
        sock.sendto(good_request().pack(), ("ff02::1", 123, 0, scope))
    expect("who answers", ask_from(client, client.ip4, server.ip4)[0], server.ip4)
    responder.wait_for_counters(requests=3, bad_address=2, replies=1)


def test_hosts_ipv6_client_always_meets_the_same_worker(rig):
    """As in ntp-clients for IPv4: a client of two workers would be in two tables."""
    lan = rig.lan("server")
    host = lan["server"]
    host.ip("-6", "route", "add", "local", "2001:db8:9::/48", "dev", "lo")
    responder = start(rig, "listen=[::]:123", "workers=4", host=host)
    sources = [f"2001:db8:9:{high:x}::{low:x}" for high in range(8) for low in range(1, 9)]
    for _ in range(4):
        for source in sources:
            ask_from(host, source, host.ip6)
    rows = responder.clients()
    expect("rows", len(rows), len(sources))
    expect("requests", {row["address"]: row["requests"] for row in rows},
           {str(ipaddress.ip_address(source)): 4.0 for source in sources})


# forged sources: field case B44

def udp(source_port, data):
    return source_port.to_bytes(2, "big") + (123).to_bytes(2, "big") + (8 + len(data)).to_bytes(2, "big") + \
        bytes(2) + data


def forge(host, source, target, data, source_port=123):
    """A datagram from @source, whoever that is. IPv4 checksums of UDP may be left out."""
    payload = udp(source_port, data)
    header = bytes([0x45, 0]) + (20 + len(payload)).to_bytes(2, "big") + bytes(4) + bytes([64, 17, 0, 0]) + \
        socket.inet_aton(source) + socket.inet_aton(target)
    with host.socket(V4, socket.SOCK_RAW, socket.IPPROTO_RAW) as sock:
        sock.sendto(header + payload, (target, 0))


FIRST_OCTETS = {f"version {version}, mode {mode}": version << 3 | mode for version in range(8) for mode in range(8)}


def test_hosts_forged_as_ourselves_nothing_leaves(rig):
    lan = rig.lan("server", "client")
    server, client = lan["server"], lan["client"]
    server.ip("address", "add", "192.0.2.77/24", "dev", "eth0")
    for name in ("all", "eth0"):
        write_sysctl(server, f"ipv4/conf/{name}/rp_filter", 0)
        write_sysctl(server, f"ipv4/conf/{name}/accept_local", 1)
    responder = start(rig, "listen=0.0.0.0:123", "listen=[::]:123", "workers=2", host=server)
    ask_from(client, client.ip4, server.ip4)
    sent_before = snmp(server, "Udp", "OutDatagrams")
    requests = 0
    for first in FIRST_OCTETS.values():
        for source in (server.ip4, "192.0.2.77"):
            forge(client, source, server.ip4, bytes([first]) + good_request().pack()[1:])
            requests += 1
    responder.wait_for_counters(requests=1 + requests, replies=1)
    expect("datagrams that left", snmp(server, "Udp", "OutDatagrams") - sent_before, 0)
    # 127/8 would be dropped by the kernel on the way; from loopback it is not
    forge(server, "127.0.0.1", "127.0.0.1", good_request().pack())
    responder.wait_for_counters(requests=2 + requests, replies=1)


def test_hosts_forged_as_another_server_one_for_one(rig):
    """Two servers: at most one packet out for one in, none for what is no request, and nothing goes round."""
    lan = rig.lan("server", "other", "client")
    server, other, client = lan["server"], lan["other"], lan["client"]
    ours = start(rig, "listen=0.0.0.0:123", host=server)
    theirs = start(rig, "listen=0.0.0.0:123", host=other)
    sent = 0
    for name, first in FIRST_OCTETS.items():
        before, their_before = ours.counters(), theirs.counters()
        forge(client, other.ip4, server.ip4, bytes([first]) + good_request().pack()[1:])
        sent += 1
        is_request = 1 <= first >> 3 <= 4 and first & 7 in (1, 3)
        ours.wait_for_counters(before, requests=1, replies=int(is_request))
        theirs.wait_for_counters(their_before, requests=int(is_request), replies=0)
    expect("requests", ours.counters()["server_requests"], sent)
    # version 1 had no mode: 0 from port 123 is a peer's, from another port a client's
    before = ours.counters()
    forge(client, other.ip4, server.ip4, bytes([0x08]) + good_request().pack()[1:], source_port=4000)
    ours.wait_for_counters(before, replies=1)


# IPv6 is off: field case B32

def test_hosts_ipv6_disabled_is_served_on_ipv4(rig):
    lan = rig.lan("server", "client")
    server, client = lan["server"], lan["client"]
    write_sysctl(server, "ipv6/conf/all/disable_ipv6", 1)
    responder = start(rig, "listen=0.0.0.0:123", "listen=[::]:123", "listen=[2001:db8::1]:124", host=server)
    expect("who answers", ask_from(client, client.ip4, server.ip4)[0], server.ip4)
    expect("port of the explicit address", responder.ports[2], 0)
    responder.retry()
    expect("warnings", responder.text().count("cannot listen on [2001:db8::1]:124"), 1)
    # addresses change
    write_sysctl(server, "ipv6/conf/all/disable_ipv6", 0)
    lan.add_address(server, "2001:db8::1", 64)
    responder.retry()
    expect("ports", responder.ports, [123, 123, 124])
    expect("who answers", ask_from(client, client.ip6, "2001:db8::1")[0], "2001:db8::1")


def test_hosts_kernel_without_ipv6_is_one_line_of_information(rig):
    require_filter()
    responder = start(rig, "listen=127.0.0.1:0", "listen=[::]:0", "listen=[::1]:0", preexec=forget_ipv6)
    with Client(responder.port) as client:
        expect("stratum", client.ask().packet.stratum, 2)
    responder.retry()
    lines = [line.split("server: ")[1] for line in responder.text().splitlines()]
    expect("lines", len(lines), 3)
    if "served on the other family only" not in lines[1] or "tried again" not in lines[2]:
        raise Failure(str(lines))


if __name__ == "__main__":
    from frame import main
    main(globals())
