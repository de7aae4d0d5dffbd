/* SPDX-License-Identifier: BSD-2-Clause */
/* render-server.c - timesrvctl server, clients and metrics */
#include "render.h"

#include <math.h>

#include "format.h"
#include "values.h"

static void
append_listeners(GVariant *server, const TsStyle *style, GString *out)
{
	g_autoptr(GVariant) listeners = ts_value_get(server, "Listeners");

	if (!listeners || g_variant_n_children(listeners) == 0) {
		ts_render_line(out, style, "Listens on", "nothing: a pure client");
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(listeners); i++) {
		g_autoptr(GVariant) listener = g_variant_get_child_value(listeners, i);
		const char *device = ts_value_text(listener, "Device");
		const char *problem = ts_value_text(listener, "Problem");
		g_autofree char *text = g_strconcat(
			ts_value_text_or(listener, "Address", "-"), device ? " on " : "",
			device ? device : "", ts_value_bool(listener, "Bound") ? "" : ": not bound",
			problem ? ": " : "", problem ? problem : "", NULL);
		ts_render_line(out, style, i ? "" : "Listens on", text);
	}
}

void
ts_render_server(GVariant *server, const TsStyle *style, GString *out)
{
	g_autoptr(GVariant) counters = ts_value_get(server, "Counters");
	char workers[TS_FORMAT_SIZE];

	append_listeners(server, style, out);
	ts_render_line(out, style, "Workers",
		       ts_format_decimal(ts_value_number(server, "Workers"), 0, false, workers));
	for (gsize i = 0; counters && i < g_variant_n_children(counters); i++) {
		const char *name;
		guint64 value;
		g_variant_get_child(counters, i, "{&st}", &name, &value);
		g_autofree char *text = g_strdup_printf("%" G_GUINT64_FORMAT, value);
		g_string_append_printf(out, "%-40s %15s\n", name, text);
	}
}

static const TsColumn client_columns[] = {
	{"Address", false, true},     {"Requests", true, false}, {"Dropped", true, false},
	{"Interleaved", true, false}, {"Interval", true, false}, {"Seen", true, false},
	{"Version", true, false},
};

static void
add_client(TsTable *table, GVariant *client)
{
	char texts[G_N_ELEMENTS(client_columns)][TS_FORMAT_SIZE];
	const char *cells[G_N_ELEMENTS(client_columns)];

	for (unsigned i = 0; i < G_N_ELEMENTS(cells); i++)
		cells[i] = texts[i];
	cells[0] = ts_value_text_or(client, "Address", "-");
	ts_format_number(ts_value_number(client, "Requests"), texts[1]);
	ts_format_number(ts_value_number(client, "Dropped"), texts[2]);
	ts_format_number(ts_value_number(client, "Interleaved"), texts[3]);
	ts_format_age(ts_value_number(client, "Interval"), texts[4]);
	ts_format_age(ts_value_number(client, "LastSeen"), texts[5]);
	ts_format_number(ts_value_number(client, "Version"), texts[6]);
	ts_table_add(table, TS_TINT_NONE, cells);
}

void
ts_render_clients(GVariant *list, const TsStyle *style, GString *out)
{
	g_autoptr(TsTable) table = ts_table_new(client_columns, G_N_ELEMENTS(client_columns));

	if (g_variant_n_children(list) == 0) {
		g_string_append(out, "no clients\n");
		return;
	}
	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) client = g_variant_get_child_value(list, i);
		add_client(table, client);
	}
	ts_table_render(table, style, out);
}

static const TsColumn metric_columns[] = {
	{"Owner", false, false}, {"Name", false, true}, {"Value", true, false}, {"Unit", false, false},
};

void
ts_render_metrics(GVariant *list, const TsStyle *style, GString *out)
{
	g_autoptr(TsTable) table = ts_table_new(metric_columns, G_N_ELEMENTS(metric_columns));
	char value[TS_FORMAT_SIZE];

	for (gsize i = 0; i < g_variant_n_children(list); i++) {
		g_autoptr(GVariant) metric = g_variant_get_child_value(list, i);
		const char *cells[] = {
			ts_value_text_or(metric, "Owner", "-"),
			ts_value_text_or(metric, "Name", "-"),
			ts_format_number(ts_value_number(metric, "Value"), value),
			ts_value_text(metric, "Unit"),
		};
		ts_table_add(table, TS_TINT_NONE, cells);
	}
	ts_table_render(table, style, out);
}
