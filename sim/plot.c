/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plot.c - see plot.h
 *
 * One panel a node. The error's size is drawn on a logarithmic scale, as a band from its least to its
 * most within each column, for the bound is often a hundred times the error.
 */
#include "plot.h"

#include <math.h>

#define N_COLUMNS    900
#define PANEL_HEIGHT 260
#define LEFT	     70
#define TOP	     40
#define GAP	     60
#define LEAST_S	     1e-9

/* What one column of the picture shows. */
typedef struct {
	double error_least_s, error_most_s;
	double bound_s; /* the most; NAN: no claim */
} Column;

/* log10 of seconds at the panel's lower and upper edge: whole numbers. */
typedef struct {
	double low, high;
	double top; /* y */
} Scale;

static void
fold(const SimMeter *meter, Column columns[N_COLUMNS])
{
	unsigned n;
	const SimMoment *moments = sim_meter_moments(meter, &n);

	for (unsigned i = 0; i < N_COLUMNS; i++)
		columns[i] = (Column){INFINITY, 0, NAN};
	for (unsigned i = 0; i < n; i++) {
		Column *column = &columns[(uint64_t)i * N_COLUMNS / n];
		double error_s = fmax(fabs(moments[i].error_s), LEAST_S);
		column->error_least_s = fmin(column->error_least_s, error_s);
		column->error_most_s = fmax(column->error_most_s, error_s);
		column->bound_s = fmax(column->bound_s, moments[i].bound_s);
	}
}

static Scale
scale_of(const Column columns[N_COLUMNS], double top)
{
	double least_s = INFINITY, most_s = LEAST_S;

	for (unsigned i = 0; i < N_COLUMNS; i++) {
		if (columns[i].error_most_s == 0)
			continue;
		least_s = fmin(least_s, columns[i].error_most_s);
		most_s = fmax(most_s, columns[i].error_most_s);
		if (isfinite(columns[i].bound_s))
			most_s = fmax(most_s, columns[i].bound_s);
	}
	/* a decade below the quietest column: errors cross zero, and there is nothing to see there */
	return (Scale){floor(log10(least_s)) - 1, floor(log10(most_s)) + 1, top};
}

static double
y_of(const Scale *scale, double value_s)
{
	double level = CLAMP(log10(fmax(value_s, LEAST_S)), scale->low, scale->high);

	return scale->top + PANEL_HEIGHT * (scale->high - level) / (scale->high - scale->low);
}

static void
draw_grid(GString *svg, const Scale *scale)
{
	static const char *const units[] = {"s", "ms", "us", "ns"};

	for (double level = scale->low; level <= scale->high; level++) {
		double y = y_of(scale, pow(10, level));
		int exponent = (int)level;
		int unit = exponent >= 0 ? 0 : MIN((2 - exponent) / 3, 3);
		g_string_append_printf(svg,
				       "<line class='grid' x1='%d' x2='%d' y1='%.1f' y2='%.1f'/>"
				       "<text x='%d' y='%.1f' text-anchor='end'>%.0f %s</text>\n",
				       LEFT, LEFT + N_COLUMNS, y, y, LEFT - 6, y + 4,
				       pow(10, exponent + 3 * unit), units[unit]);
	}
}

static void
draw_times(GString *svg, const Scale *scale, double duration_s)
{
	bool is_long = duration_s > 2 * 86400;
	double unit_s = is_long ? 86400 : duration_s > 7200 ? 3600 : 60;
	const char *unit = is_long ? "d" : duration_s > 7200 ? "h" : "min";

	for (int i = 0; i <= 6; i++)
		g_string_append_printf(svg, "<text x='%d' y='%.1f' text-anchor='middle'>%.3g %s</text>\n",
				       LEFT + N_COLUMNS * i / 6, scale->top + PANEL_HEIGHT + 18,
				       duration_s * i / 6 / unit_s, unit);
}

static void
draw_error(GString *svg, const Scale *scale, const Column columns[N_COLUMNS])
{
	g_string_append(svg, "<path class='error' d='");
	for (unsigned i = 0; i < N_COLUMNS; i++)
		if (columns[i].error_most_s > 0)
			g_string_append_printf(svg, "M%u %.1fV%.1f", LEFT + i,
					       y_of(scale, columns[i].error_least_s) + 0.5,
					       y_of(scale, columns[i].error_most_s) - 0.5);
	g_string_append(svg, "'/>\n");
}

static void
draw_bound(GString *svg, const Scale *scale, const Column columns[N_COLUMNS])
{
	bool is_drawing = false;

	g_string_append(svg, "<path class='bound' d='");
	for (unsigned i = 0; i < N_COLUMNS; i++) {
		if (columns[i].error_most_s == 0)
			continue;
		bool has_bound = !isnan(columns[i].bound_s);
		if (has_bound)
			g_string_append_printf(svg, "%s%u %.1f", is_drawing ? "L" : "M", LEFT + i,
					       y_of(scale, columns[i].bound_s));
		is_drawing = has_bound;
	}
	g_string_append(svg, "'/>\n");
}

static void
draw_panel(GString *svg, const SimNode *node, double duration_s, double top)
{
	Column columns[N_COLUMNS];

	fold(sim_node_meter(node), columns);
	Scale scale = scale_of(columns, top);
	g_autofree char *name = g_markup_escape_text(sim_node_settings(node)->name, -1);
	g_string_append_printf(svg,
			       "<text x='%d' y='%.1f'><tspan font-weight='bold'>%s</tspan>: time error "
			       "(blue) and claimed bound (red)</text>\n",
			       LEFT, top - 8, name);
	draw_grid(svg, &scale);
	draw_times(svg, &scale, duration_s);
	draw_error(svg, &scale, columns);
	draw_bound(svg, &scale, columns);
}

bool
sim_plot_write(const SimWorld *world, const char *path, GError **error)
{
	g_autoptr(GString) svg = g_string_new(NULL);
	unsigned n = sim_world_n_nodes(world);
	const SimScenario *scenario = sim_world_scenario(world);
	g_autofree char *title = g_markup_escape_text(scenario->title ? scenario->title : "", -1);

	g_string_printf(svg,
			"<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%u' "
			"font-family='sans-serif' font-size='12'>\n"
			"<style>.grid{stroke:#ddd}.error{stroke:#2a6fbb;fill:none}"
			".bound{stroke:#c33;fill:none;stroke-width:1.5}</style>\n"
			"<rect width='100%%' height='100%%' fill='white'/>\n"
			"<text x='%d' y='18' font-size='14'>%s</text>\n",
			LEFT + N_COLUMNS + 30, TOP + 10 + n * (PANEL_HEIGHT + GAP), LEFT, title);
	for (unsigned i = 0; i < n; i++)
		draw_panel(svg, sim_world_node_at(world, i), scenario->duration_s,
			   TOP + 10 + i * (PANEL_HEIGHT + GAP));
	g_string_append(svg, "</svg>\n");
	return g_file_set_contents(path, svg->str, (gssize)svg->len, error);
}
