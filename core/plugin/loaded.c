/* SPDX-License-Identifier: BSD-2-Clause */
/* loaded.c - see loaded.h */
#include "plugin/loaded.h"

#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "plugin/host-data.h"
#include "plugin/plugin-files.h"

#define TS_LOG_COMPONENT "plugin"

static void
use_free(TsLoadedUse *use)
{
	ts_source_settings_free(use->settings);
	g_free(use->label);
	g_free(use);
}

void
ts_loaded_free(TsLoaded *plugin)
{
	TsPluginHost *host = plugin->host;
	bool is_unused = ts_instance_free(plugin->service) && !plugin->is_pinned;
	bool is_resident = plugin->module->facts->info.flags & TIMESRV_PLUGIN_RESIDENT;

	for (unsigned i = 0; i < plugin->uses->len; i++) {
		TsLoadedUse *use = g_ptr_array_index(plugin->uses, i);
		is_unused &= ts_refclock_free(use->refclock);
		use_free(use);
	}
	/* a module that is still in use is left as it is, and lost */
	if (!is_unused || !ts_module_close(plugin->module)) {
		unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, plugin->name));
		g_hash_table_insert(host->left_mapped, g_strdup(plugin->name),
				    GUINT_TO_POINTER(n + 1));
		if (!is_resident)
			ts_warning("%s: its code is still mapped after it was unloaded; see "
				   "timesrvctl plugin info %s",
				   plugin->name, plugin->name);
	}
	g_clear_pointer(&plugin->defaults, ts_node_unref);
	g_ptr_array_unref(plugin->uses);
	g_free(plugin->name);
	g_free(plugin);
}

static char *
problems_to_text(const GPtrArray *problems)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = g_ptr_array_index(problems, i);
		g_autofree char *place = ts_origin_format(&problem->origin);
		bool has_place = problem->origin.file != NULL;
		g_string_append_printf(text, "%s%s%s%s", i ? "; " : "", has_place ? place : "",
				       has_place ? ": " : "", problem->text);
	}
	return g_string_free(text, FALSE);
}

/* Returns: (transfer full) (nullable): the values of an instance whose own keys are @own. */
static GHashTable *
read_values(const TsLoaded *plugin, TsNode *own, const TsOrigin *where, GError **error)
{
	g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();
	TsNode *maps[] = {own, plugin->defaults};
	GHashTable *values = ts_plugin_schema_read(plugin->module->schema, maps, G_N_ELEMENTS(maps),
						   where, plugin->name, problems);

	if (!values) {
		g_autofree char *text = problems_to_text(problems);
		g_set_error_literal(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG, text);
	}
	return values;
}

static bool
start_service(TsLoaded *plugin, const TsOrigin *where, GError **error)
{
	static const TsOrigin nowhere;
	GHashTable *values = read_values(plugin, NULL, where ? where : &nowhere, error);

	if (!values)
		return false;
	plugin->service = ts_instance_new(&plugin->host->context, plugin->module, plugin->name,
					  values, NULL, error);
	if (!plugin->service)
		return false;
	if (ts_instance_start(plugin->service, error))
		return true;
	ts_instance_free(g_steal_pointer(&plugin->service));
	return false;
}

TsLoaded *
ts_loaded_new(TsPluginHost *host, const char *path, GError **error)
{
	g_autofree char *name = ts_plugin_files_name(path);
	TsModule *module = ts_module_open(host->copies, path, name, geteuid(), error);

	if (!module)
		return NULL;
	TsLoaded *plugin = g_new0(TsLoaded, 1);
	plugin->host = host;
	plugin->name = g_steal_pointer(&name);
	plugin->module = module;
	plugin->uses = g_ptr_array_new();
	const TsPluginSettings *entry = ts_plugin_files_entry(host->settings, plugin->name);
	if (entry && entry->settings)
		plugin->defaults = ts_node_ref(entry->settings);
	if (module->plugin->kind == TIMESRV_KIND_SERVICE &&
	    !start_service(plugin, entry ? &entry->origin : NULL, error)) {
		ts_loaded_free(plugin);
		return NULL;
	}
	ts_info("%s %s loaded from %s", plugin->name, module->facts->info.version, path);
	for (unsigned i = 0; i < module->lint->len; i++)
		ts_warning("%s: %s", plugin->name, (char *)g_ptr_array_index(module->lint, i));
	return plugin;
}

static bool
has_instance(const TsLoaded *plugin, const char *name)
{
	for (unsigned i = 0; i < plugin->uses->len; i++) {
		const TsLoadedUse *use = g_ptr_array_index(plugin->uses, i);
		if (g_str_equal(ts_refclock_instance_name(use->refclock), name))
			return true;
	}
	return false;
}

