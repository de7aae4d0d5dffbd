/* SPDX-License-Identifier: BSD-2-Clause */
/* sample.h - one measurement of a reference clock */
#pragma once

#include <stdint.h>

/* The values are those of the wire (RFC 5905 section 7.3). */
enum timesrv_leap {
	TIMESRV_LEAP_NONE = 0,
	TIMESRV_LEAP_INSERT = 1, /* the last minute of the day has 61 seconds */
	TIMESRV_LEAP_DELETE = 2, /* it has 59 */
	TIMESRV_LEAP_UNSYNCHRONISED = 3 /* the source says itself that it can't be trusted */
};

enum timesrv_sample_flag {
	/* Only the fraction of the second in reference_utc_ns is known (a pulse): the daemon
	 * numbers the second by other sources or by its own clock, or drops the sample. */
	TIMESRV_SAMPLE_PULSE = 1u << 0
};

/*
 * "The raw clock stood between raw_before and raw_after when the source read reference_utc_ns."
 *
 * Two errors, never mixed: noise is statistical and weighs the sample against others; max_error is
 * a hard bound, from which the error that the daemon states to its clients derives.
 */
struct timesrv_sample {
	uint32_t struct_size;
	uint32_t flags;            /* enum timesrv_sample_flag; an unknown one: refused */
	int64_t raw_before_ns;     /* host->raw_now() or raw_of_real() before the reading */
	int64_t raw_after_ns;      /* and after it; equal where there is one stamp */
	int64_t reference_utc_ns;  /* what the source read between the two, ns since 1970 */
	uint32_t epoch;            /* host->epoch() at the reading; an older one is dropped */
	uint32_t leap;             /* enum timesrv_leap */
	uint32_t stratum;          /* of the source: 0 a clock, 1 to 15 it follows others */
	uint32_t quality;          /* 1 to 100 as the source judges itself, shown only; 0: not */
	double noise_s;            /* > 0: 1-sigma of this reading: resolution, latency */
	double max_error_s;        /* >= 0: bound of |reference - UTC|; INFINITY: no claim */
	double delay_s;            /* >= 0: round trip to the source, where it is known; else 0 */
	double root_delay_s;       /* >= 0: of the source itself, where it follows others; else 0 */
	double root_dispersion_s;  /* >= 0: the same */
};
