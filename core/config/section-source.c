/* SPDX-License-Identifier: BSD-2-Clause */
/* section-source.c - the keys of one entry of "sources" */
#include "config/sections.h"

#include <string.h>

#include "config/host-name.h"
#include "config/scalar.h"
#include "config/suggest.h"

#define NTP_PORT 123

#define SERVER	 (1u << TS_SOURCE_SERVER)
#define POOL	 (1u << TS_SOURCE_POOL)
#define REFCLOCK (1u << TS_SOURCE_REFCLOCK)
#define NETWORK	 (SERVER | POOL)
#define ANY	 (NETWORK | REFCLOCK)

#define SOURCE(name, whose, type, member, ...)                                                     \
	{                                                                                          \
		.key = name, .kinds = whose, .kind = TS_FIELD_##type,                              \
		.offset = offsetof(TsSourceSettings, member), __VA_ARGS__                          \
	}
#define CUSTOM(name, whose, reader)                                                                \
	{                                                                                          \
		.key = name, .kinds = whose, .kind = TS_FIELD_CUSTOM, .read = reader               \
	}

static const TsWord family_words[] = {
	{"any", TS_FAMILY_ANY},
	{"ipv4", TS_FAMILY_IPV4},
	{"ipv6", TS_FAMILY_IPV6},
	{NULL, 0},
};
static const TsWord off_words[] = {{"none", 0}, {"0", 0}, {NULL, 0}};

static char *
check_label(const char *text)
{
	g_autofree char *quoted = ts_quote(text);

	if (!*text || g_utf8_strlen(text, -1) > 64)
		return g_strdup("a name has 1 to 64 characters");
	for (const char *c = text; *c; c = g_utf8_next_char(c))
		if (!g_unichar_isgraph(g_utf8_get_char(c)))
			return g_strdup_printf("%s: a name has no spaces or control characters",
					       quoted);
	return NULL;
}

static char *
check_refid(const char *text)
{
	size_t length = strlen(text);
	g_autofree char *quoted = ts_quote(text);

	for (size_t i = 0; i < length; i++)
		if (!g_ascii_isgraph(text[i]))
			length = 0;
	return length >= 1 && length <= 4
		       ? NULL
		       : g_strdup_printf("%s is no reference id: 1 to 4 ASCII letters, as GPS",
					 quoted);
}

static char *
check_bind_address(const char *text)
{
	bool is_v6;
	g_autofree char *quoted = ts_quote(text);

	return ts_host_name_is_address(text, &is_v6)
		       ? NULL
		       : g_strdup_printf("%s is no numeric address (without a port)", quoted);
}

/* The first key of an entry: ts_section_read_source() has read it. */
static void
read_nothing(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	(void)reader, (void)field, (void)value, (void)object;
}

static void
read_nts(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	TsSourceSettings *source = object;
	bool is_on = true;

	if (ts_node_kind(value) != TS_NODE_MAP) {
		g_autofree char *complaint = ts_scalar_read_bool(value, &is_on);
		if (complaint) {
			ts_problems_error(reader->problems, ts_node_origin(value),
					  "%s: %s; or a map of its options", field->key, complaint);
			return;
		}
	}
	if (is_on)
		source->nts = ts_node_ref((TsNode *)value);
}

