/* SPDX-License-Identifier: BSD-2-Clause */
/* render-plugins.c - timesrvctl plugin, and the problems of a configuration */
#include "render.h"

#include <math.h>

#include "format.h"
#include "values.h"

static const TsColumn plugin_columns[] = {
	{"Name", false, false},     {"Kind", false, false}, {"Version", false, false},
	{"ABI", false, false},      {"Loaded", false, false}, {"Instances", true, false},
	{"Summary", false, true},
};

static void
add_plugin(TsTable *table, GVariant *plugin)
{
	char instances[TS_FORMAT_SIZE];
	bool is_loaded = ts_value_bool(plugin, "Loaded");
	const char *cells[] = {
		ts_value_text_or(plugin, "Name", "-"),
		ts_value_text_or(plugin, "Kind", "-"),
		ts_value_text_or(plugin, "Version", "-"),
		ts_value_text_or(plugin, "Abi", "-"),
		is_loaded ? "yes" : "no",
		ts_format_number(ts_value_number(plugin, "Instances"), instances),
		ts_value_text(plugin, "Summary"),
	};

	ts_table_add(table, is_loaded ? TS_TINT_GOOD : TS_TINT_NONE, cells);
}

void
ts_render_plugins(GVariant *list, const TsStyle *style, GString *out)
{
	g_autoptr(TsTable) table = ts_table_new(plugin_columns, G_N_ELEMENTS(plugin_columns));

	if (g_variant_n_children(list) == 0) {
		g_string_append(out, "no plugins\n");
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) plugin = g_variant_get_child_value(list, i);
		add_plugin(table, plugin);
	}
	ts_table_render(table, style, out);
}

static const TsColumn setting_columns[] = {
	{"Setting", false, false}, {"Type", false, false}, {"Default", false, false},
	{"Range", false, false},   {"Unit", false, false}, {"What it is", false, true},
};

static void
append_settings(GVariant *plugin, const TsStyle *style, GString *out)
{
	g_autoptr(GVariant) settings = ts_value_get(plugin, "Settings");
	g_autoptr(TsTable) table = ts_table_new(setting_columns, G_N_ELEMENTS(setting_columns));

	if (!settings || g_variant_n_children(settings) == 0)
		return;
	for (gsize i = 0; i < g_variant_n_children(settings); i++) {
		g_autoptr(GVariant) setting = g_variant_get_child_value(settings, i);
		bool is_required = ts_value_bool(setting, "Required");
		const char *cells[] = {
			ts_value_text_or(setting, "Name", "-"),
			ts_value_text(setting, "Type"),
			is_required ? "(required)" : ts_value_text(setting, "Default"),
			ts_value_text(setting, "Range"),
			ts_value_text(setting, "Unit"),
			ts_value_text(setting, "Help"),
		};
		ts_table_add(table, TS_TINT_NONE, cells);
	}
	g_string_append_c(out, '\n');
	ts_table_render(table, style, out);
}

void
ts_render_plugin(GVariant *plugin, const TsStyle *style, GString *out)
{
	const char *abi = ts_value_text(plugin, "Abi"), *least = ts_value_text(plugin, "AbiMin");
	g_autofree char *abi_text =
		abi ? g_strconcat(abi, ", runs on ", least ? least : abi, " and later", NULL) : NULL;
	char number[TS_FORMAT_SIZE];
	double memory = ts_value_number(plugin, "Memory");
	g_autofree char *loaded =
		g_strdup_printf("yes, %.0f instances", ts_value_number(plugin, "Instances"));
	g_autoptr(GVariant) findings = ts_value_get(plugin, "Findings");

	ts_render_line(out, style, "Plugin", ts_value_text(plugin, "Name"));
	ts_render_line(out, style, "Summary", ts_value_text(plugin, "Summary"));
	ts_render_line(out, style, "Kind", ts_value_text(plugin, "Kind"));
	ts_render_line(out, style, "Version", ts_value_text(plugin, "Version"));
	ts_render_line(out, style, "License", ts_value_text(plugin, "License"));
	ts_render_line(out, style, "ABI", abi_text);
	ts_render_line(out, style, "File", ts_value_text(plugin, "Path"));
	ts_render_line(out, style, "Loaded", ts_value_bool(plugin, "Loaded") ? loaded : "no");
	ts_render_line(out, style, "Bytes mapped",
		       isnan(memory) ? NULL : ts_format_number(memory, number));
	for (gsize i = 0; findings && i < g_variant_n_children(findings); i++) {
		const char *finding;
		g_variant_get_child(findings, i, "&s", &finding);
		ts_render_line(out, style, i ? "" : "Findings", finding);
	}
	append_settings(plugin, style, out);
}

void
ts_render_problems(GVariant *list, const TsStyle *style, GString *out)
{
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) problem = g_variant_get_child_value(list, i);
		bool is_warning = ts_value_bool(problem, "Warning");
		double line = ts_value_number(problem, "Line");
		g_autofree char *text = ts_format_fit(ts_value_text_or(problem, "Text", "-"), G_MAXINT);
		g_autofree char *file =
			ts_format_fit(ts_value_text_or(problem, "File", "(no file)"), G_MAXINT);
		g_string_append(out, file);
		if (!isnan(line))
			g_string_append_printf(out, ":%.0f:%.0f", line,
					       ts_value_number(problem, "Column"));
		g_string_append(out, ": ");
		ts_tint_append(out, style, is_warning ? TS_TINT_DOUBTFUL : TS_TINT_BAD,
			       is_warning ? "warning" : "error");
		g_string_append_printf(out, ": %s\n", text);
	}
}
