/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimate.h - from samples of one source to offset, frequency and their statistical errors
 *
 * Pure computation: no clock, no log, no allocation after _new. Same input, same output, bit for
 * bit. Statistical errors are 1-sigma and serve for weighting; hard bounds are bound.h's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "select/noise.h"
#include "select/sample.h"

/* A source's time as a line over the raw clock, with errors; valid near raw_ns. */
typedef struct {
	int64_t raw_ns;      /* the moment that the line is given for */
	int64_t offset_ns;   /* UTC minus raw at raw_ns, whole part */
	double fraction_ns;  /* and the rest, 0 <= fraction_ns < 1 */
	double frequency;    /* s/s: how fast UTC gains on the raw clock */
	double offset_sd_s;  /* 1-sigma of the offset at raw_ns */
	double frequency_sd; /* 1-sigma of the frequency, s/s */
	double covariance;   /* of offset and frequency, s^2/s */
	double wander;       /* random walk of the frequency: variance gained a second, (s/s)^2/s */
	double jitter_s;     /* 1-sigma of a single sample about the line */
	double delay_min_s;  /* the least round trip of late, s */
	unsigned n_samples;  /* that still matter */
} TsEstimate;

/* Moves @estimate to @raw_ns (later or earlier) with growing errors. Thread: any. */
void ts_estimate_project(TsEstimate *estimate, int64_t raw_ns);

/* Returns: offset of @estimate at @raw_ns minus @offset_ns, in s, without touching it. */
double ts_estimate_offset_from(const TsEstimate *estimate, int64_t raw_ns, int64_t offset_ns);

typedef struct {
	unsigned min_samples;   /* kept at least, though the model breaks (0: default) */
	unsigned max_samples;   /* memory is cut to this many (0: default) */
	double asymmetry_prior; /* 1-sigma of the share of excess delay on one way (0: default) */
} TsEstimatorOptions;

typedef struct _TsEstimator TsEstimator;

/* @options: (nullable) for defaults. */
TsEstimator *ts_estimator_new(const TsEstimatorOptions *options);
void ts_estimator_free(TsEstimator *estimator);

/* Forgets all samples (a new epoch, a source that jumped); what was learnt of the local
 * oscillator's wander is kept. */
void ts_estimator_reset(TsEstimator *estimator);

/* How @sample fitted what was expected. */
typedef enum {
	TS_FIT_USED,    /* it entered the estimate */
	TS_FIT_OUTLIER, /* far from the prediction: entered with little or no weight */
	TS_FIT_BREAK,   /* so many fitted badly that it started anew (frequency or time step) */
	TS_FIT_STALE,   /* not newer than the last one: ignored */
} TsFit;

/* @residual_s: (out) (optional): sample minus prediction, 0 for the first. */
TsFit ts_estimator_add(TsEstimator *estimator, const TsSample *sample, double *residual_s);

/* Gives the estimate at @raw_ns. Returns: false before the first sample. After one sample only the
 * offset is known and frequency_sd is the prior's. */
bool ts_estimator_get(const TsEstimator *estimator, int64_t raw_ns, TsEstimate *estimate);

/* For the combiner: the window of samples, and the likely noise model; another than @present only
 * if it is twice as likely. @weight: (out): how likely, 0 to 1. Both only with a sample. */
const TsNoise *ts_estimator_noise(const TsEstimator *estimator);
TsNoiseModel ts_estimator_likely_model(const TsEstimator *estimator, TsNoiseModel present,
				       double *weight);

/* The local oscillator's wander belongs to all sources and is kept across restarts: what is known
 * of it, (s/s)^2/s; setting it only moves the prior. */
double ts_estimator_wander(const TsEstimator *estimator);
void ts_estimator_set_prior(TsEstimator *estimator, double frequency, double frequency_sd,
			    double wander);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsEstimator, ts_estimator_free)
