/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-net.c - see virtual-net.h */
#include "ntp/virtual/virtual-net.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"

#define PARETO_SHAPE 1.7

/* A rule for one direction, and what went that way. */
typedef struct {
	bool has_from, has_to;
	TsAddress from, to;
	TsVirtualLink link;
} Rule;

typedef struct {
	TsAddress from, to;
	uint64_t n_sent;
} Count;

struct _TsVirtualSocket {
	TsVirtualNet *net;
	TsAddress local;
	TsVirtualReceiveFunc func;
	TsNtpFailedFunc failed; /* (nullable) */
	void *user_data;
};

typedef struct {
	TsVirtualNet *net;
	TsTimer *timer;
	TsAddress from, to;
	int failed_errno;
	size_t length;
	uint8_t bytes[];
} Packet;

struct _TsVirtualNet {
	TsSched *sched;
	uint64_t random_state;
	GArray *rules;	    /* of Rule; a later one of the same hosts replaces the earlier */
	GArray *counts;	    /* of Count */
	GPtrArray *sockets; /* of TsVirtualSocket */
	GHashTable *flying; /* of Packet */
};

/* ---- randomness ------------------------------------------------------------------------------ */

/* splitmix64 */
uint64_t
ts_virtual_net_random(TsVirtualNet *self)
{
	uint64_t z = self->random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* In (0, 1]. */
static double
random_unit(TsVirtualNet *self)
{
	return (double)((ts_virtual_net_random(self) >> 11) + 1) * 0x1p-53;
}

/* Sum of twelve: normal enough for queues, and the same on every libm. */
static double
random_normal(TsVirtualNet *self)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += random_unit(self);
	return sum;
}

/* Mean 1. */
static double
random_queue(TsVirtualNet *self, TsVirtualJitter jitter)
{
	switch (jitter) {
	case TS_JITTER_EXPONENTIAL:
		return -log(random_unit(self));
	case TS_JITTER_NORMAL:
		return fabs(random_normal(self)) * sqrt(G_PI / 2);
	case TS_JITTER_PARETO:
		return (pow(random_unit(self), -1 / PARETO_SHAPE) - 1) * (PARETO_SHAPE - 1);
	}
	return 0;
}

/* ---- the net --------------------------------------------------------------------------------- */

static void
free_packet(gpointer data)
{
	Packet *packet = data;

	ts_timer_free(packet->timer);
	g_free(packet);
}

TsVirtualNet *
ts_virtual_net_new(TsSched *sched, uint64_t seed)
{
	g_return_val_if_fail(ts_sched_is_virtual(sched), NULL);

	TsVirtualNet *self = g_new0(TsVirtualNet, 1);
	self->sched = sched;
	self->random_state = seed;
	self->rules = g_array_new(FALSE, TRUE, sizeof(Rule));
	self->counts = g_array_new(FALSE, TRUE, sizeof(Count));
	self->sockets = g_ptr_array_new();
	self->flying = g_hash_table_new_full(NULL, NULL, free_packet, NULL);
	return self;
}

void
ts_virtual_net_free(TsVirtualNet *self)
{
	if (!self)
		return;
	g_warn_if_fail(self->sockets->len == 0);
	g_hash_table_unref(self->flying);
	g_ptr_array_unref(self->sockets);
	g_array_unref(self->counts);
	g_array_unref(self->rules);
	g_free(self);
}

TsSched *
ts_virtual_net_sched(TsVirtualNet *self)
{
	return self->sched;
}

static bool
is_same_end(bool has, const TsAddress *mine, const TsAddress *address)
{
	return has == (address != NULL) && (!has || ts_address_equal_host(mine, address));
}

void
ts_virtual_net_set_link(TsVirtualNet *self, const TsAddress *from, const TsAddress *to,
			const TsVirtualLink *link)
{
	Rule fresh = {.has_from = from != NULL, .has_to = to != NULL, .link = *link};

	for (guint i = 0; i < self->rules->len; i++) {
		Rule *rule = &g_array_index(self->rules, Rule, i);
		if (!is_same_end(rule->has_from, &rule->from, from) ||
		    !is_same_end(rule->has_to, &rule->to, to))
			continue;
		rule->link = *link;
		return;
	}
	if (from)
		fresh.from = *from;
	if (to)
		fresh.to = *to;
	g_array_append_val(self->rules, fresh);
}

