/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin-files.c - see plugin-files.h */
#include "plugin/plugin-files.h"

#include <string.h>

#include "base/error.h"
#include "config/suggest.h"

#define SUFFIX	    ".so"
#define KIND_PREFIX "refclock-"

gboolean
ts_plugin_files_is_same(const char *name, const char *plugin)
{
	if (g_str_equal(name, plugin))
		return TRUE;
	return g_str_has_prefix(plugin, KIND_PREFIX) &&
	       g_str_equal(name, plugin + strlen(KIND_PREFIX));
}

char *
ts_plugin_files_name(const char *path)
{
	char *name = g_path_get_basename(path);

	if (g_str_has_suffix(name, SUFFIX))
		name[strlen(name) - strlen(SUFFIX)] = '\0';
	return name;
}

/* Returns: whether @name and the entry's name are one plugin's, either of them short. */
static gboolean
is_for(const TsPluginSettings *entry, const char *name)
{
	return ts_plugin_files_is_same(entry->name, name) ||
	       ts_plugin_files_is_same(name, entry->name);
}

/* The loader of the configuration makes an empty entry for each source, by the name that it
 * gives. */
static gboolean
says_something(const TsPluginSettings *entry)
{
	return entry->path || !entry->is_enabled ||
	       (entry->settings && ts_node_size(entry->settings) > 0);
}

const TsPluginSettings *
ts_plugin_files_entry(const TsSettings *settings, const char *name)
{
	const TsPluginSettings *best = NULL;

	for (unsigned i = 0; i < settings->plugins->len; i++) {
		const TsPluginSettings *entry = g_ptr_array_index(settings->plugins, i);
		if (is_for(entry, name) && (!best || says_something(entry)))
			best = entry;
	}
	return best;
}

gboolean
ts_plugin_files_has_source(const TsSettings *settings, const TsPluginSettings *entry)
{
	for (unsigned i = 0; i < settings->sources->len; i++) {
		const TsSourceSettings *source = g_ptr_array_index(settings->sources, i);
		if (source->kind == TS_SOURCE_REFCLOCK && is_for(entry, source->name))
			return TRUE;
	}
	return FALSE;
}

static char *
find_exact(const char *directory, const char *name)
{
	g_autofree char *file = g_strconcat(name, SUFFIX, NULL);
	g_autofree char *flat = g_build_filename(directory, file, NULL);
	g_autofree char *nested = g_build_filename(directory, name, file, NULL);

	if (g_file_test(flat, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&flat);
	return g_file_test(nested, G_FILE_TEST_EXISTS) ? g_steal_pointer(&nested) : NULL;
}

static void
set_not_found(const TsSettings *settings, const char *name, GError **error)
{
	g_autoptr(GPtrArray) files = ts_plugin_files_list(settings);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < files->len; i++)
		g_ptr_array_add(names, ts_plugin_files_name(g_ptr_array_index(files, i)));
	unsigned n_names = names->len;
	g_ptr_array_add(names, NULL);
	const char *nearest = ts_suggest(name, (const char *const *)names->pdata, n_names);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	g_autofree char *hint =
		nearest	  ? g_strdup_printf("did you mean '%s'?", nearest)
		: n_names ? g_strdup_printf("it has: %s", all)
			  : g_strdup("that directory has none; see plugins: directory");
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "no plugin '%s' in %s; %s", name,
		    settings->plugin_directory, hint);
}

char *
ts_plugin_files_find(const TsSettings *settings, const char *name, GError **error)
{
	const TsPluginSettings *entry = ts_plugin_files_entry(settings, name);

	if (entry && entry->path)
		return g_strdup(entry->path);
	char *path = find_exact(settings->plugin_directory, name);
	if (path)
		return path;
	g_autofree char *longer = g_strconcat(KIND_PREFIX, name, NULL);
	path = find_exact(settings->plugin_directory, longer);
	if (!path)
		set_not_found(settings, name, error);
	return path;
}

static gint
compare_paths(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
ts_plugin_files_list(const TsSettings *settings)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) entries = g_dir_open(settings->plugin_directory, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *plain = ts_plugin_files_name(name);
		/* a folder or a file: what find_exact() would take by that name */
		char *path = find_exact(settings->plugin_directory, plain);
		if (path && !g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
			g_ptr_array_add(paths, path);
		else
			g_free(path);
	}
	g_ptr_array_sort(paths, compare_paths);
	return paths;
}
