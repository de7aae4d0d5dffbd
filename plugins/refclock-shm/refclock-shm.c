/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock-shm.c - time out of a shared memory segment, as gpsd fills it
 *
 * Once a second the segment is looked at; each sample that a writer left there is taken and given
 * to the daemon. The segment is made if it isn't there, so that it does not matter who starts
 * first.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>

#include <timesrv/plugin.h>

#include "shm-segment.h"

/* The first two are for root's gpsd only, as ntpd and gpsd have it. */
#define N_PRIVATE_UNITS 2

/* Polls without a sample after which it is said what is waited for. */
#define PATIENCE 8

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, "refclock-shm", "0.1.0", "BSD-2-Clause",
		    "time from NTP shared memory segments, as gpsd fills them", 0);
TIMESRV_PLUGIN_SCHEMA(
	"unit|int|0|0..255||which segment: the key is 0x4e545030 + unit\n"
	"perm|mode||||permission of a segment that is made here; 0600 for unit 0 and 1, else 0666\n"
	"precision|duration||1e-9..1||noise of one sample; by default what the segment says\n"
	"max-error|duration||0..16||the most that the source may be off; 0.5 s for even units "
	"(gpsd's serial time), else what the segment says\n"
	"delay|duration|0|0..16||round trip to the source, where the writer has not taken it off\n");

enum counter { TICKS, GOOD, NOT_READY, BAD, CLASH, STALE, N_COUNTERS };

static const struct {
	const char *name, *help;
} counter_texts[N_COUNTERS] = {
	[TICKS] = {"shm_polls", "How often the segment was looked at"},
	[GOOD] = {"shm_good", "Samples taken out of the segment"},
	[NOT_READY] = {"shm_not_ready", "Looks that found no new sample"},
	[BAD] = {"shm_bad", "Samples with fields that mean nothing"},
	[CLASH] = {"shm_clashes", "Samples that changed while they were read"},
	[STALE] = {"shm_stale", "Samples whose receive time was not of the last seconds"},
};

struct reader {
	const struct timesrv_host *host;
	int unit;
	int perm;
	double noise_s, max_error_s; /* 0 and -1: as the segment says */
	double delay_s;
	int id;
	struct shm_segment *segment; /* NULL: not attached */
	unsigned n_idle;	     /* polls in a row without a sample */
	timesrv_id counters[N_COUNTERS];
};

static void
count(const struct reader *self, enum counter which)
{
	self->host->metric_count(self->host->h, self->counters[which], 1);
}

static void
detach(struct reader *self)
{
	if (self->segment)
		shmdt(self->segment);
	self->segment = NULL;
}

static int
attach(struct reader *self)
{
	const struct timesrv_host *host = self->host;
	key_t key = SHM_SEGMENT_KEY + self->unit;

	self->id = shmget(key, sizeof *self->segment, IPC_CREAT | self->perm);
	if (self->id < 0) {
		int cause = errno;
		host->log(host->h, TIMESRV_LOG_ERROR, "cannot get segment 0x%x (unit %d): %s%s",
			  key, self->unit, strerror(cause),
			  cause == EACCES
				  ? "; it is another user's: see ipcs -m, or take a unit above 1"
			  : cause == EINVAL
				  ? "; one is there that is too small: remove it with ipcrm -M"
				  : "");
		return -cause;
	}
	void *address = shmat(self->id, NULL, 0);
	if (address == (void *)-1) {
		int cause = errno;
		host->log(host->h, TIMESRV_LOG_ERROR, "cannot attach segment 0x%x: %s", key,
			  strerror(cause));
		return -cause;
	}
	self->segment = address;
	return 0;
}

/* Somebody removed the segment and the writer may have made a new one: ours would stay silent. */
static int
is_orphaned(const struct reader *self)
{
	struct shmid_ds status;

	if (shmctl(self->id, IPC_STAT, &status) != 0)
		return errno == EIDRM || errno == EINVAL;
	return (status.shm_perm.mode & SHM_DEST) != 0;
}

