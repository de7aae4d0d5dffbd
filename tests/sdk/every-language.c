/* SPDX-License-Identifier: BSD-2-Clause */
/* every-language.c - a plugin that is C11, C17 and C++17 at once, with every macro of the SDK */
#define TIMESRV_ABI_MINOR_MIN 0u

#include <timesrv/plugin.h>

#include <stdlib.h>

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, "every-language", "1.0", "BSD-2-Clause", "compiles", 0);
TIMESRV_PLUGIN_SCHEMA("unit|int|0|0..255||which one\n");

static int
make(const struct timesrv_host *host, void **self)
{
	int64_t unit = 0;

	if (!TIMESRV_HAS(host, service_release) || host->setting_int(host->h, "unit", &unit) != 0)
		return -1;
	host->log(host->h, TIMESRV_LOG_INFO, "unit %d", (int)unit);
	*self = malloc(1);
	return 0;
}

static int
start(void *self)
{
	(void)self;
	return 0;
}

static void
destroy(void *self)
{
	free(self);
}

static const struct timesrv_refclock_ops ops = {sizeof(struct timesrv_refclock_ops), NULL};

TIMESRV_PLUGIN_DEFINE = {sizeof(struct timesrv_plugin),
			 TIMESRV_ABI_MAJOR,
			 TIMESRV_ABI_MINOR,
			 TIMESRV_KIND_REFCLOCK,
			 0,
			 &ops,
			 make,
			 start,
			 NULL,
			 destroy,
			 NULL,
			 NULL};
