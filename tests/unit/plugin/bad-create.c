/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-create.c - can't be made, and says why; what it made before must go */
#include <errno.h>

#include "plain-plugin.h"

static int
fail(const struct timesrv_host *host, void **self)
{
	timesrv_id id;

	(void)self;
	host->metric_add(host->h, TIMESRV_METRIC_COUNTER, "left_over", "", "never seen", &id);
	host->log(host->h, TIMESRV_LOG_WARNING, "there is no device");
	return -ENODEV;
}

PLAIN_INFO("bad-create");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .create = fail,
			 .start = plain_start,
			 .destroy = plain_destroy};