static TsVirtualLink
find_link(const TsVirtualNet *self, const TsAddress *from, const TsAddress *to)
{
	TsVirtualLink found = {0};
	int best = -1;

	for (guint i = 0; i < self->rules->len; i++) {
		const Rule *rule = &g_array_index(self->rules, Rule, i);
		int rank = rule->has_to * 2 + rule->has_from;
		if (rank <= best || (rule->has_from && !ts_address_equal_host(&rule->from, from)) ||
		    (rule->has_to && !ts_address_equal_host(&rule->to, to)))
			continue;
		best = rank;
		found = rule->link;
	}
	return found;
}

static TsVirtualSocket *
find_socket(const TsVirtualNet *self, const TsAddress *local)
{
	for (guint i = 0; i < self->sockets->len; i++) {
		TsVirtualSocket *candidate = g_ptr_array_index(self->sockets, i);
		if (ts_address_equal(&candidate->local, local))
			return candidate;
	}
	return NULL;
}

static void
count_packet(TsVirtualNet *self, const TsAddress *from, const TsAddress *to)
{
	Count fresh = {.from = *from, .to = *to, .n_sent = 1};

	for (guint i = 0; i < self->counts->len; i++) {
		Count *count = &g_array_index(self->counts, Count, i);
		if (ts_address_equal_host(&count->from, from) &&
		    ts_address_equal_host(&count->to, to)) {
			count->n_sent++;
			return;
		}
	}
	g_array_append_val(self->counts, fresh);
}

uint64_t
ts_virtual_net_n_sent(const TsVirtualNet *self, const TsAddress *from, const TsAddress *to)
{
	uint64_t sum = 0;

	for (guint i = 0; i < self->counts->len; i++) {
		const Count *count = &g_array_index(self->counts, Count, i);
		if ((!from || ts_address_equal_host(&count->from, from)) &&
		    (!to || ts_address_equal_host(&count->to, to)))
			sum += count->n_sent;
	}
	return sum;
}

/* ---- packets --------------------------------------------------------------------------------- */

static void
on_arrival(void *user_data)
{
	Packet *packet = user_data;
	TsVirtualNet *self = packet->net;

	g_hash_table_steal(self->flying, packet);
	/* an ICMP error goes to whom the packet came from */
	TsVirtualSocket *socket =
		find_socket(self, packet->failed_errno ? &packet->from : &packet->to);
	if (socket && packet->failed_errno && socket->failed)
		socket->failed(packet->failed_errno, socket->user_data);
	else if (socket && !packet->failed_errno)
		socket->func(&packet->from, packet->bytes, packet->length, socket->user_data);
	free_packet(packet);
}

static void
launch(TsVirtualNet *self, const TsVirtualLink *link, const TsAddress *from, const TsAddress *to,
       const uint8_t *bytes, size_t length)
{
	double late_s = link->jitter_s > 0 ? link->jitter_s * random_queue(self, link->jitter) : 0;

	if (link->spike > 0 && random_unit(self) <= link->spike)
		late_s += link->spike_s;
	Packet *packet = g_malloc(sizeof *packet + length);
	*packet = (Packet){
		.net = self,
		.from = *from,
		.to = *to,
		.failed_errno = link->failed_errno,
		.length = length,
	};
	memcpy(packet->bytes, bytes, length);
	packet->timer = ts_timer_new(self->sched, on_arrival, packet);
	ts_timer_arm_after(packet->timer, link->delay_ns + ts_s_to_ns(late_s));
	g_hash_table_add(self->flying, packet);
}

void
ts_virtual_socket_send(TsVirtualSocket *socket, const TsAddress *to, const uint8_t *bytes,
		       size_t length)
{
	TsVirtualNet *self = socket->net;
	TsVirtualLink link = find_link(self, &socket->local, to);

	count_packet(self, &socket->local, to);
	if (link.loss > 0 && random_unit(self) <= link.loss)
		return;
	launch(self, &link, &socket->local, to, bytes, length);
	if (link.duplicate > 0 && random_unit(self) <= link.duplicate)
		launch(self, &link, &socket->local, to, bytes, length);
}

