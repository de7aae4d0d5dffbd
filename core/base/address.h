/* SPDX-License-Identifier: BSD-2-Clause */
/* address.h - IP addresses with port, and prefixes, for IPv4 and IPv6 alike */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>
#include <netinet/in.h>
#include <sys/socket.h>

typedef union {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} TsAddress;

/* Room for "[v6%scope]:65535" with its NUL. */
#define TS_ADDRESS_TEXT_SIZE 80

/**
 * ts_address_parse:
 * @text: "192.0.2.1", "192.0.2.1:123", "2001:db8::1", "[2001:db8::1]:123", "fe80::1%eth0"
 * @default_port: the port where @text names none
 * @address: (out caller-allocates)
 *
 * Numeric forms only: asks no resolver. Returns: false, with @address untouched, if @text is none.
 * Thread: any.
 */
bool ts_address_parse(const char *text, uint16_t default_port, TsAddress *address);

/* Writes "192.0.2.1" or "2001:db8::1" (scope kept); returns @text. Thread: any. */
const char *ts_address_format(const TsAddress *address, char text[TS_ADDRESS_TEXT_SIZE]);

/* Writes "192.0.2.1:123" or "[2001:db8::1]:123"; returns @text. Thread: any. */
const char *ts_address_format_port(const TsAddress *address, char text[TS_ADDRESS_TEXT_SIZE]);

/* Returns: the length to give to bind or connect, 0 for a family that is neither. Thread: any. */
socklen_t ts_address_length(const TsAddress *address);

uint16_t ts_address_port(const TsAddress *address);
void ts_address_set_port(TsAddress *address, uint16_t port);

/* Same family, address and scope; ports are not compared. Thread: any. */
bool ts_address_equal_host(const TsAddress *a, const TsAddress *b);

/* Same host and port. Thread: any. */
bool ts_address_equal(const TsAddress *a, const TsAddress *b);

/* Replaces an IPv4-mapped IPv6 address (::ffff:192.0.2.1) by the IPv4 one. Thread: any. */
void ts_address_unmap(TsAddress *address);

/**
 * ts_address_refid:
 *
 * Returns: the reference id by which a server names this upstream: the IPv4 address, or the first
 * four octets of the MD5 hash of the IPv6 address; host byte order.
 * Thread: main. Source: RFC 5905 section 7.3.
 */
uint32_t ts_address_refid(const TsAddress *address);

typedef struct {
	TsAddress address; /* bits past length are 0; the port is 0 */
	unsigned length;   /* bits: 0 to 32, or 0 to 128 */
} TsPrefix;

/* Parses "192.0.2.0/24", "192.0.2.1", "2001:db8::/32"; host bits that are set are an error, and so is a
 * scope ("fe80::1%eth0"). "::ffff:192.0.2.0/120" is 192.0.2.0/24: clients have no other form here.
 * Returns: false, with @prefix untouched, if @text is no prefix. Thread: any. */
bool ts_prefix_parse(const char *text, TsPrefix *prefix);

bool ts_prefix_contains(const TsPrefix *prefix, const TsAddress *address);

/* Writes "192.0.2.0/24"; returns @text. Thread: any. */
const char *ts_prefix_format(const TsPrefix *prefix, char text[TS_ADDRESS_TEXT_SIZE]);
