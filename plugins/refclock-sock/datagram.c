/* SPDX-License-Identifier: BSD-2-Clause */
/* datagram.c - see datagram.h */
#include "datagram.h"

#include <math.h>
#include <string.h>

#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_US 1000
#define US_PER_S  1000000

/* The year 2262: what int64_t holds in ns. An offset may be as large: a clock that was never
 * set. */
#define MAX_S INT64_C(9214646400)

/* What follows the time is the same in both forms. */
struct tail {
	double offset_s;
	int32_t pulse, leap, padding, magic;
};

struct wide {
	int64_t tv_s, tv_us;
	struct tail tail;
};

struct narrow {
	uint32_t tv_s;
	int32_t tv_us;
	struct tail tail;
};

_Static_assert(sizeof(struct wide) == 40, "the 64-bit form has 40 octets");
_Static_assert(sizeof(struct narrow) == 32, "the 32-bit form has 32 octets");

static struct wide
widen(const struct narrow *narrow, int64_t near_real_s)
{
	return (struct wide){
		.tv_s = near_real_s + (int32_t)(narrow->tv_s - (uint32_t)near_real_s),
		.tv_us = narrow->tv_us,
		.tail = narrow->tail,
	};
}

static enum sock_result
read_wide(const struct wide *datagram, struct sock_reading *reading)
{
	const struct tail *tail = &datagram->tail;

	if (tail->magic != SOCK_DATAGRAM_MAGIC)
		return SOCK_BAD_MAGIC;
	if (datagram->tv_s < 0 || datagram->tv_s > MAX_S || datagram->tv_us < 0 ||
	    datagram->tv_us >= US_PER_S || !(fabs(tail->offset_s) <= (double)MAX_S))
		return SOCK_BAD_VALUE;
	int64_t system_real_ns = datagram->tv_s * NS_PER_S + datagram->tv_us * NS_PER_US;
	/* whole seconds apart, so that a large offset does not cost the small part its precision */
	double whole_s;
	double rest_s = modf(tail->pulse ? -tail->offset_s : tail->offset_s, &whole_s);
	int64_t offset_ns = (int64_t)whole_s * NS_PER_S + llrint(rest_s * (double)NS_PER_S);
	int64_t reference_utc_ns;
	if (__builtin_add_overflow(system_real_ns, offset_ns, &reference_utc_ns))
		return SOCK_BAD_VALUE;
	*reading = (struct sock_reading){
		.system_real_ns = system_real_ns,
		.reference_utc_ns = reference_utc_ns,
		.is_pulse = tail->pulse != 0,
		.leap = tail->leap,
	};
	return SOCK_SAMPLE;
}

enum sock_result
sock_datagram_parse(const void *bytes, size_t length, int64_t near_real_s,
		    struct sock_reading *reading)
{
	struct wide wide;
	struct narrow narrow;

	if (length == sizeof narrow) {
		memcpy(&narrow, bytes, sizeof narrow);
		wide = widen(&narrow, near_real_s);
	} else if (length == sizeof wide) {
		memcpy(&wide, bytes, sizeof wide);
	} else {
		return SOCK_BAD_SIZE;
	}
	return read_wide(&wide, reading);
}