TsVirtualSocket *
ts_virtual_net_bind(TsVirtualNet *self, const TsAddress *local, TsVirtualReceiveFunc func,
		    void *user_data)
{
	if (find_socket(self, local))
		return NULL;
	TsVirtualSocket *socket = g_new0(TsVirtualSocket, 1);
	socket->net = self;
	socket->local = *local;
	socket->func = func;
	socket->user_data = user_data;
	g_ptr_array_add(self->sockets, socket);
	return socket;
}

void
ts_virtual_socket_close(TsVirtualSocket *socket)
{
	if (!socket)
		return;
	g_ptr_array_remove_fast(socket->net->sockets, socket);
	g_free(socket);
}

/* ---- the client's way in --------------------------------------------------------------------- */

typedef struct {
	TsNtpTransport head;
	TsVirtualNet *net;
	TsAddress host;
	const TsClock *clock;
} Transport;

typedef struct {
	TsNtpPort head;
	TsVirtualSocket *socket;
	TsAddress remote;
	TsNtpPortHandler handler;
	void *user_data;
} Port;

static TsStamp
stamp_now(const Port *port)
{
	const Transport *transport = (const Transport *)port->head.transport;

	return (TsStamp){.raw_ns = ts_clock_raw_now(transport->clock), .source = TS_STAMP_KERNEL};
}

static void
on_packet(const TsAddress *from, const uint8_t *bytes, size_t length, void *user_data)
{
	Port *port = user_data;
	TsStamp stamp = stamp_now(port);

	/* connected: the kernel lets nobody else in */
	if (ts_address_equal(from, &port->remote))
		port->handler.received(bytes, length, &stamp, port->user_data);
}

static void
on_icmp(int saved_errno, void *user_data)
{
	Port *port = user_data;

	port->handler.failed(saved_errno, port->user_data);
}

static TsNtpPort *
virtual_open(TsNtpTransport *head, const TsAddress *remote, const TsNtpPortOptions *options,
	     const TsNtpPortHandler *handler, void *user_data, GError **error)
{
	Transport *self = (Transport *)head;
	TsVirtualLink link = find_link(self->net, &self->host, remote);
	TsAddress local = self->host;
	char text[TS_ADDRESS_TEXT_SIZE];
	(void)options;

	if (link.has_no_route || remote->any.sa_family != self->host.any.sa_family) {
		ts_set_error_errno(error, ENETUNREACH, "cannot reach %s",
				   ts_address_format(remote, text));
		return NULL;
	}
	Port *port = g_new0(Port, 1);
	port->head.transport = head;
	port->remote = *remote;
	port->handler = *handler;
	port->user_data = user_data;
	do {
		ts_address_set_port(&local,
				    (uint16_t)(ts_virtual_net_random(self->net) % 32768 + 32768));
		port->socket = ts_virtual_net_bind(self->net, &local, on_packet, port);
	} while (!port->socket);
	port->socket->failed = on_icmp;
	return &port->head;
}

static bool
virtual_send(TsNtpPort *head, const uint8_t *bytes, size_t length, TsStamp *sent, GError **error)
{
	Port *port = (Port *)head;
	(void)error;

	*sent = stamp_now(port);
	ts_virtual_socket_send(port->socket, &port->remote, bytes, length);
	return true;
}

static void
virtual_close(TsNtpPort *head)
{
	Port *port = (Port *)head;

	ts_virtual_socket_close(port->socket);
	g_free(port);
}

static bool
virtual_local_address(TsNtpPort *head, TsAddress *address)
{
	*address = ((const Transport *)head->transport)->host;
	return true;
}

static uint64_t
virtual_random(TsNtpTransport *head)
{
	return ts_virtual_net_random(((Transport *)head)->net);
}

static void
virtual_free(TsNtpTransport *head)
{
	g_free(head);
}

static const TsNtpTransportOps virtual_ops = {
	.free = virtual_free,
	.open = virtual_open,
	.send = virtual_send,
	.close = virtual_close,
	.local_address = virtual_local_address,
	.random = virtual_random,
};

TsNtpTransport *
ts_virtual_transport_new(TsVirtualNet *net, const TsAddress *host, const TsClock *clock)
{
	Transport *self = g_new0(Transport, 1);

	self->head.ops = &virtual_ops;
	self->net = net;
	self->host = *host;
	self->clock = clock;
	return &self->head;
}
