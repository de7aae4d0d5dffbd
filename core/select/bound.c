/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.c - see bound.h
 *
 * What is certain is a box: an interval of the offset times an interval of the rate. Time moves its
 * sides outwards, a sample cuts it. Boxes of the past are kept as anchors: the rise from an anchor
 * to now bounds the mean rate between, and so the rate now; and with the rate better known, an old
 * and narrow anchor may say more about now than it could before.
 */
#include "select/bound.h"

#include <math.h>

#define ANCHORS 32

/* Largest rate change that is told apart from "any": keeps products finite. */
#define ANY_RATE_CHANGE 1.0

/* A claim wider than this is none. */
#define MOST_HALF_S 1e8

#define FRAME_LIMIT_NS 1e9

/* Offsets in ns from frame_ns, not rounded: roundings would add up, and bounds not nest. */
typedef struct {
	int64_t raw_ns;
	double earliest;
	double latest;
} Interval;

typedef struct {
	Interval offset;
	double rate_min, rate_max;
} Box;

struct _TsBoundTracker {
	double max_rate;
	double rate_change;
	bool is_known;
	int64_t frame_ns;
	Box box;                   /* at the newest sample */
	Interval anchors[ANCHORS]; /* oldest first */
	unsigned n_anchors;
	/* the sample that set the width */
	double setter_half_s;
	double setter_root_delay_s;
	int64_t setter_raw_ns;
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

void
ts_bound_tracker_set_max_rate(TsBoundTracker *self, double max_rate)
{
	self->max_rate = max_rate;
	ts_bound_tracker_reset(self);
}

/* Outwards; the slack is far above the rounding of a sum and far below 1 ns. */
#define ROUNDING_NS 0.01

static int64_t
round_up(double ns)
{
	return (int64_t)ceil(ns + ROUNDING_NS);
}

static int64_t
round_down(double ns)
{
	return (int64_t)floor(ns - ROUNDING_NS);
}

/* Returns: how far, in ns, the offset can rise in @age_s if its rate is at most @rate at one end of
 * that time and changes by at most @change a second, never beyond @limit (0: no limit). */
static double
greatest_rise(double rate, double change, double limit, double age_s)
{
	if (limit <= 0 || rate + change * age_s <= limit)
		return (rate + change * age_s / 2) * age_s * 1e9;
	double reach_s = change > 0 ? fmax(limit - rate, 0) / change : 0;
	return ((rate + change * reach_s / 2) * reach_s + limit * (age_s - reach_s)) * 1e9;
}

static double
limited(double rate, double limit)
{
	return limit > 0 ? fmin(rate, limit) : rate;
}

/* How far the limits of the offset move outwards in @dt_s, which may be negative. */
static void
growth(const Box *box, double change, double limit, double dt_s, double *rise, double *fall)
{
	double age_s = fabs(dt_s);

	/* Backwards, a rising offset was lower. */
	*rise = greatest_rise(dt_s >= 0 ? box->rate_max : -box->rate_min, change, limit, age_s);
	*fall = greatest_rise(dt_s >= 0 ? -box->rate_min : box->rate_max, change, limit, age_s);
}

static void
widen_rate(double *rate_min, double *rate_max, double change, double limit, double dt_s)
{
	*rate_max = limited(*rate_max + change * fabs(dt_s), limit);
	*rate_min = -limited(-*rate_min + change * fabs(dt_s), limit);
}

void
ts_bound_project(TsBound *bound, int64_t raw_ns)
{
	double dt_s = (double)(raw_ns - bound->raw_ns) * 1e-9;
	Box box = {.rate_min = bound->rate_min, .rate_max = bound->rate_max};
	double rise, fall;

	if (dt_s == 0)
		return;
	growth(&box, bound->rate_change, bound->max_rate, dt_s, &rise, &fall);
	bound->raw_ns = raw_ns;
	bound->latest_ns += round_up(rise);
	bound->earliest_ns -= round_up(fall);
	bound->root_dispersion_s += (double)(round_up(rise) + round_up(fall) + 1) * 0.5e-9;
	widen_rate(&bound->rate_min, &bound->rate_max, bound->rate_change, bound->max_rate, dt_s);
}

static void
project(const TsBoundTracker *self, Box *box, int64_t raw_ns)
{
	double dt_s = (double)(raw_ns - box->offset.raw_ns) * 1e-9;
	double rise, fall;

	growth(box, self->rate_change, self->max_rate, dt_s, &rise, &fall);
	box->offset.raw_ns = raw_ns;
	box->offset.latest += rise;
	box->offset.earliest -= fall;
	widen_rate(&box->rate_min, &box->rate_max, self->rate_change, self->max_rate, dt_s);
}

/* Keeps the numbers small enough for a double to resolve far less than a nanosecond. */
static void
keep_frame_near(TsBoundTracker *self)
{
	if (fabs(self->box.offset.latest) < FRAME_LIMIT_NS)
		return;
	double shift = rint(self->box.offset.latest);
	self->frame_ns += (int64_t)shift;
	self->box.offset.earliest -= shift;
	self->box.offset.latest -= shift;
	for (unsigned i = 0; i < self->n_anchors; i++) {
		self->anchors[i].earliest -= shift;
		self->anchors[i].latest -= shift;
	}
}

/* The mean rate since an anchor is known, and the rate now differs from a mean over that time by at
 * most half of what it can change in it. */
static void
cut_rate(TsBoundTracker *self, const Interval *anchor)
{
	double age_s = (double)(self->box.offset.raw_ns - anchor->raw_ns) * 1e-9;
	double slack = self->rate_change * age_s / 2;
	double rise_max = (self->box.offset.latest - anchor->earliest + ROUNDING_NS) * 1e-9;
	double rise_min = (self->box.offset.earliest - anchor->latest - ROUNDING_NS) * 1e-9;

	self->box.rate_max = fmin(self->box.rate_max, rise_max / age_s + slack);
	self->box.rate_min = fmax(self->box.rate_min, rise_min / age_s - slack);
}

/* Carries an anchor to now with the rate that is known now, and what is known now back to the
 * anchor. */
static void
cut_offsets(TsBoundTracker *self, Interval *anchor)
{
	double age_s = (double)(self->box.offset.raw_ns - anchor->raw_ns) * 1e-9;
	double rise, fall;

	/* Backwards from now: that is where the rate is known. */
	growth(&self->box, self->rate_change, self->max_rate, -age_s, &fall, &rise);
	self->box.offset.latest = fmin(self->box.offset.latest, anchor->latest + rise);
	self->box.offset.earliest = fmax(self->box.offset.earliest, anchor->earliest - fall);
	anchor->latest = fmin(anchor->latest, self->box.offset.latest + fall);
	anchor->earliest = fmax(anchor->earliest, self->box.offset.earliest - rise);
}

/* Keeps boxes over ages that grow by a constant factor: the one goes whose neighbours lie closest
 * together for its age. */
static void
keep_anchor(TsBoundTracker *self)
{
	Interval *anchors = self->anchors;

	if (self->n_anchors == ANCHORS) {
		unsigned worst = 1;
		double least = INFINITY;

		for (unsigned i = 1; i + 1 < ANCHORS; i++) {
			double gap = (double)(anchors[i + 1].raw_ns - anchors[i - 1].raw_ns) /
				     (double)(self->box.offset.raw_ns - anchors[i].raw_ns);
			if (gap < least) {
				least = gap;
				worst = i;
			}
		}
		for (unsigned i = worst; i + 1 < ANCHORS; i++)
			anchors[i] = anchors[i + 1];
		self->n_anchors--;
	}
	anchors[self->n_anchors++] = self->box.offset;
}

static bool
is_empty(const TsBoundTracker *self)
{
	return self->box.offset.earliest > self->box.offset.latest ||
	       self->box.rate_min > self->box.rate_max;
}

/* Returns: false if nothing is left. */
static bool
cut(TsBoundTracker *self, int64_t earliest_ns, int64_t latest_ns)
{
	self->box.offset.earliest =
		fmax(self->box.offset.earliest, (double)(earliest_ns - self->frame_ns));
	self->box.offset.latest =
		fmin(self->box.offset.latest, (double)(latest_ns - self->frame_ns));
	if (is_empty(self))
		return false;
	for (unsigned i = 0; i < self->n_anchors; i++)
		cut_rate(self, &self->anchors[i]);
	if (is_empty(self))
		return false;
	for (unsigned i = 0; i < self->n_anchors; i++)
		cut_offsets(self, &self->anchors[i]);
	return !is_empty(self);
}

static void
start_with(TsBoundTracker *self, int64_t raw_ns, int64_t earliest_ns, int64_t latest_ns)
{
	self->is_known = true;
	self->n_anchors = 0;
	self->frame_ns = earliest_ns;
	self->box.offset =
		(Interval){.raw_ns = raw_ns, .latest = (double)(latest_ns - earliest_ns)};
	self->box.rate_min = -self->max_rate;
	self->box.rate_max = self->max_rate;
}

/* Which sample the width comes from: the narrowest, an old one counting for what it has grown to.
 */
static void
name_setter(TsBoundTracker *self, const TsSample *sample, double half_s)
{
	double age_s = (double)(sample->raw_ns - self->setter_raw_ns) * 1e-9;
	double growth = (self->box.rate_max - self->box.rate_min) / 2;

	if (self->n_anchors > 0 && half_s > self->setter_half_s + growth * age_s)
		return;
	self->setter_half_s = half_s;
	self->setter_raw_ns = sample->raw_ns;
	self->setter_root_delay_s = sample->root_delay_s + (double)sample->delay_ns * 1e-9;
}

bool
ts_bound_tracker_add(TsBoundTracker *self, const TsSample *sample)
{
	double half_s = ts_sample_hard_error_s(sample);
	bool is_consistent = true;

	if (!(half_s < MOST_HALF_S))
		return true; /* claims nothing */
	if (self->is_known && sample->raw_ns <= self->box.offset.raw_ns)
		return true;
	int64_t half_ns = (int64_t)ceil(half_s * 1e9);
	int64_t earliest_ns = sample->offset_ns - half_ns;
	int64_t latest_ns = sample->offset_ns + half_ns;

	if (self->is_known) {
		project(self, &self->box, sample->raw_ns);
		is_consistent = cut(self, earliest_ns, latest_ns);
	}
	if (!self->is_known || !is_consistent)
		start_with(self, sample->raw_ns, earliest_ns, latest_ns);
	name_setter(self, sample, half_s);
	keep_frame_near(self);
	keep_anchor(self);
	return is_consistent;
}

bool
ts_bound_tracker_get(const TsBoundTracker *self, int64_t raw_ns, TsBound *bound)
{
	if (!self->is_known)
		return false;
	Box box = self->box;
	project(self, &box, raw_ns);
	/* Rounded once, here: only so do bounds nest. */
	*bound = (TsBound){
		.raw_ns = raw_ns,
		.earliest_ns = self->frame_ns + round_down(box.offset.earliest),
		.latest_ns = self->frame_ns + round_up(box.offset.latest),
		.rate_min = box.rate_min,
		.rate_max = box.rate_max,
		.root_delay_s = self->setter_root_delay_s,
		.rate_change = self->rate_change,
		.max_rate = self->max_rate,
	};
	double half_s = (double)(bound->latest_ns - bound->earliest_ns + 1) * 0.5e-9;
	bound->root_dispersion_s = fmax(half_s - bound->root_delay_s / 2, 0);
	return true;
}
