/* SPDX-License-Identifier: BSD-2-Clause */
/* pulse.h - which second a pulse belongs to */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "source/engine.h"

/**
 * ts_pulse_number:
 * @pulse: the source that the pulse is of
 * @lock: (nullable): label of the source that knows the seconds; NULL: our own clock, if it is set
 * @raw_ns: when the pulse came
 * @reference_utc_ns: (inout): what the source read, whose whole seconds mean nothing; set to the
 *   full time
 * @reason: (out) (transfer full): set on failure: why not, for the operator
 *
 * The nearest second counts if it is so near that the error of who knows it leaves no doubt:
 * difference and error together are below 0.4 s. Thread: main.
 */
bool ts_pulse_number(TsEngine *engine, const TsSource *pulse, const char *lock, int64_t raw_ns,
		     int64_t *reference_utc_ns, char **reason);
