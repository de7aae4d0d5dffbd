/* SPDX-License-Identifier: BSD-2-Clause */
/* agree.c - what a majority agrees on, and who misses it (RFC 5905 section 11.2.1, select.h) */
#include "select/round.h"

typedef struct {
	TsInterval intervals[TS_SELECT_MAX_SOURCES];
	unsigned weights[TS_SELECT_MAX_SOURCES];
	bool is_preferred[TS_SELECT_MAX_SOURCES];
	unsigned n, n_preferred;
} Votes;

static void
collect_votes(const TsRound *round, bool only_trusted, Votes *votes)
{
	votes->n = votes->n_preferred = 0;
	for (unsigned i = 0; i < round->n_in; i++) {
		unsigned index = round->in[i];
		if (only_trusted && !ts_round_is_trusted(round, index))
			continue;
		votes->intervals[votes->n] = round->intervals[index];
		votes->is_preferred[votes->n] = ts_round_is_preferred(round, index);
		votes->n_preferred += votes->is_preferred[votes->n];
		votes->weights[votes->n++] = 1;
	}
}

/* An even split: the preferred sources decide, if more than half of them are on one side. */
static bool
break_tie(Votes *votes, TsInterval *agreed)
{
	/* outweighs all preferences together */
	const unsigned one_vote = TS_SELECT_MAX_SOURCES + 1;

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
agreed_interval(const TsRound *round)
{
	return (TsInterval){round->selection->agreed_earliest_ns,
			    round->selection->agreed_latest_ns};
}

static bool
touches_agreed(const TsRound *round, unsigned index)
{
	TsInterval agreed = agreed_interval(round);

	return ts_interval_touches(&round->intervals[index], &agreed);
}

static bool
is_trusted_or_lies_inside(const TsRound *round, unsigned index)
{
	int64_t offset_ns = round->candidates[index].estimate.offset_ns;
	TsInterval agreed = agreed_interval(round);

	return ts_round_is_trusted(round, index) ||
	       (touches_agreed(round, index) && offset_ns >= agreed.earliest_ns &&
		offset_ns <= agreed.latest_ns);
}

static bool
is_not_trusted_or_touches_agreed(const TsRound *round, unsigned index)
{
	return !ts_round_is_trusted(round, index) || touches_agreed(round, index);
}

static void
drop_falsetickers(TsRound *round, bool only_trusted_voted)
{
	if (!only_trusted_voted) {
		ts_round_keep_if(round, touches_agreed, TS_VERDICT_FALSETICKER);
		return;
	}
	ts_round_keep_if(round, is_not_trusted_or_touches_agreed, TS_VERDICT_FALSETICKER);
	ts_round_keep_if(round, is_trusted_or_lies_inside, TS_VERDICT_UNTRUSTED);
}

static void
refer_to_median(TsRound *round)
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

void
ts_round_agree(TsRound *round)
{
	bool only_trusted = ts_round_count(round, ts_round_is_trusted) > 0;
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
		ts_round_refuse_all(round, TS_VERDICT_NO_MAJORITY, 0,
				    "no majority of the sources agrees");
		return;
	}
	round->selection->has_interval = true;
	round->selection->agreed_earliest_ns = round->selection->earliest_ns = agreed.earliest_ns;
	round->selection->agreed_latest_ns = round->selection->latest_ns = agreed.latest_ns;
	drop_falsetickers(round, only_trusted);
	round->selection->n_truechimers = round->n_in;
}

void
ts_round_bound(TsRound *round)
{
	bool only_trusted = ts_round_count(round, ts_round_is_trusted) > 0;
	Votes bounds;
	TsInterval common;

	if (round->n_in == 0)
		return;
	collect_votes(round, only_trusted, &bounds);
	for (unsigned i = 0, n = 0; i < round->n_in; i++)
		if (!only_trusted || ts_round_is_trusted(round, round->in[i]))
			bounds.intervals[n++] =
				ts_candidate_bound(&round->candidates[round->in[i]]);
	/* Not what all of them have in common: a source that is wrong by less than the others' bounds can't be
	 * found, and would pull the interval to itself. Given that most who voted are right, the truth lies
	 * where that many agree. */
	ts_intersect_at_least(bounds.intervals, bounds.weights, bounds.n,
			      round->selection->n_voting / 2 + 1, &common);
	round->selection->earliest_ns = common.earliest_ns;
	round->selection->latest_ns = common.latest_ns;
}
