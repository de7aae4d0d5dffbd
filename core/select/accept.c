/* SPDX-License-Identifier: BSD-2-Clause */
/* accept.c - see accept.h; the order of the checks is that of TsVerdict */
#include "select/accept.h"

#include <math.h>

#include "select/intersect.h"

#define UNSYNCHRONISED_STRATUM 16 /* RFC 5905 section 7.3 */

static bool
refuse(TsDecision *decision, TsVerdict verdict)
{
	decision->verdict = verdict;
	return false;
}

static bool
accept_by_wish(const TsCandidate *candidate, TsDecision *decision)
{
	if (candidate->is_noselect)
		return refuse(decision, TS_VERDICT_NOSELECT);
	if (candidate->is_offline)
		return refuse(decision, TS_VERDICT_OFFLINE);
	if (candidate->is_stopped)
		return refuse(decision, TS_VERDICT_STOPPED);
	if (candidate->is_duplicate)
		return refuse(decision, TS_VERDICT_DUPLICATE);
	return true;
}

static bool
says_unsynchronised(const TsCandidate *candidate)
{
	if (candidate->leap == TS_LEAP_UNSYNCHRONISED)
		return true;
	if (candidate->stratum >= UNSYNCHRONISED_STRATUM || candidate->stratum < 0)
		return true;
	return candidate->stratum == 0 && !candidate->is_reference_clock;
}

static bool
accept_by_header(const TsCandidate *candidate, const TsSelectOptions *options, TsDecision *decision)
{
	unsigned needed = MAX(options->min_samples, 1);

	if (!candidate->has_estimate || candidate->n_samples < needed) {
		decision->limit_n = (int)needed;
		return refuse(decision, TS_VERDICT_NO_SAMPLES);
	}
	if (says_unsynchronised(candidate))
		return refuse(decision, TS_VERDICT_UNSYNCHRONISED);
	if (candidate->stratum < options->min_stratum ||
	    candidate->stratum > options->max_stratum) {
		decision->limit_n = candidate->stratum < options->min_stratum
					    ? options->min_stratum
					    : options->max_stratum;
		return refuse(decision, TS_VERDICT_BAD_STRATUM);
	}
	if (candidate->is_orphan)
		return refuse(decision, TS_VERDICT_BAD_STRATUM);
	if (candidate->is_loop)
		return refuse(decision, TS_VERDICT_LOOP);
	return true;
}

static bool
is_within(double value, double limit)
{
	return value >= 0 && value <= limit; /* false for NAN */
}

static bool
accept_by_figures(const TsCandidate *candidate, const TsSelectOptions *options, int64_t raw_ns,
		  TsDecision *decision)
{
	const TsEstimate *estimate = &candidate->estimate;
	TsInterval interval = ts_candidate_vote(candidate);

	decision->age_s = ts_offset_difference_s(raw_ns, candidate->newest_raw_ns);
	if (!candidate->is_reachable && decision->age_s > options->stale_after_s) {
		decision->limit_s = options->stale_after_s;
		return refuse(decision, TS_VERDICT_STALE);
	}
	decision->distance_s = ts_interval_distance_s(&interval);
	if (!is_within(decision->distance_s, options->max_distance_s)) {
		decision->limit_s = options->max_distance_s;
		return refuse(decision, TS_VERDICT_TOO_DISTANT);
	}
	/* an estimate that has lost its way is as useless as a source that jitters */
	if (!is_within(estimate->jitter_s, options->max_jitter_s) ||
	    !is_within(estimate->offset_sd_s, options->max_jitter_s)) {
		decision->limit_s = options->max_jitter_s;
		return refuse(decision, TS_VERDICT_TOO_JITTERY);
	}
	return true;
}

bool
ts_accept(const TsCandidate *candidate, const TsSelectOptions *options, int64_t raw_ns,
	  TsDecision *decision)
{
	return accept_by_wish(candidate, decision) &&
	       accept_by_header(candidate, options, decision) &&
	       accept_by_figures(candidate, options, raw_ns, decision);
}
