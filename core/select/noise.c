/* SPDX-License-Identifier: BSD-2-Clause */
/* noise.c - see noise.h */
#include "select/noise.h"

#include <math.h>
#include <string.h>

#include <glib.h>

/* With few samples the floor and the scatter aren't known yet. What is expected of a path then, as
 * a share of its round trip; each further sample halves its say. */
#define PRIOR_EXCESS_SHARE  0.1
#define PRIOR_SCATTER_SHARE 0.05

/* The true floor lies below the least delay seen by about this part of the mean excess, over the
 * root of the number of samples: 0.63 for queueing alike both ways, less for one way. */
#define FLOOR_UNSEEN 0.5

/* Of the samples' whole nanoseconds. */
#define ROUNDING_S 0.3e-9

/* Adds to the variance, in s^2: with few samples the score can't tell the models apart yet. */
#define EARLY_DOUBT       0.5
#define EARLY_DOUBT_LASTS 4.0

/* Two exponential queues, one with longer waits: of a small s half falls on each way, of a large
 * one all on the longer. The share goes like s / (s + this * mean excess). */
#define LOADED_SCALE 2.0

/* Mean of the lower three quarters of |x|, x normal with variance 1. Robust against a quarter of
 * outliers and, other than a median, not zero when most quantised offsets are equal. */
#define LOWER_QUARTERS_MEAN 0.5149

void
ts_noise_init(TsNoise *noise, unsigned capacity)
{
	memset(noise, 0, sizeof *noise);
	noise->capacity = capacity;
}

const TsNoiseSample *
ts_noise_sample(const TsNoise *noise, unsigned age)
{
	return &noise->samples[(noise->newest + TS_NOISE_WINDOW - age) % TS_NOISE_WINDOW];
}

/* Returns: how far the middle one of three samples lies from the line through its neighbours,
 * scaled to the scatter of one sample. */
static double
distance_from_neighbours(const TsNoiseSample *before, const TsNoiseSample *middle,
			 const TsNoiseSample *after)
{
	double share = (double)(middle->raw_ns - before->raw_ns) /
		       (double)(after->raw_ns - before->raw_ns);
	double rise = (double)(after->offset_ns - before->offset_ns) * 1e-9;
	double distance = (double)(middle->offset_ns - before->offset_ns) * 1e-9 - share * rise;

	return fabs(distance) / sqrt(1 + share * share + (1 - share) * (1 - share));
}

static void
sort(double *values, unsigned n)
{
	for (unsigned i = 1; i < n; i++) {
		double value = values[i];
		unsigned j = i;

		for (; j > 0 && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

static double
robust_scatter(const TsNoise *noise)
{
	double distances[TS_NOISE_WINDOW];
	unsigned n = 0;

	for (unsigned age = 2; age < noise->n_line; age++)
		distances[n++] = distance_from_neighbours(ts_noise_sample(noise, age),
							  ts_noise_sample(noise, age - 1),
							  ts_noise_sample(noise, age - 2));
	if (n == 0)
		return 0;
	sort(distances, n);
	unsigned n_lower = (3 * n + 3) / 4;
	double sum = 0;
	for (unsigned i = 0; i < n_lower; i++)
		sum += distances[i];
	/* A few may be small by chance. */
	return (1 + 1.0 / n) * sum / n_lower / LOWER_QUARTERS_MEAN;
}

/* What a path's scatter is taken for with nothing seen of it. */
static double
expected_scatter(const TsNoise *noise)
{
	if (noise->scatter_before_s > 0)
		return noise->scatter_before_s;
	return PRIOR_SCATTER_SHARE * noise->floor_s + ts_noise_sample(noise, 0)->noise_s +
	       0.3 * noise->excess_s;
}

static void
learn(TsNoise *noise)
{
	int64_t least_ns = INT64_MAX;
	double sum_s = 0;

	for (unsigned age = 0; age < noise->n; age++) {
		int64_t delay_ns = ts_noise_sample(noise, age)->delay_ns;

		if (delay_ns < least_ns)
			least_ns = delay_ns;
	}
	for (unsigned age = 0; age < noise->n; age++)
		sum_s += (double)(ts_noise_sample(noise, age)->delay_ns - least_ns) * 1e-9;

	double ignorance = ldexp(1, 1 - (int)noise->n);
	noise->floor_s = (double)least_ns * 1e-9;
	noise->excess_s = sum_s / noise->n + PRIOR_EXCESS_SHARE * noise->floor_s * ignorance;
	/* No neighbours yet, or one triple that may fit by chance. */
	ignorance = noise->n_line < 3 ? 1 : ldexp(1, 2 - (int)noise->n_line);
	noise->scatter_s = hypot(robust_scatter(noise), expected_scatter(noise) * ignorance);
}

void
ts_noise_add(TsNoise *noise, const TsSample *sample)
{
	noise->newest = (noise->newest + 1) % TS_NOISE_WINDOW;
	noise->samples[noise->newest] = (TsNoiseSample){
		.raw_ns = sample->raw_ns,
		.offset_ns = sample->offset_ns,
		.delay_ns = sample->delay_ns,
		.noise_s = sample->noise_s,
	};
	noise->n = MIN(noise->n + 1, noise->capacity);
	noise->n_line = MIN(noise->n_line + 1, noise->capacity);
	learn(noise);
}

void
ts_noise_step(TsNoise *noise, unsigned n)
{
	noise->scatter_before_s = noise->scatter_s;
	noise->n_line = MIN(n, noise->n);
	learn(noise);
}

/* Returns: 0 with a full window. */
static double
early_doubt(unsigned n)
{
	return EARLY_DOUBT / (EARLY_DOUBT_LASTS + n) -
	       EARLY_DOUBT / (EARLY_DOUBT_LASTS + TS_NOISE_WINDOW);
}

void
ts_noise_view(const TsNoise *noise, const TsNoiseSample *sample, TsNoiseView *view)
{
	double excess_s = (double)sample->delay_ns * 1e-9 - noise->floor_s;
	double unseen_s = FLOOR_UNSEEN * noise->excess_s / sqrt(noise->n);
	double span_s = excess_s + unseen_s;
	double reading = sample->noise_s * sample->noise_s + ROUNDING_S * ROUNDING_S;
	double constant = noise->scatter_s * noise->scatter_s + reading;

	reading += 1e-4 * noise->excess_s * noise->excess_s;
	*view = (TsNoiseView){.excess_s = excess_s};
	if (noise->excess_s < sample->noise_s) {
		/* The delay is all reading noise, or there is none: it tells nothing. */
		for (unsigned model = 0; model < TS_NOISE_MODELS; model++)
			view->variance[model] = constant;
		return;
	}
	view->variance[TS_NOISE_CONSTANT] = constant;
	double early = early_doubt(noise->n);

	view->variance[TS_NOISE_EVEN] = span_s * span_s * (1. / 10 + early) + reading;
	view->variance[TS_NOISE_SHARED] = span_s * span_s * (1. / 48 + early) + reading;
	view->variance[TS_NOISE_LOADED] = span_s * span_s * (1. / 16 + early) + reading;
	view->shared_s[TS_NOISE_SHARED] = excess_s;
	view->shared_s[TS_NOISE_LOADED] =
		excess_s * excess_s / (excess_s + LOADED_SCALE * noise->excess_s + 1e-12);
}
