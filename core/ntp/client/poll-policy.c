/* SPDX-License-Identifier: BSD-2-Clause */
/* poll-policy.c - see poll-policy.h */
#include "ntp/client/poll-policy.h"

#include <math.h>

#include <glib.h>

#include "base/time.h"

/* Requests of a burst: not closer than what usual servers take for abuse (ntpd: 2 s). */
#define BURST_SPACING_S 2.0

/* The interval is spread over +- this share of it. */
#define SPREAD 0.02

/* A short interval is this many round trips at least. */
#define ROUND_TRIPS_PER_INTERVAL 4.0

void
ts_poll_policy_init(TsPollPolicy *policy, int min_log2s, int max_log2s)
{
	*policy = (TsPollPolicy){
		.min_log2s = min_log2s,
		.max_log2s = max_log2s,
		.current_log2s = min_log2s,
		.kiss_floor_log2s = min_log2s,
	};
}

void
ts_poll_policy_set_limits(TsPollPolicy *policy, int min_log2s, int max_log2s)
{
	bool is_kissed = policy->kiss_floor_log2s > policy->min_log2s;

	policy->min_log2s = min_log2s;
	policy->max_log2s = max_log2s;
	policy->current_log2s = CLAMP(policy->current_log2s, min_log2s, max_log2s);
	if (!is_kissed || policy->kiss_floor_log2s < min_log2s)
		policy->kiss_floor_log2s = min_log2s;
}

void
ts_poll_policy_start_burst(TsPollPolicy *policy, unsigned n_good, unsigned n_total)
{
	if (policy->burst_total == 0) /* what the last one left unanswered */
		policy->burst_good = policy->burst_answered = 0;
	policy->burst_good = MAX(policy->burst_good, n_good);
	policy->burst_total = MAX(policy->burst_total, n_total);
}

void
ts_poll_policy_end_burst(TsPollPolicy *policy)
{
	policy->burst_good = policy->burst_total = policy->burst_answered = 0;
}

void
ts_poll_policy_on_sent(TsPollPolicy *policy)
{
	if (policy->burst_total > 0)
		policy->burst_total--;
}

static void
sink_kiss_floor(TsPollPolicy *policy)
{
	if (policy->kiss_floor_log2s <= policy->min_log2s ||
	    ++policy->n_good_since_kiss < TS_POLL_GOOD_TO_RECOVER)
		return;
	policy->n_good_since_kiss = 0;
	policy->kiss_floor_log2s--;
}

void
ts_poll_policy_on_reply(TsPollPolicy *policy, bool is_good, int wanted_log2s)
{
	policy->n_missed = 0;
	sink_kiss_floor(policy);
	if (!is_good)
		return;
	policy->current_log2s = CLAMP(wanted_log2s, policy->min_log2s, policy->max_log2s);
	if (policy->burst_good == 0)
		return;
	policy->burst_answered++;
	if (--policy->burst_good == 0)
		ts_poll_policy_end_burst(policy);
}

void
ts_poll_policy_on_miss(TsPollPolicy *policy)
{
	policy->n_missed++;
	policy->current_log2s = MAX(policy->current_log2s - 1, policy->min_log2s);
}

void
ts_poll_policy_on_kiss_rate(TsPollPolicy *policy)
{
	int ceiling = MAX(policy->max_log2s, TS_POLL_KISS_MIN_CEILING);

	ts_poll_policy_end_burst(policy);
	policy->n_missed = 0;
	policy->n_good_since_kiss = 0;
	policy->kiss_floor_log2s = MIN(ts_poll_policy_interval_log2s(policy) + 1, ceiling);
}

void
ts_poll_policy_restart(TsPollPolicy *policy)
{
	policy->current_log2s = policy->min_log2s;
	policy->n_missed = 0;
}

int
ts_poll_policy_interval_log2s(const TsPollPolicy *policy)
{
	return MAX(policy->current_log2s, policy->kiss_floor_log2s);
}

double
ts_poll_policy_delay_s(const TsPollPolicy *policy, double round_trip_s, bool is_reachable,
		       double unit)
{
	double interval_s = ts_log2s_to_s(ts_poll_policy_interval_log2s(policy));

	if (policy->burst_good > 0 && policy->burst_total > 0) {
		unsigned doublings = policy->burst_answered > 1 ? policy->burst_answered - 1 : 0;
		interval_s = MIN(ldexp(BURST_SPACING_S, (int)MIN(doublings, 10)), interval_s / 2);
	}
	if (!is_reachable || round_trip_s < 0)
		interval_s = MAX(interval_s, 1.0);
	else
		interval_s = MAX(interval_s, MIN(ROUND_TRIPS_PER_INTERVAL * round_trip_s, 1.0));
	return interval_s * (1 - SPREAD + 2 * SPREAD * unit);
}
