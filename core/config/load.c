/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.c - see load.h
 *
 * Each file is checked by itself, so that a mistake is found even where a later file overrides the
 * value; then the merged tree is read into the settings that are used, and how its parts fit
 * together is checked.
 */
#include "config/load.h"

#include <string.h>

#include "base/error.h"
#include "config/config-file.h"
#include "config/merge.h"
#include "config/sections.h"
#include "config/yaml-reader.h"

static void
read_root(TsConfigReader *reader, const TsNode *root)
{
	ts_schema_read(reader, &ts_section_root, root, reader->settings, NULL);
}

/* Keys that begin with "x-" hold anchors for other keys and mean nothing. */
static TsNode *
without_extensions(const TsNode *root)
{
	TsNode *kept = ts_node_new_map(ts_node_origin(root));

	for (unsigned i = 0; i < ts_node_size(root); i++)
		if (!g_str_has_prefix(ts_node_key_at(root, i), "x-"))
			ts_node_set(kept, ts_node_key_at(root, i), ts_node_key_origin_at(root, i),
				    ts_node_value_at(root, i));
	return kept;
}

static void
check_alone(const TsNode *root, TsProblems *problems)
{
	g_autoptr(TsSettings) scratch = ts_settings_new();
	TsConfigReader reader = {.problems = problems, .settings = scratch};

	read_root(&reader, root);
}

/* Merges one file over the settings' tree, after it was checked by itself. */
static void
add_text(TsSettings *settings, const char *text, gsize length, const char *name,
	 TsProblems *problems)
{
	TsConfigReader reader = {.problems = problems};

	ts_problems_add_file(problems, g_intern_string(name));
	g_ptr_array_add(settings->files, g_strdup(name));
	g_autoptr(TsNode) root = ts_yaml_read(text, length, name, problems);
	if (!root || !ts_schema_expect_map(&reader, root, "a file of settings"))
		return;
	g_autoptr(TsNode) kept = without_extensions(root);
	check_alone(kept, problems);
	TsNode *merged = ts_config_merge(settings->tree, kept, problems);
	ts_node_unref(settings->tree);
	settings->tree = merged;
}

static void
add_file(TsSettings *settings, const char *path, bool is_optional, TsProblems *problems)
{
	g_autoptr(GBytes) bytes = ts_config_file_read(path, is_optional, problems);
	gsize length;

	if (!bytes)
		return;
	const char *text = g_bytes_get_data(bytes, &length);
	add_text(settings, text ? text : "", length, path, problems);
}

static bool
has_errors(const GPtrArray *problems)
{
	for (unsigned i = 0; i < problems->len; i++)
		if (!((const TsConfigProblem *)problems->pdata[i])->is_warning)
			return true;
	return false;
}

/* Reads the merged tree. Returns: (transfer full) (nullable): @settings, if there was no error. */
static TsSettings *
finish(TsSettings *settings, const TsConfigPaths *paths, TsProblems *found, GPtrArray **problems)
{
	TsConfigReader reader = {.problems = found, .settings = settings, .is_merged = true};

	read_root(&reader, settings->tree);
	if (paths->plugin_directory) {
		g_free(settings->plugin_directory);
		settings->plugin_directory = g_strdup(paths->plugin_directory);
	}
	ts_config_check_sources(&reader);
	ts_config_check_server(&reader);
	ts_config_check_plugins(&reader);
	if (paths->check && settings->sources->len <= TS_CONFIG_MAX_SOURCES)
		paths->check(settings, found->list);
	*problems = ts_problems_steal(found);
	return has_errors(*problems) ? NULL : ts_settings_ref(settings);
}

TsSettings *
ts_config_load(const TsConfigPaths *paths, GPtrArray **problems)
{
	g_autoptr(TsSettings) settings = ts_settings_new();
	g_auto(TsProblems) found;

	ts_problems_init(&found);
	if (paths->main_file)
		add_file(settings, paths->main_file, !paths->main_must_exist, &found);
	g_auto(GStrv) drop_ins = ts_config_list_drop_ins(paths->conf_dirs, &found);
	for (char **path = drop_ins; *path; path++)
		add_file(settings, *path, false, &found);
	return finish(settings, paths, &found, problems);
}

TsSettings *
ts_config_load_text(const char *text, gsize length, const char *name, GPtrArray **problems)
{
	const TsConfigPaths no_paths = {0};
	g_autoptr(TsSettings) settings = ts_settings_new();
	g_auto(TsProblems) found;

	ts_problems_init(&found);
	add_text(settings, text, length, name, &found);
	return finish(settings, &no_paths, &found, problems);
}

/* "key=value", or "key" for "key=true". A value in braces is YAML; anything else is taken as it is,
 * so that an address needs no quotes. */
static void
add_option(TsNode *entry, const char *option, TsProblems *problems)
{
	static const TsOrigin nowhere = {0};
	const char *equals = strchr(option, '=');
	g_autofree char *key =
		equals ? g_strndup(option, (gsize)(equals - option)) : g_strdup(option);
	const char *text = equals ? equals + 1 : "true";
	g_autofree char *quoted = ts_quote(option);
	g_autoptr(TsNode) value = NULL;

	if (!g_utf8_validate(option, -1, NULL) || !*key) {
		ts_problems_error(problems, &nowhere, "%s is no option as key=value", quoted);
		return;
	}
	if (*text == '{')
		value = ts_yaml_read(text, strlen(text), option, problems);
	else
		value = ts_node_new_scalar(text, false, &nowhere);
	if (ts_node_find(entry, key))
		ts_problems_error(problems, &nowhere, "%s: the option is given twice", quoted);
	else if (value)
		ts_node_set(entry, key, &nowhere, value);
}

static char *
join_problems(const GPtrArray *problems)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = problems->pdata[i];
		if (!problem->is_warning)
			g_string_append_printf(text, "%s%s", text->len ? "; " : "", problem->text);
	}
	return g_string_free(text, FALSE);
}

TsSourceSettings *
ts_config_parse_source(const char *const *options, GError **error)
{
	g_autoptr(TsNode) entry = ts_node_new_map(NULL);
	g_auto(TsProblems) problems;
	TsConfigReader reader = {.problems = &problems, .is_merged = true};

	ts_problems_init(&problems);
	for (; *options; options++)
		add_option(entry, *options, &problems);
	g_autoptr(TsSourceSettings) source = ts_section_read_source(&reader, entry);
	if (!problems.has_errors)
		return g_steal_pointer(&source);
	g_autofree char *text = join_problems(problems.list);
	g_set_error_literal(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG, text);
	return NULL;
}
