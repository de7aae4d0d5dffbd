/* SPDX-License-Identifier: BSD-2-Clause */
/* meter.c - see meter.h */
#include "meter.h"

#include <math.h>
#include <stdlib.h>

#include "base/time.h"

/* For how long the error has to stay small. */
#define CONVERGED_FOR_S 600

/* Both ends of a bound are rounded outwards to ns, and again when they are carried to another moment. */
#define NESTING_SLACK_NS 2

struct _SimMeter {
	SimMeterOptions options;
	GArray *moments; /* of SimMoment */
	bool is_moved;
	/* of the look before */
	bool has_bound;
	TsBound bound;
	uint32_t epoch;
	uint64_t n_steps;
	unsigned n_nesting, n_crossed;
};

SimMeter *
sim_meter_new(const SimMeterOptions *options)
{
	SimMeter *self = g_new0(SimMeter, 1);

	self->options = *options;
	self->moments = g_array_new(FALSE, FALSE, sizeof(SimMoment));
	return self;
}

void
sim_meter_free(SimMeter *self)
{
	if (!self)
		return;
	g_array_unref(self->moments);
	g_free(self);
}

void
sim_meter_note_move(SimMeter *self)
{
	self->is_moved = true;
}

/* What was certain a moment ago must still be. A new epoch starts anew. */
static void
look_at_bound(SimMeter *self, const TsClockView *view)
{
	if (view->has_bound && view->bound.earliest_ns > view->bound.latest_ns)
		self->n_crossed++;
	if (view->has_bound && self->has_bound && view->epoch == self->epoch) {
		TsBound before = self->bound;
		ts_bound_project(&before, view->bound.raw_ns);
		if (view->bound.earliest_ns < before.earliest_ns - NESTING_SLACK_NS ||
		    view->bound.latest_ns > before.latest_ns + NESTING_SLACK_NS)
			self->n_nesting++;
	}
	self->has_bound = view->has_bound;
	self->bound = view->bound;
}

/* A clock that only serves its own time claims nothing about true time. */
static bool
has_claim(const TsClockView *view)
{
	return view->kind == TS_CLOCK_LOCKED || view->kind == TS_CLOCK_HOLDOVER;
}

void
sim_meter_look(SimMeter *self, const TsClock *clock, const TsEngine *engine, double floor_s)
{
	int64_t error_ns = ts_clock_utc_now(clock) - ts_clock_virtual_true_utc(clock);
	SimMoment moment = {
		.error_s = ts_ns_to_s(error_ns),
		.bound_s = NAN,
		.served_s = NAN,
		.floor_s = NAN,
		.is_moved = self->is_moved,
	};

	if (engine) {
		TsClockView view;
		ts_engine_get_clock_view(engine, &view);
		look_at_bound(self, &view);
		if (has_claim(&view)) {
			moment.bound_s = view.max_error_s;
			moment.floor_s = floor_s;
		}
		if (has_claim(&view) && view.system.may_serve &&
		    view.system.stratum < TS_STRATUM_UNSYNCHRONISED)
			moment.served_s = view.system.root_delay_s / 2 + view.system.root_dispersion_s;
		moment.is_locked = view.kind == TS_CLOCK_LOCKED;
		moment.is_moved |= view.n_steps != self->n_steps || view.epoch != self->epoch;
		self->n_steps = view.n_steps;
		self->epoch = view.epoch;
	} else {
		self->has_bound = false;
	}
	self->is_moved = false;
	g_array_append_val(self->moments, moment);
}

/* ---- figures --------------------------------------------------------------------------------- */

