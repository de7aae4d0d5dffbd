/* SPDX-License-Identifier: BSD-2-Clause */
/* service-giver.c - offers the service "test.adder" */
#include <stdlib.h>

#include <timesrv/plugin.h>

#include "adder.h"

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_SERVICE, "service-giver", "1.0", "BSD-2-Clause", "adds", 0);
TIMESRV_PLUGIN_SCHEMA("bias|int|0|||added to each sum\n");

struct giver {
	const struct timesrv_host *host;
	int64_t bias;
};

static int64_t
add(void *object, int64_t a, int64_t b)
{
	const struct giver *self = object;

	return a + b + self->bias;
}

static const struct adder adder = {.struct_size = sizeof adder, .add = add};

static int
giver_create(const struct timesrv_host *host, void **data)
{
	struct giver *self = calloc(1, sizeof *self);

	self->host = host;
	*data = self;
	return host->setting_int(host->h, "bias", &self->bias);
}

static int
giver_start(void *data)
{
	struct giver *self = data;

	return self->host->service_publish(self->host->h, "test.adder", 2, &adder, self);
}

static void
giver_destroy(void *data)
{
	free(data);
}

TIMESRV_PLUGIN_DEFINE = {
	.struct_size = sizeof(struct timesrv_plugin),
	.abi_major = TIMESRV_ABI_MAJOR,
	.kind = TIMESRV_KIND_SERVICE,
	.create = giver_create,
	.start = giver_start,
	.destroy = giver_destroy,
};
