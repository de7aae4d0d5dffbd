/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - see report.h */
#include "report.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>

/* ---- table ----------------------------------------------------------------------------------- */

/* Returns: (transfer full) (array length=n_runs): one node's figures in all runs. */
static const SimFigures **
figures_of(unsigned node, const SimRun *runs, unsigned n_runs)
{
	const SimFigures **figures = g_new(const SimFigures *, n_runs);

	for (unsigned i = 0; i < n_runs; i++)
		figures[i] = &runs[i].figures[node];
	return figures;
}

/* Returns: (transfer full). */
static char *
format_cell(const SimFigure *figure, const SimFigures *const *figures, unsigned n)
{
	g_autofree double *values = sim_figure_sort(figure, figures, n);
	g_autofree char *median = sim_figure_format(figure, values[(n - 1) / 2]);
	g_autofree char *least = sim_figure_format(figure, values[0]);
	g_autofree char *most = sim_figure_format(figure, values[n - 1]);

	if (g_str_equal(least, most))
		return g_steal_pointer(&median);
	return g_strdup_printf("%s [%s..%s]", median, least, most);
}

/* A row a figure; the first holds the names. */
static GPtrArray *
make_column(const SimScenario *scenario, unsigned node, const SimRun *runs, unsigned n_runs)
{
	GPtrArray *column = g_ptr_array_new_with_free_func(g_free);
	const SimNodeSettings *settings = g_ptr_array_index(scenario->nodes, node);
	g_autofree const SimFigures **figures = figures_of(node, runs, n_runs);

	g_ptr_array_add(column, g_strdup(settings->name));
	for (unsigned i = 0; i < sim_n_figures; i++)
		g_ptr_array_add(column, format_cell(&sim_figures[i], figures, n_runs));
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
	const char *run;
} Subject;

static void
complain(void *user_data, const SimExpectation *expectation, double value)
{
	const Subject *subject = user_data;
	g_autofree char *place = ts_origin_format(&expectation->origin);
	g_autofree char *found = sim_figure_format(expectation->figure, value);

	fprintf(stderr, "%s: %s of %s is %s, expected was %s (%s)\n", place,
		expectation->figure->name, subject->node, found, expectation->text, subject->run);
}

/* Returns: how many of one node's expectations do not hold. */
static unsigned
check_node(const SimScenario *scenario, unsigned node, const SimRun *runs, unsigned n_runs)
{
	const SimNodeSettings *settings = g_ptr_array_index(scenario->nodes, node);
	g_autofree const SimFigures **figures = figures_of(node, runs, n_runs);
	SimFigures median;
	unsigned n_broken = 0;

	for (unsigned i = 0; i < n_runs; i++) {
		g_autofree char *run = g_strdup_printf("seed %" G_GUINT64_FORMAT, runs[i].seed);
		Subject subject = {settings->name, run};
		n_broken += sim_expectations_check(scenario->expectations, settings->expectations,
						   figures[i], false, complain, &subject);
	}
	g_autofree char *all = g_strdup_printf("of %u seeds", n_runs);
	Subject subject = {settings->name, all};
	sim_figures_median(figures, n_runs, &median);
	return n_broken + sim_expectations_check(scenario->expectations, settings->expectations,
						 &median, true, complain, &subject);
}

unsigned
sim_report_broken(const SimScenario *scenario, const SimRun *runs, unsigned n_runs)
{
	unsigned n_broken = 0;

	for (unsigned i = 0; i < scenario->nodes->len; i++)
		n_broken += check_node(scenario, i, runs, n_runs);
	return n_broken;
}
