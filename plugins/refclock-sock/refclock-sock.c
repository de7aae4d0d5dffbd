/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock-sock.c - offsets that other programs send as datagrams, as to chronyd's SOCK
 *
 * Each datagram is one sample. Where it is a pulse, the daemon numbers its second.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <timesrv/plugin.h>

#include "datagram.h"
#include "socket-file.h"

/* In one go; whoever floods us waits for the next round of the main loop. */
#define MAX_DATAGRAMS 32

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, "refclock-sock", "0.1.0", "BSD-2-Clause",
		    "offsets sent as datagrams, as gpsd sends them to chronyd", 0);
TIMESRV_PLUGIN_SCHEMA(
	"path|path|!|||where to listen; gpsd sends to /run/chrony.DEVICE.sock, as chrony.ttyS0.sock\n"
	"perm|mode|0600|||permission of the socket: who may write to it may set the clock\n"
	"precision|duration|1us|1e-9..1||noise of one sample\n"
	"max-error|duration|1ms|0..16||the most that the source may be off\n"
	"delay|duration|0|0..16||round trip to the source, where the sender has not taken it off\n");

enum counter { GOOD, BAD_SIZE, BAD_MAGIC, BAD_VALUE, STALE, N_COUNTERS };

static const struct {
	const char *name, *help;
} counter_texts[N_COUNTERS] = {
	[GOOD] = {"sock_good", "Datagrams that became samples"},
	[BAD_SIZE] = {"sock_bad_size", "Datagrams of another size than a sample's"},
	[BAD_MAGIC] = {"sock_bad_magic", "Datagrams without the sample's mark"},
	[BAD_VALUE] = {"sock_bad_value", "Datagrams with a time or an offset that means nothing"},
	[STALE] = {"sock_stale", "Datagrams whose time was not of the last seconds"},
};

struct listener {
	const struct timesrv_host *host;
	const char *path;
	mode_t perm;
	double noise_s, max_error_s, delay_s;
	struct socket_file file;
	timesrv_id counters[N_COUNTERS];
};

static void
count(const struct listener *self, enum counter which)
{
	self->host->metric_count(self->host->h, self->counters[which], 1);
}

static void
give(const struct listener *self, const struct sock_reading *reading)
{
	const struct timesrv_host *host = self->host;
	struct timesrv_sample sample = {
		.struct_size = sizeof sample,
		.flags = reading->is_pulse ? TIMESRV_SAMPLE_PULSE : 0,
		.reference_utc_ns = reading->reference_utc_ns,
		.epoch = host->epoch(host->h),
		.leap = (uint32_t)reading->leap & 3,
		.noise_s = self->noise_s,
		.max_error_s = self->max_error_s,
		.delay_s = self->delay_s,
	};

	if (host->raw_of_real(host->h, reading->system_real_ns, &sample.raw_before_ns) != 0) {
		count(self, STALE);
		return;
	}
	sample.raw_after_ns = sample.raw_before_ns;
	/* what the daemon does not take it counts by cause */
	if (host->submit_sample(host->h, &sample) == 0)
		count(self, GOOD);
}

static void
take(const struct listener *self, const void *bytes, size_t length)
{
	struct sock_reading reading;

	switch (sock_datagram_parse(bytes, length, time(NULL), &reading)) {
	case SOCK_SAMPLE:
		give(self, &reading);
		return;
	case SOCK_BAD_SIZE:
		count(self, BAD_SIZE);
		return;
	case SOCK_BAD_MAGIC:
		count(self, BAD_MAGIC);
		return;
	case SOCK_BAD_VALUE:
		count(self, BAD_VALUE);
		return;
	}
}

static void
on_readable(int fd, uint32_t events, void *data)
{
	const struct listener *self = data;
	char bytes[64];

	(void)events;
	for (int i = 0; i < MAX_DATAGRAMS; i++) {
		/* MSG_TRUNC: the true length, though it may not fit */
		ssize_t length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT | MSG_TRUNC);
		if (length < 0)
			return;
		take(self, bytes, (size_t)length);
	}
}

static int
listener_start(void *data)
{
	struct listener *self = data;
	const struct timesrv_host *host = self->host;
	char cause[256];
	timesrv_id watch;

	int result = socket_file_open(&self->file, self->path, self->perm, cause, sizeof cause);
	if (result != 0) {
		host->log(host->h, TIMESRV_LOG_ERROR, "%s", cause);
		return result;
	}
	result = host->watch_add(host->h, self->file.fd, TIMESRV_WATCH_READ, on_readable, self,
				 &watch);
	if (result != 0)
		socket_file_close(&self->file, self->path);
	else
		host->set_progress(host->h, "nothing was sent to the socket yet");
	return result;
}

static void
listener_stop(void *data)
{
	struct listener *self = data;

	socket_file_close(&self->file, self->path);
}

static int
listener_create(const struct timesrv_host *host, void **data)
{
	struct listener *self = calloc(1, sizeof *self);
	int64_t perm = 0;

	if (!self)
		return -ENOMEM;
	self->host = host;
	self->file.fd = -1;
	host->setting_text(host->h, "path", &self->path);
	host->setting_int(host->h, "perm", &perm);
	self->perm = (mode_t)perm & 0777;
	host->setting_number(host->h, "precision", &self->noise_s);
	host->setting_number(host->h, "max-error", &self->max_error_s);
	host->setting_number(host->h, "delay", &self->delay_s);
	for (int i = 0; i < N_COUNTERS; i++)
		host->metric_add(host->h, TIMESRV_METRIC_COUNTER, counter_texts[i].name, "",
				 counter_texts[i].help, &self->counters[i]);
	*data = self;
	return 0;
}

static void
listener_destroy(void *data)
{
	free(data);
}

static const struct timesrv_refclock_ops refclock_ops = {.struct_size = sizeof refclock_ops};

TIMESRV_PLUGIN_DEFINE = {
	.struct_size = sizeof(struct timesrv_plugin),
	.abi_major = TIMESRV_ABI_MAJOR,
	.abi_minor = TIMESRV_ABI_MINOR,
	.kind = TIMESRV_KIND_REFCLOCK,
	.kind_ops = &refclock_ops,
	.create = listener_create,
	.start = listener_start,
	.stop = listener_stop,
	.destroy = listener_destroy,
};
