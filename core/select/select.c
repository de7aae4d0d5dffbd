/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select.c - the road from candidates to verdicts; see select.h
 *
 *   accept -> agree (intersection) -> enough of them? -> preferred only -> cluster -> peer -> worse
 *
 * At each step those who are still in stand in `in`; who goes gets the verdict.
 */
#include "select/select.h"

#include <math.h>

#include "base/time.h"
#include "select/accept.h"
#include "select/cluster.h"
#include "select/intersect.h"

/* The peer is left only for one whose merit is less than this share of its own: bounds saw up and down
 * by some ten percent between polls, and a peer that hops helps nobody downstream. */
#define CLEARLY_BETTER 0.67

/* A source in use is mixed in up to this much beyond combine_limit. */
#define IN_USE_TOLERANCE 1.5

typedef struct {
	const TsCandidate *candidates;
	const TsSelectOptions *options;
	TsDecision *decisions;
	TsSelection *selection;
	unsigned n;
	TsInterval intervals[TS_SELECT_MAX_SOURCES]; /* by candidate */
	unsigned in[TS_SELECT_MAX_SOURCES];          /* indices, in order of the candidates */
	unsigned n_in;
} Round;

typedef bool (*Test)(const Round *round, unsigned index);

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

/* Keeps those that pass @test; the others get @verdict. */
static void
keep_if(Round *round, Test test, TsVerdict verdict)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < round->n_in; i++) {
		unsigned index = round->in[i];
		if (test(round, index))
			round->in[kept++] = index;
		else
			round->decisions[index].verdict = verdict;
	}
	round->n_in = kept;
}

static bool
is_trusted(const Round *round, unsigned index)
{
	return round->candidates[index].is_trusted;
}

static bool
is_preferred(const Round *round, unsigned index)
{
	return round->candidates[index].is_preferred;
}

static bool
is_required(const Round *round, unsigned index)
{
	return round->candidates[index].is_required;
}

static unsigned
count_in(const Round *round, Test test)
{
	unsigned count = 0;

	for (unsigned i = 0; i < round->n_in; i++)
		count += test(round, round->in[i]);
	return count;
}

/* Ends the round without a system peer. */
static void
refuse_all(Round *round, TsVerdict verdict, int limit_n, const char *cause)
{
	for (unsigned i = 0; i < round->n_in; i++) {
		round->decisions[round->in[i]].verdict = verdict;
		round->decisions[round->in[i]].limit_n = limit_n;
	}
	round->n_in = 0;
	round->selection->cause = cause;
}

/* --- accept --- */

static const char *
cause_of_nobody(const Round *round)
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
accept_candidates(Round *round, int64_t raw_ns)
{
	for (unsigned i = 0; i < round->n; i++) {
		if (!ts_accept(&round->candidates[i], round->options, raw_ns,
			       &round->decisions[i]))
			continue;
		round->intervals[i] = ts_candidate_interval(&round->candidates[i]);
		round->in[round->n_in++] = i;
	}
	if (round->n_in == 0)
		round->selection->cause = cause_of_nobody(round);
}

/* --- agree --- */

typedef struct {
	TsInterval intervals[TS_SELECT_MAX_SOURCES];
	unsigned weights[TS_SELECT_MAX_SOURCES];
	bool is_preferred[TS_SELECT_MAX_SOURCES];
	unsigned n, n_preferred;
} Votes;

static void
collect_votes(const Round *round, bool only_trusted, Votes *votes)
{
	votes->n = votes->n_preferred = 0;
	for (unsigned i = 0; i < round->n_in; i++) {
		unsigned index = round->in[i];
		if (only_trusted && !is_trusted(round, index))
			continue;
		votes->intervals[votes->n] = round->intervals[index];
		votes->is_preferred[votes->n] = is_preferred(round, index);
		votes->n_preferred += votes->is_preferred[votes->n];
		votes->weights[votes->n++] = 1;
	}
}

