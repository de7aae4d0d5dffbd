/* SPDX-License-Identifier: BSD-2-Clause */
/* source-options.c - see source-options.h */
#include "control/source-options.h"

#include <string.h>

#define NTP_PORT 123

static void
add(GPtrArray *options, const char *key, const char *value)
{
	g_ptr_array_add(options, g_strdup_printf("%s=%s", key, value));
}

static void
add_text(GPtrArray *options, const char *key, const char *value, const char *usual)
{
	if (value && g_strcmp0(value, usual) != 0)
		add(options, key, value);
}

static void
add_bool(GPtrArray *options, const char *key, bool value, bool usual)
{
	if (value != usual)
		add(options, key, value ? "true" : "false");
}

static void
add_int(GPtrArray *options, const char *key, int64_t value, int64_t usual)
{
	if (value != usual)
		g_ptr_array_add(options, g_strdup_printf("%s=%" G_GINT64_FORMAT, key, value));
}

/* Decimal without an exponent, whatever the locale, with all the digits that make the same number. */
static void
add_number(GPtrArray *options, const char *key, double value, double usual, const char *unit)
{
	char text[64];

	if (value == usual)
		return;
	for (int digits = 1; digits <= 17; digits++) {
		char format[] = "%.00f";
		format[2] = (char)('0' + digits / 10);
		format[3] = (char)('0' + digits % 10);
		g_ascii_formatd(text, sizeof text, format, value);
		if (g_ascii_strtod(text, NULL) == value)
			break;
	}
	g_ptr_array_add(options, g_strconcat(key, "=", text, unit, NULL));
}

static void
append_flow(GString *text, const TsNode *node)
{
	const char *separator = "";

	switch (ts_node_kind(node)) {
	case TS_NODE_NULL:
		g_string_append(text, "null");
		break;
	case TS_NODE_SCALAR:
		g_string_append(text, ts_node_text(node));
		break;
	case TS_NODE_LIST:
		g_string_append_c(text, '[');
		for (unsigned i = 0; i < ts_node_size(node); i++, separator = ", ") {
			g_string_append(text, separator);
			append_flow(text, ts_node_at(node, i));
		}
		g_string_append_c(text, ']');
		break;
	case TS_NODE_MAP:
		g_string_append_c(text, '{');
		for (unsigned i = 0; i < ts_node_size(node); i++, separator = ", ") {
			g_string_append_printf(text, "%s%s: ", separator, ts_node_key_at(node, i));
			append_flow(text, ts_node_value_at(node, i));
		}
		g_string_append_c(text, '}');
		break;
	}
}

static void
add_node(GPtrArray *options, const char *key, const TsNode *node)
{
	if (!node)
		return;
	g_autoptr(GString) text = g_string_new(NULL);
	append_flow(text, node);
	add(options, key, text->str);
}

static void
add_label(GPtrArray *options, const TsSourceSettings *settings)
{
	bool is_v6 = strchr(settings->name, ':') != NULL;
	g_autofree char *with_port =
		g_strdup_printf(is_v6 ? "[%s]:%u" : "%s:%u", settings->name, settings->port);
	bool is_usual = settings->kind == TS_SOURCE_REFCLOCK || settings->port == NTP_PORT;

	add_text(options, "name", settings->label, is_usual ? settings->name : with_port);
}

static void
add_selection(GPtrArray *options, const TsSourceSettings *settings, const TsSourceSettings *usual)
{
	add_bool(options, "prefer", settings->prefer, false);
	add_bool(options, "trust", settings->trust, false);
	add_bool(options, "require", settings->require, false);
	add_bool(options, "noselect", settings->noselect, false);
	add_bool(options, "online", settings->is_online, usual->is_online);
	add_number(options, "offset", settings->offset_s, usual->offset_s, "s");
	add_int(options, "min-samples", settings->min_samples, usual->min_samples);
	add_int(options, "max-samples", settings->max_samples, usual->max_samples);
	add_int(options, "filter", settings->filter, usual->filter);
	add_number(options, "max-distance", settings->max_distance_s, usual->max_distance_s, "s");
}

