/* SPDX-License-Identifier: BSD-2-Clause */
/* paired-reading.h - CLOCK_REALTIME and CLOCK_MONOTONIC_RAW at one moment, and what suspend did */
#pragma once

#include <stdint.h>

/* Returns: CLOCK_REALTIME when CLOCK_MONOTONIC_RAW read *@raw_ns: the tightest of a few readings, good
 * to some tens of nanoseconds. Thread: any. */
int64_t ts_paired_real_now(int64_t *raw_ns);

/* Returns: CLOCK_MONOTONIC_RAW. Thread: any. */
int64_t ts_paired_raw_now(void);

/* Returns: how long the machine has slept since boot: CLOCK_BOOTTIME - CLOCK_MONOTONIC, ns. Thread: any. */
int64_t ts_paired_slept_ns(void);

/* Returns: log2 of the seconds that a reading of CLOCK_REALTIME takes or resolves, whichever is more. */
int ts_paired_precision_log2s(void);
