/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample.h - one measurement: "the raw clock read raw_ns when the source read raw_ns + offset_ns"
 *
 * Every kind of source gives this. Samples live on the undisciplined local timescale and are never
 * rewritten: what the discipline does to the clock does not touch them. offset_ns is near 1.8e18 (the
 * raw clock counts from boot): differences of two offsets are small and exact, so take those before
 * going to double.
 */
#pragma once

#include <stdint.h>

#include "clock/leap.h"

typedef struct {
	int64_t raw_ns;           /* the raw clock in the middle of the exchange */
	int64_t offset_ns;        /* the source's UTC minus the raw clock at that moment */
	int64_t delay_ns;         /* round trip, >= 0; 0 for a reference clock on this machine */
	double noise_s;           /* 1-sigma of reading both clocks, > 0: precision, interrupt latency */
	double max_error_s;       /* hard: the source's own claim (root delay/2 + root dispersion) plus
	                           * reading error, without this path's delay; INFINITY: claims nothing */
	double root_delay_s;      /* of the source, >= 0 */
	double root_dispersion_s; /* of the source, >= 0 */
	uint32_t refid;           /* the source's own reference, host byte order */
	uint32_t epoch;           /* ts_clock_epoch() at the measurement */
	int32_t stratum;          /* the source's: 0 for a reference clock, 1 to 15 for a server */
	int32_t leap;             /* TsLeap */
} TsSample;

/* Returns: the sample's hard bound: true offset lies within offset_ns +- this, s. */
static inline double
ts_sample_hard_error_s(const TsSample *sample)
{
	return (double)sample->delay_ns * 0.5e-9 + sample->max_error_s;
}
