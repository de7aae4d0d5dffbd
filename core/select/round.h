/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * round.h - one run of the selection: who is still in; seen by select/ alone
 *
 * The steps are called in this order. At each, who goes gets the verdict.
 */
#pragma once

#include "select/intersect.h"
#include "select/select.h"

typedef struct {
	const TsCandidate *candidates;
	const TsSelectOptions *options;
	TsDecision *decisions;
	TsSelection *selection;
	unsigned n;
	TsInterval intervals[TS_SELECT_MAX_SOURCES]; /* their votes, by candidate */
	unsigned in[TS_SELECT_MAX_SOURCES];          /* indices, in order of the candidates */
	unsigned n_in;
} TsRound;

/* Intersection: finds what a majority agrees on; falsetickers and untrusted ones go (agree.c). */
void ts_round_agree(TsRound *round);

/* The hard interval is where the whole bounds of most who voted overlap (agree.c). */
void ts_round_bound(TsRound *round);

/* Clustering: those that stand apart from the others go (choose.c). */
void ts_round_drop_outliers(TsRound *round);

/* Names the system peer and who is mixed in with it; those that are worse go (choose.c). */
void ts_round_choose(TsRound *round);

typedef bool (*TsRoundTest)(const TsRound *round, unsigned index);

bool ts_round_is_trusted(const TsRound *round, unsigned index);
bool ts_round_is_preferred(const TsRound *round, unsigned index);
bool ts_round_is_required(const TsRound *round, unsigned index);

/* Returns: how many of those that are in pass @test. */
unsigned ts_round_count(const TsRound *round, TsRoundTest test);

/* Keeps those that pass @test; the others get @verdict. */
void ts_round_keep_if(TsRound *round, TsRoundTest test, TsVerdict verdict);

/* Ends the round without a system peer: all that are in get @verdict, the selection @cause. */
void ts_round_refuse_all(TsRound *round, TsVerdict verdict, int limit_n, const char *cause);
