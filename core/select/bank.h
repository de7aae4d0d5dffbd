/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bank.h - a bank of Kalman filters over what isn't known of one source and the local oscillator
 *
 * One filter of three states (offset, frequency, share of the excess delay that falls on one way)
 * for each pair of an oscillator's wander and a noise model. Each is scored by how well it
 * predicted the samples; the answer is the score-weighted mean, and its variance includes how far
 * the filters disagree. Times are seconds in a frame that the caller keeps. Thread: any. No
 * allocation.
 */
#pragma once

#include <stdbool.h>

#include "select/kalman.h"
#include "select/noise.h"

/* Steps of the wander: TS_BANK_WANDER_MIN, times TS_BANK_WANDER_STEP each. In (s/s)^2/s: from 1e-10
 * s/s in a second, an oven oscillator, to 6e-8, a bad crystal in a draught. */
#define TS_BANK_WANDERS     9
#define TS_BANK_WANDER_MIN  1e-20
#define TS_BANK_WANDER_STEP 5.011872336272722 /* 10^0.7 */

#define TS_BANK_STATES 3

/* Beliefs with nothing known: crystals and the counters of virtual machines; a plain computer's
 * crystal gains 1e-9 s/s in a second. A wander that was learnt is believed more, but another day
 * has another temperature. */
#define TS_BANK_FREQUENCY_SD         5e-5
#define TS_BANK_WANDER               1e-18
#define TS_BANK_WANDER_DECADES       2.0
#define TS_BANK_WANDER_DECADES_KNOWN 0.5
#define TS_BANK_SHARE_SD             0.25

/* What is believed before the first sample. */
typedef struct {
	double frequency;
	double frequency_sd;
	double wander;         /* middle of the belief, (s/s)^2/s */
	double wander_decades; /* its 1-sigma */
	double share_sd;       /* of the share of excess delay on one way */
} TsBankPrior;

typedef struct {
	double x[TS_BANK_STATES];
	double p[TS_KALMAN_PACKED(TS_BANK_STATES)];
	double score;       /* log-likelihood, forgetting */
	double score_kept;  /* what it was before the present run of misfits */
	double weight;      /* of the answer; all of them sum to 1 */
	double weight_kept; /* slow: judges whether a sample is an outlier */
} TsHypothesis;

typedef struct {
	double belief[TS_BANK_WANDERS]; /* log of the prior of each wander */
	TsHypothesis hypotheses[TS_BANK_WANDERS * TS_NOISE_MODELS];
} TsBank;

/* The mean of the hypotheses: a line with its errors. */
typedef struct {
	double offset_s, frequency;
	double offset_variance, covariance, frequency_variance;
	double wander;
} TsBankAnswer;

typedef struct {
	double residual_s; /* sample minus prediction */
	double misfit;     /* residual^2 over what was expected of it, on average over filters */
} TsBankFit;

/* Nothing is known. */
void ts_bank_prior_init(TsBankPrior *prior);

/* Something is: from a drift file, or learnt. @frequency_sd, @wander: 0 or less for unknown. */
void ts_bank_prior_set(TsBankPrior *prior, double frequency, double frequency_sd, double wander);

/* Starts with a first sample. Scores and weights become the prior's. */
void ts_bank_start(TsBank *bank, const TsBankPrior *prior, double value_s, const TsNoiseView *view);

void ts_bank_predict(TsBank *bank, double dt_s);

/* @is_trusted: the sample isn't taken for an outlier, however far away it is. */
TsBankFit ts_bank_update(TsBank *bank, double value_s, const TsNoiseView *view, bool is_trusted);

/* Marks the scores as those to go back to, or goes back to them. */
void ts_bank_keep_scores(TsBank *bank);
void ts_bank_restore_scores(TsBank *bank);

/* All filters go on from the same line; scores and shares stay. */
void ts_bank_restart(TsBank *bank, const TsBankAnswer *line);

/* All that is known gets less certain: each variance grows by @factor. */
void ts_bank_fade(TsBank *bank, double factor);

/* Changes the belief in the wander; scores stay. */
void ts_bank_set_wander(TsBank *bank, double wander, double wander_decades);

/* Moves the frame: each offset becomes less by @shift_s. */
void ts_bank_shift(TsBank *bank, double shift_s);

void ts_bank_answer(const TsBank *bank, TsBankAnswer *answer);

/* Returns: the noise model of most weight; another than @present only if it is twice as likely.
 * @weight: (out): its weight. */
TsNoiseModel ts_bank_likely_model(const TsBank *bank, TsNoiseModel present, double *weight);

/* Log of the prior of each wander: a bell about @wander on a logarithmic scale. */
void ts_bank_believe(double belief[TS_BANK_WANDERS], double wander, double wander_decades);

/* Returns: @score after one more prediction. */
double ts_bank_score(double score, const TsInnovation *innovation);

/* Returns: the sample's variance, raised if it lies so far off that it would pull too hard. */
double ts_bank_robust_variance(const TsKalmanSample *sample, const TsInnovation *innovation);

/* Returns: the wander of step @step. */
double ts_bank_wander(unsigned step);

/* Returns: the weighted mean wander, on a logarithmic scale. */
double ts_bank_mean_wander(const TsBank *bank);
