/* SPDX-License-Identifier: BSD-2-Clause */
/* plain-plugin.h - the parts that the plugins for the loader's tests share: they do nothing, and do
 * it well */
#pragma once

#include <stdlib.h>

#include <timesrv/plugin.h>

static inline int
plain_create(const struct timesrv_host *host, void **self)
{
	(void)host;
	*self = malloc(1);
	return *self ? 0 : -12;
}

static inline int
plain_start(void *self)
{
	(void)self;
	return 0;
}

static inline void
plain_destroy(void *self)
{
	free(self);
}

static const struct timesrv_refclock_ops plain_ops = {.struct_size = sizeof plain_ops};

#define PLAIN_MEMBERS                                                                              \
	.struct_size = sizeof(struct timesrv_plugin), .abi_major = TIMESRV_ABI_MAJOR,              \
	.abi_minor = TIMESRV_ABI_MINOR, .kind = TIMESRV_KIND_REFCLOCK, .kind_ops = &plain_ops,     \
	.create = plain_create, .start = plain_start, .destroy = plain_destroy

#define PLAIN_INFO(name)                                                                           \
	TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, name, "1.0", "BSD-2-Clause", "for a test", 0)
