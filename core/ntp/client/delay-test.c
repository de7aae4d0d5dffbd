/* SPDX-License-Identifier: BSD-2-Clause */
/* delay-test.c - see delay-test.h */
#include "ntp/client/delay-test.h"

#include <math.h>

#include "base/time.h"

/* Fewer samples say nothing of what is usual on this path. */
#define MIN_SAMPLES 6

const char *
ts_delay_verdict_name(TsDelayVerdict verdict)
{
	switch (verdict) {
	case TS_DELAY_PASSED:
		return "passed";
	case TS_DELAY_TOO_LONG:
		return "max-delay";
	case TS_DELAY_BEYOND_RATIO:
		return "max-delay-ratio";
	case TS_DELAY_BEYOND_DEVIATION:
		return "max-delay-dev-ratio";
	}
	return "?";
}

TsDelayVerdict
ts_delay_test(const TsSample *sample, const TsSourceSettings *settings, const TsEstimate *estimate)
{
	double delay_s = ts_ns_to_s(sample->delay_ns);

	if (delay_s > settings->max_delay_s || sample->noise_s > settings->max_delay_s)
		return TS_DELAY_TOO_LONG;
	if (!estimate || estimate->n_samples < MIN_SAMPLES)
		return TS_DELAY_PASSED;

	/* the least delay is old news: its own clock reading may be off by this much by now */
	double uncertainty_s = estimate->offset_sd_s;
	if (settings->max_delay_ratio >= 1 &&
	    delay_s > estimate->delay_min_s * settings->max_delay_ratio + uncertainty_s)
		return TS_DELAY_BEYOND_RATIO;

	double allowed_s = estimate->jitter_s * settings->max_delay_dev_ratio + uncertainty_s;
	double excess_s = (delay_s - estimate->delay_min_s) / 2;
	if (settings->max_delay_dev_ratio <= 0 || excess_s <= allowed_s)
		return TS_DELAY_PASSED;
	double surprise_s =
		fabs(ts_estimate_offset_from(estimate, sample->raw_ns, sample->offset_ns));
	return surprise_s > excess_s + allowed_s ? TS_DELAY_PASSED : TS_DELAY_BEYOND_DEVIATION;
}