static const TsField source_fields[] = {
	CUSTOM("server", SERVER, read_nothing),
	CUSTOM("pool", POOL, read_nothing),
	CUSTOM("refclock", REFCLOCK, read_nothing),
	SOURCE("name", ANY, TEXT, label, .check = check_label),
	SOURCE("prefer", ANY, BOOL, prefer),
	SOURCE("trust", ANY, BOOL, trust),
	SOURCE("require", ANY, BOOL, require),
	SOURCE("noselect", ANY, BOOL, noselect),
	SOURCE("offset", ANY, DURATION, offset_s, .min = -86400, .max = 86400),
	SOURCE("min-samples", ANY, UNSIGNED, min_samples, .min = 1, .max = 64),
	SOURCE("max-samples", ANY, UNSIGNED, max_samples, .min = 1, .max = 64),
	SOURCE("filter", ANY, UNSIGNED, filter, .min = 1, .max = 256),
	SOURCE("max-distance", ANY, DURATION, max_distance_s, .min = 1e-6, .max = 1e4),
	SOURCE("online", ANY, BOOL, is_online),
	SOURCE("port", NETWORK, UINT16, port, .min = 1, .max = 65535),
	SOURCE("version", NETWORK, INT, version, .min = 3, .max = 4),
	SOURCE("min-poll", NETWORK, POLL, min_poll, .min = -4, .max = 17),
	SOURCE("max-poll", NETWORK, POLL, max_poll, .min = -4, .max = 17),
	SOURCE("iburst", NETWORK, BOOL, iburst),
	SOURCE("burst", NETWORK, BOOL, burst),
	SOURCE("xleave", NETWORK, BOOL, xleave),
	SOURCE("max-sources", POOL, UNSIGNED, max_sources, .min = 1, .max = 16),
	SOURCE("family", NETWORK, WORD, family, .words = family_words),
	SOURCE("max-delay", NETWORK, DURATION, max_delay_s, .min = 1e-6, .max = 1000),
	SOURCE("max-delay-ratio", NETWORK, NUMBER, max_delay_ratio, .min = 1, .max = 1e6,
	       .words = off_words),
	SOURCE("max-delay-dev-ratio", NETWORK, NUMBER, max_delay_dev_ratio, .min = 0.1, .max = 1e6,
	       .words = off_words),
	SOURCE("bind-address", NETWORK, TEXT, bind_address, .check = check_bind_address),
	SOURCE("device", NETWORK, TEXT, device, .check = ts_check_interface),
	SOURCE("dscp", NETWORK, INT, dscp, .max = 63),
	SOURCE("key", NETWORK, UINT32, key, .min = 1, .max = UINT32_MAX),
	CUSTOM("nts", NETWORK, read_nts),
	SOURCE("refid", REFCLOCK, TEXT, refid, .check = check_refid),
	SOURCE("stratum", REFCLOCK, INT, stratum, .max = 15),
};

const TsSection ts_section_source = {"a source", source_fields, G_N_ELEMENTS(source_fields)};

static uint64_t
bit(const char *key)
{
	return ts_schema_bit(&ts_section_source, key);
}

static const TsOrigin *
origin_of(const TsNode *entry, const char *key)
{
	const TsNode *value = ts_node_find(entry, key);

	return ts_node_origin(value ? value : entry);
}

/* A misspelt kind is reported as the unknown key that it is; else say what is missing. */
static void
report_no_kind(TsConfigReader *reader, const TsNode *entry)
{
	static const char *const kinds[] = {"server", "pool", "refclock"};

	for (unsigned i = 0; i < ts_node_size(entry); i++) {
		const char *key = ts_node_key_at(entry, i);
		if (!ts_schema_find(&ts_section_source, key) &&
		    ts_suggest(key, kinds, G_N_ELEMENTS(kinds)))
			return;
	}
	ts_problems_error(reader->problems, ts_node_origin(entry),
			  "a source needs a key server, pool or refclock with its name");
}

/* Finds the one key that says what the source is. Returns: (nullable): its value. */
static const TsNode *
read_kind(TsConfigReader *reader, const TsNode *entry, TsSourceKind *kind)
{
	const TsNode *name = NULL;

	for (TsSourceKind k = TS_SOURCE_SERVER; k <= TS_SOURCE_REFCLOCK; k++) {
		const TsNode *found = ts_node_find(entry, ts_source_kind_name(k));
		if (found && name) {
			ts_problems_error(reader->problems, ts_node_origin(found),
					  "a source is one thing; this one has both %s and %s",
					  ts_source_kind_name(*kind), ts_source_kind_name(k));
			return NULL;
		}
		if (found) {
			name = found;
			*kind = k;
		}
	}
	if (!name)
		report_no_kind(reader, entry);
	return name;
}

