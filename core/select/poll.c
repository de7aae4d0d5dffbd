/* SPDX-License-Identifier: BSD-2-Clause */
/* poll.c - see poll.h */
#include "select/poll.h"

#include <math.h>

#include "base/time.h"

/* The line must stand on a few samples before the interval grows. */
#define SAMPLES_TO_GROW 8

/* How far the error may grow until the next sample, as a multiple of what it is now. */
#define GROWTH_TO_STRETCH 1.5
#define GROWTH_TO_SHRINK  3.0

static double
predicted_sd(const TsEstimate *estimate, double after_s)
{
	double variance = estimate->offset_sd_s * estimate->offset_sd_s +
			  2 * estimate->covariance * after_s +
			  estimate->frequency_sd * estimate->frequency_sd * after_s * after_s +
			  estimate->wander * after_s * after_s * after_s / 3;

	return variance > 0 ? sqrt(variance) : 0;
}

int
ts_poll_decide(const TsEstimate *estimate, int current_log2s, int min_log2s, int max_log2s)
{
	int next = current_log2s;
	double floor_s = MAX(estimate->offset_sd_s, 1e-9);

	if (estimate->n_samples >= SAMPLES_TO_GROW &&
	    predicted_sd(estimate, ts_log2s_to_s(current_log2s + 1)) < GROWTH_TO_STRETCH * floor_s)
		next++;
	else if (predicted_sd(estimate, ts_log2s_to_s(current_log2s)) > GROWTH_TO_SHRINK * floor_s)
		next--;
	return CLAMP(next, min_log2s, max_log2s);
}
