/* SPDX-License-Identifier: BSD-2-Clause */
/* time.c - conversions between nanoseconds and the NTP formats (RFC 5905 section 6). Thread: any. */
#include "base/time.h"

#include <math.h>

uint64_t
ts_ntp64_from_utc_ns(int64_t utc_ns)
{
	int64_t seconds = utc_ns / TS_NS_PER_S;
	int64_t ns = utc_ns % TS_NS_PER_S;

	if (ns < 0) {
		ns += TS_NS_PER_S;
		seconds--;
	}
	uint64_t seconds_ntp = (uint64_t)(seconds + TS_NTP_UNIX_OFFSET_S) & 0xffffffffu;
	uint64_t fraction = ((uint64_t)ns << 32) / (uint64_t)TS_NS_PER_S;
	return seconds_ntp << 32 | fraction;
}

int64_t
ts_ntp64_to_utc_ns(uint64_t ntp64, int64_t pivot_utc_ns)
{
	/* The difference of two timestamps, taken modulo an era and read as signed, is the distance
	 * in the nearest era. Whole seconds and fraction apart, so that nothing is lost. */
	int64_t pivot_s = pivot_utc_ns / TS_NS_PER_S;
	uint32_t pivot_ntp_s = (uint32_t)(pivot_s + TS_NTP_UNIX_OFFSET_S);
	int32_t distance_s = (int32_t)((uint32_t)(ntp64 >> 32) - pivot_ntp_s);
	uint64_t fraction_ns =
		((ntp64 & 0xffffffffu) * (uint64_t)TS_NS_PER_S + (UINT64_C(1) << 31)) >> 32;

	return (pivot_s + distance_s) * TS_NS_PER_S + (int64_t)fraction_ns;
}

uint32_t
ts_ntp32_from_s(double interval_s)
{
	if (isnan(interval_s))
		return UINT32_MAX;
	if (interval_s <= 0)
		return 0;
	double units = ceil(interval_s * 65536.0);
	return units >= (double)UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

double
ts_ntp32_to_s(uint32_t ntp32)
{
	return (double)ntp32 / 65536.0;
}

double
ts_log2s_to_s(int log2s)
{
	return ldexp(1.0, log2s);
}

int64_t
ts_log2s_to_ns(int log2s)
{
	return ts_s_to_ns(ts_log2s_to_s(log2s));
}

int64_t
ts_s_to_ns(double interval_s)
{
	double ns = rint(interval_s * 1e9);

	if (isnan(ns))
		return 0;
	if (ns >= 9.2233720368547e18)
		return INT64_MAX;
	if (ns <= -9.2233720368547e18)
		return INT64_MIN;
	return (int64_t)ns;
}
