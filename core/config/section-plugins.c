/* SPDX-License-Identifier: BSD-2-Clause */
/* section-plugins.c - the keys of "plugins": the host's own, and one map for each plugin */
#include "config/sections.h"

#include <string.h>

#include "config/scalar.h"
#include "config/suggest.h"

#define REFCLOCK_PREFIX "refclock-"

static const TsField host_fields[] = {
	{.key = "directory",
	 .kind = TS_FIELD_TEXT,
	 .offset = offsetof(TsSettings, plugin_directory),
	 .check = ts_check_absolute_path},
	{.key = "watch", .kind = TS_FIELD_BOOL, .offset = offsetof(TsSettings, plugins_watch)},
};
static const TsSection host_section = {"plugins", host_fields, G_N_ELEMENTS(host_fields)};

static const TsField plugin_fields[] = {
	{.key = "enabled", .kind = TS_FIELD_BOOL, .offset = offsetof(TsPluginSettings, is_enabled)},
	{.key = "path",
	 .kind = TS_FIELD_TEXT,
	 .offset = offsetof(TsPluginSettings, path),
	 .check = ts_check_absolute_path},
};
static const TsSection plugin_section = {"a plugin", plugin_fields, G_N_ELEMENTS(plugin_fields)};

static TsPluginSettings *
add_plugin(TsSettings *settings, const char *name, const TsOrigin *origin)
{
	TsPluginSettings *plugin = g_new0(TsPluginSettings, 1);

	plugin->name = g_strdup(name);
	plugin->is_enabled = true;
	plugin->origin = *origin;
	g_ptr_array_add(settings->plugins, plugin);
	return plugin;
}

/* "gps:" and "gps: true" are enough for a plugin that needs no settings. */
static void
read_shorthand(TsConfigReader *reader, const TsNode *value, TsPluginSettings *plugin)
{
	const char *known[] = {"directory", "watch"};
	g_autofree char *complaint = ts_scalar_read_bool(value, &plugin->is_enabled);

	if (!complaint)
		return;
	const char *nearest = ts_suggest(plugin->name, known, G_N_ELEMENTS(known));
	ts_problems_error(reader->problems, ts_node_origin(value),
			  "plugin %s takes a map of its settings, or true or false%s%s%s",
			  plugin->name, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			  nearest ? "'?" : "");
}

static void
read_plugin(TsConfigReader *reader, const TsNode *plugins, unsigned index, TsSettings *settings)
{
	const char *name = ts_node_key_at(plugins, index);
	const TsOrigin *origin = ts_node_key_origin_at(plugins, index);
	const TsNode *value = ts_node_value_at(plugins, index);
	g_autofree char *what = g_strdup_printf("plugin %.64s", name);
	g_autofree char *quoted = ts_quote(name);

	if (!ts_is_plugin_name(name)) {
		ts_problems_error(reader->problems, origin,
				  "%s is no plugin's name: lower case letters, digits and '-', at "
				  "most 63",
				  quoted);
		return;
	}
	TsPluginSettings *plugin = add_plugin(settings, name, origin);
	if (ts_node_kind(value) == TS_NODE_SCALAR) {
		read_shorthand(reader, value, plugin);
	} else if (ts_schema_expect_map(reader, value, what)) {
		plugin->settings = ts_node_new_map(ts_node_origin(value));
		ts_schema_read(reader, &plugin_section, value, plugin, plugin->settings);
	}
}

void
ts_section_read_plugins(TsConfigReader *reader, const TsField *field, const TsNode *value,
			void *object)
{
	TsSettings *settings = object;

	if (!ts_schema_expect_map(reader, value, field->key))
		return;
	for (unsigned i = 0; i < ts_node_size(value); i++) {
		const TsField *own = ts_schema_find(&host_section, ts_node_key_at(value, i));
		if (own)
			ts_schema_read_field(reader, own, ts_node_value_at(value, i), settings);
		else
			read_plugin(reader, value, i, settings);
	}
}

/* "gps" may be written for "refclock-gps", here and there. */
static const char *
short_name(const char *name)
{
	return g_str_has_prefix(name, REFCLOCK_PREFIX) ? name + strlen(REFCLOCK_PREFIX) : name;
}

static const TsPluginSettings *
find_refclock_plugin(const TsSettings *settings, const char *name)
{
	for (unsigned i = 0; i < settings->plugins->len; i++) {
		const TsPluginSettings *plugin = settings->plugins->pdata[i];
		if (strcmp(short_name(plugin->name), short_name(name)) == 0)
			return plugin;
	}
	return NULL;
}

void
ts_config_check_plugins(TsConfigReader *reader)
{
	TsSettings *settings = reader->settings;

	/* more sources were refused already */
	for (unsigned i = 0; i < MIN(settings->sources->len, TS_CONFIG_MAX_SOURCES); i++) {
		const TsSourceSettings *source = settings->sources->pdata[i];
		if (source->kind != TS_SOURCE_REFCLOCK)
			continue;
		const TsPluginSettings *plugin = find_refclock_plugin(settings, source->name);
		if (!plugin)
			add_plugin(settings, source->name, &source->origin);
		else if (!plugin->is_enabled)
			ts_problems_warn(reader->problems, &source->origin,
					 "source %s gives no time: its plugin %s is not enabled",
					 source->label, plugin->name);
	}
}
