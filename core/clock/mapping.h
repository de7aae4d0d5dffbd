/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mapping.h - the disciplined clock as a piecewise linear function of the raw clock
 *
 * Two pieces: until slew_end_raw_ns the clock runs at frequency + slew_rate, then at frequency alone,
 * so that a slew ends in time even if the main thread sleeps. Every piece is known because we made it.
 */
#pragma once

#include <stdint.h>

typedef struct {
	int64_t anchor_raw_ns;    /* the moment from which this mapping holds */
	int64_t anchor_utc_ns;    /* the disciplined clock at that moment */
	double anchor_fraction_ns; /* what anchor_utc_ns lacks, 0 to 1: no rounding adds up */
	double frequency;         /* s/s: how much faster than the raw clock, without the slew */
	double slew_rate;         /* s/s, added to frequency until slew_end_raw_ns */
	int64_t slew_end_raw_ns;
} TsClockMapping;

/* Returns: the disciplined time when the raw clock reads @raw_ns; before the anchor it is
 * extended backwards with the first piece. Thread: any. */
int64_t ts_clock_mapping_utc_at(const TsClockMapping *mapping, int64_t raw_ns);

/* Returns: the slew that is still to come at @raw_ns, s. Thread: any. */
double ts_clock_mapping_slew_left(const TsClockMapping *mapping, int64_t raw_ns);

/* Moves the anchor to @raw_ns without changing the function after it. Thread: owner's. */
void ts_clock_mapping_advance(TsClockMapping *mapping, int64_t raw_ns);
