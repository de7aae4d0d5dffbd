/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kalman.h - one step of a small Kalman filter over a clock
 *
 * State 0 is an offset in s, state 1 its frequency in s/s, the others are constants that add to
 * what a sample shows of the offset (a path's asymmetry, a source's bias). The covariance is the
 * lower triangle of a symmetric matrix, packed row by row, so that it cannot become unsymmetric;
 * both arrays belong to the caller. Thread: any. No allocation.
 */
#pragma once

/* Elements of a packed covariance of @n states. */
#define TS_KALMAN_PACKED(n) ((n) * ((n) + 1) / 2)

/* Returns: index of element (row, column), row >= column. */
static inline unsigned
ts_kalman_at(unsigned row, unsigned column)
{
	return row * (row + 1) / 2 + column;
}

/* Most states that a filter may have. */
#define TS_KALMAN_MAX_STATES 34

/* What a sample shows: offset + sum of gain * state, read with a noise of this variance. */
typedef struct {
	double value;      /* s, in the frame of state 0 */
	double variance;   /* s^2, > 0 */
	unsigned n_others; /* states besides the offset, 0 to 2 */
	unsigned state[2]; /* 2 or above */
	double gain[2];
} TsKalmanSample;

typedef struct {
	double residual; /* sample minus prediction, s */
	double variance; /* what the filter expected of residual^2, s^2 */
} TsInnovation;

/* Moves the state by @dt_s. @wander: variance that the frequency gains a second, (s/s)^2/s. */
void ts_kalman_predict(double *x, double *p, unsigned n, double dt_s, double wander);

/* Compares without touching the state. */
TsInnovation ts_kalman_innovation(const double *x, const double *p, const TsKalmanSample *sample);

/* Takes @sample into the state. */
void ts_kalman_update(double *x, double *p, unsigned n, const TsKalmanSample *sample);
