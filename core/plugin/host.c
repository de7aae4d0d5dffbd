/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - see host.h */
#include "plugin/host.h"

#include "base/error.h"
#include "base/log.h"
#include "plugin/host-data.h"
#include "plugin/plugin-files.h"

#define TS_LOG_COMPONENT "plugin"

void
ts_plugin_host_drop(TsLoaded *plugin)
{
	TsPluginHost *host = plugin->host;

	ts_info("%s unloaded", plugin->name);
	g_hash_table_remove(host->plugins, plugin->name);
	ts_loaded_free(plugin);
}

void
ts_plugin_host_drop_unused(TsLoaded *plugin)
{
	if (plugin->uses->len == 0 && !plugin->is_wanted && !plugin->is_asked_for)
		ts_plugin_host_drop(plugin);
}

TsLoaded *
ts_plugin_host_take(TsPluginHost *host, const char *path, GError **error)
{
	TsLoaded *plugin = ts_loaded_new(host, path, error);

	if (plugin)
		g_hash_table_insert(host->plugins, plugin->name, plugin);
	return plugin;
}

TsLoaded *
ts_plugin_host_find(TsPluginHost *host, const char *name)
{
	TsLoaded *plugin = g_hash_table_lookup(host->plugins, name);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (!plugin && g_hash_table_iter_next(&iter, NULL, &value))
		if (ts_plugin_files_is_same(name, ((TsLoaded *)value)->name))
			plugin = value;
	return plugin;
}

/* Returns: (nullable): the plugin that @name means, loaded now if it was not. */
static TsLoaded *
need(TsPluginHost *host, const char *name, GError **error)
{
	const TsPluginSettings *entry = ts_plugin_files_entry(host->settings, name);

	if (entry && !entry->is_enabled) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "plugin %s is not enabled; set plugins: %s: enabled: true", name,
			    entry->name);
		return NULL;
	}
	/* first what is there: it may have been loaded by its file, from another folder */
	TsLoaded *plugin = ts_plugin_host_find(host, name);
	if (plugin)
		return plugin;
	g_autofree char *path = ts_plugin_files_find(host->settings, name, error);
	return path ? ts_plugin_host_take(host, path, error) : NULL;
}

/* ---- sources --------------------------------------------------------------------------------- */

/* Returns: (nullable): who has the source @label; *@index is its place there. */
static TsLoaded *
find_source(TsPluginHost *host, const char *label, unsigned *index)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		TsLoaded *plugin = value;
		for (*index = 0; *index < plugin->uses->len; ++*index)
			if (g_str_equal(
				    ((TsLoadedUse *)g_ptr_array_index(plugin->uses, *index))->label,
				    label))
				return plugin;
	}
	return NULL;
}

static bool
add_source(void *provider, const TsSourceSettings *settings, GError **error)
{
	TsLoaded *plugin = need(provider, settings->name, error);

	if (!plugin)
		return false;
	if (ts_loaded_add_source(plugin, settings, error))
		return true;
	ts_plugin_host_drop_unused(plugin);
	return false;
}

static void
remove_source(void *provider, const char *label)
{
	unsigned index;
	TsLoaded *plugin = find_source(provider, label, &index);

	if (!plugin)
		return;
	ts_loaded_end_source(plugin, index);
	ts_plugin_host_drop_unused(plugin);
}

/* Ends the source at @index and makes another of the plugin @next; if that can't start, the old one
 * comes back. */
static bool
replace_source(TsLoaded *plugin, unsigned index, TsLoaded *next, const TsSourceSettings *settings,
	       GError **error)
{
	const TsLoadedUse *use = g_ptr_array_index(plugin->uses, index);
	g_autoptr(TsSourceSettings) before = ts_source_settings_copy(use->settings);
	g_autoptr(GError) cause = NULL;

	if (!ts_loaded_check_source(next, settings, error))
		return false;
	/* before the new one: they may want the same device */
	ts_loaded_end_source(plugin, index);
	if (ts_loaded_add_source(next, settings, error))
		return true;
	if (!ts_loaded_add_source(plugin, before, &cause))
		ts_warning("source %s is lost: %s", before->label, cause->message);
	return false;
}

