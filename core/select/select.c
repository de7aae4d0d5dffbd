/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select.c - the road from candidates to verdicts; see select.h
 *
 *   accept -> agree (intersection) -> enough of them? -> preferred only -> cluster -> bound -> peer
 *   -> worse
 */
#include "select/select.h"

#include "select/accept.h"
#include "select/round.h"

void
ts_select_options_init(TsSelectOptions *options)
{
	*options = (TsSelectOptions){
		.max_distance_s = 3,
		.max_jitter_s = 1,
		.min_stratum = 0,
		.max_stratum = 15,
		.min_sources = 1,
		.min_samples = 1,
		.stratum_weight_s = 0.001,
		.reselect_distance_s = 0.0001,
		.combine_limit = 3,
		.stale_after_s = 3600,
	};
}

static const char *
cause_of_nobody(const TsRound *round)
{
	if (round->n == 0)
		return "no sources are configured";
	for (unsigned i = 1; i < round->n; i++)
		if (round->decisions[i].verdict != round->decisions[0].verdict)
			return "no source is usable";
	switch (round->decisions[0].verdict) {
	case TS_VERDICT_NOSELECT:
		return "all sources are set to noselect";
	case TS_VERDICT_OFFLINE:
		return "all sources are offline";
	case TS_VERDICT_NO_SAMPLES:
		return "no source has given enough samples yet";
	case TS_VERDICT_UNSYNCHRONISED:
		return "all sources say that they are unsynchronised";
	case TS_VERDICT_STALE:
		return "all sources are unreachable for too long";
	case TS_VERDICT_TOO_DISTANT:
		return "all sources are too distant";
	case TS_VERDICT_TOO_JITTERY:
		return "all sources are too jittery";
	case TS_VERDICT_STOPPED:
	case TS_VERDICT_DUPLICATE:
	case TS_VERDICT_BAD_STRATUM:
	case TS_VERDICT_LOOP:
	case TS_VERDICT_FALSETICKER:
	case TS_VERDICT_NO_MAJORITY:
	case TS_VERDICT_UNTRUSTED:
	case TS_VERDICT_WAITING:
	case TS_VERDICT_NOT_PREFERRED:
	case TS_VERDICT_OUTLIER:
	case TS_VERDICT_WORSE:
	case TS_VERDICT_SYSTEM_PEER:
	case TS_VERDICT_COMBINED:
		break;
	}
	return "no source is usable";
}

static void
accept_candidates(TsRound *round, int64_t raw_ns)
{
	for (unsigned i = 0; i < round->n; i++) {
		if (!ts_accept(&round->candidates[i], round->options, raw_ns, &round->decisions[i]))
			continue;
		round->intervals[i] = ts_candidate_vote(&round->candidates[i]);
		round->in[round->n_in++] = i;
	}
	if (round->n_in == 0)
		round->selection->cause = cause_of_nobody(round);
}

static bool
is_any_required(const TsRound *round)
{
	for (unsigned i = 0; i < round->n; i++)
		if (ts_round_is_required(round, i))
			return true;
	return false;
}

static void
vote_leap(TsRound *round)
{
	bool only_trusted = ts_round_count(round, ts_round_is_trusted) > 0;
	unsigned inserts = 0, deletes = 0, voters = 0;

	for (unsigned i = 0; i < round->n_in; i++) {
		const TsCandidate *candidate = &round->candidates[round->in[i]];
		if (only_trusted && !candidate->is_trusted)
			continue;
		voters++;
		inserts += candidate->leap == TS_LEAP_INSERT;
		deletes += candidate->leap == TS_LEAP_DELETE;
	}
	round->selection->leap = TS_LEAP_NONE;
	if (2 * inserts > voters)
		round->selection->leap = TS_LEAP_INSERT;
	else if (2 * deletes > voters)
		round->selection->leap = TS_LEAP_DELETE;
}

static void
demand_enough(TsRound *round)
{
	unsigned needed = round->options->min_sources;

	if (round->n_in == 0)
		return;
	if (is_any_required(round) && ts_round_count(round, ts_round_is_required) == 0)
		ts_round_refuse_all(round, TS_VERDICT_WAITING, 0, "no required source is usable");
	else if (round->n_in < needed)
		ts_round_refuse_all(round, TS_VERDICT_WAITING, (int)needed,
				    "fewer sources agree than min-sources asks for");
	else
		vote_leap(round);
}

static void
keep_preferred(TsRound *round)
{
	if (ts_round_count(round, ts_round_is_preferred) > 0)
		ts_round_keep_if(round, ts_round_is_preferred, TS_VERDICT_NOT_PREFERRED);
}

static void
note_offsets(TsRound *round)
{
	TsSelection *selection = round->selection;

	if (!selection->has_reference && selection->has_interval) {
		uint64_t width_ns = (uint64_t)selection->agreed_latest_ns -
				    (uint64_t)selection->agreed_earliest_ns;
		selection->reference_ns = selection->agreed_earliest_ns + (int64_t)(width_ns / 2);
		selection->has_reference = true;
	}
	if (!selection->has_reference)
		return;
	for (unsigned i = 0; i < round->n; i++)
		if (round->candidates[i].has_estimate &&
		    round->decisions[i].verdict != TS_VERDICT_OUTLIER)
			round->decisions[i].offset_s = ts_offset_difference_s(
				round->candidates[i].estimate.offset_ns, selection->reference_ns);
}

void
ts_select(const TsCandidate *candidates, unsigned n, const TsSelectOptions *options, int64_t raw_ns,
	  TsDecision *decisions, TsSelection *selection)
{
	*selection = (TsSelection){.system_peer = -1, .leap = TS_LEAP_UNSYNCHRONISED};
	g_return_if_fail(n <= TS_SELECT_MAX_SOURCES);
	for (unsigned i = 0; i < n; i++)
		decisions[i] = (TsDecision){.verdict = TS_VERDICT_COMBINED};

	TsRound round = {
		.candidates = candidates,
		.options = options,
		.decisions = decisions,
		.selection = selection,
		.n = n,
	};
	accept_candidates(&round, raw_ns);
	ts_round_agree(&round);
	ts_round_bound(&round);
	demand_enough(&round);
	keep_preferred(&round);
	ts_round_drop_outliers(&round);
	ts_round_choose(&round);
	note_offsets(&round);
}
