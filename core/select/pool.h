/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - a bank of Kalman filters that several sources feed, each with a bias of its own
 *
 * States: offset, frequency, then two a source: a bias, the asymmetry of its path that no delay
 * shows, and the share of excess delay that falls on one way. The filters differ in the
 * oscillator's wander and in how large biases are taken to be. Times are seconds in a frame that
 * the caller keeps. Thread: any. No allocation.
 */
#pragma once

#include "select/bank.h"

#define TS_POOL_MAX_SOURCES 16
#define TS_POOL_STATES      (2 + 2 * TS_POOL_MAX_SOURCES)
#define TS_POOL_LEVELS      3 /* steps of how large biases are */

typedef struct {
	double x[TS_POOL_STATES];
	double p[TS_KALMAN_PACKED(TS_POOL_STATES)];
	double score;  /* forgetting: tells the wander */
	double weight; /* of the answer; all of them sum to 1 */
} TsPoolFilter;

typedef struct {
	unsigned n_sources;
	double bias_scale_s[TS_POOL_MAX_SOURCES]; /* half the least round trip of each source */
	double belief[TS_BANK_WANDERS];
	double level_score[TS_POOL_LEVELS]; /* hardly forgets: a bias shows once */
	TsPoolFilter filters[TS_POOL_LEVELS][TS_BANK_WANDERS];
} TsPool;

/* A sample of one source. */
typedef struct {
	unsigned source;
	double value_s;
	double variance;
	double shared_s; /* what the share divides, or 0 */
} TsPoolSample;

/* Empties the pool of sources. @wander, @wander_decades: as in TsBankPrior. */
void ts_pool_init(TsPool *pool, double wander, double wander_decades);

void ts_pool_set_wander(TsPool *pool, double wander, double wander_decades);

/* All filters go on from the time of source @index, given as @line; scores, biases and shares stay.
 */
void ts_pool_restart(TsPool *pool, unsigned index, const TsBankAnswer *line);

/* Takes up a source as the last one, its bias unknown. @bias_scale_s: > 0. */
void ts_pool_join(TsPool *pool, double bias_scale_s);

/* Drops source @index; those after it move up. What it taught of the clock stays. */
void ts_pool_leave(TsPool *pool, unsigned index);

/* The bias of source @index isn't known any more. */
void ts_pool_doubt(TsPool *pool, unsigned index, double sd_s);

/* The share of source @index is to be learnt anew. */
void ts_pool_forget_share(TsPool *pool, unsigned index);

void ts_pool_predict(TsPool *pool, double dt_s);

/* Returns: how it fitted. */
TsBankFit ts_pool_update(TsPool *pool, const TsPoolSample *sample);

void ts_pool_shift(TsPool *pool, double shift_s);

void ts_pool_answer(const TsPool *pool, TsBankAnswer *answer);

/* Returns: what is known of the bias of source @index, s. */
double ts_pool_bias(const TsPool *pool, unsigned index);

/* Returns: the weighted mean wander, on a logarithmic scale. */
double ts_pool_mean_wander(const TsPool *pool);
