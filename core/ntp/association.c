/* SPDX-License-Identifier: BSD-2-Clause */
/* association.c - see association.h */
#include "ntp/association.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "ntp/delay-test.h"
#include "ntp/exchange.h"
#include "ntp/poll-policy.h"

#define TS_LOG_COMPONENT "ntp"

/* After max-delay a reply is of no use as a sample, but it still tells that the server lives. */
#define REPLY_GRACE_S 4.0

/* A dropped request is repeated this soon at the earliest. */
#define RETRY_S 0.5

/* The least time between a request and one that a change of the network causes. */
#define RETRY_PAUSE_S 4.0

/* Interleaved mode is given up for a basic request after so many misses: the server has forgotten us. */
#define INTERLEAVED_MISSES 4

struct _TsAssociation {
	/* set before start, then read-only */
	const TsAssociationContext *context;
	TsSource *source;
	TsAddress address;
	TsAssociationFunc func;
	void *user_data;

	const TsSourceSettings *settings;
	TsPollPolicy poll;
	TsTimer *poll_timer;    /* the next request */
	TsTimer *timeout_timer; /* the open request's time limit */
	bool is_online;
	bool is_denied;
	bool has_answered;      /* ever, from this address */
	bool was_answered;      /* at the last exchange that ended */
	double round_trip_s;    /* of the last exchange, -1: none */

	/* the open request, if port is set */
	TsNtpPort *port;
	TsNtpRequest request;
	int64_t sent_mono_ns;

	/* the last answered exchange: what interleaved mode completes */
	TsNtpExchange last;
	bool has_last;
	bool is_last_used;      /* a sample was made of it */
	bool is_interleaved;

	/* said once a change */
	char *trouble;          /* (nullable) */

	uint64_t n_sent, n_verdicts[TS_REPLY_N_VERDICTS], n_rejected;
	uint8_t remote_version;
	TsStampSource tx_source, rx_source;
};

/* ---- what the operator is told --------------------------------------------------------------- */

/* One line a change of state, not one a retry. */
static void
set_trouble(TsAssociation *self, const char *trouble)
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

/* Arms the next request, counted from the last one. */
static void
schedule(TsAssociation *self)
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

static void
close_port(TsAssociation *self)
{
	TsNtpPort *port = g_steal_pointer(&self->port);

	ts_timer_disarm(self->timeout_timer);
	if (port)
		port->transport->ops->close(port);
}

/* No reply, or none of use. */
static void
miss(TsAssociation *self, TsAssociationEvent event)
{
	unsigned limit = self->has_answered ? TS_ASSOCIATION_GIVE_UP : TS_ASSOCIATION_GIVE_UP_NEW;

	ts_poll_policy_on_miss(&self->poll);
	ts_source_update_reach(self->source, false);
	schedule(self);
	if (event == TS_ASSOCIATION_NO_ROUTE || self->poll.n_missed >= limit)
		self->func(self, event, self->user_data);
}

static void
give_up_request(TsAssociation *self, TsAssociationEvent event)
{
	close_port(self);
	self->was_answered = false;
	miss(self, event);
}

static void
on_timeout(void *user_data)
{
	TsAssociation *self = user_data;

	/* one lost packet is no news, and what is known already may be more exact */
	if (self->poll.n_missed + 1 >= TS_ASSOCIATION_GIVE_UP_NEW && !self->trouble)
		set_trouble(self, "no answer");
	give_up_request(self, TS_ASSOCIATION_UNREACHABLE);
}

static void
on_failed(int saved_errno, void *user_data)
{
	TsAssociation *self = user_data;
	g_autofree char *trouble = g_strdup_printf("no answer: %s", g_strerror(saved_errno));

	/* a port that is closed may be so for a moment (restart); a network that is not there is told apart
	 * when the next request is sent */
	set_trouble(self, trouble);
	give_up_request(self, TS_ASSOCIATION_UNREACHABLE);
}

/* ---- a reply --------------------------------------------------------------------------------- */

static void
pass_remote_state(TsAssociation *self, const TsNtpHeader *header)
{
	ts_source_set_remote_state(self->source, header->leap,
				   header->stratum == 0 ? TS_STRATUM_UNSYNCHRONISED : header->stratum,
				   header->refid, ts_ntp32_to_s(header->root_delay_ntp32),
				   ts_ntp32_to_s(header->root_dispersion_ntp32));
}

