/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.c - see bound.h
 *
 * What is certain is a box: an interval of the offset times an interval of the rate. Time moves its sides
 * outwards, a sample cuts it. Boxes of the past are kept as anchors: the rise from an anchor to now bounds
 * the mean rate between, and so the rate now; and with the rate better known, an old and narrow anchor may
 * say more about now than it could before.
 */
#include "select/bound.h"

#include <math.h>

#define ANCHORS 32

/* Largest rate change that is told apart from "any": keeps products finite. */
#define ANY_RATE_CHANGE 1.0

typedef struct {
	int64_t raw_ns;
	int64_t earliest_ns;
	int64_t latest_ns;
} Anchor;

struct _TsBoundTracker {
	double max_rate;
	double rate_change;
	bool is_known;
	TsBound bound; /* at the newest sample */
	double setter_half_s; /* half width of the sample that set the width, then */
	int64_t setter_raw_ns;
	Anchor anchors[ANCHORS]; /* oldest first */
	unsigned n_anchors;
};

TsBoundTracker *
ts_bound_tracker_new(double max_rate, double max_rate_change)
{
	TsBoundTracker *self = g_new0(TsBoundTracker, 1);

	self->max_rate = max_rate;
	self->rate_change = fmin(max_rate_change, ANY_RATE_CHANGE);
	return self;
}

void
ts_bound_tracker_free(TsBoundTracker *tracker)
{
	g_free(tracker);
}

void
ts_bound_tracker_reset(TsBoundTracker *self)
{
	self->is_known = false;
	self->n_anchors = 0;
}

static int64_t
round_up_ns(double interval_s)
{
	return (int64_t)ceil(interval_s * 1e9);
}

/* Returns: how far the offset can rise in @age_s if its rate is at most @rate at one end of that time and
 * changes by at most @change a second, never beyond @limit (0: no limit). */
static double
greatest_rise(double rate, double change, double limit, double age_s)
{
	if (limit <= 0 || rate + change * age_s <= limit)
		return (rate + change * age_s / 2) * age_s;
	double reach_s = change > 0 ? fmax(limit - rate, 0) / change : 0;
	return (rate + change * reach_s / 2) * reach_s + limit * (age_s - reach_s);
}

static double
limited(double rate, double limit)
{
	return limit > 0 ? fmin(rate, limit) : rate;
}

void
ts_bound_project(TsBound *bound, int64_t raw_ns)
{
	double dt = (double)(raw_ns - bound->raw_ns) * 1e-9;
	double age_s = fabs(dt);
	double change = bound->rate_change, limit = bound->max_rate;
	/* Backwards, a rising offset was lower. */
	double up = dt >= 0 ? bound->rate_max : -bound->rate_min;
	double down = dt >= 0 ? -bound->rate_min : bound->rate_max;
	int64_t half_before_ns = (bound->latest_ns - bound->earliest_ns) / 2;

	if (dt == 0)
		return;
	bound->raw_ns = raw_ns;
	bound->latest_ns += round_up_ns(greatest_rise(up, change, limit, age_s));
	bound->earliest_ns -= round_up_ns(greatest_rise(down, change, limit, age_s));
	bound->rate_max = limited(bound->rate_max + change * age_s, limit);
	bound->rate_min = -limited(-bound->rate_min + change * age_s, limit);
	int64_t half_ns = (bound->latest_ns - bound->earliest_ns + 1) / 2;
	bound->root_dispersion_s += (double)(half_ns - half_before_ns) * 1e-9;
}

static void
start_with(TsBoundTracker *self, int64_t raw_ns, int64_t earliest_ns, int64_t latest_ns)
{
	self->is_known = true;
	self->n_anchors = 0;
	self->bound = (TsBound){
		.raw_ns = raw_ns,
		.earliest_ns = earliest_ns,
		.latest_ns = latest_ns,
		.rate_min = -self->max_rate,
		.rate_max = self->max_rate,
		.rate_change = self->rate_change,
		.max_rate = self->max_rate,
	};
}

/* The mean rate since an anchor is known, and the rate now differs from a mean over that time by at most
 * half of what it can change in it. */
static void
cut_rate(TsBound *bound, const Anchor *anchor)
{
	double age_s = (double)(bound->raw_ns - anchor->raw_ns) * 1e-9;
	double slack = bound->rate_change * age_s / 2;
	/* 1 ns more on each side than the integers differ: rounding of the division. */
	double rise_max = (double)(bound->latest_ns - anchor->earliest_ns + 1) * 1e-9;
	double rise_min = (double)(bound->earliest_ns - anchor->latest_ns - 1) * 1e-9;

	bound->rate_max = fmin(bound->rate_max, rise_max / age_s + slack);
	bound->rate_min = fmax(bound->rate_min, rise_min / age_s - slack);
}

