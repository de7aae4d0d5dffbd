/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - the settings of plugins against their schemas, without running their code (host.h) */
#include "plugin/host.h"

#include <unistd.h>

#include "plugin/loader.h"
#include "plugin/plugin-files.h"

/* Returns: (nullable) (transfer full): what @name means, looked at; a problem at @where if that
 * fails. */
static TsModule *
look_for(const TsSettings *settings, const char *name, const TsOrigin *where, GPtrArray *problems)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *path = ts_plugin_files_find(settings, name, &error);
	g_autoptr(TsModule) module = path ? ts_module_look(path, geteuid(), &error) : NULL;

	if (module && ts_plugin_facts_check(module->facts, path, &error))
		return g_steal_pointer(&module);
	ts_plugin_schema_add_problem(problems, where, true, g_strdup(error->message));
	return NULL;
}

static void
check_source(const TsSettings *settings, const TsSourceSettings *source, GPtrArray *problems)
{
	g_autoptr(TsModule) module = look_for(settings, source->name, &source->origin, problems);

	if (!module)
		return;
	const struct timesrv_note_info *info = &module->facts->info;
	if (info->kind != TIMESRV_KIND_REFCLOCK) {
		ts_plugin_schema_add_problem(
			problems, &source->origin, false,
			g_strdup_printf(
				"plugin %s is of kind %s: it gives no time; name one of kind "
				"refclock",
				info->name, ts_plugin_kind_name(info->kind)));
		return;
	}
	const TsPluginSettings *entry = ts_plugin_files_entry(settings, info->name);
	TsNode *maps[] = {source->plugin, entry ? entry->settings : NULL};
	G_GNUC_UNUSED g_autoptr(GHashTable) values = ts_plugin_schema_read(
		module->schema, maps, G_N_ELEMENTS(maps), &source->origin, info->name, problems);
}

/* An entry that is only the defaults of sources was checked with them. */
static void
check_entry(const TsSettings *settings, const TsPluginSettings *entry, GPtrArray *problems)
{
	if (!entry->is_enabled || ts_plugin_files_has_source(settings, entry))
		return;
	g_autoptr(TsModule) module = look_for(settings, entry->name, &entry->origin, problems);
	if (!module)
		return;
	TsNode *maps[] = {entry->settings};
	bool is_service = module->facts->info.kind == TIMESRV_KIND_SERVICE;
	G_GNUC_UNUSED g_autoptr(GHashTable) values = ts_plugin_schema_read(
		module->schema, maps, G_N_ELEMENTS(maps), is_service ? &entry->origin : NULL,
		module->facts->info.name, problems);
}

void
ts_plugin_host_check_settings(const TsSettings *settings, GPtrArray *problems)
{
	for (unsigned i = 0; i < settings->sources->len; i++) {
		const TsSourceSettings *source = g_ptr_array_index(settings->sources, i);
		if (source->kind == TS_SOURCE_REFCLOCK)
			check_source(settings, source, problems);
	}
	for (unsigned i = 0; i < settings->plugins->len; i++)
		check_entry(settings, g_ptr_array_index(settings->plugins, i), problems);
}
