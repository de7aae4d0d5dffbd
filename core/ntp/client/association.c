/* SPDX-License-Identifier: BSD-2-Clause */
/* association.c - see association.h */
#include "ntp/client/association.h"

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "ntp/client/association-data.h"

#define TS_LOG_COMPONENT "ntp"

/* After max-delay a reply is of no use as a sample, but it still tells that the server lives. */
#define REPLY_GRACE_S 4.0

/* A dropped request is repeated this soon at the earliest. */
#define RETRY_S 0.5

/* The least time between a request and one that a change of the network causes. */
#define RETRY_PAUSE_S 4.0

/* Interleaved mode is given up for a basic request after so many misses: the server has forgotten
 * us. */
#define INTERLEAVED_MISSES 4

/* ---- what the operator is told --------------------------------------------------------------- */

void
ts_association_set_trouble(TsAssociation *self, const char *trouble)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	if (g_strcmp0(self->trouble, trouble) == 0)
		return;
	ts_address_format(&self->address, text);
	const char *label = ts_source_label(self->source);
	const char *what = trouble ? trouble : "answers again";
	if (g_str_has_prefix(label, text))
		ts_notice("%s: %s", label, what);
	else
		ts_notice("%s (%s): %s", label, text, what);
	g_free(self->trouble);
	self->trouble = g_strdup(trouble);
	ts_source_set_progress(self->source, trouble);
}

/* ---- when to ask ----------------------------------------------------------------------------- */

static double
random_unit(const TsAssociation *self)
{
	TsNtpTransport *transport = self->context->transport;

	return (double)(transport->ops->random(transport) >> 11) * 0x1p-53;
}

static bool
is_reachable(const TsAssociation *self)
{
	return self->has_answered && self->poll.n_missed < TS_ASSOCIATION_GIVE_UP;
}

static bool
is_asking(const TsAssociation *self)
{
	return self->is_online && !self->is_denied;
}

static void
show_poll(TsAssociation *self)
{
	ts_source_set_poll(self->source, ts_log2s_to_s(ts_poll_policy_interval_log2s(&self->poll)));
}

void
ts_association_schedule(TsAssociation *self)
{
	double delay_s = ts_poll_policy_delay_s(&self->poll, self->round_trip_s, is_reachable(self),
						random_unit(self));

	show_poll(self);
	ts_timer_arm(self->poll_timer, self->sent_mono_ns + ts_s_to_ns(delay_s));
}

static void
ask_soon(TsAssociation *self)
{
	ts_timer_arm_after(self->poll_timer, ts_s_to_ns(RETRY_S * random_unit(self)));
}

/* ---- a request ends -------------------------------------------------------------------------- */

void
ts_association_close_port(TsAssociation *self)
{
	TsNtpPort *port = g_steal_pointer(&self->port);

	ts_timer_disarm(self->timeout_timer);
	if (port)
		port->transport->ops->close(port);
}

void
ts_association_miss(TsAssociation *self, TsAssociationEvent event)
{
	unsigned limit = self->has_answered ? TS_ASSOCIATION_GIVE_UP : TS_ASSOCIATION_GIVE_UP_NEW;

	ts_poll_policy_on_miss(&self->poll);
	ts_source_update_reach(self->source, false);
	ts_association_schedule(self);
	if (event != TS_ASSOCIATION_NO_ROUTE && self->poll.n_missed < limit)
		return;
	self->is_given_up = true;
	self->func(self, event, self->user_data);
}

static void
give_up_request(TsAssociation *self, TsAssociationEvent event)
{
	ts_association_close_port(self);
	self->was_answered = false;
	ts_association_miss(self, event);
}

static void
on_timeout(void *user_data)
{
	TsAssociation *self = user_data;

	/* one lost packet is no news, and what is known already may be more exact */
	if (self->poll.n_missed + 1 >= TS_ASSOCIATION_GIVE_UP_NEW && !self->trouble)
		ts_association_set_trouble(self, "no answer");
	give_up_request(self, TS_ASSOCIATION_UNREACHABLE);
}

static void
on_failed(int saved_errno, void *user_data)
{
	TsAssociation *self = user_data;
	g_autofree char *trouble = g_strdup_printf("no answer: %s", g_strerror(saved_errno));

	/* a port that is closed may be so for a moment (restart); a network that is not there is
	 * told apart when the next request is sent */
	ts_association_set_trouble(self, trouble);
	give_up_request(self, TS_ASSOCIATION_UNREACHABLE);
}