static int
wait_for_writer(struct reader *self)
{
	const struct timesrv_host *host = self->host;

	count(self, NOT_READY);
	if (++self->n_idle == PATIENCE)
		host->set_progress(host->h, "no writer fills the segment; is gpsd running?");
	if (!is_orphaned(self))
		return 0;
	detach(self);
	host->log(host->h, TIMESRV_LOG_NOTICE, "the segment was removed; taking the new one");
	return attach(self);
}

static int
give(struct reader *self, const struct shm_reading *reading)
{
	const struct timesrv_host *host = self->host;
	struct timesrv_sample sample = {
		.struct_size = sizeof sample,
		.reference_utc_ns = reading->reference_utc_ns,
		.epoch = host->epoch(host->h),
		.leap = (uint32_t)reading->leap & 3,
		.delay_s = self->delay_s,
	};

	if (host->raw_of_real(host->h, reading->receive_real_ns, &sample.raw_before_ns) != 0) {
		count(self, STALE);
		return 0;
	}
	sample.raw_after_ns = sample.raw_before_ns;
	shm_segment_claim(self->unit, reading->precision_log2s, &sample.noise_s,
			  &sample.max_error_s);
	if (self->noise_s > 0)
		sample.noise_s = self->noise_s;
	if (self->max_error_s >= 0)
		sample.max_error_s = self->max_error_s;
	/* what the daemon does not take it counts by cause */
	if (host->submit_sample(host->h, &sample) == 0)
		count(self, GOOD);
	self->n_idle = 0;
	return 0;
}

static int
reader_poll(void *data)
{
	struct reader *self = data;
	struct shm_reading reading;

	count(self, TICKS);
	if (!self->segment)
		return attach(self);
	switch (shm_segment_take(self->segment, &reading)) {
	case SHM_SAMPLE:
		return give(self, &reading);
	case SHM_NOT_READY:
		return wait_for_writer(self);
	case SHM_BAD:
		count(self, BAD);
		return 0;
	case SHM_CLASH:
		count(self, CLASH);
		return 0;
	}
	return 0;
}

static int
reader_start(void *data)
{
	return attach(data);
}

static void
reader_stop(void *data)
{
	detach(data);
}

static void
read_settings(struct reader *self)
{
	const struct timesrv_host *host = self->host;
	int64_t whole;

	if (host->setting_int(host->h, "unit", &whole) == 0)
		self->unit = (int)whole;
	self->perm = self->unit < N_PRIVATE_UNITS ? 0600 : 0666;
	if (host->setting_int(host->h, "perm", &whole) == 0)
		self->perm = (int)whole & 0777;
	self->max_error_s = -1;
	host->setting_number(host->h, "precision", &self->noise_s);
	host->setting_number(host->h, "max-error", &self->max_error_s);
	host->setting_number(host->h, "delay", &self->delay_s);
}

static int
reader_create(const struct timesrv_host *host, void **data)
{
	struct reader *self = calloc(1, sizeof *self);

	if (!self)
		return -ENOMEM;
	self->host = host;
	read_settings(self);
	for (int i = 0; i < N_COUNTERS; i++)
		host->metric_add(host->h, TIMESRV_METRIC_COUNTER, counter_texts[i].name, "",
				 counter_texts[i].help, &self->counters[i]);
	*data = self;
	return 0;
}

static void
reader_destroy(void *data)
{
	free(data);
}

static const struct timesrv_refclock_ops refclock_ops = {
	.struct_size = sizeof refclock_ops,
	.poll = reader_poll,
};

TIMESRV_PLUGIN_DEFINE = {
	.struct_size = sizeof(struct timesrv_plugin),
	.abi_major = TIMESRV_ABI_MAJOR,
	.abi_minor = TIMESRV_ABI_MINOR,
	.kind = TIMESRV_KIND_REFCLOCK,
	.kind_ops = &refclock_ops,
	.create = reader_create,
	.start = reader_start,
	.stop = reader_stop,
	.destroy = reader_destroy,
};
