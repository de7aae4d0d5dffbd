/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bound.h - what is certain, given that the source's own claims hold: an interval, not a sigma
 *
 * Each sample says: the true offset lies within offset +- (delay/2 + the source's claim). Pairs of
 * samples bound the rate too: ((o_j - o_i) +- (b_i + b_j)) / (t_j - t_i), intersected with the
 * oscillator's declared limit. The interval now is the intersection of all that the samples allow,
 * each grown by that rate; rounded outwards. An empty intersection means that a claim was false:
 * the bound restarts from the newest sample and says so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "select/sample.h"

/* UTC minus raw lies in [earliest_ns, latest_ns] at raw_ns and drifts by rate_min..rate_max then; a
 * rate that may change makes both limits leave by the square of time, until it meets the declared
 * limit. */
typedef struct {
	int64_t raw_ns;
	int64_t earliest_ns;
	int64_t latest_ns;
	double rate_min;          /* s/s */
	double rate_max;          /* s/s */
	double root_delay_s;      /* path and source: of the sample that sets the width */
	double root_dispersion_s; /* the rest: delay/2 + dispersion cover the half width */
	double rate_change;       /* how fast the rate may change, s/s per s */
	double max_rate;          /* never beyond +-this, s/s; 0: no limit */
} TsBound;

typedef struct _TsBoundTracker TsBoundTracker;

/* @max_rate: the oscillator's declared limit, s/s (as 100e-6); @max_rate_change: how fast its rate
 * may change, s/s per s. */
TsBoundTracker *ts_bound_tracker_new(double max_rate, double max_rate_change);
void ts_bound_tracker_free(TsBoundTracker *tracker);
void ts_bound_tracker_reset(TsBoundTracker *tracker);

/* Another limit for the rate: what was certain under the old one is forgotten. */
void ts_bound_tracker_set_max_rate(TsBoundTracker *tracker, double max_rate);

/* Returns: false if the sample contradicts what was certain: some claim was false; the tracker has
 * started anew from this sample. A sample that claims nothing changes nothing. */
bool ts_bound_tracker_add(TsBoundTracker *tracker, const TsSample *sample);

/* Returns: false when nothing is claimed yet. */
bool ts_bound_tracker_get(const TsBoundTracker *tracker, int64_t raw_ns, TsBound *bound);

/**
 * ts_bound_project:
 *
 * Grows @bound to @raw_ns, later or earlier, outwards. Later bounds nest: for any moment from then
 * on, a bound taken later lies inside one taken earlier, unless the tracker started anew between
 * them. Cost: a few multiplications. Thread: any.
 */
void ts_bound_project(TsBound *bound, int64_t raw_ns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsBoundTracker, ts_bound_tracker_free)