static void
on_sent(const TsStamp *sent, void *user_data)
{
	TsAssociation *self = user_data;

	if (sent->source >= self->request.sent.source)
		self->request.sent = *sent;
}

/* ---- a request goes out ---------------------------------------------------------------------- */

static bool
open_port(TsAssociation *self, GError **error)
{
	static const TsNtpPortHandler handler = {
		.received = ts_association_on_received,
		.sent = on_sent,
		.failed = on_failed,
	};
	TsNtpTransport *transport = self->context->transport;
	TsNtpPortOptions options = {
		.bind_address = self->settings->bind_address,
		.device = self->settings->device,
		.dscp = self->settings->dscp,
	};

	self->port =
		transport->ops->open(transport, &self->address, &options, &handler, self, error);
	return self->port != NULL;
}

static bool
may_interleave(const TsAssociation *self)
{
	return self->settings->xleave && self->has_last && self->poll.n_missed < INTERLEAVED_MISSES;
}

/* Never 0, which means "not set". */
static uint64_t
random_timestamp(const TsAssociation *self)
{
	TsNtpTransport *transport = self->context->transport;
	uint64_t value;

	do
		value = transport->ops->random(transport);
	while (value == 0);
	return value;
}

static bool
send_request(TsAssociation *self, GError **error)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsNtpRequest *request = &self->request;

	*request = (TsNtpRequest){
		.transmit_ntp64 = random_timestamp(self),
		.epoch = ts_clock_epoch(self->context->clock),
	};
	if (may_interleave(self))
		do
			request->receive_ntp64 = random_timestamp(self);
		while (request->receive_ntp64 == request->transmit_ntp64);
	ts_ntp_request_format(request, self->settings->version, self->last.receive_ntp64, bytes);
	return self->port->transport->ops->send(self->port, bytes, sizeof bytes, &request->sent,
						error);
}

/* How long a reply is waited for. */
static double
time_limit_s(const TsAssociation *self)
{
	double limit_s = self->settings->max_delay_s + REPLY_GRACE_S;
	double interval_s = ts_ns_to_s(ts_timer_due(self->poll_timer) - self->sent_mono_ns);

	return MIN(limit_s, interval_s);
}

static void
on_poll(void *user_data)
{
	TsAssociation *self = user_data;
	g_autoptr(GError) error = NULL;

	/* the next request is due and the last one is still open */
	if (self->port) {
		on_timeout(self);
		ts_timer_disarm(self->poll_timer);
	}
	self->sent_mono_ns = ts_sched_now(self->context->sched);
	if (self->settings->burst && self->poll.burst_total == 0 && is_reachable(self))
		ts_poll_policy_start_burst(&self->poll, TS_POLL_BURST_GOOD, TS_POLL_BURST_TOTAL);
	ts_poll_policy_on_sent(&self->poll);
	self->n_sent++;
	if (!open_port(self, &error) || !send_request(self, &error)) {
		ts_association_set_trouble(self, error->message);
		give_up_request(self, TS_ASSOCIATION_NO_ROUTE);
		return;
	}
	ts_association_schedule(self);
	ts_timer_arm(self->timeout_timer, self->sent_mono_ns + ts_s_to_ns(time_limit_s(self)));
}

/* ---- public ---------------------------------------------------------------------------------- */

static void
start(TsAssociation *self, int64_t delay_ns)
{
	if (self->settings->iburst)
		ts_poll_policy_start_burst(&self->poll, TS_POLL_INITIAL_GOOD,
					   TS_POLL_INITIAL_TOTAL);
	show_poll(self);
	ts_timer_arm_after(self->poll_timer, delay_ns);
}

TsAssociation *
ts_association_new(const TsAssociationContext *context, TsSource *source, const TsAddress *address,
		   const TsSourceSettings *settings, int64_t start_delay_ns, TsAssociationFunc func,
		   void *user_data)
{
	TsAssociation *self = g_new0(TsAssociation, 1);

	self->context = context;
	self->source = source;
	self->address = *address;
	self->func = func;
	self->user_data = user_data;
	self->settings = settings;
	self->is_online = true;
	self->round_trip_s = -1;
	self->poll_timer = ts_timer_new(context->sched, on_poll, self);
	self->timeout_timer = ts_timer_new(context->sched, on_timeout, self);
	ts_poll_policy_init(&self->poll, settings->min_poll, settings->max_poll);
	start(self, start_delay_ns);
	return self;
}

