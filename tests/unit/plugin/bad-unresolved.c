/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-unresolved.c - calls a function that is nowhere */
#include "plain-plugin.h"

int function_that_is_nowhere(void *self);

PLAIN_INFO("bad-unresolved");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .create = plain_create,
			 .start = function_that_is_nowhere,
			 .destroy = plain_destroy};
