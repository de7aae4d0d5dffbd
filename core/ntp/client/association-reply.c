/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * association-reply.c - what a reply means to its association: kiss, trouble or sample
 *
 * Everything that is told to the source of the server's own state goes out here.
 */
#include "base/log.h"
#include "base/time.h"
#include "ntp/client/association-data.h"
#include "ntp/client/delay-test.h"

#define TS_LOG_COMPONENT "ntp"

static void
pass_remote_state(TsAssociation *self, const TsNtpHeader *header)
{
	ts_source_set_remote_state(self->source, header->leap,
				   header->stratum == 0 ? TS_STRATUM_UNSYNCHRONISED
							: header->stratum,
				   header->refid, ts_ntp32_to_s(header->root_delay_ntp32),
				   ts_ntp32_to_s(header->root_dispersion_ntp32));
}

static void
obey_kiss(TsAssociation *self, TsReplyVerdict verdict, const TsNtpHeader *header)
{
	if (verdict == TS_REPLY_KISS_RATE) {
		ts_poll_policy_on_kiss_rate(&self->poll);
		ts_association_set_trouble(self, "kiss RATE: asks less often");
	} else if (verdict == TS_REPLY_KISS_DENY) {
		const char *reason = header->refid == TS_NTP_KISS_DENY ? "kiss DENY" : "kiss RSTR";
		self->is_denied = true;
		ts_poll_policy_end_burst(&self->poll);
		ts_association_set_trouble(self, reason);
		ts_source_set_stopped(self->source, reason);
	}
	ts_source_update_reach(self->source, false);
	if (self->is_denied) {
		ts_timer_disarm(self->poll_timer);
		self->func(self, TS_ASSOCIATION_DENIED, self->user_data);
		return;
	}
	ts_association_schedule(self);
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
	ts_association_set_trouble(self, trouble);
	/* no vote for what it said before either */
	ts_source_set_stopped(self->source, verdict == TS_REPLY_TOO_DISTANT ? trouble : NULL);
	ts_association_miss(self, TS_ASSOCIATION_UNREACHABLE);
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
		/* its transmit timestamp is that of the reply before: that exchange is complete
		 * now, with the better stamp. Was it used already, with the worse one? */
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
	TsDelayVerdict verdict =
		ts_delay_test(sample, self->settings, has_estimate ? &estimate : NULL);
	return verdict == TS_DELAY_PASSED ? NULL : ts_delay_verdict_name(verdict);
}

static void
take_good(TsAssociation *self, const TsNtpHeader *header, const TsStamp *received,
	  bool is_interleaved)
{
	TsNtpExchange exchange;
	TsSample sample;
	const char *rejected = NULL;

	self->tx_source = self->request.sent.source;
	self->rx_source = received->source;
	self->round_trip_s = ts_ns_to_s(received->raw_ns - self->request.sent.raw_ns);
	if (!self->has_answered || self->is_given_up)
		self->func(self, TS_ASSOCIATION_ANSWERED, self->user_data);
	self->has_answered = true;
	self->is_given_up = false;
	ts_association_set_trouble(self, NULL);
	pass_remote_state(self, header);
	ts_source_set_loop(self->source, false);
	ts_source_set_stopped(self->source, NULL);
	ts_source_update_reach(self->source, true);

	bool is_new = complete_exchange(self, header, received, is_interleaved, &exchange);
	if (is_new) {
		rejected = make_sample(self, &exchange, header, &sample);
		if (rejected) {
			self->n_rejected++;
			ts_debug("%s: sample rejected: %s", ts_source_label(self->source),
				 rejected);
		} else {
			/* may step the clock, and with it call ts_association_clock_disrupted(),
			 * which has arranged what follows if a new epoch began */
			ts_source_add_sample(self->source, &sample);
			if (sample.epoch != ts_clock_epoch(self->context->clock))
				return;
		}
	}
	bool is_good = is_new && !rejected;
	int wanted = is_good ? ts_source_decide_poll(self->source, self->poll.current_log2s) : 0;
	ts_poll_policy_on_reply(&self->poll, is_good, wanted);
	ts_association_schedule(self);
}

static TsReplyVerdict
check_reply(TsAssociation *self, const uint8_t *bytes, size_t length, TsNtpHeader *header,
	    bool *is_interleaved)
{
	TsReplyVerdict verdict =
		ts_ntp_reply_check(bytes, length, &self->request,
				   self->has_last ? &self->last : NULL, header, is_interleaved);
	TsAddress local;
	TsSystemState ours;

	if (verdict != TS_REPLY_GOOD || !self->context->is_serving)
		return verdict;
	ts_system_state_read(self->context->state, &ours);
	bool has_local = self->port->transport->ops->local_address(self->port, &local);
	if (has_local)
		ts_source_set_local_address(self->source, &local);
	return ts_ntp_reply_is_loop(header, has_local ? &local : NULL, &ours) ? TS_REPLY_LOOP
									      : verdict;
}

void
ts_association_on_received(const uint8_t *bytes, size_t length, const TsStamp *received,
			   void *user_data)
{
	TsAssociation *self = user_data;
	TsNtpHeader header;
	bool is_interleaved;
	TsStamp stamp = *received; /* closing the port frees it */
	TsReplyVerdict verdict = check_reply(self, bytes, length, &header, &is_interleaved);

	self->n_verdicts[verdict]++;
	if (!ts_reply_is_answer(verdict)) {
		ts_debug("%s: packet of %zu bytes ignored: %s", ts_source_label(self->source),
			 length, ts_reply_verdict_name(verdict));
		return;
	}
	ts_association_close_port(self);
	self->was_answered = true;
	self->remote_version = header.version;
	if (self->request.epoch != ts_clock_epoch(self->context->clock)) {
		ts_association_schedule(self);
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