/* Returns: (transfer full) (nullable): a source with its kind, name and own port (0: none). */
static TsSourceSettings *
read_name(TsConfigReader *reader, const TsNode *entry, uint16_t *port)
{
	TsSourceKind kind = TS_SOURCE_SERVER;
	const TsNode *node = read_kind(reader, entry, &kind);
	g_autofree char *host = NULL;

	if (!node || !ts_schema_expect_text(reader, node, ts_source_kind_name(kind)))
		return NULL;
	const char *text = ts_node_text(node);
	g_autofree char *quoted = ts_quote(text);
	if (kind == TS_SOURCE_REFCLOCK && ts_is_plugin_name(text))
		return ts_source_settings_new(kind, text);
	if (kind != TS_SOURCE_REFCLOCK && ts_host_name_split(text, &host, port))
		return ts_source_settings_new(kind, host);
	ts_problems_error(reader->problems, ts_node_origin(node), "%s: %s is no %s",
			  ts_source_kind_name(kind), quoted,
			  kind == TS_SOURCE_REFCLOCK ? "plugin's name" : "host name or address");
	return NULL;
}

static const char *
whose(unsigned kinds)
{
	return kinds == POOL ? "pools" : kinds == REFCLOCK ? "refclocks" : "servers and pools";
}

/* What is a refclock's and not ours is its plugin's, whatever it is; a key of another kind is
 * wrong. */
static void
sort_keys(TsConfigReader *reader, const TsNode *entry, TsSourceKind kind, TsNode *own,
	  TsNode *plugin)
{
	for (unsigned i = 0; i < ts_node_size(entry); i++) {
		const char *key = ts_node_key_at(entry, i);
		const TsOrigin *origin = ts_node_key_origin_at(entry, i);
		const TsField *field = ts_schema_find(&ts_section_source, key);
		bool is_ours = field && field->kinds & 1u << kind;
		if (!is_ours && plugin)
			ts_node_set(plugin, key, origin, ts_node_value_at(entry, i));
		else if (is_ours || !field)
			ts_node_set(own, key, origin, ts_node_value_at(entry, i));
		else
			ts_problems_error(reader->problems, origin,
					  "key '%s' is for %s, not for a %s", key,
					  whose(field->kinds), ts_source_kind_name(kind));
	}
}

/* Where only one end of a range is written, the other's default makes room for it. */
static void
complete_ranges(TsConfigReader *reader, const TsNode *entry, TsSourceSettings *source, uint64_t set)
{
	bool is_both = set & bit("min-poll") && set & bit("max-poll");

	if (source->min_poll > source->max_poll && is_both) {
		if (reader->is_merged)
			ts_problems_error(reader->problems, origin_of(entry, "min-poll"),
					  "min-poll %d is above max-poll %d", source->min_poll,
					  source->max_poll);
	} else if (source->min_poll > source->max_poll) {
		if (set & bit("min-poll"))
			source->max_poll = source->min_poll;
		else
			source->min_poll = source->max_poll;
	}
	is_both = set & bit("min-samples") && set & bit("max-samples");
	if (source->min_samples > source->max_samples && is_both) {
		if (reader->is_merged)
			ts_problems_error(reader->problems, origin_of(entry, "min-samples"),
					  "min-samples %u is above max-samples %u",
					  source->min_samples, source->max_samples);
	} else if (source->min_samples > source->max_samples) {
		if (set & bit("min-samples"))
			source->max_samples = source->min_samples;
		else
			source->min_samples = source->max_samples;
	}
}

/* "server: HOST:PORT". With nts it is the port of the key exchange, which tells the NTP port. */
static void
apply_own_port(TsConfigReader *reader, const TsNode *entry, TsSourceSettings *source,
	       uint16_t own_port, uint64_t set)
{
	const TsOrigin *origin = origin_of(entry, ts_source_kind_name(source->kind));
	const TsNode *other = source->nts && ts_node_kind(source->nts) == TS_NODE_MAP
				      ? ts_node_find(source->nts, "port")
				      : NULL;
	g_autofree char *text = g_strdup_printf("%u", own_port);

	if (source->nts && !other) {
		g_autoptr(TsNode) port = ts_node_new_scalar(text, false, origin);
		TsNode *nts = ts_node_new_map(ts_node_origin(source->nts));
		for (unsigned i = 0; i < ts_node_size(source->nts); i++)
			ts_node_set(nts, ts_node_key_at(source->nts, i),
				    ts_node_key_origin_at(source->nts, i),
				    ts_node_value_at(source->nts, i));
		ts_node_set(nts, "port", origin, port);
		ts_node_unref(source->nts);
		source->nts = nts;
	} else if (source->nts ? g_strcmp0(ts_node_text(other), text) != 0
			       : set & bit("port") && source->port != own_port) {
		ts_problems_error(reader->problems, origin,
				  "port %u here and 'port' say different things", own_port);
	} else if (!source->nts) {
		source->port = own_port;
	}
}