/* An even split: the operator's preferred sources decide, if more than half of them are on one side. */
static bool
break_tie(Votes *votes, TsInterval *agreed)
{
	const unsigned one_vote = TS_SELECT_MAX_SOURCES + 1; /* outweighs all preferences together */

	for (unsigned i = 0; i < votes->n; i++)
		votes->weights[i] = one_vote + votes->is_preferred[i];
	unsigned weight = ts_intersect(votes->intervals, votes->weights, votes->n, agreed);
	return 2 * (weight % one_vote) > votes->n_preferred;
}

/* Returns: whether a majority agrees. @n_agreeing: how many do at best. */
static bool
find_majority(Votes *votes, TsInterval *agreed, unsigned *n_agreeing)
{
	*n_agreeing = ts_intersect(votes->intervals, votes->weights, votes->n, agreed);
	if (2 * *n_agreeing > votes->n)
		return true;
	return 2 * *n_agreeing == votes->n && break_tie(votes, agreed);
}

static TsInterval
agreed_interval(const Round *round)
{
	return (TsInterval){round->selection->earliest_ns, round->selection->latest_ns};
}

static bool
touches_agreed(const Round *round, unsigned index)
{
	TsInterval agreed = agreed_interval(round);

	return ts_interval_touches(&round->intervals[index], &agreed);
}

static bool
is_trusted_or_lies_inside(const Round *round, unsigned index)
{
	int64_t offset_ns = round->candidates[index].estimate.offset_ns;

	return is_trusted(round, index) || (touches_agreed(round, index) &&
					    offset_ns >= round->selection->earliest_ns &&
					    offset_ns <= round->selection->latest_ns);
}

static bool
is_not_trusted_or_touches_agreed(const Round *round, unsigned index)
{
	return !is_trusted(round, index) || touches_agreed(round, index);
}

static void
drop_falsetickers(Round *round, bool only_trusted_voted)
{
	if (!only_trusted_voted) {
		keep_if(round, touches_agreed, TS_VERDICT_FALSETICKER);
		return;
	}
	keep_if(round, is_not_trusted_or_touches_agreed, TS_VERDICT_FALSETICKER);
	keep_if(round, is_trusted_or_lies_inside, TS_VERDICT_UNTRUSTED);
}

static void
refer_to_median(Round *round)
{
	int64_t offsets[TS_SELECT_MAX_SOURCES];
	unsigned n = round->n_in;

	for (unsigned i = 0; i < n; i++) {
		int64_t offset_ns = round->candidates[round->in[i]].estimate.offset_ns;
		unsigned place = i;
		for (; place > 0 && offsets[place - 1] > offset_ns; place--)
			offsets[place] = offsets[place - 1];
		offsets[place] = offset_ns;
	}
	int64_t low = offsets[(n - 1) / 2], high = offsets[n / 2];
	round->selection->reference_ns = low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
	round->selection->has_reference = true;
}

static void
agree(Round *round)
{
	bool only_trusted = count_in(round, is_trusted) > 0;
	Votes votes;
	TsInterval agreed;
	unsigned n_agreeing;

	if (round->n_in == 0)
		return;
	collect_votes(round, only_trusted, &votes);
	bool has_majority = find_majority(&votes, &agreed, &n_agreeing);
	round->selection->n_voting = votes.n;
	for (unsigned i = 0; i < round->n_in; i++) {
		round->decisions[round->in[i]].n_agreeing = n_agreeing;
		round->decisions[round->in[i]].n_voting = votes.n;
	}
	if (!has_majority) {
		refer_to_median(round);
		refuse_all(round, TS_VERDICT_NO_MAJORITY, 0, "no majority of the sources agrees");
		return;
	}
	round->selection->has_interval = true;
	round->selection->earliest_ns = agreed.earliest_ns;
	round->selection->latest_ns = agreed.latest_ns;
	drop_falsetickers(round, only_trusted);
	round->selection->n_truechimers = round->n_in;
}

/* --- enough of them --- */

static bool
is_any_required(const Round *round)
{
	for (unsigned i = 0; i < round->n; i++)
		if (is_required(round, i))
			return true;
	return false;
}

