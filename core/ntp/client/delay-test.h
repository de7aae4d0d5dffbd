/* SPDX-License-Identifier: BSD-2-Clause */
/* delay-test.h - is a sample's round trip short enough to learn from it? Pure. Thread: any. */
#pragma once

#include <stdbool.h>

#include "config/settings.h"
#include "select/estimate.h"
#include "select/sample.h"

typedef enum {
	TS_DELAY_PASSED,
	TS_DELAY_TOO_LONG,	   /* max-delay, or a clock that reads no finer than that */
	TS_DELAY_BEYOND_RATIO,	   /* max-delay-ratio: so many times the least round trip of late */
	TS_DELAY_BEYOND_DEVIATION, /* max-delay-dev-ratio: excess delay in units of jitter */
} TsDelayVerdict;

/* Returns: "passed", "max-delay" ...: the option's name. */
const char *ts_delay_verdict_name(TsDelayVerdict verdict);

/**
 * ts_delay_test:
 * @estimate: (nullable): of the source, projected to the sample's raw_ns; NULL before there is one
 *
 * The two relative tests need an estimate of 6 samples. The deviation test lets a late sample pass
 * whose offset is further from the prediction than the excess delay can explain: then the clock did
 * change.
 */
TsDelayVerdict ts_delay_test(const TsSample *sample, const TsSourceSettings *settings,
			     const TsEstimate *estimate);