static void
obey_kiss(TsAssociation *self, TsReplyVerdict verdict, const TsNtpHeader *header)
{
	if (verdict == TS_REPLY_KISS_RATE) {
		ts_poll_policy_on_kiss_rate(&self->poll);
		set_trouble(self, "kiss RATE: asks less often");
	} else if (verdict == TS_REPLY_KISS_DENY) {
		const char *reason = header->refid == TS_NTP_KISS_DENY ? "kiss DENY" : "kiss RSTR";
		self->is_denied = true;
		ts_poll_policy_end_burst(&self->poll);
		set_trouble(self, reason);
		ts_source_set_stopped(self->source, reason);
	}
	ts_source_update_reach(self->source, false);
	if (self->is_denied) {
		ts_timer_disarm(self->poll_timer);
		self->func(self, TS_ASSOCIATION_DENIED, self->user_data);
		return;
	}
	schedule(self);
}

/* The server answered, but its time is no use now. */
static void
take_unusable(TsAssociation *self, TsReplyVerdict verdict, const TsNtpHeader *header)
{
	g_autofree char *trouble = NULL;

	pass_remote_state(self, header);
	ts_source_set_loop(self->source, verdict == TS_REPLY_LOOP);
	if (verdict == TS_REPLY_TOO_DISTANT)
		trouble = g_strdup_printf("claims root delay %.5g s and root dispersion %.5g s",
					  ts_ntp32_to_s(header->root_delay_ntp32),
					  ts_ntp32_to_s(header->root_dispersion_ntp32));
	else
		trouble = g_strdup_printf("answers, but %s", ts_reply_verdict_name(verdict));
	set_trouble(self, trouble);
	/* no vote for what it said before either */
	ts_source_set_stopped(self->source, verdict == TS_REPLY_TOO_DISTANT ? trouble : NULL);
	miss(self, TS_ASSOCIATION_UNREACHABLE);
}

/* Which four timestamps the reply completes. Returns: false if it gives no new sample. */
static bool
complete_exchange(TsAssociation *self, const TsNtpHeader *header, const TsStamp *received,
		  bool is_interleaved, TsNtpExchange *exchange)
{
	bool is_new = true;

	*exchange = (TsNtpExchange){
		.sent = self->request.sent,
		.receive_ntp64 = header->receive_ntp64,
		.transmit_ntp64 = header->transmit_ntp64,
		.received = *received,
		.epoch = self->request.epoch,
	};
	if (is_interleaved) {
		/* its transmit timestamp is that of the reply before: that exchange is complete now, with the
		 * better stamp. Was it used already, with the worse one? */
		TsNtpExchange present = *exchange;
		*exchange = self->last;
		exchange->transmit_ntp64 = header->transmit_ntp64;
		is_new = self->has_last && !self->is_last_used && exchange->epoch == present.epoch;
		self->last = present;
	} else {
		self->last = *exchange;
	}
	self->has_last = true;
	self->is_last_used = !is_interleaved;
	self->is_interleaved = is_interleaved;
	return is_new;
}

/* Returns: NULL if the sample is good, else why not. */
static const char *
make_sample(TsAssociation *self, const TsNtpExchange *exchange, const TsNtpHeader *header,
	    TsSample *sample)
{
	const TsClock *clock = self->context->clock;
	TsEstimate estimate;

	switch (ts_ntp_exchange_to_sample(exchange, header, ts_clock_utc_now(clock),
					  ts_clock_precision_log2s(clock), sample)) {
	case TS_EXCHANGE_SLOW_SERVER:
		return "processing time";
	case TS_EXCHANGE_NEGATIVE_DELAY:
		return "negative delay";
	case TS_EXCHANGE_GOOD:
		break;
	}
	bool has_estimate = ts_source_get_estimate(self->source, sample->raw_ns, &estimate);
	TsDelayVerdict verdict = ts_delay_test(sample, self->settings, has_estimate ? &estimate : NULL);
	return verdict == TS_DELAY_PASSED ? NULL : ts_delay_verdict_name(verdict);
}

