/* SPDX-License-Identifier: BSD-2-Clause */
/* intersect.h - the interval that most sources agree on (RFC 5905 section 11.2.1); seen by select/
 * alone */
#pragma once

#include "select/select.h"

/* UTC minus raw, ends included; earliest_ns <= latest_ns. */
typedef struct {
	int64_t earliest_ns, latest_ns;
} TsInterval;

/* Returns: the hard bound of @candidate, or an interval made from its estimate if it claims nothing
 * (select.h says how); never empty. */
TsInterval ts_candidate_bound(const TsCandidate *candidate);

/* Returns: the interval that @candidate votes with: the likely part of its bound; never empty. */
TsInterval ts_candidate_vote(const TsCandidate *candidate);

/* Returns: half the width, s. */
double ts_interval_distance_s(const TsInterval *interval);

/* Returns: a_ns - b_ns in s, saturating. */
double ts_offset_difference_s(int64_t a_ns, int64_t b_ns);

static inline bool
ts_interval_touches(const TsInterval *a, const TsInterval *b)
{
	return a->earliest_ns <= b->latest_ns && b->earliest_ns <= a->latest_ns;
}

/**
 * ts_intersect:
 * @intervals: (array length=n)
 * @weights: (array length=n): what each one's vote counts
 * @n: at least 1
 * @hull: (out caller-allocates): from the first to the last point where the sum of votes is largest
 *
 * Returns: that sum. Cost: O(n^2), no allocation.
 */
unsigned ts_intersect(const TsInterval *intervals, const unsigned *weights, unsigned n,
		      TsInterval *hull);

/* The same for the points where the sum is @least at least, or as large as it gets. */
void ts_intersect_at_least(const TsInterval *intervals, const unsigned *weights, unsigned n,
			   unsigned least, TsInterval *hull);
