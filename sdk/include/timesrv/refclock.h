/* SPDX-License-Identifier: BSD-2-Clause */
/* refclock.h - a plugin of kind TIMESRV_KIND_REFCLOCK: one instance is one source */
#pragma once

#include <stdint.h>

struct timesrv_refclock_ops {
	uint32_t struct_size;

	/* Once a second between start() and stop(): read the device and submit what it says. May be
	 * NULL where timers, watches or threads do that. 0, or a negative errno that is said once
	 * until it changes. Thread: main; at most 10 ms, never blocks. */
	int (*poll)(void *self);
};
