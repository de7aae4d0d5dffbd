/* SPDX-License-Identifier: BSD-2-Clause */
/* section-server.c - the keys of "server": who may ask, where, and how often */
#include "config/sections.h"

#include <string.h>

#include "config/host-name.h"
#include "config/scalar.h"

#define NTP_PORT 123

#define SERVER(name, type, member, ...)                                                            \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(TsServerSettings, member), __VA_ARGS__                          \
	}
#define CUSTOM(name, reader)                                                                       \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_CUSTOM, .read = reader                               \
	}

static const TsWord auto_words[] = {{"auto", 0}, {NULL, 0}};
static const TsWord none_words[] = {{"none", 0}, {NULL, 0}};
static const TsWord no_table_words[] = {{"none", 0}, {"0", 0}, {NULL, 0}};

static bool
is_wildcard(const TsAddress *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
	return address->v4.sin_addr.s_addr == 0;
}

static void
report_address(TsConfigReader *reader, const TsNode *node)
{
	const char *text = ts_node_text(node);
	const char *scope = strchr(text, '%');
	g_autofree char *quoted = ts_quote(text);
	const char *hint = "";

	if (*text == '*' || strspn(text, "0123456789") == strlen(text))
		hint = "; for every address write \"0.0.0.0:123\" and \"[::]:123\"";
	else if (scope)
		hint = "; is the interface after '%' there?";
	ts_problems_error(reader->problems, ts_node_origin(node),
			  "listen: %s is no numeric address with a port or without%s", quoted,
			  hint);
}

typedef struct {
	const TsNode *address;
	char *device;
} Listener;

static void
read_listen_address(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_text(reader, value, field->key))
		((Listener *)object)->address = value;
}

static const TsField listen_fields[] = {
	CUSTOM("address", read_listen_address),
	{.key = "device",
	 .kind = TS_FIELD_TEXT,
	 .offset = offsetof(Listener, device),
	 .check = ts_check_interface},
};

const TsSection ts_section_listen = {"listen", listen_fields, G_N_ELEMENTS(listen_fields)};

static void
read_listener(TsConfigReader *reader, const TsNode *item, GArray *listeners)
{
	Listener written = {0};
	TsListen listener = {.origin = *ts_node_origin(item)};

	if (ts_node_kind(item) == TS_NODE_MAP)
		ts_schema_read(reader, &ts_section_listen, item, &written, NULL);
	else if (ts_schema_expect_text(reader, item, "an address to listen on"))
		written.address = item;
	else
		return;
	g_autofree char *device = written.device;
	if (!written.address) {
		if (!ts_node_find(item, "address"))
			ts_problems_error(reader->problems, ts_node_origin(item),
					  "listen: 'address' is missing");
		return;
	}
	if (!ts_address_parse(ts_node_text(written.address), NTP_PORT, &listener.address)) {
		report_address(reader, written.address);
		return;
	}
	listener.is_wildcard = is_wildcard(&listener.address);
	if (device)
		g_strlcpy(listener.device, device, sizeof listener.device);
	g_array_append_val(listeners, listener);
}

static void
read_listen(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsServerSettings *server = object;

	if (!ts_schema_expect_list(reader, value, field->key, "[\"0.0.0.0:123\", \"[::]:123\"]"))
		return;
	if (ts_node_size(value) > TS_CONFIG_MAX_LISTENERS) {
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "listen: more than %d addresses", TS_CONFIG_MAX_LISTENERS);
		return;
	}
	for (unsigned i = 0; i < ts_node_size(value); i++)
		read_listener(reader, ts_node_at(value, i), server->listen);
}

