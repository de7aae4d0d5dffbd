/* SPDX-License-Identifier: BSD-2-Clause */
/* figures.c - see figures.h */
#include "figures.h"

#include <math.h>

#include "clock/leap.h"
#include "source/engine.h"

#define FIGURE(name, kind, member)                                                                 \
	{                                                                                          \
		name, SIM_KIND_##kind, offsetof(SimFigures, member)                                \
	}

const SimFigure sim_figures[] = {
	FIGURE("rms", SECONDS, rms_s),
	FIGURE("p50", SECONDS, p50_s),
	FIGURE("p99", SECONDS, p99_s),
	FIGURE("max", SECONDS, max_s),
	FIGURE("frequency-rms", PPM, frequency_rms_ppm),
	FIGURE("frequency-p99", PPM, frequency_p99_ppm),
	FIGURE("frequency-max", PPM, frequency_max_ppm),
	FIGURE("converged", SECONDS, converged_s),
	FIGURE("packets", NUMBER, packets),
	FIGURE("claimed", NUMBER, claimed),
	FIGURE("outside", NUMBER, outside),
	FIGURE("outside-served", NUMBER, outside_served),
	FIGURE("nesting", NUMBER, nesting),
	FIGURE("crossed", NUMBER, crossed),
	FIGURE("bound-p50", SECONDS, bound_p50_s),
	FIGURE("bound-p99", SECONDS, bound_p99_s),
	FIGURE("bound-max", SECONDS, bound_max_s),
	FIGURE("width-p50", NUMBER, width_p50),
	FIGURE("width-p99", NUMBER, width_p99),
	FIGURE("floor-p50", NUMBER, floor_p50),
	FIGURE("floor-p99", NUMBER, floor_p99),
	FIGURE("locked", NUMBER, locked),
	FIGURE("steps", NUMBER, steps),
	FIGURE("foreign-steps", NUMBER, foreign_steps),
	FIGURE("disruptions", NUMBER, disruptions),
	FIGURE("panics", NUMBER, panics),
	FIGURE("used", NUMBER, used),
	FIGURE("falsetickers", NUMBER, falsetickers),
	FIGURE("stratum", NUMBER, stratum),
	FIGURE("leap", LEAP, leap),
	FIGURE("state", STATE, state),
};

const unsigned sim_n_figures = G_N_ELEMENTS(sim_figures);

const SimFigure *
sim_figure_find(const char *name)
{
	for (unsigned i = 0; i < sim_n_figures; i++)
		if (g_str_equal(sim_figures[i].name, name))
			return &sim_figures[i];
	return NULL;
}

double
sim_figure_get(const SimFigure *figure, const SimFigures *figures)
{
	return *(const double *)(const void *)((const char *)figures + figure->offset);
}

static gint
compare_doubles(gconstpointer a, gconstpointer b)
{
	double first = *(const double *)a, second = *(const double *)b;

	if (isnan(first) || isnan(second))
		return (isnan(first) ? 1 : 0) - (isnan(second) ? 1 : 0);
	return (first > second) - (first < second);
}

double *
sim_figure_sort(const SimFigure *figure, const SimFigures *const *figures, unsigned n)
{
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));

	for (unsigned i = 0; i < n; i++) {
		double value = sim_figure_get(figure, figures[i]);
		g_array_append_val(values, value);
	}
	g_array_sort(values, compare_doubles);
	return (double *)(void *)g_array_steal(values, NULL);
}

void
sim_figures_median(const SimFigures *const *figures, unsigned n, SimFigures *median)
{
	for (unsigned i = 0; i < sim_n_figures; i++) {
		g_autofree double *values = sim_figure_sort(&sim_figures[i], figures, n);
		*(double *)(void *)((char *)median + sim_figures[i].offset) = values[(n - 1) / 2];
	}
}

static const char *
leap_name(int leap)
{
	switch (leap) {
	case TS_LEAP_NONE:
		return "none";
	case TS_LEAP_INSERT:
		return "insert";
	case TS_LEAP_DELETE:
		return "delete";
	default:
		return "unsynchronised";
	}
}

const char *
sim_figure_word(const SimFigure *figure, double value)
{
	if (figure->kind == SIM_KIND_LEAP)
		return leap_name((int)value);
	if (figure->kind != SIM_KIND_STATE)
		return NULL;
	return value == SIM_STATE_STOPPED ? "stopped"
					  : ts_clock_state_name((TsClockStateKind)value);
}

static char *
format_seconds(double value)
{
	static const struct {
		double scale;
		const char *unit;
	} units[] = {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
	unsigned i = 0;

	while (i + 1 < G_N_ELEMENTS(units) && fabs(value) < units[i].scale)
		i++;
	return g_strdup_printf("%.4g%s", value / units[i].scale, units[i].unit);
}

char *
sim_figure_format(const SimFigure *figure, double value)
{
	const char *word = sim_figure_word(figure, value);

	if (word)
		return g_strdup(word);
	if (!isfinite(value))
		return g_strdup(isnan(value) ? "-" : "never");
	if (figure->kind == SIM_KIND_SECONDS)
		return format_seconds(value);
	if (figure->kind == SIM_KIND_PPM)
		return g_strdup_printf("%.4gppm", value);
	return value == floor(value) ? g_strdup_printf("%.0f", value)
				     : g_strdup_printf("%.4g", value);
}