/* Carries an anchor to now with the rate that is known now. */
static void
cut_offset(TsBound *bound, const Anchor *anchor)
{
	double age_s = (double)(bound->raw_ns - anchor->raw_ns) * 1e-9;
	double change = bound->rate_change, limit = bound->max_rate;
	int64_t latest_ns = anchor->latest_ns +
			    round_up_ns(greatest_rise(bound->rate_max, change, limit, age_s));
	int64_t earliest_ns = anchor->earliest_ns -
			      round_up_ns(greatest_rise(-bound->rate_min, change, limit, age_s));

	bound->latest_ns = MIN(bound->latest_ns, latest_ns);
	bound->earliest_ns = MAX(bound->earliest_ns, earliest_ns);
}

/* Keeps boxes over ages that grow by a constant factor: of three neighbours, the one goes whose neighbours
 * lie closest together for their age. */
static void
keep_anchor(TsBoundTracker *self)
{
	Anchor *anchors = self->anchors;
	int64_t now_ns = self->bound.raw_ns;

	if (self->n_anchors == ANCHORS) {
		unsigned worst = 1;
		double least = INFINITY;

		for (unsigned i = 1; i + 1 < ANCHORS; i++) {
			double gap = (double)(anchors[i + 1].raw_ns - anchors[i - 1].raw_ns) /
				     (double)(now_ns - anchors[i].raw_ns);
			if (gap < least) {
				least = gap;
				worst = i;
			}
		}
		for (unsigned i = worst; i + 1 < ANCHORS; i++)
			anchors[i] = anchors[i + 1];
		self->n_anchors--;
	}
	anchors[self->n_anchors++] = (Anchor){
		.raw_ns = now_ns,
		.earliest_ns = self->bound.earliest_ns,
		.latest_ns = self->bound.latest_ns,
	};
}

static bool
is_empty(const TsBound *bound)
{
	return bound->earliest_ns > bound->latest_ns || bound->rate_min > bound->rate_max;
}

/* Returns: false if nothing is left. */
static bool
cut(TsBoundTracker *self, int64_t earliest_ns, int64_t latest_ns)
{
	TsBound *bound = &self->bound;

	bound->earliest_ns = MAX(bound->earliest_ns, earliest_ns);
	bound->latest_ns = MIN(bound->latest_ns, latest_ns);
	if (is_empty(bound))
		return false;
	for (unsigned i = 0; i < self->n_anchors; i++)
		cut_rate(bound, &self->anchors[i]);
	for (unsigned i = 0; i < self->n_anchors; i++)
		cut_offset(bound, &self->anchors[i]);
	return !is_empty(bound);
}

/* Which sample the width comes from: the narrowest, an old one counting for what it has grown to. */
static void
name_setter(TsBoundTracker *self, const TsSample *sample, double half_s)
{
	double age_s = (double)(sample->raw_ns - self->setter_raw_ns) * 1e-9;
	double growth = (self->bound.rate_max - self->bound.rate_min) / 2;

	if (self->n_anchors > 0 && half_s > self->setter_half_s + growth * age_s)
		return;
	self->setter_half_s = half_s;
	self->setter_raw_ns = sample->raw_ns;
	self->bound.root_delay_s = sample->root_delay_s + (double)sample->delay_ns * 1e-9;
}

static void
name_dispersion(TsBound *bound)
{
	double half_s = (double)(bound->latest_ns - bound->earliest_ns + 1) * 0.5e-9;

	bound->root_dispersion_s = fmax(half_s - bound->root_delay_s / 2, 0);
}

bool
ts_bound_tracker_add(TsBoundTracker *self, const TsSample *sample)
{
	double half_s = ts_sample_hard_error_s(sample);
	bool is_consistent = true;

	if (!(half_s < 1e9))
		return true; /* claims nothing */
	if (self->is_known && sample->raw_ns <= self->bound.raw_ns)
		return true;
	int64_t half_ns = round_up_ns(half_s);
	int64_t earliest_ns = sample->offset_ns - half_ns;
	int64_t latest_ns = sample->offset_ns + half_ns;

	if (self->is_known) {
		ts_bound_project(&self->bound, sample->raw_ns);
		is_consistent = cut(self, earliest_ns, latest_ns);
	}
	if (!self->is_known || !is_consistent)
		start_with(self, sample->raw_ns, earliest_ns, latest_ns);
	name_setter(self, sample, half_s);
	name_dispersion(&self->bound);
	keep_anchor(self);
	return is_consistent;
}

bool
ts_bound_tracker_get(const TsBoundTracker *self, int64_t raw_ns, TsBound *bound)
{
	if (!self->is_known)
		return false;
	*bound = self->bound;
	ts_bound_project(bound, raw_ns);
	return true;
}
