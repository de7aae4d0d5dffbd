/* SPDX-License-Identifier: BSD-2-Clause */
/* random.c - see random.h */
#include "base/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/types.h>

void
ts_random_bytes(void *buffer, size_t length)
{
	uint8_t *next = buffer;

	while (length > 0) {
		ssize_t got = getrandom(next, length, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		next += got;
		length -= (size_t)got;
	}
}

uint64_t
ts_random_u64(void)
{
	uint64_t value;

	ts_random_bytes(&value, sizeof value);
	return value;
}
