/* SPDX-License-Identifier: BSD-2-Clause */
/* refclock-fine.c - a refclock for tests: what it gives is told by its settings */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <timesrv/plugin.h>

#define NS_PER_S INT64_C(1000000000)

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, "refclock-fine", "1.2.3", "BSD-2-Clause",
		    "gives what a test wants", 0);
TIMESRV_PLUGIN_SCHEMA(
	"origin|string|!|||what true time is ahead of the raw clock, ns\n"
	"what|enum|sample|sample,pulse,nan,noise,negative,stratum,ancient,old,future,epoch,"
	"flag,short,unsynchronised,fail,quiet||what to give each second\n"
	"lines|int|0|0..1000||how many lines to log each second\n"
	"depth|duration|1ms|0..1||a duration\n"
	"device|path||||a path\n");

struct fine {
	const struct timesrv_host *host;
	int64_t origin_ns, n_lines;
	const char *what;
	timesrv_id polls, disruptions, last_result;
};

static struct timesrv_sample
make_sample(const struct fine *self)
{
	const struct timesrv_host *host = self->host;
	int64_t raw_ns = host->raw_now(host->h);

	return (struct timesrv_sample){
		.struct_size = sizeof(struct timesrv_sample),
		.raw_before_ns = raw_ns - 1000,
		.raw_after_ns = raw_ns,
		.reference_utc_ns = raw_ns - 500 + self->origin_ns,
		.epoch = host->epoch(host->h),
		.quality = 87,
		.noise_s = 1e-6,
		.max_error_s = 1e-5,
	};
}

static void
spoil(struct timesrv_sample *sample, const char *what)
{
	if (!strcmp(what, "pulse")) {
		sample->flags = TIMESRV_SAMPLE_PULSE;
		sample->reference_utc_ns %= NS_PER_S;
	} else if (!strcmp(what, "nan")) {
		sample->noise_s = NAN;
	} else if (!strcmp(what, "noise")) {
		sample->noise_s = 0;
	} else if (!strcmp(what, "negative")) {
		sample->raw_before_ns = sample->raw_after_ns + 1;
	} else if (!strcmp(what, "stratum")) {
		sample->stratum = 16;
	} else if (!strcmp(what, "ancient")) {
		sample->reference_utc_ns = 315964800 * NS_PER_S; /* the first second of GPS */
	} else if (!strcmp(what, "old")) {
		sample->raw_before_ns -= 60 * NS_PER_S;
		sample->raw_after_ns = sample->raw_before_ns;
	} else if (!strcmp(what, "future")) {
		sample->raw_after_ns += NS_PER_S;
		sample->raw_before_ns = sample->raw_after_ns;
	} else if (!strcmp(what, "epoch")) {
		sample->epoch--;
	} else if (!strcmp(what, "flag")) {
		sample->flags = 1u << 30;
	} else if (!strcmp(what, "short")) {
		sample->struct_size = 64;
	} else if (!strcmp(what, "unsynchronised")) {
		sample->leap = TIMESRV_LEAP_UNSYNCHRONISED;
	}
}

static int
fine_poll(void *data)
{
	struct fine *self = data;
	const struct timesrv_host *host = self->host;
	struct timesrv_sample sample = make_sample(self);

	host->metric_count(host->h, self->polls, 1);
	for (int64_t i = 0; i < self->n_lines; i++)
		host->log(host->h, TIMESRV_LOG_INFO, "line %lld", (long long)i);
	if (!strcmp(self->what, "quiet"))
		return 0;
	if (!strcmp(self->what, "fail"))
		return -EIO;
	spoil(&sample, self->what);
	host->metric_set(host->h, self->last_result, host->submit_sample(host->h, &sample));
	return 0;
}

static int
fine_create(const struct timesrv_host *host, void **data)
{
	struct fine *self = calloc(1, sizeof *self);

	const char *origin;

	self->host = host;
	if (host->setting_text(host->h, "origin", &origin) != 0 ||
	    host->setting_int(host->h, "lines", &self->n_lines) != 0 ||
	    host->setting_text(host->h, "what", &self->what) != 0) {
		free(self);
		return -EINVAL;
	}
	self->origin_ns = strtoll(origin, NULL, 10);
	host->metric_add(host->h, TIMESRV_METRIC_COUNTER, "polls", "", "Polls", &self->polls);
	host->metric_add(host->h, TIMESRV_METRIC_COUNTER, "disruptions", "", "Told of a disruption",
			 &self->disruptions);
	host->metric_add(host->h, TIMESRV_METRIC_GAUGE, "last_result", "", "Of submit_sample()",
			 &self->last_result);
	*data = self;
	return 0;
}

static int
fine_start(void *data)
{
	(void)data;
	return 0;
}

static void
fine_destroy(void *data)
{
	free(data);
}

static void
fine_on_disruption(void *data, uint32_t epoch)
{
	struct fine *self = data;

	(void)epoch;
	self->host->metric_count(self->host->h, self->disruptions, 1);
}

static const struct timesrv_refclock_ops ops = {.struct_size = sizeof ops, .poll = fine_poll};

TIMESRV_PLUGIN_DEFINE = {
	.struct_size = sizeof(struct timesrv_plugin),
	.abi_major = TIMESRV_ABI_MAJOR,
	.abi_minor = TIMESRV_ABI_MINOR,
	.kind = TIMESRV_KIND_REFCLOCK,
	.kind_ops = &ops,
	.create = fine_create,
	.start = fine_start,
	.destroy = fine_destroy,
	.on_disruption = fine_on_disruption,
};
