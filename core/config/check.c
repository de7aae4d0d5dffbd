/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - how the parts of the merged settings fit together (sections.h) */
#include "config/sections.h"

#include <string.h>

#include "config/host-name.h"

/* What makes two entries of the list the same server. Returns: (transfer full) (nullable). */
static char *
identity_of(const TsSourceSettings *source)
{
	if (source->kind == TS_SOURCE_REFCLOCK)
		return NULL;
	g_autofree char *host = ts_host_name_canonical(source->name);
	return g_strdup_printf("%s %s %u", ts_source_kind_name(source->kind), host, source->port);
}

/* Adds @source under @word. Returns: (nullable): the source that had it before. */
static const TsSourceSettings *
claim(GHashTable *owners, char *word, const TsSourceSettings *source)
{
	const TsSourceSettings *owner = g_hash_table_lookup(owners, word);

	if (owner)
		g_free(word);
	else
		g_hash_table_insert(owners, word, (gpointer)source);
	return owner;
}

static void
check_twins(TsConfigReader *reader, GHashTable *identities, GHashTable *labels,
	    const TsSourceSettings *source)
{
	char *identity = identity_of(source);
	const TsSourceSettings *other = identity ? claim(identities, identity, source) : NULL;

	if (other) {
		g_autofree char *place = ts_origin_format(&other->origin);
		ts_problems_error(reader->problems, &source->origin,
				  "%s %s is listed twice, first at %s",
				  ts_source_kind_name(source->kind), source->name, place);
		return;
	}
	other = claim(labels, g_strdup(source->label), source);
	if (other) {
		g_autofree char *place = ts_origin_format(&other->origin);
		ts_problems_error(reader->problems, &source->origin,
				  "the source at %s is named %s, too; give one of them another "
				  "'name'",
				  place, source->label);
	}
}

void
ts_config_check_sources(TsConfigReader *reader)
{
	g_autoptr(GHashTable) identities =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const GPtrArray *sources = reader->settings->sources;
	unsigned n = 0;

	for (unsigned i = 0; i < sources->len; i++) {
		const TsSourceSettings *source = sources->pdata[i];
		check_twins(reader, identities, labels, source);
		if (n <= TS_CONFIG_MAX_SOURCES && n + source->max_sources > TS_CONFIG_MAX_SOURCES)
			ts_problems_error(
				reader->problems, &source->origin,
				"more than %d sources, with this one (a pool counts as its "
				"max-sources)",
				TS_CONFIG_MAX_SOURCES);
		n += source->max_sources;
	}
}

static bool
is_loopback(const TsAddress *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

static bool
is_same_listener(const TsListen *a, const TsListen *b)
{
	return ts_address_equal(&a->address, &b->address) && strcmp(a->device, b->device) == 0 &&
	       ts_address_port(&a->address) != 0; /* 0: the kernel takes another each time */
}

/* The same address in two files is harmless, in one it is a mistake for another. */
static void
check_listeners(TsConfigReader *reader, GArray *listeners)
{
	for (unsigned i = 0; i < listeners->len; i++) {
		const TsListen *listener = &g_array_index(listeners, TsListen, i);
		for (unsigned j = 0; j < i; j++) {
			const TsListen *other = &g_array_index(listeners, TsListen, j);
			if (!is_same_listener(listener, other))
				continue;
			char text[TS_ADDRESS_TEXT_SIZE];
			g_autofree char *place = ts_origin_format(&other->origin);
			ts_address_format_port(&listener->address, text);
			if (listener->origin.file != other->origin.file)
				ts_problems_warn(reader->problems, &listener->origin,
						 "listen: %s is listed at %s already", text, place);
			else
				ts_problems_error(reader->problems, &listener->origin,
						  "listen: %s is listed twice, first at %s", text,
						  place);
			g_array_remove_index(listeners, i--);
			break;
		}
	}
}

static char *
rule_name(const TsAccessRule *rule)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	return g_strdup(rule->is_all ? "all" : ts_prefix_format(&rule->prefix, text));
}

static void
check_access(TsConfigReader *reader, const GArray *access)
{
	g_autoptr(GHashTable) rules = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < access->len; i++) {
		const TsAccessRule *rule = &g_array_index(access, TsAccessRule, i);
		g_autofree char *name = rule_name(rule);
		const TsAccessRule *other = g_hash_table_lookup(rules, name);
		if (other && other->is_allow != rule->is_allow) {
			g_autofree char *place = ts_origin_format(&other->origin);
			ts_problems_error(reader->problems, &rule->origin,
					  "%s is both allowed and denied, see %s", name, place);
		}
		if (!other)
			g_hash_table_insert(rules, g_steal_pointer(&name), (gpointer)rule);
	}
}

/* This machine may always ask, unless it is told otherwise in so many words. */
static void
allow_loopback(GArray *access, const char *text)
{
	TsAccessRule loopback = {.is_allow = true};

	ts_prefix_parse(text, &loopback.prefix);
	for (unsigned i = 0; i < access->len; i++) {
		const TsAccessRule *rule = &g_array_index(access, TsAccessRule, i);
		if (!rule->is_all && rule->prefix.length == loopback.prefix.length &&
		    ts_address_equal_host(&rule->prefix.address, &loopback.prefix.address))
			return;
	}
	g_array_append_val(access, loopback);
}

static void
check_reach(TsConfigReader *reader, const TsServerSettings *server)
{
	const TsNode *node = ts_node_find(reader->settings->tree, "server");
	bool is_public = false, is_open = false;

	for (unsigned i = 0; i < server->listen->len; i++)
		is_public |= !is_loopback(&g_array_index(server->listen, TsListen, i).address);
	for (unsigned i = 0; i < server->access->len; i++)
		is_open |= g_array_index(server->access, TsAccessRule, i).is_allow;
	if (is_public && !is_open)
		ts_problems_warn(reader->problems,
				 &g_array_index(server->listen, TsListen, 0).origin,
				 "no 'allow': only this machine gets answers");
	if (is_open && server->listen->len == 0 && !ts_node_find(node, "listen"))
		ts_problems_warn(reader->problems, ts_node_origin(ts_node_find(node, "allow")),
				 "'allow' is without effect, because nothing listens; add "
				 "listen: [\"0.0.0.0:123\", \"[::]:123\"]");
}

void
ts_config_check_server(TsConfigReader *reader)
{
	TsServerSettings *server = &reader->settings->server;
	const TsNode *node = ts_node_find(reader->settings->tree, "server");

	check_listeners(reader, server->listen);
	check_access(reader, server->access);
	check_reach(reader, server);
	allow_loopback(server->access, "127.0.0.0/8");
	allow_loopback(server->access, "::1/128");
	if (server->rate_limit.is_enabled && server->client_table_bytes == 0)
		ts_problems_error(
			reader->problems, ts_node_origin(ts_node_find(node, "rate-limit")),
			"rate-limit needs to know the clients, and client-memory is none");
}
