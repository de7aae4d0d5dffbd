# SPDX-License-Identifier: BSD-2-Clause
"""Requests and their one right answer, for whatever serves them: the server alone, and timesrvd."""

import os
import random

from responder import Failure, field, good_request

UNIQUE_ID, COOKIE, UNKNOWN = 0x0104, 0x0204, 0x2001


def expect(what, found, wanted):
    if found != wanted:
        raise Failure(f"{what}: {found!r}, not {wanted!r}")


# no answer, and which counter says why
SILENT = {
    "empty": (b"", "malformed"),
    "one octet": (b"\x23", "malformed"),
    "47 octets": (good_request().pack()[:47], "malformed"),
    "48 octets and one": (good_request(tail=b"\0").pack(), "malformed"),
    "tail of 8": (good_request(tail=bytes(8)).pack(), "malformed"),
    "field shorter than 16": (good_request(tail=field(UNKNOWN, 12) + bytes(28)).pack(), "malformed"),
    "field of length 0": (good_request(tail=field(UNKNOWN, 28)[:2] + bytes(62)).pack(), "malformed"),
    "field that runs over": (good_request(tail=field(UNKNOWN, 64)[:60]).pack(), "malformed"),
    "field of odd length": (good_request(tail=b"\x20\x01\x00\x1d" + bytes(28)).pack(), "malformed"),
    "more than a datagram of Ethernet": (good_request(tail=field(UNKNOWN, 1428)).pack(), "malformed"),
    "version 0": (good_request(version=0).pack(), "bad_version"),
    "version 5": (good_request(version=5).pack(), "bad_version"),
    "version 6": (good_request(version=6).pack(), "bad_version"),
    "version 7": (good_request(version=7).pack(), "bad_version"),
    "mode 0": (good_request(mode=0).pack(), "bad_mode"),
    "mode 2": (good_request(mode=2).pack(), "bad_mode"),
    "mode 4": (good_request(mode=4).pack(), "bad_mode"),
    "mode 5": (good_request(mode=5).pack(), "bad_mode"),
    "mode 6, read variables": (b"\x16\x02\x00\x01" + bytes(8), "bad_mode"),
    "mode 6, response": (b"\x16\x82\x00\x01" + bytes(8), "bad_mode"),
    "mode 7, monlist": (b"\x17\x00\x03\x2a" + bytes(44), "bad_mode"),
    "mode 7, response": (b"\x97\x00\x03\x2a" + bytes(44), "bad_mode"),
    "MD5 of a key that nobody has": (good_request(tail=bytes(3) + b"\1" + bytes(16)).pack(), "unknown_key"),
    "SHA-1 of a key that nobody has": (good_request(tail=bytes(3) + b"\1" + bytes(20)).pack(), "unknown_key"),
    "version 3 with a MAC": (good_request(version=3, tail=bytes(3) + b"\1" + bytes(16)).pack(), "unknown_key"),
    "field and MAC": (good_request(tail=field(UNKNOWN, 28) + bytes(3) + b"\1" + bytes(16)).pack(), "unknown_key"),
    "crypto-NAK": (good_request(tail=bytes(4)).pack(), "unknown_key"),
}

# answered by a header alone
UNKNOWN_TAILS = [
    field(UNKNOWN, 28),
    field(UNKNOWN, 16) + field(0x0002, 28),
    field(UNKNOWN, 1300),
    b"".join(field(UNKNOWN + number, 32) for number in range(20)),
]


def unique_id_tails():
    """What a request has behind its header, and what of it the reply returns."""
    for length in (28, 36, 68, 260, 516):
        unique_id = field(UNIQUE_ID, length, os.urandom(length - 4))
        for tail in (unique_id, field(UNKNOWN, 28) + unique_id, unique_id + field(COOKIE, 104),
                     unique_id + field(UNIQUE_ID, 64)):
            yield tail, unique_id


def random_requests(count):
    """Most of them nearly right; the one that fails is shown by the caller."""
    rand = random.Random()
    for _ in range(count):
        data = bytearray(rand.randbytes(rand.randrange(0, 300)))
        if data and rand.random() < 0.9:
            data[0] = rand.choice(b"\x23\x1b\x21\x0b\xe3")
        if rand.random() < 0.7:
            data[48:] = b"".join(field(rand.choice((UNIQUE_ID, COOKIE, UNKNOWN)), 4 * rand.randrange(4, 20))
                                 for _ in range(rand.randrange(4)))
        yield bytes(data)
