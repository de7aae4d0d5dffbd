/* SPDX-License-Identifier: BSD-2-Clause */
/* address.c - see address.h */
#include "base/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bits of ::ffff:0:0, before the IPv4 address (RFC 4291 section 2.5.5.2). */
#define V4_MAPPED_LENGTH 96

static bool
parse_port(const char *text, uint16_t *port)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	unsigned long value = strtoul(text, &end, 10);
	if (*end || value > 65535)
		return false;
	*port = (uint16_t)value;
	return true;
}

static bool
parse_scope(const char *text, uint32_t *scope_id)
{
	char *end;

	*scope_id = if_nametoindex(text);
	if (*scope_id)
		return true;
	unsigned long value = strtoul(text, &end, 10);
	if (!*text || *end || value == 0 || value > UINT32_MAX)
		return false;
	*scope_id = (uint32_t)value;
	return true;
}

static bool
parse_v6(const char *text, uint16_t port, TsAddress *address)
{
	TsAddress parsed = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	g_autofree char *host = g_strdup(text);
	char *scope = strchr(host, '%');

	if (scope) {
		*scope++ = '\0';
		if (!parse_scope(scope, &parsed.v6.sin6_scope_id))
			return false;
	}
	if (inet_pton(AF_INET6, host, &parsed.v6.sin6_addr) != 1)
		return false;
	*address = parsed;
	return true;
}

static bool
parse_v4(const char *text, uint16_t port, TsAddress *address)
{
	TsAddress parsed = {.v4 = {.sin_family = AF_INET}};
	g_autofree char *host = g_strdup(text);
	char *colon = strchr(host, ':');

	if (colon) {
		*colon++ = '\0';
		if (!parse_port(colon, &port))
			return false;
	}
	if (inet_pton(AF_INET, host, &parsed.v4.sin_addr) != 1)
		return false;
	parsed.v4.sin_port = htons(port);
	*address = parsed;
	return true;
}

bool
ts_address_parse(const char *text, uint16_t default_port, TsAddress *address)
{
	if (*text != '[')
		return parse_v4(text, default_port, address) ||
		       parse_v6(text, default_port, address);

	const char *close = strchr(text, ']');
	uint16_t port = default_port;
	if (!close || (close[1] == ':' ? !parse_port(close + 2, &port) : close[1] != '\0'))
		return false;
	g_autofree char *host = g_strndup(text + 1, (gsize)(close - text - 1));
	return parse_v6(host, port, address);
}

const char *
ts_address_format(const TsAddress *address, char text[TS_ADDRESS_TEXT_SIZE])
{
	if (address->any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &address->v4.sin_addr, text, TS_ADDRESS_TEXT_SIZE);
	} else if (address->any.sa_family == AF_INET6) {
		char name[IF_NAMESIZE];
		inet_ntop(AF_INET6, &address->v6.sin6_addr, text, TS_ADDRESS_TEXT_SIZE);
		size_t length = strlen(text);
		uint32_t scope_id = address->v6.sin6_scope_id;
		if (scope_id && if_indextoname(scope_id, name))
			snprintf(text + length, TS_ADDRESS_TEXT_SIZE - length, "%%%s", name);
		else if (scope_id)
			snprintf(text + length, TS_ADDRESS_TEXT_SIZE - length, "%%%u", scope_id);
	} else {
		snprintf(text, TS_ADDRESS_TEXT_SIZE, "-");
	}
	return text;
}

const char *
ts_address_format_port(const TsAddress *address, char text[TS_ADDRESS_TEXT_SIZE])
{
	char host[TS_ADDRESS_TEXT_SIZE];
	bool is_v6 = address->any.sa_family == AF_INET6;

	ts_address_format(address, host);
	snprintf(text, TS_ADDRESS_TEXT_SIZE, is_v6 ? "[%.70s]:%u" : "%.70s:%u", host,
		 ts_address_port(address));
	return text;
}

