/* SPDX-License-Identifier: BSD-2-Clause */
/* paired-reading.c - see paired-reading.h */
#include "clock/paired-reading.h"

#include <math.h>
#include <time.h>

#include "base/time.h"

static int64_t
read_clock(clockid_t id)
{
	struct timespec now;

	if (clock_gettime(id, &now) != 0)
		return 0;
	return now.tv_sec * TS_NS_PER_S + now.tv_nsec;
}

int64_t
ts_paired_raw_now(void)
{
	return read_clock(CLOCK_MONOTONIC_RAW);
}

int64_t
ts_paired_real_now(int64_t *raw_ns)
{
	int64_t best_width_ns = INT64_MAX, real_ns = 0;

	for (int i = 0; i < 3; i++) {
		int64_t before_ns = read_clock(CLOCK_MONOTONIC_RAW);
		int64_t now_ns = read_clock(CLOCK_REALTIME);
		int64_t after_ns = read_clock(CLOCK_MONOTONIC_RAW);
		if (after_ns - before_ns >= best_width_ns)
			continue;
		best_width_ns = after_ns - before_ns;
		*raw_ns = before_ns + best_width_ns / 2;
		real_ns = now_ns;
	}
	return real_ns;
}

int64_t
ts_paired_slept_ns(void)
{
	int64_t monotonic_ns = read_clock(CLOCK_MONOTONIC);
	int64_t boot_ns = read_clock(CLOCK_BOOTTIME);

	/* 0: this kernel (or simulator) has no such clock */
	return boot_ns ? boot_ns - monotonic_ns : 0;
}

int
ts_paired_precision_log2s(void)
{
	/* A bounded number of readings: under a simulator the clock may stand still. */
	int64_t least_ns = INT64_MAX;
	int64_t last_ns = read_clock(CLOCK_REALTIME);

	for (int i = 0; i < 1000; i++) {
		int64_t now_ns = read_clock(CLOCK_REALTIME);
		if (now_ns > last_ns && now_ns - last_ns < least_ns)
			least_ns = now_ns - last_ns;
		last_ns = now_ns;
	}
	if (least_ns > TS_NS_PER_S)
		least_ns = 1;
	return (int)ceil(log2((double)least_ns * 1e-9));
}
