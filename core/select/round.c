/* SPDX-License-Identifier: BSD-2-Clause */
/* round.c - see round.h */
#include "select/round.h"

bool
ts_round_is_trusted(const TsRound *round, unsigned index)
{
	return round->candidates[index].is_trusted;
}

bool
ts_round_is_preferred(const TsRound *round, unsigned index)
{
	return round->candidates[index].is_preferred;
}

bool
ts_round_is_required(const TsRound *round, unsigned index)
{
	return round->candidates[index].is_required;
}

unsigned
ts_round_count(const TsRound *round, TsRoundTest test)
{
	unsigned count = 0;

	for (unsigned i = 0; i < round->n_in; i++)
		count += test(round, round->in[i]);
	return count;
}

void
ts_round_keep_if(TsRound *round, TsRoundTest test, TsVerdict verdict)
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

void
ts_round_refuse_all(TsRound *round, TsVerdict verdict, int limit_n, const char *cause)
{
	for (unsigned i = 0; i < round->n_in; i++) {
		round->decisions[round->in[i]].verdict = verdict;
		round->decisions[round->in[i]].limit_n = limit_n;
	}
	round->n_in = 0;
	round->selection->cause = cause;
}
