/* SPDX-License-Identifier: BSD-2-Clause */
/* choose.c - of those that are right: who stands apart, who is the peer, who is mixed in */
#include <math.h>

#include "base/time.h"
#include "select/cluster.h"
#include "select/round.h"

/* The peer is left only for one whose merit is less than this share of its own: bounds saw up and
 * down by some ten percent between polls, and a peer that hops helps nobody downstream. */
#define CLEARLY_BETTER 0.67

/* A source in use is mixed in up to this much beyond combine_limit. */
#define IN_USE_TOLERANCE 1.5

/* Any of those that are in; offsets are small from there. */
static double
offset_from_first_s(const TsRound *round, unsigned index)
{
	const TsEstimate *first = &round->candidates[round->in[0]].estimate;
	const TsEstimate *estimate = &round->candidates[index].estimate;

	return ts_offset_difference_s(estimate->offset_ns, first->offset_ns) +
	       (estimate->fraction_ns - first->fraction_ns) * 1e-9;
}

/* How far path asymmetry can push a source: half of its round trips. The age of its newest sample,
 * which its distance counts as well, says nothing about the path. */
static double
reach_of_path_s(const TsRound *round, unsigned index)
{
	const TsCandidate *candidate = &round->candidates[index];

	return candidate->has_bound ? candidate->bound.root_delay_s / 2
				    : round->decisions[index].distance_s;
}

static bool
is_no_outlier(const TsRound *round, unsigned index)
{
	return round->decisions[index].verdict != TS_VERDICT_OUTLIER;
}

void
ts_round_drop_outliers(TsRound *round)
{
	TsClusterPoint points[TS_SELECT_MAX_SOURCES];
	unsigned n_trusted = ts_round_count(round, ts_round_is_trusted);

	for (unsigned i = 0; i < round->n_in; i++) {
		const TsCandidate *candidate = &round->candidates[round->in[i]];
		points[i] = (TsClusterPoint){
			.offset_s = offset_from_first_s(round, round->in[i]),
			.sd_s = candidate->estimate.offset_sd_s,
			.distance_s = reach_of_path_s(round, round->in[i]),
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
	ts_round_keep_if(round, is_no_outlier, TS_VERDICT_OUTLIER);
}

static double
merit_s(const TsRound *round, unsigned index)
{
	return round->decisions[index].distance_s +
	       round->candidates[index].stratum * round->options->stratum_weight_s;
}

/* A total order, so that the order of the candidates decides between equals only. */
static bool
is_better(const TsRound *round, unsigned a, unsigned b)
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
find_best(const TsRound *round, bool only_present)
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
choose_peer(const TsRound *round)
{
	int best = find_best(round, false);
	int present = find_best(round, true);

	if (present < 0 || present == best)
		return best;
	double best_s = merit_s(round, (unsigned)best);
	double present_s = merit_s(round, (unsigned)present);
	/* the advantage is meant for network paths: it would hide a reference clock's microseconds
	 */
	double advantage_s = round->candidates[best].is_reference_clock
				     ? 0
				     : round->options->reselect_distance_s;
	bool is_clearly_better =
		best_s + advantage_s < present_s && best_s < CLEARLY_BETTER * present_s;
	return is_clearly_better ? best : present;
}

static bool
is_used(const TsRound *round, unsigned index)
{
	return ts_verdict_is_used(round->decisions[index].verdict);
}

static void
mix_in(TsRound *round, unsigned peer)
{
	double limit_s = round->options->combine_limit * round->decisions[peer].distance_s;

	for (unsigned i = 0; i < round->n_in; i++) {
		TsDecision *decision = &round->decisions[round->in[i]];
		double own_limit_s = round->candidates[round->in[i]].was_used
					     ? limit_s * IN_USE_TOLERANCE
					     : limit_s;
		decision->verdict = TS_VERDICT_COMBINED;
		if (decision->distance_s > own_limit_s) {
			decision->verdict = TS_VERDICT_WORSE;
			decision->limit_s = own_limit_s;
		}
	}
	round->decisions[peer].verdict = TS_VERDICT_SYSTEM_PEER;
	round->decisions[peer].limit_s = 0;
	ts_round_keep_if(round, is_used, TS_VERDICT_WORSE);
}

/* RFC 5905 section 11.2.3: weighted by the reciprocal of the distance. */
static void
refer_to_used(TsRound *round)
{
	double sum_s = 0, weights = 0;

	for (unsigned i = 0; i < round->n_in; i++) {
		double weight = 1 / fmax(round->decisions[round->in[i]].distance_s, 1e-9);
		sum_s += weight * offset_from_first_s(round, round->in[i]);
		weights += weight;
	}
	round->selection->reference_ns =
		round->candidates[round->in[0]].estimate.offset_ns + ts_s_to_ns(sum_s / weights);
	round->selection->has_reference = true;
}

void
ts_round_choose(TsRound *round)
{
	if (round->n_in == 0)
		return;
	int peer = choose_peer(round);
	mix_in(round, (unsigned)peer);
	refer_to_used(round);
	round->selection->system_peer = peer;
	round->selection->n_used = round->n_in;
}