/* In logs and metrics: the plugin's name, with the label where that says more. */
static char *
instance_name(const TsLoaded *plugin, const char *label)
{
	g_autofree char *plain = g_ascii_strdown(label, -1);

	g_strcanon(plain, "abcdefghijklmnopqrstuvwxyz0123456789_-", '-');
	char *name = ts_plugin_files_is_same(plain, plugin->name)
			     ? g_strdup(plugin->name)
			     : g_strconcat(plugin->name, "-", plain, NULL);
	for (unsigned n = 2; has_instance(plugin, name); n++) {
		g_free(name);
		name = g_strdup_printf("%s-%s-%u", plugin->name, plain, n);
	}
	return name;
}

/* Returns: (transfer full) (nullable): the values of an instance that is the source @settings. */
static GHashTable *
read_source(const TsLoaded *plugin, const TsSourceSettings *settings, GError **error)
{
	if (plugin->module->plugin->kind == TIMESRV_KIND_REFCLOCK)
		return read_values(plugin, settings->plugin, &settings->origin, error);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
		    "plugin %s is of kind %s: it gives no time; name one of kind refclock",
		    plugin->name, ts_plugin_kind_name(plugin->module->plugin->kind));
	return NULL;
}

bool
ts_loaded_check_source(const TsLoaded *plugin, const TsSourceSettings *settings, GError **error)
{
	g_autoptr(GHashTable) values = read_source(plugin, settings, error);

	return values != NULL;
}

bool
ts_loaded_add_source(TsLoaded *plugin, const TsSourceSettings *settings, GError **error)
{
	GHashTable *values = read_source(plugin, settings, error);

	if (!values)
		return false;
	g_autofree char *name = instance_name(plugin, settings->label);
	TsRefclock *refclock = ts_refclock_new(&plugin->host->context, plugin->module, settings,
					       name, values, error);
	if (!refclock)
		return false;
	TsLoadedUse *use = g_new0(TsLoadedUse, 1);
	use->label = g_strdup(settings->label);
	use->settings = ts_source_settings_copy(settings);
	use->refclock = refclock;
	g_ptr_array_add(plugin->uses, use);
	return true;
}

void
ts_loaded_end_source(TsLoaded *plugin, unsigned index)
{
	TsLoadedUse *use = g_ptr_array_steal_index(plugin->uses, index);

	if (!ts_refclock_free(use->refclock))
		plugin->is_pinned = true;
	use_free(use);
}

void
ts_loaded_set_enabled(TsLoaded *plugin, bool is_enabled)
{
	for (unsigned i = 0; i < plugin->uses->len; i++)
		ts_refclock_set_enabled(
			((TsLoadedUse *)g_ptr_array_index(plugin->uses, i))->refclock, is_enabled);
}

void
ts_loaded_tell_disruption(const TsLoaded *plugin)
{
	const struct timesrv_plugin *code = plugin->module->plugin;

	for (unsigned i = 0; i < plugin->uses->len; i++)
		ts_refclock_tell_disruption(
			((TsLoadedUse *)g_ptr_array_index(plugin->uses, i))->refclock);
	if (plugin->service && code->on_disruption)
		code->on_disruption(plugin->service->self,
				    plugin->service->table.epoch(plugin->service));
}

void
ts_loaded_set_defaults(TsLoaded *plugin, const TsPluginSettings *entry)
{
	g_autoptr(GError) error = NULL;
	TsNode *defaults = entry ? entry->settings : NULL;

	if (ts_node_equal(plugin->defaults, defaults))
		return;
	g_clear_pointer(&plugin->defaults, ts_node_unref);
	if (defaults)
		plugin->defaults = ts_node_ref(defaults);
	if (plugin->service) {
		if (!ts_instance_free(g_steal_pointer(&plugin->service)))
			plugin->is_pinned = true;
		if (!start_service(plugin, entry ? &entry->origin : NULL, &error))
			ts_warning("%s", error->message);
	}
	for (unsigned left = plugin->uses->len; left > 0; left--) {
		const TsLoadedUse *use = g_ptr_array_index(plugin->uses, 0);
		g_autoptr(TsSourceSettings) settings = ts_source_settings_copy(use->settings);
		g_autoptr(GError) cause = NULL;
		ts_loaded_end_source(plugin, 0);
		if (!ts_loaded_add_source(plugin, settings, &cause))
			ts_warning("source %s: %s", settings->label, cause->message);
	}
}
