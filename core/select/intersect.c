/* SPDX-License-Identifier: BSD-2-Clause */
/* intersect.c - see intersect.h */
#include "select/intersect.h"

#include <math.h>

#include "base/time.h"

/* A source without a claim: how sure its statistics are, and what they can't see (interrupt
 * latency, cables), so that two pulses per second on one machine don't call each other wrong. */
#define UNCLAIMED_SIGMAS  4.0
#define UNCLAIMED_FLOOR_S 10e-6

static int64_t
add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return b > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}

TsInterval
ts_candidate_bound(const TsCandidate *candidate)
{
	const TsBound *bound = &candidate->bound;
	const TsEstimate *estimate = &candidate->estimate;

	if (candidate->has_bound && bound->earliest_ns <= bound->latest_ns)
		return (TsInterval){bound->earliest_ns, bound->latest_ns};

	double half_s = UNCLAIMED_SIGMAS * fmax(estimate->offset_sd_s, estimate->jitter_s) +
			UNCLAIMED_FLOOR_S;
	int64_t half_ns = half_s >= 0 ? ts_s_to_ns(half_s) : INT64_MAX;
	return (TsInterval){add_saturating(estimate->offset_ns, -half_ns),
			    add_saturating(estimate->offset_ns, half_ns)};
}

TsInterval
ts_candidate_vote(const TsCandidate *candidate)
{
	TsInterval vote = ts_candidate_bound(candidate);
	int64_t centre_ns = candidate->estimate.offset_ns;

	if (!candidate->has_bound || !(candidate->likely_s > 0))
		return vote;
	/* statistics that contradict what is certain are wrong: the nearest that is possible counts
	 */
	centre_ns = CLAMP(centre_ns, vote.earliest_ns, vote.latest_ns);
	int64_t half_ns = ts_s_to_ns(candidate->likely_s);
	vote.earliest_ns = MAX(vote.earliest_ns, add_saturating(centre_ns, -half_ns));
	vote.latest_ns = MIN(vote.latest_ns, add_saturating(centre_ns, half_ns));
	return vote;
}

double
ts_interval_distance_s(const TsInterval *interval)
{
	uint64_t width_ns = (uint64_t)interval->latest_ns - (uint64_t)interval->earliest_ns;

	return (double)width_ns * 0.5e-9;
}

double
ts_offset_difference_s(int64_t a_ns, int64_t b_ns)
{
	int64_t difference_ns;

	if (__builtin_sub_overflow(a_ns, b_ns, &difference_ns))
		difference_ns = a_ns > b_ns ? INT64_MAX : INT64_MIN;
	return ts_ns_to_s(difference_ns);
}

static unsigned
votes_at(const TsInterval *intervals, const unsigned *weights, unsigned n, int64_t point_ns)
{
	unsigned votes = 0;

	for (unsigned i = 0; i < n; i++)
		if (intervals[i].earliest_ns <= point_ns && point_ns <= intervals[i].latest_ns)
			votes += weights[i];
	return votes;
}

/* The votes change at ends only, and a region begins at someone's earliest and ends at someone's
 * latest: so it is enough to count there. */
static unsigned
most_votes(const TsInterval *intervals, const unsigned *weights, unsigned n)
{
	unsigned most = 0;

	for (unsigned i = 0; i < n; i++)
		most = MAX(most, votes_at(intervals, weights, n, intervals[i].earliest_ns));
	return most;
}

static void
find_hull(const TsInterval *intervals, const unsigned *weights, unsigned n, unsigned least,
	  TsInterval *hull)
{
	*hull = (TsInterval){INT64_MAX, INT64_MIN};
	for (unsigned i = 0; i < n; i++) {
		int64_t start_ns = intervals[i].earliest_ns, end_ns = intervals[i].latest_ns;
		if (start_ns < hull->earliest_ns &&
		    votes_at(intervals, weights, n, start_ns) >= least)
			hull->earliest_ns = start_ns;
		if (end_ns > hull->latest_ns && votes_at(intervals, weights, n, end_ns) >= least)
			hull->latest_ns = end_ns;
	}
}

unsigned
ts_intersect(const TsInterval *intervals, const unsigned *weights, unsigned n, TsInterval *hull)
{
	unsigned most = most_votes(intervals, weights, n);

	find_hull(intervals, weights, n, most, hull);
	return most;
}

void
ts_intersect_at_least(const TsInterval *intervals, const unsigned *weights, unsigned n,
		      unsigned least, TsInterval *hull)
{
	find_hull(intervals, weights, n, MIN(least, most_votes(intervals, weights, n)), hull);
}