static void
vote_leap(Round *round)
{
	bool only_trusted = count_in(round, is_trusted) > 0;
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
demand_enough(Round *round)
{
	unsigned needed = round->options->min_sources;

	if (round->n_in == 0)
		return;
	if (is_any_required(round) && count_in(round, is_required) == 0)
		refuse_all(round, TS_VERDICT_WAITING, 0, "no required source is usable");
	else if (round->n_in < needed)
		refuse_all(round, TS_VERDICT_WAITING, (int)needed,
			   "fewer sources agree than min-sources asks for");
	else
		vote_leap(round);
}

static void
keep_preferred(Round *round)
{
	if (count_in(round, is_preferred) > 0)
		keep_if(round, is_preferred, TS_VERDICT_NOT_PREFERRED);
}

/* --- cluster --- */

/* Any of those that are in; offsets are small from there. */
static double
offset_from_first_s(const Round *round, unsigned index)
{
	const TsEstimate *first = &round->candidates[round->in[0]].estimate;
	const TsEstimate *estimate = &round->candidates[index].estimate;

	return ts_offset_difference_s(estimate->offset_ns, first->offset_ns) +
	       (estimate->fraction_ns - first->fraction_ns) * 1e-9;
}

static bool
is_no_outlier(const Round *round, unsigned index)
{
	return round->decisions[index].verdict != TS_VERDICT_OUTLIER;
}

static void
drop_outliers(Round *round)
{
	TsClusterPoint points[TS_SELECT_MAX_SOURCES];
	unsigned n_trusted = count_in(round, is_trusted);

	for (unsigned i = 0; i < round->n_in; i++) {
		const TsCandidate *candidate = &round->candidates[round->in[i]];
		points[i] = (TsClusterPoint){
			.offset_s = offset_from_first_s(round, round->in[i]),
			.sd_s = candidate->estimate.offset_sd_s,
			.distance_s = round->decisions[round->in[i]].distance_s,
			/* not on the word of those who aren't trusted */
			.is_kept = candidate->is_trusted && n_trusted < round->n_in,
			.was_used = candidate->was_used || candidate->was_selected,
		};
	}
	ts_cluster(points, round->n_in);
	for (unsigned i = 0; i < round->n_in; i++) {
		TsDecision *decision = &round->decisions[round->in[i]];
		if (!points[i].is_outlier)
			continue;
		decision->verdict = TS_VERDICT_OUTLIER;
		decision->offset_s = points[i].deviation_s;
		decision->limit_s = points[i].limit_s;
	}
	keep_if(round, is_no_outlier, TS_VERDICT_OUTLIER);
}

/* --- the peer, and who is mixed in --- */

static double
merit_s(const Round *round, unsigned index)
{
	return round->decisions[index].distance_s +
	       round->candidates[index].stratum * round->options->stratum_weight_s;
}

/* A total order, so that the order of the candidates decides between equals only. */
static bool
is_better(const Round *round, unsigned a, unsigned b)
{
	const TsEstimate *first = &round->candidates[a].estimate;
	const TsEstimate *second = &round->candidates[b].estimate;
	double first_s = merit_s(round, a), second_s = merit_s(round, b);

	if (first_s < second_s || first_s > second_s)
		return first_s < second_s;
	if (first->offset_sd_s < second->offset_sd_s || first->offset_sd_s > second->offset_sd_s)
		return first->offset_sd_s < second->offset_sd_s;
	if (first->offset_ns != second->offset_ns)
		return first->offset_ns < second->offset_ns;
	return a < b;
}

static int
find_best(const Round *round, bool only_present)
{
	int best = -1;

	for (unsigned i = 0; i < round->n_in; i++) {
		unsigned index = round->in[i];
		if (only_present && !round->candidates[index].was_selected)
			continue;
		if (best < 0 || is_better(round, index, (unsigned)best))
			best = (int)index;
	}
	return best;
}

static int
choose_peer(const Round *round)
{
	int best = find_best(round, false);
	int present = find_best(round, true);

	if (present < 0 || present == best)
		return best;
	double best_s = merit_s(round, (unsigned)best);
	double present_s = merit_s(round, (unsigned)present);
	/* the advantage is meant for network paths: it would hide a reference clock's microseconds */
	double advantage_s = round->candidates[best].is_reference_clock
				     ? 0
				     : round->options->reselect_distance_s;
	bool is_clearly_better =
		best_s + advantage_s < present_s && best_s < CLEARLY_BETTER * present_s;
	return is_clearly_better ? best : present;
}

static bool
is_used(const Round *round, unsigned index)
{
	return ts_verdict_is_used(round->decisions[index].verdict);
}

static void
mix_in(Round *round, unsigned peer)
{
	double limit_s = round->options->combine_limit * round->decisions[peer].distance_s;

	for (unsigned i = 0; i < round->n_in; i++) {
		TsDecision *decision = &round->decisions[round->in[i]];
		double own_limit_s =
			round->candidates[round->in[i]].was_used ? limit_s * IN_USE_TOLERANCE
								 : limit_s;
		decision->verdict = TS_VERDICT_COMBINED;
		if (decision->distance_s > own_limit_s) {
			decision->verdict = TS_VERDICT_WORSE;
			decision->limit_s = own_limit_s;
		}
	}
	round->decisions[peer].verdict = TS_VERDICT_SYSTEM_PEER;
	round->decisions[peer].limit_s = 0;
	keep_if(round, is_used, TS_VERDICT_WORSE);
}

/* RFC 5905 section 11.2.3: weighted by the reciprocal of the distance. */
static void
refer_to_used(Round *round)
{
	double sum_s = 0, weights = 0;

	for (unsigned i = 0; i < round->n_in; i++) {
		double weight = 1 / fmax(round->decisions[round->in[i]].distance_s, 1e-9);
		sum_s += weight * offset_from_first_s(round, round->in[i]);
		weights += weight;
	}
	round->selection->reference_ns = round->candidates[round->in[0]].estimate.offset_ns +
					 ts_s_to_ns(sum_s / weights);
	round->selection->has_reference = true;
}

static void
choose(Round *round)
{
	if (round->n_in == 0)
		return;
	int peer = choose_peer(round);
	mix_in(round, (unsigned)peer);
	refer_to_used(round);
	round->selection->system_peer = peer;
	round->selection->n_used = round->n_in;
}

static void
note_offsets(Round *round)
{
	TsSelection *selection = round->selection;

	if (!selection->has_reference && selection->has_interval) {
		uint64_t width_ns = (uint64_t)selection->latest_ns -
				    (uint64_t)selection->earliest_ns;
		selection->reference_ns = selection->earliest_ns + (int64_t)(width_ns / 2);
		selection->has_reference = true;
	}
	if (!selection->has_reference)
		return;
	for (unsigned i = 0; i < round->n; i++)
		if (round->candidates[i].has_estimate &&
		    round->decisions[i].verdict != TS_VERDICT_OUTLIER)
			round->decisions[i].offset_s =
				ts_offset_difference_s(round->candidates[i].estimate.offset_ns,
						       selection->reference_ns);
}

void
ts_select(const TsCandidate *candidates, unsigned n, const TsSelectOptions *options, int64_t raw_ns,
	  TsDecision *decisions, TsSelection *selection)
{
	*selection = (TsSelection){.system_peer = -1, .leap = TS_LEAP_UNSYNCHRONISED};
	g_return_if_fail(n <= TS_SELECT_MAX_SOURCES);
	for (unsigned i = 0; i < n; i++)
		decisions[i] = (TsDecision){.verdict = TS_VERDICT_COMBINED};

	Round round = {
		.candidates = candidates,
		.options = options,
		.decisions = decisions,
		.selection = selection,
		.n = n,
	};
	accept_candidates(&round, raw_ns);
	agree(&round);
	demand_enough(&round);
	keep_preferred(&round);
	drop_outliers(&round);
	choose(&round);
	note_offsets(&round);
}