void
ts_association_free(TsAssociation *self)
{
	if (!self)
		return;
	ts_association_close_port(self);
	ts_timer_free(self->timeout_timer);
	ts_timer_free(self->poll_timer);
	g_free(self->trouble);
	g_free(self);
}

const TsAddress *
ts_association_address(const TsAssociation *self)
{
	return &self->address;
}

void
ts_association_set_settings(TsAssociation *self, const TsSourceSettings *settings)
{
	bool is_shorter = settings->max_poll < self->poll.current_log2s;

	self->settings = settings;
	ts_poll_policy_set_limits(&self->poll, settings->min_poll, settings->max_poll);
	show_poll(self);
	/* an interval that is too long now does not wait for its end */
	if (is_shorter && is_asking(self) && !self->port)
		ts_association_schedule(self);
}

void
ts_association_set_online(TsAssociation *self, bool is_online)
{
	if (self->is_online == is_online)
		return;
	self->is_online = is_online;
	if (is_online) {
		/* the operator may have settled with the server what it denied */
		self->is_denied = false;
		ts_source_set_stopped(self->source, NULL);
		start(self, 0);
		return;
	}
	ts_association_close_port(self);
	ts_poll_policy_end_burst(&self->poll);
	ts_timer_disarm(self->poll_timer);
}

bool
ts_association_burst(TsAssociation *self, unsigned n_good, unsigned n_total, GError **error)
{
	if (!is_asking(self)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE, "%s is %s",
			    ts_source_label(self->source), self->is_online ? "stopped" : "offline");
		return false;
	}
	ts_poll_policy_start_burst(&self->poll, n_good, n_total);
	if (!self->port)
		ts_timer_arm_after(self->poll_timer, 0);
	return true;
}

void
ts_association_retry(TsAssociation *self)
{
	int64_t earliest_ns = self->sent_mono_ns + ts_s_to_ns(RETRY_PAUSE_S);

	if (!is_asking(self) || self->port || self->was_answered || self->n_sent == 0)
		return;
	/* a network that changes every second is no reason to ask every second */
	start(self, MAX(earliest_ns - ts_sched_now(self->context->sched), 0) +
			    ts_s_to_ns(RETRY_S * random_unit(self)));
}

void
ts_association_clock_disrupted(TsAssociation *self)
{
	bool was_open = self->port != NULL;
	bool is_new_epoch =
		self->has_last && self->last.epoch != ts_clock_epoch(self->context->clock);

	ts_association_close_port(self);
	self->has_last = self->is_last_used = self->is_interleaved = false;
	if (!is_asking(self))
		return;
	if (is_new_epoch) {
		ts_poll_policy_restart(&self->poll);
		start(self, ts_s_to_ns(RETRY_S * random_unit(self)));
	} else if (was_open) {
		ask_soon(self);
	}
}

static const char *
stamp_name(TsStampSource source)
{
	switch (source) {
	case TS_STAMP_DAEMON:
		return "daemon";
	case TS_STAMP_KERNEL:
		return "kernel";
	case TS_STAMP_HARDWARE:
		return "hardware";
	}
	return "?";
}

static void
add_count(void (*add)(void *user_data, const char *name, const char *value), void *user_data,
	  const char *name, uint64_t count)
{
	char text[24];

	g_snprintf(text, sizeof text, "%" G_GUINT64_FORMAT, count);
	add(user_data, name, text);
}

void
ts_association_describe(const TsAssociation *self,
			void (*add)(void *user_data, const char *name, const char *value),
			void *user_data)
{
	add_count(add, user_data, "requests", self->n_sent);
	for (int i = 0; i < TS_REPLY_N_VERDICTS; i++) {
		g_autofree char *name =
			g_strconcat("replies-", ts_reply_verdict_name((TsReplyVerdict)i), NULL);
		if (self->n_verdicts[i])
			add_count(add, user_data, name, self->n_verdicts[i]);
	}
	add_count(add, user_data, "samples-rejected", self->n_rejected);
	if (!self->has_answered)
		return;
	add_count(add, user_data, "remote-version", self->remote_version);
	add(user_data, "mode", self->is_interleaved ? "interleaved" : "basic");
	add(user_data, "transmit-stamp", stamp_name(self->tx_source));
	add(user_data, "receive-stamp", stamp_name(self->rx_source));
}
