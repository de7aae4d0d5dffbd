/* SPDX-License-Identifier: BSD-2-Clause */
/* phc.c - see phc.h */
#include "ntp/client/phc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two clocks may differ by so much in rate: a card that ptp4l steers, a free oscillator. */
#define MAX_RATE 1e-3

/* Readings closer together than this say little about the rate. */
#define MIN_SPAN_NS INT64_C(500000000)

/* What is left in a rate that was measured: the wander within seconds. */
#define RATE_ERROR 1e-7

static const TsPhcReading *
newest(const TsPhcTracker *tracker)
{
	return &tracker->readings[tracker->n - 1];
}

static bool
is_on_line(const TsPhcTracker *tracker, const TsPhcReading *reading)
{
	const TsPhcReading *last = newest(tracker);
	double raw_s = (double)(reading->raw_ns - last->raw_ns) * 1e-9;
	double gained_s =
		(double)((reading->phc_ns - last->phc_ns) - (reading->raw_ns - last->raw_ns)) *
		1e-9;

	return raw_s > 0 && fabs(gained_s) <= raw_s * MAX_RATE + reading->error_s + last->error_s;
}

void
ts_phc_tracker_add(TsPhcTracker *tracker, const TsPhcReading *reading)
{
	if (tracker->n > 0 && !is_on_line(tracker, reading))
		tracker->n = 0;
	if (tracker->n == TS_PHC_READINGS) {
		tracker->n--;
		memmove(tracker->readings, tracker->readings + 1, tracker->n * sizeof *reading);
	}
	tracker->readings[tracker->n++] = *reading;
}

static bool
has_rate(const TsPhcTracker *tracker)
{
	return tracker->n >= 2 &&
	       newest(tracker)->raw_ns - tracker->readings[0].raw_ns >= MIN_SPAN_NS;
}

double
ts_phc_tracker_rate(const TsPhcTracker *tracker)
{
	if (!has_rate(tracker))
		return 0;
	int64_t phc_ns = newest(tracker)->phc_ns - tracker->readings[0].phc_ns;
	int64_t raw_ns = newest(tracker)->raw_ns - tracker->readings[0].raw_ns;
	return (double)(phc_ns - raw_ns) / (double)raw_ns;
}

static double
rate_error(const TsPhcTracker *tracker)
{
	if (!has_rate(tracker))
		return MAX_RATE;
	const TsPhcReading *first = &tracker->readings[0], *last = newest(tracker);
	return RATE_ERROR +
	       (first->error_s + last->error_s) / ((double)(last->raw_ns - first->raw_ns) * 1e-9);
}

bool
ts_phc_tracker_raw_of(const TsPhcTracker *tracker, int64_t phc_ns, int64_t *raw_ns, double *error_s)
{
	const TsPhcReading *nearest = NULL;

	for (unsigned i = 0; i < tracker->n; i++)
		if (!nearest ||
		    llabs(phc_ns - tracker->readings[i].phc_ns) < llabs(phc_ns - nearest->phc_ns))
			nearest = &tracker->readings[i];
	if (!nearest || llabs(phc_ns - nearest->phc_ns) > TS_PHC_REACH_NS)
		return false;
	int64_t since_ns = phc_ns - nearest->phc_ns;
	double rate = ts_phc_tracker_rate(tracker);
	*raw_ns = nearest->raw_ns + since_ns - llrint((double)since_ns * rate / (1 + rate));
	*error_s = nearest->error_s + fabs((double)since_ns) * 1e-9 * rate_error(tracker);
	return true;
}

TsPhcReading
ts_phc_pick_tightest(const int64_t (*stamps_ns)[3], unsigned n)
{
	TsPhcReading best = {.error_s = INFINITY};

	for (unsigned i = 0; i < n; i++) {
		int64_t gap_ns = stamps_ns[i][2] - stamps_ns[i][0];
		if (gap_ns < 0 || (double)gap_ns * 0.5e-9 >= best.error_s)
			continue;
		best = (TsPhcReading){
			.phc_ns = stamps_ns[i][1],
			.raw_ns = stamps_ns[i][0] + gap_ns / 2,
			.error_s = (double)gap_ns * 0.5e-9,
		};
	}
	return best;
}
