/* SPDX-License-Identifier: BSD-2-Clause */
/* figures.h - what is measured of a node, as one table that reports and expectations share */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <glib.h>

/* All of them from the settle time to the end, but for those that say otherwise. */
typedef struct {
	double rms_s, p50_s, p99_s, max_s;    /* of the time error */
	double frequency_rms_ppm, frequency_p99_ppm, frequency_max_ppm; /* of the clock's rate, slews included */
	double converged_s;           /* from when on the error stayed small; INFINITY: never. Whole run */
	double packets;               /* requests sent. Whole run */
	double claimed;               /* share of the moments with a claim. Whole run */
	double outside;               /* moments outside the hard bound. Whole run */
	double outside_served;        /* moments outside root delay/2 + root dispersion. Whole run */
	double nesting;               /* moments whose bound was not inside an earlier one's. Whole run */
	double crossed;               /* moments with earliest after latest. Whole run */
	double bound_p50_s, bound_p99_s, bound_max_s;
	double width_p50, width_p99;  /* the bound's percentile over the error's */
	double floor_p50, floor_p99;  /* of the bound over the floor: least round trip/2 + upstream's claim */
	double locked;                /* share of the moments */
	double steps, foreign_steps, disruptions, panics; /* whole run */
	double used, falsetickers, stratum; /* at the end */
	double leap;                  /* at the end: TsLeap */
	double state;                 /* at the end: TsClockStateKind, or SIM_STATE_STOPPED */
} SimFigures;

#define SIM_STATE_STOPPED 4

typedef enum {
	SIM_KIND_SECONDS,
	SIM_KIND_PPM,
	SIM_KIND_NUMBER,
	SIM_KIND_STATE,
	SIM_KIND_LEAP,
} SimKind;

typedef struct {
	const char *name;  /* in expectations, tables and JSON */
	SimKind kind;
	size_t offset;
} SimFigure;

extern const SimFigure sim_figures[];
extern const unsigned sim_n_figures;

/* Returns: (nullable). */
const SimFigure *sim_figure_find(const char *name);

double sim_figure_get(const SimFigure *figure, const SimFigures *figures);

/* Returns: (transfer full) (array length=n): the figure of many runs in order, NAN last. */
double *sim_figure_sort(const SimFigure *figure, const SimFigures *const *figures, unsigned n);

/* Fills in the median of each figure. */
void sim_figures_median(const SimFigures *const *figures, unsigned n, SimFigures *median);

/* Returns: (nullable): the word for a state or a leap. */
const char *sim_figure_word(const SimFigure *figure, double value);

/* Returns: (transfer full): @value with four digits and a unit. */
char *sim_figure_format(const SimFigure *figure, double value);