static gint
compare_doubles(gconstpointer a, gconstpointer b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

typedef struct {
	GArray *values; /* of double, finite, sorted by distribution_sort() */
	double square_sum;
} Distribution;

static Distribution
distribution_new(guint reserved)
{
	return (Distribution){.values = g_array_sized_new(FALSE, FALSE, sizeof(double), reserved)};
}

static void
distribution_add(Distribution *self, double value)
{
	if (!isfinite(value))
		return;
	g_array_append_val(self->values, value);
	self->square_sum += value * value;
}

/* Nearest rank; NAN of nothing. */
static double
distribution_rank(const Distribution *self, double rank)
{
	guint n = self->values->len;

	if (n == 0)
		return NAN;
	guint index = (guint)ceil(rank * n);
	return g_array_index(self->values, double, index > 0 ? index - 1 : 0);
}

static double
distribution_rms(const Distribution *self)
{
	return self->values->len ? sqrt(self->square_sum / self->values->len) : NAN;
}

typedef struct {
	Distribution error, frequency, bound, over_floor;
	unsigned n_locked, n;
} Steady;

static void
collect(const SimMeter *self, guint i, Steady *steady)
{
	const SimMoment *moment = &g_array_index(self->moments, SimMoment, i);
	double floor_s = fmax(moment->floor_s, 1e-9);

	distribution_add(&steady->error, fabs(moment->error_s));
	distribution_add(&steady->bound, moment->bound_s);
	if (!isnan(moment->floor_s))
		distribution_add(&steady->over_floor, moment->bound_s / floor_s);
	if (i > 0 && !moment->is_moved) {
		double gain_s = moment->error_s - moment[-1].error_s;
		distribution_add(&steady->frequency, fabs(gain_s) / self->options.interval_s * 1e6);
	}
	if (moment->is_locked)
		steady->n_locked++;
	steady->n++;
}

static void
fill_steady(const Steady *steady, SimFigures *figures)
{
	figures->rms_s = distribution_rms(&steady->error);
	figures->p50_s = distribution_rank(&steady->error, 0.5);
	figures->p99_s = distribution_rank(&steady->error, 0.99);
	figures->max_s = distribution_rank(&steady->error, 1);
	figures->frequency_rms_ppm = distribution_rms(&steady->frequency);
	figures->frequency_p99_ppm = distribution_rank(&steady->frequency, 0.99);
	figures->frequency_max_ppm = distribution_rank(&steady->frequency, 1);
	figures->bound_p50_s = distribution_rank(&steady->bound, 0.5);
	figures->bound_p99_s = distribution_rank(&steady->bound, 0.99);
	figures->bound_max_s = distribution_rank(&steady->bound, 1);
	figures->width_p50 = figures->bound_p50_s / fmax(figures->p50_s, 1e-9);
	figures->width_p99 = figures->bound_p99_s / fmax(figures->p99_s, 1e-9);
	figures->floor_p50 = distribution_rank(&steady->over_floor, 0.5);
	figures->floor_p99 = distribution_rank(&steady->over_floor, 0.99);
	figures->locked = (double)steady->n_locked / steady->n;
}

static void
get_steady(const SimMeter *self, SimFigures *figures)
{
	guint n = self->moments->len;
	guint first = MIN((guint)ceil(self->options.settle_s / self->options.interval_s), n - 1);
	Steady steady = {
		.error = distribution_new(n - first),
		.frequency = distribution_new(n - first),
		.bound = distribution_new(n - first),
		.over_floor = distribution_new(n - first),
	};
	Distribution *all[] = {&steady.error, &steady.frequency, &steady.bound, &steady.over_floor};

	for (guint i = first; i < n; i++)
		collect(self, i, &steady);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		g_array_sort(all[i]->values, compare_doubles);
	fill_steady(&steady, figures);
	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		g_array_unref(all[i]->values);
}

/* Returns: the first moment from which the error stayed small for long enough, s; INFINITY: none. */
static double
converged_s(const SimMeter *self)
{
	guint since = 0;

	for (guint i = 0; i < self->moments->len; i++) {
		const SimMoment *moment = &g_array_index(self->moments, SimMoment, i);
		if (fabs(moment->error_s) >= self->options.converged_s)
			since = i + 1;
		else if ((i - since) * self->options.interval_s >= CONVERGED_FOR_S)
			return (since + 1) * self->options.interval_s;
	}
	return INFINITY;
}

void
sim_meter_get(const SimMeter *self, SimFigures *figures)
{
	unsigned n_claimed = 0, n_outside = 0, n_outside_served = 0;

	for (guint i = 0; i < self->moments->len; i++) {
		const SimMoment *moment = &g_array_index(self->moments, SimMoment, i);
		double error_s = fabs(moment->error_s);
		n_claimed += isnan(moment->bound_s) ? 0 : 1;
		n_outside += error_s > moment->bound_s ? 1 : 0; /* NAN: no */
		n_outside_served += error_s > moment->served_s ? 1 : 0;
	}
	get_steady(self, figures);
	figures->converged_s = converged_s(self);
	figures->claimed = (double)n_claimed / self->moments->len;
	figures->outside = n_outside;
	figures->outside_served = n_outside_served;
	figures->nesting = self->n_nesting;
	figures->crossed = self->n_crossed;
}

const SimMoment *
sim_meter_moments(const SimMeter *self, unsigned *n)
{
	*n = self->moments->len;
	return &g_array_index(self->moments, SimMoment, 0);
}
