/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-guest.c - does what the lint warns of: linked with -z nodelete, static TLS, exports, a
 * handler */
#include <signal.h>

#include "plain-plugin.h"

extern TIMESRV_EXPORT __thread int counted_here;
__thread int counted_here __attribute__((tls_model("initial-exec")));

static int
start(void *self)
{
	(void)self;
	counted_here++;
	return signal(SIGUSR2, SIG_DFL) == SIG_ERR;
}

PLAIN_INFO("bad-guest");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .create = plain_create,
			 .start = start,
			 .destroy = plain_destroy};