socklen_t
ts_address_length(const TsAddress *address)
{
	switch (address->any.sa_family) {
	case AF_INET:
		return sizeof address->v4;
	case AF_INET6:
		return sizeof address->v6;
	default:
		return 0;
	}
}

uint16_t
ts_address_port(const TsAddress *address)
{
	return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
							: address->v4.sin_port);
}

void
ts_address_set_port(TsAddress *address, uint16_t port)
{
	if (address->any.sa_family == AF_INET6)
		address->v6.sin6_port = htons(port);
	else
		address->v4.sin_port = htons(port);
}

bool
ts_address_equal_host(const TsAddress *a, const TsAddress *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
	       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

bool
ts_address_equal(const TsAddress *a, const TsAddress *b)
{
	return ts_address_equal_host(a, b) && ts_address_port(a) == ts_address_port(b);
}

void
ts_address_unmap(TsAddress *address)
{
	if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
		return;
	TsAddress plain = {.v4 = {.sin_family = AF_INET, .sin_port = address->v6.sin6_port}};
	memcpy(&plain.v4.sin_addr, &address->v6.sin6_addr.s6_addr[12], 4);
	*address = plain;
}

uint32_t
ts_address_refid(const TsAddress *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr);

	guint8 digest[16];
	gsize length = sizeof digest;
	g_autoptr(GChecksum) md5 = g_checksum_new(G_CHECKSUM_MD5);
	g_checksum_update(md5, address->v6.sin6_addr.s6_addr, 16);
	g_checksum_get_digest(md5, digest, &length);
	return (uint32_t)digest[0] << 24 | (uint32_t)digest[1] << 16 | (uint32_t)digest[2] << 8 |
	       digest[3];
}

static const uint8_t *
host_bytes(const TsAddress *address)
{
	return address->any.sa_family == AF_INET6 ? address->v6.sin6_addr.s6_addr
						  : (const uint8_t *)&address->v4.sin_addr;
}

bool
ts_prefix_parse(const char *text, TsPrefix *prefix)
{
	TsPrefix parsed = {0};
	g_autofree char *host = g_strdup(text);
	char *slash = strchr(host, '/');

	if (slash)
		*slash++ = '\0';
	/* a prefix says nothing of interfaces: one that names one would hold on all of them */
	if (host[0] == '[' || strchr(host, '%') || !ts_address_parse(host, 0, &parsed.address) ||
	    ts_address_port(&parsed.address))
		return false;
	unsigned bits = parsed.address.any.sa_family == AF_INET6 ? 128 : 32;
	parsed.length = bits;
	if (slash) {
		uint16_t length;
		if (!parse_port(slash, &length) || length > bits)
			return false;
		parsed.length = length;
	}
	const uint8_t *bytes = host_bytes(&parsed.address);
	for (unsigned bit = parsed.length; bit < bits; bit++)
		if (bytes[bit / 8] & 0x80 >> bit % 8)
			return false;
	if (bits == 128 && parsed.length >= V4_MAPPED_LENGTH &&
	    IN6_IS_ADDR_V4MAPPED(&parsed.address.v6.sin6_addr)) {
		ts_address_unmap(&parsed.address);
		parsed.length -= V4_MAPPED_LENGTH;
	}
	*prefix = parsed;
	return true;
}

bool
ts_prefix_contains(const TsPrefix *prefix, const TsAddress *address)
{
	if (prefix->address.any.sa_family != address->any.sa_family)
		return false;
	const uint8_t *a = host_bytes(&prefix->address);
	const uint8_t *b = host_bytes(address);
	unsigned whole = prefix->length / 8, rest = prefix->length % 8;
	return memcmp(a, b, whole) == 0 &&
	       (rest == 0 || ((a[whole] ^ b[whole]) & (0xff00 >> rest) & 0xff) == 0);
}

const char *
ts_prefix_format(const TsPrefix *prefix, char text[TS_ADDRESS_TEXT_SIZE])
{
	ts_address_format(&prefix->address, text);
	size_t length = strlen(text);
	snprintf(text + length, TS_ADDRESS_TEXT_SIZE - length, "/%u", prefix->length);
	return text;
}
