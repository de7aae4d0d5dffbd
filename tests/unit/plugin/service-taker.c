/* SPDX-License-Identifier: BSD-2-Clause */
/* service-taker.c - adds 40 and 2 once a second with whoever offers "test.adder" */
#include <stdlib.h>

#include <timesrv/plugin.h>

#include "adder.h"

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_SERVICE, "service-taker", "1.0", "BSD-2-Clause", "lets add", 0);

struct taker {
	const struct timesrv_host *host;
	timesrv_service_ref *ref;
	timesrv_id sum, came, went;
};

static void
on_second(void *data)
{
	struct taker *self = data;
	const struct timesrv_host *host = self->host;
	void *object;
	const struct adder *adder = host->service_use(host->h, self->ref, &object);

	host->metric_set(host->h, self->sum, adder ? (double)adder->add(object, 40, 2) : -1);
	if (adder)
		host->service_done(host->h, self->ref);
}

static int
taker_create(const struct timesrv_host *host, void **data)
{
	struct taker *self = calloc(1, sizeof *self);

	self->host = host;
	*data = self;
	host->metric_add(host->h, TIMESRV_METRIC_GAUGE, "sum", "", "The sum", &self->sum);
	host->metric_add(host->h, TIMESRV_METRIC_COUNTER, "came", "", "It came", &self->came);
	host->metric_add(host->h, TIMESRV_METRIC_COUNTER, "went", "", "It went", &self->went);
	return host->service_acquire(host->h, "test.adder", 2, &self->ref);
}

static int
taker_start(void *data)
{
	struct taker *self = data;
	timesrv_id id;

	return self->host->timer_add(self->host->h, 0, 1000000000, on_second, self, &id);
}

static void
taker_destroy(void *data)
{
	free(data);
}

static void
taker_on_service(void *data, const char *interface, int is_present)
{
	struct taker *self = data;

	(void)interface;
	self->host->metric_count(self->host->h, is_present ? self->came : self->went, 1);
}

TIMESRV_PLUGIN_DEFINE = {
	.struct_size = sizeof(struct timesrv_plugin),
	.abi_major = TIMESRV_ABI_MAJOR,
	.kind = TIMESRV_KIND_SERVICE,
	.create = taker_create,
	.start = taker_start,
	.destroy = taker_destroy,
	.on_service = taker_on_service,
};
