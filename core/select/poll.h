/* SPDX-License-Identifier: BSD-2-Clause */
/* poll.h - how often a source need be asked, from the filter's own predicted error */
#pragma once

#include "select/estimate.h"

/**
 * ts_poll_decide:
 * @estimate: of the source, now
 * @current_log2s: the interval in force
 * @min_log2s, @max_log2s: the operator's limits
 *
 * Returns: the interval to use next, log2 s, one step from @current_log2s at most: longer while the
 * error that is predicted for the end of the longer interval stays well below the jitter of a single
 * sample, shorter when the oscillator's wander would make it outgrow that. Thread: any.
 */
int ts_poll_decide(const TsEstimate *estimate, int current_log2s, int min_log2s, int max_log2s);