static void
read_access(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsServerSettings *server = object;

	if (!ts_schema_expect_list(reader, value, field->key, "[192.0.2.0/24] or [all]"))
		return;
	for (unsigned i = 0; i < ts_node_size(value); i++) {
		const TsNode *item = ts_node_at(value, i);
		TsAccessRule rule = {
			.is_allow = strcmp(field->key, "allow") == 0,
			.origin = *ts_node_origin(item),
		};
		if (!ts_schema_expect_text(reader, item, field->key))
			continue;
		rule.is_all = strcmp(ts_node_text(item), "all") == 0;
		if (rule.is_all || ts_prefix_parse(ts_node_text(item), &rule.prefix)) {
			g_array_append_val(server->access, rule);
			continue;
		}
		g_autofree char *quoted = ts_quote(ts_node_text(item));
		ts_problems_error(
			reader->problems, ts_node_origin(item),
			"%s: %s is neither 'all' nor an address or prefix without host bits, "
			"as 192.0.2.0/24 or 2001:db8::/32",
			field->key, quoted);
	}
}

static void
read_kod(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsServerSettings *server = object;
	const TsField number = {
		.key = field->key,
		.kind = TS_FIELD_UNSIGNED,
		.offset = offsetof(TsServerSettings, rate_limit.kod),
		.max = 12,
		.words = none_words,
	};

	if (ts_schema_read_field(reader, &number, value, server))
		server->rate_limit.kod_enabled = server->rate_limit.kod > 0;
}

static const TsField rate_limit_fields[] = {
	SERVER("interval", DURATION, rate_limit.interval_s, .min = 0.001, .max = 3600),
	SERVER("burst", UNSIGNED, rate_limit.burst, .min = 1, .max = 255),
	SERVER("leak", UNSIGNED, rate_limit.leak, .max = 12, .words = none_words),
	CUSTOM("kod", read_kod),
};

const TsSection ts_section_rate_limit = {"rate-limit", rate_limit_fields,
					 G_N_ELEMENTS(rate_limit_fields)};

static const TsField local_fields[] = {
	SERVER("stratum", INT, local_stratum, .min = 1, .max = 15),
	SERVER("orphan", BOOL, local_orphan),
	SERVER("activate", DURATION, local_activate_s, .max = 1000),
};

const TsSection ts_section_local = {"local", local_fields, G_N_ELEMENTS(local_fields)};

/* What is switched on by true or by a map of its options. */
static void
read_switch(TsConfigReader *reader, const TsField *field, const TsNode *value,
	    const TsSection *section, TsServerSettings *server, bool *is_on)
{
	if (ts_node_kind(value) == TS_NODE_MAP) {
		*is_on = true;
		ts_schema_read(reader, section, value, server, NULL);
		return;
	}
	g_autofree char *complaint = ts_scalar_read_bool(value, is_on);
	if (complaint)
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "%s: %s; or a map of its options", field->key, complaint);
}

static void
read_rate_limit(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsServerSettings *server = object;

	read_switch(reader, field, value, &ts_section_rate_limit, server,
		    &server->rate_limit.is_enabled);
}

static void
read_local(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsServerSettings *server = object;

	read_switch(reader, field, value, &ts_section_local, server, &server->local_enabled);
}

static const TsField server_fields[] = {
	CUSTOM("listen", read_listen),
	CUSTOM("allow", read_access),
	CUSTOM("deny", read_access),
	CUSTOM("rate-limit", read_rate_limit),
	SERVER("workers", UNSIGNED, workers, .min = 1, .max = TS_CONFIG_MAX_WORKERS,
	       .words = auto_words),
	SERVER("client-memory", SIZE, client_table_bytes, .min = 64 << 10, .max = 0x1p32,
	       .words = no_table_words),
	SERVER("interleaved", BOOL, interleaved),
	SERVER("serve-unsynchronised", BOOL, serve_unsynchronised),
	SERVER("dscp", INT, dscp, .max = 63),
	CUSTOM("local", read_local),
};

const TsSection ts_section_server = {"server", server_fields, G_N_ELEMENTS(server_fields)};

void
ts_section_read_server(TsConfigReader *reader, const TsField *field, const TsNode *value,
		       void *object)
{
	TsSettings *settings = object;

	if (ts_node_kind(value) == TS_NODE_SCALAR)
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "server takes a map: what this daemon serves; a server to follow "
				  "stands in the list 'sources'");
	else if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &ts_section_server, value, &settings->server, NULL);
}
