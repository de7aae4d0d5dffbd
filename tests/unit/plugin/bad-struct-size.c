/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-struct-size.c - did not say how large its struct is */
#include "plain-plugin.h"

PLAIN_INFO("bad-struct-size");
TIMESRV_PLUGIN_DEFINE = {.abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .create = plain_create,
			 .start = plain_start,
			 .destroy = plain_destroy};
