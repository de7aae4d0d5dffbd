/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-server.c - see virtual-server.h */
#include "ntp/virtual/virtual-server.h"

#include "base/time.h"

/* Replies whose exact transmit timestamps are remembered for interleaved mode. */
#define N_REMEMBERED 16

typedef struct {
	TsVirtualServer *server;
	TsTimer *timer;
	TsAddress client;
	TsNtpHeader request;
	uint64_t receive_ntp64;
} Pending;

struct _TsVirtualServer {
	TsVirtualNet *net;
	TsVirtualSocket *socket;
	const TsClock *true_time;
	TsVirtualServerScript script;
	uint64_t n_requests;
	TsNtpHeader last_request;
	TsAddress last_client;
	GHashTable *pending; /* of Pending */
	struct {
		uint64_t receive_ntp64, transmit_ntp64;
	} remembered[N_REMEMBERED];
	unsigned next_remembered;
};

void
ts_virtual_server_script_init(TsVirtualServerScript *script)
{
	*script = (TsVirtualServerScript){
		.processing_ns = 10 * TS_NS_PER_US,
		.stratum = 1,
		.precision_log2s = -25,
		.root_dispersion_ntp32 = ts_ntp32_from_s(0.001),
		.refid = 0x47505300, /* "GPS" */
	};
}

static int64_t
server_now(const TsVirtualServer *self)
{
	return ts_clock_virtual_true_utc(self->true_time) + self->script.offset_ns;
}

static uint64_t
find_remembered(const TsVirtualServer *self, uint64_t receive_ntp64)
{
	for (unsigned i = 0; i < N_REMEMBERED; i++)
		if (self->remembered[i].receive_ntp64 == receive_ntp64)
			return self->remembered[i].transmit_ntp64;
	return 0;
}

/* Interleaved: origin is what we gave as receive timestamp, and the client's two numbers differ. */
static bool
is_interleaved_request(const TsVirtualServer *self, const TsNtpHeader *request)
{
	return self->script.is_interleaved && request->origin_ntp64 != 0 &&
	       request->receive_ntp64 != request->transmit_ntp64 &&
	       find_remembered(self, request->origin_ntp64) != 0;
}

static void
fill_timestamps(TsVirtualServer *self, const Pending *pending, TsNtpHeader *reply)
{
	const TsNtpHeader *request = &pending->request;
	int64_t now_ns = server_now(self);
	unsigned slot = self->next_remembered++ % N_REMEMBERED;

	reply->receive_ntp64 = pending->receive_ntp64;
	if (is_interleaved_request(self, request)) {
		reply->origin_ntp64 = request->receive_ntp64;
		reply->transmit_ntp64 = find_remembered(self, request->origin_ntp64);
	} else {
		reply->origin_ntp64 = request->transmit_ntp64;
		reply->transmit_ntp64 = ts_ntp64_from_utc_ns(now_ns - self->script.basic_error_ns);
	}
	self->remembered[slot].receive_ntp64 = pending->receive_ntp64;
	self->remembered[slot].transmit_ntp64 = ts_ntp64_from_utc_ns(now_ns);
}

static void
free_pending(gpointer data)
{
	Pending *pending = data;

	ts_timer_free(pending->timer);
	g_free(pending);
}

static void
on_processed(void *user_data)
{
	Pending *pending = user_data;
	TsVirtualServer *self = pending->server;
	const TsVirtualServerScript *script = &self->script;
	TsNtpHeader reply = {
		.leap = script->leap,
		.version = pending->request.version,
		.mode = TS_NTP_MODE_SERVER,
		.stratum = script->stratum,
		.poll_log2s = pending->request.poll_log2s,
		.precision_log2s = script->precision_log2s,
		.root_delay_ntp32 = script->root_delay_ntp32,
		.root_dispersion_ntp32 = script->root_dispersion_ntp32,
		.refid = script->refid,
	};
	uint8_t bytes[TS_NTP_HEADER_SIZE];

	reply.reference_ntp64 = ts_ntp64_from_utc_ns(server_now(self) - TS_NS_PER_S);
	fill_timestamps(self, pending, &reply);
	if (script->kiss) {
		reply.leap = TS_LEAP_UNSYNCHRONISED;
		reply.stratum = 0;
		reply.refid = script->kiss;
	}
	if (!script->edit || script->edit(self, &pending->request, &reply, script->user_data)) {
		ts_ntp_header_format(&reply, bytes);
		ts_virtual_socket_send(self->socket, &pending->client, bytes, sizeof bytes);
	}
	g_hash_table_remove(self->pending, pending);
}

static void
on_request(const TsAddress *from, const uint8_t *bytes, size_t length, void *user_data)
{
	TsVirtualServer *self = user_data;
	TsNtpHeader request;

	if (!ts_ntp_header_parse(bytes, length, &request) || request.mode != TS_NTP_MODE_CLIENT)
		return;
	self->n_requests++;
	self->last_request = request;
	self->last_client = *from;
	if (self->script.is_silent)
		return;
	Pending *pending = g_new0(Pending, 1);
	pending->server = self;
	pending->client = *from;
	pending->request = request;
	pending->receive_ntp64 = ts_ntp64_from_utc_ns(server_now(self));
	pending->timer = ts_timer_new(ts_virtual_net_sched(self->net), on_processed, pending);
	g_hash_table_add(self->pending, pending);
	ts_timer_arm_after(pending->timer, self->script.processing_ns);
}

TsVirtualServer *
ts_virtual_server_new(TsVirtualNet *net, const TsAddress *address, const TsClock *true_time,
		      const TsVirtualServerScript *script)
{
	TsVirtualServer *self = g_new0(TsVirtualServer, 1);

	self->net = net;
	self->true_time = true_time;
	self->script = *script;
	self->pending = g_hash_table_new_full(NULL, NULL, free_pending, NULL);
	self->socket = ts_virtual_net_bind(net, address, on_request, self);
	g_return_val_if_fail(self->socket != NULL, self);
	return self;
}

void
ts_virtual_server_free(TsVirtualServer *self)
{
	if (!self)
		return;
	ts_virtual_socket_close(self->socket);
	g_hash_table_unref(self->pending);
	g_free(self);
}

TsVirtualServerScript *
ts_virtual_server_script(TsVirtualServer *self)
{
	return &self->script;
}

uint64_t
ts_virtual_server_n_requests(const TsVirtualServer *self)
{
	return self->n_requests;
}

const TsNtpHeader *
ts_virtual_server_last_request(const TsVirtualServer *self)
{
	return &self->last_request;
}

const TsAddress *
ts_virtual_server_last_client(const TsVirtualServer *self)
{
	return &self->last_client;
}
