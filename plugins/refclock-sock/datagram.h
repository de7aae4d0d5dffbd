/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * datagram.h - the datagram by which gpsd and others tell chronyd's SOCK reference clock an offset
 *
 *      64-bit time_t (40 octets)        32-bit time_t (32 octets), of 32-bit programs
 *       0  int64  tv_sec                 0  int32  tv_sec
 *       8  int64  tv_usec                4  int32  tv_usec
 *      16  double offset, s              8  double offset, s
 *      24  int32  pulse                 16  int32  pulse
 *      28  int32  leap                  20  int32  leap
 *      32  int32  padding               24  int32  padding
 *      36  int32  magic "SOCK"          28  int32  magic "SOCK"
 *
 * All in the byte order of this machine. tv is the system's clock at the measurement. Without
 * pulse, offset is what true time was ahead of it. With pulse, only the fraction of a second is
 * known, and offset has the other sign: how far the system's clock was past the pulse's second (as
 * chronyd 4.3 was seen to take it).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SOCK_DATAGRAM_MAGIC 0x534f434b

enum sock_result {
	SOCK_SAMPLE,
	SOCK_BAD_SIZE,
	SOCK_BAD_MAGIC,
	SOCK_BAD_VALUE, /* a time or an offset that means nothing */
};

struct sock_reading {
	int64_t system_real_ns;
	int64_t reference_utc_ns; /* with is_pulse: the second is not known, only its fraction */
	int is_pulse;
	int leap;                 /* as written */
};

/**
 * sock_datagram_parse:
 * @bytes: (array length=length): of any alignment
 * @near_real_s: the system's clock about now: which 136 years 32-bit seconds belong to
 * @reading: (out): set only with SOCK_SAMPLE
 */
enum sock_result sock_datagram_parse(const void *bytes, size_t length, int64_t near_real_s,
				     struct sock_reading *reading);
