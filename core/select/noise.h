/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noise.h - how far a sample of a source may be off, judged from the samples before it
 *
 * Queueing only adds delay: a sample whose round trip is s above the least one is off by s/2 at
 * most. How s divides over the two ways isn't known, and some paths' delay tells nothing; so a
 * sample gets one variance for each of TS_NOISE_MODELS explanations, and the bank of filters learns
 * which is right. Thread: any. No allocation.
 */
#pragma once

#include <stdint.h>

#include "select/sample.h"

#define TS_NOISE_WINDOW 64

typedef enum {
	TS_NOISE_CONSTANT, /* the same for all samples: the scatter of the window's */
	TS_NOISE_EVEN,     /* alike both ways: even within +-s/2 */
	TS_NOISE_SHARED,   /* a steady share of s falls on one way; the share is a state */
	TS_NOISE_LOADED,   /* the same, but of what is large in s: one way has the longer queues */
	TS_NOISE_MODELS,
} TsNoiseModel;

/* What a window remembers of a sample. */
typedef struct {
	int64_t raw_ns;
	int64_t offset_ns;
	int64_t delay_ns;
	double noise_s;
} TsNoiseSample;

typedef struct {
	unsigned capacity; /* samples kept, 1 to TS_NOISE_WINDOW */
	unsigned n;        /* samples in the window: all tell of the path's delay */
	unsigned n_line;   /* the newest of them that lie on one line: no step between */
	unsigned newest;   /* index of the newest */
	TsNoiseSample samples[TS_NOISE_WINDOW];
	/* learnt; valid once n > 0 */
	double floor_s;          /* the least round trip */
	double excess_s;         /* mean above the floor */
	double scatter_s;        /* 1-sigma of offsets about a line through their neighbours */
	double scatter_before_s; /* the same before the last step, or 0 */
} TsNoise;

typedef struct {
	double shared_s[TS_NOISE_MODELS]; /* s: what is divided by a share that is a state, or 0 */
	double variance[TS_NOISE_MODELS]; /* s^2, given the share */
	double excess_s;                  /* s above the least round trip */
} TsNoiseView;

/* @capacity: 1 to TS_NOISE_WINDOW. */
void ts_noise_init(TsNoise *noise, unsigned capacity);

/* Newer samples than the last one only. */
void ts_noise_add(TsNoise *noise, const TsSample *sample);

/* There was a step before the newest @n samples, @n > 0. */
void ts_noise_step(TsNoise *noise, unsigned n);

/* Returns: the sample @age places before the newest, 0 to n - 1. */
const TsNoiseSample *ts_noise_sample(const TsNoise *noise, unsigned age);

/* Judges a sample of the window by all that the window knows. */
void ts_noise_view(const TsNoise *noise, const TsNoiseSample *sample, TsNoiseView *view);
