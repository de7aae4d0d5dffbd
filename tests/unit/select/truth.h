/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * truth.h - a made-up oscillator and made-up paths, whose truth is known
 *
 * For tests of core/select and for tests/bench/estimator.c. The random numbers are its own, so that
 * a seed gives the same case everywhere.
 */
#pragma once

#include <stdint.h>

#include "select/sample.h"

typedef struct {
	uint64_t state[2];
} TruthRandom;

void truth_seed(TruthRandom *random, uint64_t seed);
double truth_uniform(TruthRandom *random);     /* 0 <= x < 1 */
double truth_exponential(TruthRandom *random); /* mean 1 */
double truth_normal(TruthRandom *random);      /* variance 1 */
double truth_log_uniform(TruthRandom *random, double low, double high);

/* The raw clock: UTC minus raw is base_ns + offset_s, and grows by frequency + thermal part. */
typedef struct {
	int64_t raw_ns;
	int64_t base_ns;
	double offset_s;
	double frequency;
	double wander;  /* (s/s)/sqrt(s): 1-sigma of what the frequency gains in a second */
	double thermal; /* amplitude of a swing of the frequency, s/s */
	double thermal_period_s;
	double thermal_phase_s;
} TruthClock;

void truth_clock_init(TruthClock *clock, double frequency, double wander);
void truth_clock_advance(TruthClock *clock, double dt_s, TruthRandom *random);

/* How a path's queueing divides over the two ways. */
typedef enum {
	TRUTH_EXPONENTIAL, /* alike both ways */
	TRUTH_ONE_WAY,     /* 50 times as much on the way back */
	TRUTH_LOADED,      /* 3 times as much on the way back */
	TRUTH_GAUSSIAN,    /* delay tells nothing */
	TRUTH_PARETO,
	TRUTH_SPIKES,  /* one in ten is 200 times as late */
	TRUTH_READING, /* no path: a reference clock with normal noise */
	TRUTH_SHAPES,
} TruthShape;

typedef struct {
	TruthShape shape;
	double base_s; /* each way, without queueing */
	double jitter_s;
	double asymmetry_s; /* the way out is longer by this, unseen by delay */
	double noise_s;     /* what the sample claims as its reading noise */
	double claim_s;     /* max_error_s of the samples */
	int64_t quantum_ns; /* the source's stamps are rounded to it; 0: none */
} TruthPath;

/* A sample of @clock's truth through @path at the clock's present moment. */
TsSample truth_sample(const TruthClock *clock, const TruthPath *path, TruthRandom *random);

/* A random case: path, oscillator, interval and number of samples are drawn. */
typedef struct {
	TruthRandom random;
	TruthClock clock;
	TruthPath path;
	double interval_s;
	unsigned n_samples;
} TruthCase;

void truth_case_init(TruthCase *c, uint64_t seed);

/* Advances to the next sample: about interval_s, a fifth more or less. */
void truth_case_wait(TruthCase *c);
