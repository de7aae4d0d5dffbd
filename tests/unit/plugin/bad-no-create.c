/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-no-create.c - can't be made */
#include "plain-plugin.h"

PLAIN_INFO("bad-no-create");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .start = plain_start,
			 .destroy = plain_destroy};
