/* SPDX-License-Identifier: BSD-2-Clause */
/* kalman.c - see kalman.h */
#include "select/kalman.h"

#include <math.h>

/* The update subtracts; where a sample is 1e16 times better than the prediction nothing but
 * rounding is left of a variance. These keep the matrix positive: a variance never falls below what
 * the sample alone would leave, and no correlation reaches 1. */
#define MIN_VARIANCE_RATIO 1e-15
#define MAX_CORRELATION    (1.0 - 1e-9)

void
ts_kalman_predict(double *x, double *p, unsigned n, double dt_s, double wander)
{
	double age_s = fabs(dt_s);
	double frequency_gain = wander * age_s;

	x[0] += dt_s * x[1];
	p[0] += dt_s * (2 * p[1] + dt_s * p[2]) + frequency_gain * age_s * age_s / 3;
	p[1] += dt_s * p[2] + frequency_gain * dt_s / 2;
	p[2] += frequency_gain;
	for (unsigned i = 2; i < n; i++)
		p[ts_kalman_at(i, 0)] += dt_s * p[ts_kalman_at(i, 1)];
}

static double
covariance(const double *p, unsigned i, unsigned j)
{
	return i >= j ? p[ts_kalman_at(i, j)] : p[ts_kalman_at(j, i)];
}

/* Returns: covariance of state @i with what @sample shows. */
static double
seen_of_state(const double *p, const TsKalmanSample *sample, unsigned i)
{
	double seen = covariance(p, i, 0);

	for (unsigned k = 0; k < sample->n_others; k++)
		seen += sample->gain[k] * covariance(p, i, sample->state[k]);
	return seen;
}

TsInnovation
ts_kalman_innovation(const double *x, const double *p, const TsKalmanSample *sample)
{
	TsInnovation innovation = {
		.residual = sample->value - x[0],
		.variance = sample->variance + seen_of_state(p, sample, 0),
	};

	for (unsigned k = 0; k < sample->n_others; k++) {
		innovation.residual -= sample->gain[k] * x[sample->state[k]];
		innovation.variance += sample->gain[k] * seen_of_state(p, sample, sample->state[k]);
	}
	return innovation;
}

/* Rounding may leave a correlation of 1 or more between offset and frequency. */
static void
limit_correlation(double *p)
{
	double limit = MAX_CORRELATION * sqrt(p[0] * p[2]);

	if (p[1] > limit)
		p[1] = limit;
	else if (p[1] < -limit)
		p[1] = -limit;
}

void
ts_kalman_update(double *x, double *p, unsigned n, const TsKalmanSample *sample)
{
	TsInnovation innovation = ts_kalman_innovation(x, p, sample);
	double scale = 1 / innovation.variance;
	double seen[TS_KALMAN_MAX_STATES];

	for (unsigned i = 0; i < n; i++)
		seen[i] = seen_of_state(p, sample, i);
	for (unsigned i = 0; i < n; i++) {
		double gain = seen[i] * scale;
		double least = p[ts_kalman_at(i, i)] * MIN_VARIANCE_RATIO;

		x[i] += gain * innovation.residual;
		for (unsigned j = 0; j <= i; j++)
			p[ts_kalman_at(i, j)] -= gain * seen[j];
		if (p[ts_kalman_at(i, i)] < least)
			p[ts_kalman_at(i, i)] = least;
	}
	if (sample->n_others == 0) {
		/* The same as above without the difference of near-equals. */
		double left = sample->variance * scale;

		p[0] = seen[0] * left;
		p[1] = seen[1] * left;
	}
	limit_correlation(p);
}
