/* SPDX-License-Identifier: BSD-2-Clause */
/* host-control.c - what an operator sees and asks of plugins (host.h) */
#include "plugin/host.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "plugin/host-data.h"
#include "plugin/plugin-files.h"
#include "plugin/view.h"

static TsPluginView *
view_of(TsPluginHost *host, const TsLoaded *plugin)
{
	TsPluginView *view = ts_plugin_view_new(plugin->module);

	view->n_instances = plugin->uses->len + (plugin->service != NULL);
	view->n_left_mapped =
		GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, plugin->name));
	return view;
}

/* Returns: (transfer full): a file that is not loaded. */
static TsPluginView *
view_of_file(TsPluginHost *host, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsModule) module = ts_module_look(path, geteuid(), &error);

	if (!module)
		return ts_plugin_view_new_broken(path, error->message);
	TsPluginView *view = ts_plugin_view_new(module);
	view->n_left_mapped = GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, view->name));
	return view;
}

static void
view_free(gpointer data)
{
	ts_plugin_view_free(data);
}

static gint
compare_views(gconstpointer a, gconstpointer b)
{
	const TsPluginView *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

GPtrArray *
ts_plugin_host_list(TsPluginHost *host)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(view_free);
	g_autoptr(GPtrArray) paths = ts_plugin_files_list(host->settings);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(views, view_of(host, value));
	for (unsigned i = 0; i < paths->len; i++) {
		g_autofree char *name = ts_plugin_files_name(g_ptr_array_index(paths, i));
		if (!g_hash_table_contains(host->plugins, name))
			g_ptr_array_add(views, view_of_file(host, g_ptr_array_index(paths, i)));
	}
	g_ptr_array_sort(views, compare_views);
	return views;
}

static bool
is_file(const char *name_or_file)
{
	return strchr(name_or_file, '/') != NULL;
}

static char *
path_of(TsPluginHost *host, const char *name_or_file, GError **error)
{
	return is_file(name_or_file) ? g_strdup(name_or_file)
				     : ts_plugin_files_find(host->settings, name_or_file, error);
}

TsPluginView *
ts_plugin_host_info(TsPluginHost *host, const char *name_or_file, GError **error)
{
	TsLoaded *plugin = is_file(name_or_file) ? NULL : ts_plugin_host_find(host, name_or_file);

	if (plugin)
		return view_of(host, plugin);
	g_autofree char *path = path_of(host, name_or_file, error);
	g_autoptr(TsModule) module = path ? ts_module_look(path, geteuid(), error) : NULL;
	return module ? ts_plugin_view_new(module) : NULL;
}

bool
ts_plugin_host_load(TsPluginHost *host, const char *name_or_file, GError **error)
{
	g_autofree char *path = path_of(host, name_or_file, error);

	if (!path)
		return false;
	g_autofree char *name = ts_plugin_files_name(path);
	TsLoaded *plugin = g_hash_table_lookup(host->plugins, name);
	if (plugin) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "plugin %s is loaded already, from %s", name, plugin->module->path);
		return false;
	}
	plugin = ts_plugin_host_take(host, path, error);
	if (!plugin)
		return false;
	plugin->is_asked_for = true;
	return true;
}

bool
ts_plugin_host_unload(TsPluginHost *host, const char *name, GError **error)
{
	TsLoaded *plugin = ts_plugin_host_find(host, name);

	if (!plugin) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND,
			    "plugin %s is not loaded", name);
		return false;
	}
	if (plugin->uses->len > 0) {
		GString *labels = g_string_new(NULL);
		for (unsigned i = 0; i < plugin->uses->len; i++)
			g_string_append_printf(
				labels, "%s%s", i ? ", " : "",
				((TsLoadedUse *)g_ptr_array_index(plugin->uses, i))->label);
		g_autofree char *text = g_string_free(labels, FALSE);
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "plugin %s is used by: %s; remove these sources first", plugin->name,
			    text);
		return false;
	}
	ts_plugin_host_drop(plugin);
	return true;
}
