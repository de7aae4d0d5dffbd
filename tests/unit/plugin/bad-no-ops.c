/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-no-ops.c - a refclock that forgot its kind's struct */
#include "plain-plugin.h"

PLAIN_INFO("bad-no-ops");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .create = plain_create,
			 .start = plain_start,
			 .destroy = plain_destroy};
