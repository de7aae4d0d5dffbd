/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-start.c - leaves a timer behind when it can't start */
#include <errno.h>

#include "plain-plugin.h"

struct state {
	const struct timesrv_host *host;
};

static int
make(const struct timesrv_host *host, void **self)
{
	struct state *state = malloc(sizeof *state);

	state->host = host;
	*self = state;
	return 0;
}

static void
never(void *user_data)
{
	(void)user_data;
	abort();
}

static int
fail(void *self)
{
	struct state *state = self;
	timesrv_id id;

	state->host->timer_add(state->host->h, 0, 1000000000, never, state, &id);
	return -EBUSY;
}

PLAIN_INFO("bad-start");
TIMESRV_PLUGIN_DEFINE = {.struct_size = sizeof(struct timesrv_plugin),
			 .abi_major = TIMESRV_ABI_MAJOR,
			 .kind = TIMESRV_KIND_REFCLOCK,
			 .kind_ops = &plain_ops,
			 .create = make,
			 .start = fail,
			 .destroy = plain_destroy};
