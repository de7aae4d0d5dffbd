/* SPDX-License-Identifier: BSD-2-Clause */
/* leap.h - the leap indicator (RFC 5905 section 7.3); the values are those of the wire */
#pragma once

typedef enum {
	TS_LEAP_NONE = 0,
	TS_LEAP_INSERT = 1,       /* the last minute of the day has 61 seconds */
	TS_LEAP_DELETE = 2,       /* it has 59 */
	TS_LEAP_UNSYNCHRONISED = 3,
} TsLeap;

/* Returns: "none", "insert", "delete" or "unsynchronised". Thread: any. */
const char *ts_leap_name(TsLeap leap);
