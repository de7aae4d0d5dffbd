/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - see report.h */
#include "report.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>

/* ---- table ----------------------------------------------------------------------------------- */

static gint
compare_doubles(gconstpointer a, gconstpointer b)
{
	double first = *(const double *)a, second = *(const double *)b;

	/* what is no number comes last */
	if (isnan(first) || isnan(second))
		return isnan(first) - isnan(second);
	return (first > second) - (first < second);
}

/* Returns: (transfer full). */
static char *
format_cell(const SimFigure *figure, unsigned node, const SimRun *runs, unsigned n_runs)
{
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

	for (unsigned i = 0; i < n_runs; i++) {
		double value = sim_figure_get(figure, &runs[i].figures[node]);
		g_array_append_val(values, value);
	}
	g_array_sort(values, compare_doubles);
	double least = g_array_index(values, double, 0);
	double most = g_array_index(values, double, n_runs - 1);
	g_autofree char *median =
		sim_figure_format(figure, g_array_index(values, double, (n_runs - 1) / 2));
	if (least == most || (isnan(least) && isnan(most)))
		return g_steal_pointer(&median);
	g_autofree char *from = sim_figure_format(figure, least);
	g_autofree char *to = sim_figure_format(figure, most);
	return g_strdup_printf("%s [%s..%s]", median, from, to);
}

/* A row a figure; the first holds the names. */
static GPtrArray *
make_column(const SimScenario *scenario, unsigned node, const SimRun *runs, unsigned n_runs)
{
	GPtrArray *column = g_ptr_array_new_with_free_func(g_free);
	const SimNodeSettings *settings = g_ptr_array_index(scenario->nodes, node);

	g_ptr_array_add(column, g_strdup(settings->name));
	for (unsigned i = 0; i < sim_n_figures; i++)
		g_ptr_array_add(column, format_cell(&sim_figures[i], node, runs, n_runs));
	return column;
}

static int
width_of(const GPtrArray *column)
{
	glong width = 0;

	for (unsigned i = 0; i < column->len; i++)
		width = MAX(width, g_utf8_strlen(column->pdata[i], -1));
	return (int)width;
}

void
sim_report_table(const SimScenario *scenario, const SimRun *runs, unsigned n_runs)
{
	unsigned n_nodes = scenario->nodes->len;
	g_autoptr(GPtrArray) columns =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

	for (unsigned i = 0; i < n_nodes; i++)
		g_ptr_array_add(columns, make_column(scenario, i, runs, n_runs));
	if (scenario->title)
		printf("%s\n", scenario->title);
	for (unsigned row = 0; row <= sim_n_figures; row++) {
		printf("%-15s", row == 0 ? "" : sim_figures[row - 1].name);
		for (unsigned i = 0; i < n_nodes; i++) {
			const GPtrArray *column = g_ptr_array_index(columns, i);
			printf("  %*s", width_of(column), (const char *)column->pdata[row]);
		}
		putchar('\n');
	}
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void
add_figures(JsonBuilder *builder, const SimFigures *figures)
{
	json_builder_begin_object(builder);
	for (unsigned i = 0; i < sim_n_figures; i++) {
		double value = sim_figure_get(&sim_figures[i], figures);
		const char *word = sim_figure_word(&sim_figures[i], value);
		json_builder_set_member_name(builder, sim_figures[i].name);
		if (word)
			json_builder_add_string_value(builder, word);
		else if (isfinite(value))
			json_builder_add_double_value(builder, value);
		else
			json_builder_add_null_value(builder);
	}
	json_builder_end_object(builder);
}

static void
add_run(JsonBuilder *builder, const SimScenario *scenario, const SimRun *run)
{
	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "seed");
	json_builder_add_int_value(builder, (gint64)run->seed);
	json_builder_set_member_name(builder, "nodes");
	json_builder_begin_object(builder);
	for (unsigned i = 0; i < scenario->nodes->len; i++) {
		const SimNodeSettings *settings = g_ptr_array_index(scenario->nodes, i);
		json_builder_set_member_name(builder, settings->name);
		add_figures(builder, &run->figures[i]);
	}
	json_builder_end_object(builder);
	json_builder_end_object(builder);
}

void
sim_report_json(const SimScenario *scenario, const SimRun *runs, unsigned n_runs)
{
	g_autoptr(JsonBuilder) builder = json_builder_new();
	g_autoptr(JsonGenerator) generator = json_generator_new();

	json_builder_begin_object(builder);
	json_builder_set_member_name(builder, "title");
	json_builder_add_string_value(builder, scenario->title ? scenario->title : "");
	json_builder_set_member_name(builder, "runs");
	json_builder_begin_array(builder);
	for (unsigned i = 0; i < n_runs; i++)
		add_run(builder, scenario, &runs[i]);
	json_builder_end_array(builder);
	json_builder_end_object(builder);
	g_autoptr(JsonNode) root = json_builder_get_root(builder);
	json_generator_set_root(generator, root);
	json_generator_set_pretty(generator, TRUE);
	g_autofree char *text = json_generator_to_data(generator, NULL);
	puts(text);
}

/* ---- expectations ---------------------------------------------------------------------------- */

typedef struct {
	const char *node;
	uint64_t seed;
} Subject;

static void
complain(void *user_data, const SimExpectation *expectation, double value)
{
	const Subject *subject = user_data;
	g_autofree char *place = ts_origin_format(&expectation->origin);
	g_autofree char *found = sim_figure_format(expectation->figure, value);

	fprintf(stderr, "%s: %s of %s is %s, expected was %s (seed %" G_GUINT64_FORMAT ")\n", place,
		expectation->figure->name, subject->node, found, expectation->text, subject->seed);
}

unsigned
sim_report_broken(const SimScenario *scenario, const SimRun *runs, unsigned n_runs)
{
	unsigned n_broken = 0;

	for (unsigned i = 0; i < n_runs; i++)
		for (unsigned j = 0; j < scenario->nodes->len; j++) {
			const SimNodeSettings *node = g_ptr_array_index(scenario->nodes, j);
			Subject subject = {node->name, runs[i].seed};
			n_broken += sim_expectations_check(scenario->expectations,
							   node->expectations,
							   &runs[i].figures[j], complain, &subject);
		}
	return n_broken;
}