static void
set_default_label(TsSourceSettings *source, uint16_t port)
{
	bool is_v6 = strchr(source->name, ':') != NULL;

	g_free(source->label);
	if (source->kind == TS_SOURCE_REFCLOCK || port == NTP_PORT)
		source->label = g_strdup(source->name);
	else
		source->label = g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", source->name, port);
}

static void
check_family(TsConfigReader *reader, const TsNode *entry, const TsSourceSettings *source)
{
	TsFamily family = source->family;
	bool is_v6;

	if (ts_host_name_is_address(source->name, &is_v6)) {
		TsFamily own = is_v6 ? TS_FAMILY_IPV6 : TS_FAMILY_IPV4;
		if (family != TS_FAMILY_ANY && family != own)
			ts_problems_error(reader->problems, origin_of(entry, "family"),
					  "family: %s is of the other family", source->name);
		family = own;
	}
	if (!source->bind_address || family == TS_FAMILY_ANY)
		return;
	if (ts_host_name_is_address(source->bind_address, &is_v6) &&
	    is_v6 != (family == TS_FAMILY_IPV6))
		ts_problems_error(reader->problems, origin_of(entry, "bind-address"),
				  "bind-address: %s is of another family than the source",
				  source->bind_address);
}

static void
check_entry(TsConfigReader *reader, const TsNode *entry, const TsSourceSettings *source)
{
	if (source->nts && source->key)
		ts_problems_error(reader->problems, origin_of(entry, "key"),
				  "key and nts are two ways to authenticate; a source has one");
	if (source->noselect && (source->prefer || source->trust || source->require))
		ts_problems_warn(reader->problems, origin_of(entry, "noselect"),
				 "noselect leaves prefer, trust and require without effect");
	check_family(reader, entry, source);
}

/* An entry whose kind isn't known: its other keys are checked all the same. */
static void
read_stray_keys(TsConfigReader *reader, const TsNode *entry)
{
	g_autoptr(TsSourceSettings) scratch = ts_source_settings_new(TS_SOURCE_SERVER, "");

	ts_schema_read(reader, &ts_section_source, entry, scratch, NULL);
}

TsSourceSettings *
ts_section_read_source(TsConfigReader *reader, const TsNode *entry)
{
	uint16_t own_port = 0;

	if (ts_node_kind(entry) != TS_NODE_MAP) {
		ts_problems_error(reader->problems, ts_node_origin(entry),
				  "a source is a map, as {server: time.example.net}");
		return NULL;
	}
	g_autoptr(TsSourceSettings) source = read_name(reader, entry, &own_port);
	if (!source) {
		read_stray_keys(reader, entry);
		return NULL;
	}
	g_autoptr(TsNode) own = ts_node_new_map(ts_node_origin(entry));
	if (source->kind == TS_SOURCE_REFCLOCK)
		source->plugin = ts_node_new_map(ts_node_origin(entry));
	source->origin = *ts_node_origin(entry);
	sort_keys(reader, entry, source->kind, own, source->plugin);
	uint64_t set = ts_schema_read(reader, &ts_section_source, own, source, NULL);
	complete_ranges(reader, entry, source, set);
	if (own_port)
		apply_own_port(reader, entry, source, own_port, set);
	if (!(set & bit("name")))
		set_default_label(source, own_port ? own_port : source->port);
	source->is_authenticated_only = source->nts || source->key;
	if (reader->is_merged)
		check_entry(reader, entry, source);
	return g_steal_pointer(&source);
}

void
ts_section_read_sources(TsConfigReader *reader, const TsField *field, const TsNode *value,
			void *object)
{
	TsSettings *settings = object;

	if (!ts_schema_expect_list(reader, value, field->key, "[{server: time.example.net}]"))
		return;
	for (unsigned i = 0; i < ts_node_size(value); i++) {
		TsSourceSettings *source = ts_section_read_source(reader, ts_node_at(value, i));
		if (source)
			g_ptr_array_add(settings->sources, source);
	}
}