static void
add_ratio(GPtrArray *options, const char *key, double value, double usual)
{
	if (value == 0 && usual != 0)
		add(options, key, "none");
	else
		add_number(options, key, value, usual, "");
}

static void
add_network(GPtrArray *options, const TsSourceSettings *settings, const TsSourceSettings *usual)
{
	static const char *const families[] = {"any", "ipv4", "ipv6"};

	add_int(options, "port", settings->port, usual->port);
	add_int(options, "version", settings->version, usual->version);
	add_int(options, "min-poll", settings->min_poll, usual->min_poll);
	add_int(options, "max-poll", settings->max_poll, usual->max_poll);
	add_bool(options, "iburst", settings->iburst, usual->iburst);
	add_bool(options, "burst", settings->burst, usual->burst);
	add_bool(options, "xleave", settings->xleave, usual->xleave);
	if (settings->kind == TS_SOURCE_POOL)
		add_int(options, "max-sources", settings->max_sources, usual->max_sources);
	add_text(options, "family", families[settings->family], families[usual->family]);
	add_number(options, "max-delay", settings->max_delay_s, usual->max_delay_s, "s");
	add_ratio(options, "max-delay-ratio", settings->max_delay_ratio, usual->max_delay_ratio);
	add_ratio(options, "max-delay-dev-ratio", settings->max_delay_dev_ratio,
		  usual->max_delay_dev_ratio);
	add_text(options, "bind-address", settings->bind_address, NULL);
	add_text(options, "device", settings->device, NULL);
	add_int(options, "dscp", settings->dscp, usual->dscp);
	add_int(options, "key", settings->key, 0);
	add_node(options, "nts", settings->nts);
}

static void
add_refclock(GPtrArray *options, const TsSourceSettings *settings)
{
	add_text(options, "refid", settings->refid, NULL);
	add_int(options, "stratum", settings->stratum, 0);
	for (unsigned i = 0; settings->plugin && i < ts_node_size(settings->plugin); i++)
		add_node(options, ts_node_key_at(settings->plugin, i),
			 ts_node_value_at(settings->plugin, i));
}

char **
ts_source_options_format(const TsSourceSettings *settings)
{
	g_autoptr(TsSourceSettings) usual = ts_source_settings_new(settings->kind, settings->name);
	GPtrArray *options = g_ptr_array_new();

	add(options, ts_source_kind_name(settings->kind), settings->name);
	add_label(options, settings);
	add_selection(options, settings, usual);
	if (settings->kind == TS_SOURCE_REFCLOCK)
		add_refclock(options, settings);
	else
		add_network(options, settings, usual);
	g_ptr_array_add(options, NULL);
	return (char **)g_ptr_array_free(options, FALSE);
}

static size_t
key_length(const char *option)
{
	return strcspn(option, "=");
}

static const char *
find_key(char *const *options, const char *option)
{
	size_t length = key_length(option);

	for (; *options; options++)
		if (key_length(*options) == length && strncmp(*options, option, length) == 0)
			return *options;
	return NULL;
}

static bool
is_taken_out(const char *option)
{
	size_t length = key_length(option);

	return option[length] == '=' && option[length + 1] == 0;
}

char **
ts_source_options_merge(char *const *options, char *const *changes)
{
	g_autoptr(GStrvBuilder) merged = g_strv_builder_new();

	for (char *const *option = options; *option; option++) {
		const char *change = find_key(changes, *option);
		if (!change)
			g_strv_builder_add(merged, *option);
		else if (!is_taken_out(change))
			g_strv_builder_add(merged, change);
	}
	for (char *const *change = changes; *change; change++)
		if (!find_key(options, *change) && !is_taken_out(*change))
			g_strv_builder_add(merged, *change);
	return g_strv_builder_end(merged);
}
