/* SPDX-License-Identifier: BSD-2-Clause */
/* host-name.c - see host-name.h */
#include "config/host-name.h"

#include <string.h>

#include <glib.h>

#include "base/address.h"

#define MAX_NAME  253 /* RFC 1035 section 2.3.4, as text */
#define MAX_LABEL 63

/* An interface of a scope may come up later, so it is not asked for. */
static char *
without_scope(const char *host)
{
	const char *scope = strchr(host, '%');

	return scope && scope[1] ? g_strndup(host, (gsize)(scope - host)) : g_strdup(host);
}

bool
ts_host_name_is_address(const char *host, bool *is_v6)
{
	g_autofree char *plain = without_scope(host);
	TsAddress address;

	if (*plain == '[' || !ts_address_parse(plain, 0, &address) || ts_address_port(&address))
		return false;
	*is_v6 = address.any.sa_family == AF_INET6;
	return *is_v6 || strcmp(plain, host) == 0;
}

static bool
is_label(const char *label, gsize length)
{
	if (length == 0 || length > MAX_LABEL || label[0] == '-' || label[length - 1] == '-')
		return false;
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isalnum(label[i]) && label[i] != '-' && label[i] != '_')
			return false;
	return true;
}

static bool
is_name(const char *host)
{
	g_autofree char *ascii = g_hostname_to_ascii(host);
	bool is_number = false;

	if (!ascii || strlen(ascii) > MAX_NAME)
		return false;
	for (const char *label = ascii; *label;) {
		gsize length = strcspn(label, ".");
		if (!is_label(label, length))
			return false;
		/* The last label decides (RFC 3696 section 2): 192.0.2.256 is a broken address. */
		is_number = strspn(label, "0123456789") == length;
		label += length + (label[length] == '.');
	}
	return *ascii && !is_number;
}

static bool
parse_port(const char *text, uint16_t *port)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, 1, 65535, &value, NULL))
		return false;
	*port = (uint16_t)value;
	return true;
}

bool
ts_host_name_split(const char *written, char **host, uint16_t *port)
{
	const char *colon = strrchr(written, ':');
	const char *close = *written == '[' ? strchr(written, ']') : NULL;
	g_autofree char *name = NULL;
	uint16_t own_port = 0;
	bool is_v6 = false;

	if (close) {
		if (close[1] && (close[1] != ':' || !parse_port(close + 2, &own_port)))
			return false;
		name = g_strndup(written + 1, (gsize)(close - written - 1));
		if (!ts_host_name_is_address(name, &is_v6) || !is_v6)
			return false;
	} else if (colon && strchr(written, ':') == colon) {
		if (!parse_port(colon + 1, &own_port))
			return false;
		name = g_strndup(written, (gsize)(colon - written));
	} else {
		name = g_strdup(written);
	}
	if (!ts_host_name_is_address(name, &is_v6) && !is_name(name))
		return false;
	*host = g_steal_pointer(&name);
	*port = own_port;
	return true;
}

char *
ts_host_name_canonical(const char *host)
{
	char text[TS_ADDRESS_TEXT_SIZE];
	g_autofree char *plain = without_scope(host);
	TsAddress address;
	bool is_v6;

	if (ts_host_name_is_address(host, &is_v6) && ts_address_parse(plain, 0, &address))
		return g_strconcat(ts_address_format(&address, text), strchr(host, '%'), NULL);
	g_autofree char *ascii = g_hostname_to_ascii(host);
	char *name = g_ascii_strdown(ascii ? ascii : host, -1);
	if (g_str_has_suffix(name, "."))
		name[strlen(name) - 1] = '\0';
	return name;
}