static void
take_good(TsAssociation *self, const TsNtpHeader *header, const TsStamp *received, bool is_interleaved)
{
	TsNtpExchange exchange;
	TsSample sample;
	const char *rejected = NULL;

	self->tx_source = self->request.sent.source;
	self->rx_source = received->source;
	self->round_trip_s = ts_ns_to_s(received->raw_ns - self->request.sent.raw_ns);
	if (!self->has_answered)
		self->func(self, TS_ASSOCIATION_ANSWERED, self->user_data);
	self->has_answered = true;
	set_trouble(self, NULL);
	pass_remote_state(self, header);
	ts_source_set_loop(self->source, false);
	ts_source_set_stopped(self->source, NULL);
	ts_source_update_reach(self->source, true);

	bool is_new = complete_exchange(self, header, received, is_interleaved, &exchange);
	if (is_new) {
		rejected = make_sample(self, &exchange, header, &sample);
		if (rejected) {
			self->n_rejected++;
			ts_debug("%s: sample rejected: %s", ts_source_label(self->source), rejected);
		} else {
			/* may step the clock, and with it call ts_association_clock_disrupted(), which has
			 * arranged what follows if a new epoch began */
			ts_source_add_sample(self->source, &sample);
			if (sample.epoch != ts_clock_epoch(self->context->clock))
				return;
		}
	}
	bool is_good = is_new && !rejected;
	int wanted = is_good ? ts_source_decide_poll(self->source, self->poll.current_log2s) : 0;
	ts_poll_policy_on_reply(&self->poll, is_good, wanted);
	schedule(self);
}

static TsReplyVerdict
check_reply(TsAssociation *self, const uint8_t *bytes, size_t length, TsNtpHeader *header,
	    bool *is_interleaved)
{
	TsReplyVerdict verdict =
		ts_ntp_reply_check(bytes, length, &self->request, self->has_last ? &self->last : NULL,
				   header, is_interleaved);
	TsAddress local;
	TsSystemState ours;

	if (verdict != TS_REPLY_GOOD || !self->context->is_serving)
		return verdict;
	ts_system_state_read(self->context->state, &ours);
	bool has_local = self->port->transport->ops->local_address(self->port, &local);
	return ts_ntp_reply_is_loop(header, has_local ? &local : NULL, &ours) ? TS_REPLY_LOOP : verdict;
}

static void
on_received(const uint8_t *bytes, size_t length, const TsStamp *received, void *user_data)
{
	TsAssociation *self = user_data;
	TsNtpHeader header;
	bool is_interleaved;
	TsStamp stamp = *received; /* closing the port frees it */
	TsReplyVerdict verdict = check_reply(self, bytes, length, &header, &is_interleaved);

	self->n_verdicts[verdict]++;
	if (!ts_reply_is_answer(verdict)) {
		ts_debug("%s: packet of %zu bytes ignored: %s", ts_source_label(self->source), length,
			 ts_reply_verdict_name(verdict));
		return;
	}
	close_port(self);
	self->was_answered = true;
	self->remote_version = header.version;
	if (self->request.epoch != ts_clock_epoch(self->context->clock)) {
		schedule(self);
		return;
	}
	switch (verdict) {
	case TS_REPLY_KISS_RATE:
	case TS_REPLY_KISS_DENY:
	case TS_REPLY_KISS_OTHER:
		obey_kiss(self, verdict, &header);
		break;
	case TS_REPLY_ZERO_TIMESTAMP:
	case TS_REPLY_DUPLICATE:
	case TS_REPLY_UNSYNCHRONISED:
	case TS_REPLY_TOO_DISTANT:
	case TS_REPLY_LOOP:
		take_unusable(self, verdict, &header);
		break;
	case TS_REPLY_GOOD:
		take_good(self, &header, &stamp, is_interleaved);
		break;
	case TS_REPLY_MALFORMED:
	case TS_REPLY_BOGUS:
	case TS_REPLY_N_VERDICTS:
		break;
	}
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
		.received = on_received,
		.sent = on_sent,
		.failed = on_failed,
	};
	TsNtpTransport *transport = self->context->transport;
	TsNtpPortOptions options = {
		.bind_address = self->settings->bind_address,
		.device = self->settings->device,
		.dscp = self->settings->dscp,
	};

	self->port = transport->ops->open(transport, &self->address, &options, &handler, self, error);
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
	return self->port->transport->ops->send(self->port, bytes, sizeof bytes, &request->sent, error);
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
		set_trouble(self, error->message);
		give_up_request(self, TS_ASSOCIATION_NO_ROUTE);
		return;
	}
	schedule(self);
	ts_timer_arm(self->timeout_timer, self->sent_mono_ns + ts_s_to_ns(time_limit_s(self)));
}

/* ---- public ---------------------------------------------------------------------------------- */

static void
start(TsAssociation *self, int64_t delay_ns)
{
	if (self->settings->iburst)
		ts_poll_policy_start_burst(&self->poll, TS_POLL_INITIAL_GOOD, TS_POLL_INITIAL_TOTAL);
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
	close_port(self);
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
		schedule(self);
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
	close_port(self);
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
	bool is_new_epoch = self->has_last && self->last.epoch != ts_clock_epoch(self->context->clock);

	close_port(self);
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
