/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * time.h - instants, intervals and the NTP formats of both
 *
 * Inside the daemon an instant is a signed 64-bit count of nanoseconds whose name ends in the clock
 * it was read from:
 *
 *   _raw_ns   the undisciplined local timescale (CLOCK_MONOTONIC_RAW, or the driver's counter)
 *   _mono_ns  the scheduler's clock (CLOCK_MONOTONIC, or virtual time): timers only
 *   _real_ns  the system's CLOCK_REALTIME, ns since 1970-01-01 UTC without leap seconds
 *   _utc_ns   the disciplined time that timesrv serves, same epoch as _real_ns
 *
 * The wire formats (RFC 5905 section 6) are: _ntp64 (32.32, era implied) and _ntp32 (16.16).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TS_NS_PER_S  INT64_C(1000000000)
#define TS_NS_PER_MS INT64_C(1000000)
#define TS_NS_PER_US INT64_C(1000)

/* Seconds from 1900-01-01 (NTP era 0) to 1970-01-01. */
#define TS_NTP_UNIX_OFFSET_S INT64_C(2208988800)

/**
 * ts_ntp64_from_utc_ns:
 * @utc_ns: an instant, ns since 1970
 *
 * Returns: the NTP timestamp of it, era dropped; the fraction is rounded down.
 * Thread: any. Source: RFC 5905 section 6.
 */
uint64_t ts_ntp64_from_utc_ns(int64_t utc_ns);

/**
 * ts_ntp64_to_utc_ns:
 * @ntp64: a timestamp from the wire; 0 seconds with a fraction is a valid one
 * @pivot_utc_ns: an instant less than 68 years away from the right answer, as our own clock
 *
 * Returns: the instant in the era nearest to @pivot_utc_ns, rounded to the nearest ns.
 * Thread: any. Source: RFC 5905 section 6 (eras).
 */
int64_t ts_ntp64_to_utc_ns(uint64_t ntp64, int64_t pivot_utc_ns);

/**
 * ts_ntp32_from_s:
 * @interval_s: seconds
 *
 * Returns: @interval_s in NTP short format, rounded up (it is a bound), 0 for a negative interval
 * and 0xffffffff for one that does not fit or is not a number.
 * Thread: any. Source: RFC 5905 section 6.
 */
uint32_t ts_ntp32_from_s(double interval_s);

/* Returns: seconds, 0 to 65535.99998; the field is unsigned. Thread: any. */
double ts_ntp32_to_s(uint32_t ntp32);

/* Returns: 2^@log2s seconds, as a poll interval or a precision is written. Thread: any. */
double ts_log2s_to_s(int log2s);

/* Returns: the same in ns, saturating. Thread: any. */
int64_t ts_log2s_to_ns(int log2s);

/* Returns: @interval_s in ns, to the nearest, saturating at INT64_MIN/INT64_MAX. Thread: any. */
int64_t ts_s_to_ns(double interval_s);

/* Returns: @interval_ns in seconds. For intervals, never for instants. Thread: any. */
static inline double
ts_ns_to_s(int64_t interval_ns)
{
	return (double)interval_ns * 1e-9;
}