static bool
update_source(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	unsigned index;
	TsLoaded *plugin = find_source(provider, settings->label, &index);

	if (!plugin)
		return add_source(provider, settings, error);
	if (change == TS_CHANGE_RESTART) {
		TsLoaded *next = need(provider, settings->name, error);
		if (!next)
			return false;
		bool is_replaced = replace_source(plugin, index, next, settings, error);
		ts_plugin_host_drop_unused(plugin);
		if (next != plugin)
			ts_plugin_host_drop_unused(next);
		return is_replaced;
	}
	TsLoadedUse *use = g_ptr_array_index(plugin->uses, index);
	ts_source_settings_free(use->settings);
	use->settings = ts_source_settings_copy(settings);
	ts_refclock_set_settings(use->refclock, settings);
	return true;
}

const TsSourceProvider ts_plugin_host_provider = {
	.add = add_source,
	.remove = remove_source,
	.update = update_source,
};

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_engine_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	TsPluginHost *host = user_data;
	GHashTableIter iter;
	gpointer value;

	(void)source;
	(void)detail;
	if (event != TS_EVENT_CLOCK_STEPPED && event != TS_EVENT_CLOCK_DISRUPTED)
		return;
	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		ts_loaded_tell_disruption(value);
}

TsPluginHost *
ts_plugin_host_new(TsEngine *engine, TsMetrics *metrics)
{
	TsPluginHost *self = g_new0(TsPluginHost, 1);

	self->context = (TsPluginContext){engine, metrics, ts_services_new()};
	self->copies = ts_private_copies_new(NULL);
	self->settings = ts_settings_new();
	self->plugins = g_hash_table_new(g_str_hash, g_str_equal);
	self->left_mapped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->subscription = ts_engine_subscribe(engine, on_engine_event, self);
	return self;
}

void
ts_plugin_host_free(TsPluginHost *host)
{
	if (!host)
		return;
	ts_engine_unsubscribe(host->context.engine, host->subscription);
	g_autoptr(GList) plugins = g_hash_table_get_values(host->plugins);
	g_hash_table_remove_all(host->plugins);
	g_list_foreach(plugins, (GFunc)(void (*)(void))ts_loaded_free, NULL);
	g_hash_table_unref(host->plugins);
	g_hash_table_unref(host->left_mapped);
	ts_settings_unref(host->settings);
	ts_private_copies_free(host->copies);
	ts_services_free(host->context.services);
	g_free(host);
}

/* ---- the files' entries ---------------------------------------------------------------------- */

static void
apply_entry(TsPluginHost *host, const TsPluginSettings *entry)
{
	g_autoptr(GError) error = NULL;

	if (!entry->is_enabled || ts_plugin_files_has_source(host->settings, entry))
		return;
	TsLoaded *plugin = need(host, entry->name, &error);
	if (plugin) {
		plugin->is_wanted = true;
		return;
	}
	g_autofree char *place = ts_origin_format(&entry->origin);
	ts_warning("%s: %s", place, error->message);
}

void
ts_plugin_host_apply(TsPluginHost *host, const TsSettings *settings)
{
	g_autoptr(GList) plugins = g_hash_table_get_values(host->plugins);

	ts_settings_unref(host->settings);
	host->settings = ts_settings_ref((TsSettings *)settings);
	for (GList *item = plugins; item; item = item->next) {
		TsLoaded *plugin = item->data;
		const TsPluginSettings *entry = ts_plugin_files_entry(settings, plugin->name);
		plugin->is_wanted = false;
		if (entry || plugin->is_asked_for || plugin->uses->len > 0)
			ts_loaded_set_defaults(plugin, entry);
		ts_loaded_set_enabled(plugin, !entry || entry->is_enabled);
	}
	for (unsigned i = 0; i < settings->plugins->len; i++)
		apply_entry(host, g_ptr_array_index(settings->plugins, i));
	for (GList *item = plugins; item; item = item->next)
		ts_plugin_host_drop_unused(item->data);
}
