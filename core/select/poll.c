/* SPDX-License-Identifier: BSD-2-Clause */
/* poll.c - see poll.h */
#include "select/poll.h"

#include <math.h>

#include "base/time.h"

/* The line must stand on a few samples before the interval grows. */
#define SAMPLES_TO_GROW 8

/* What the error may grow to until the next sample, as a share of the jitter, that is of what one more
 * sample is off by: as long as it stays well below, asking more often would mostly measure noise. Where
 * the oscillator's own wander is all the jitter that is seen, the error grows to 1.7 times that in one
 * interval, so that this is noticed too. In simulation the clock's error goes like the interval to the
 * 3/8 on the one side of these limits and like its 3/2 on the other. */
#define GROWTH_TO_STRETCH 0.5
#define GROWTH_TO_SHRINK  1.0

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
	double jitter_s = MAX(estimate->jitter_s, 1e-9);

	if (estimate->n_samples >= SAMPLES_TO_GROW &&
	    predicted_sd(estimate, ts_log2s_to_s(current_log2s + 1)) < GROWTH_TO_STRETCH * jitter_s)
		next++;
	else if (predicted_sd(estimate, ts_log2s_to_s(current_log2s)) > GROWTH_TO_SHRINK * jitter_s)
		next--;
	return CLAMP(next, min_log2s, max_log2s);
}
