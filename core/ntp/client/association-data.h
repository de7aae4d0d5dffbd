/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * association-data.h - the inside of an association, for the two files that it is made of
 *
 * association.c decides when a request goes out and sends it, association-reply.c what a reply
 * means.
 */
#pragma once

#include "ntp/client/association.h"
#include "ntp/client/exchange.h"
#include "ntp/client/poll-policy.h"

struct _TsAssociation {
	/* set before start, then read-only */
	const TsAssociationContext *context;
	TsSource *source;
	TsAddress address;
	TsAssociationFunc func;
	void *user_data;

	const TsSourceSettings *settings;
	TsPollPolicy poll;
	TsTimer *poll_timer;	/* the next request */
	TsTimer *timeout_timer; /* the open request's time limit */
	bool is_online;
	bool is_denied;
	bool has_answered;   /* ever, from this address */
	bool was_answered;   /* at the last exchange that ended */
	bool is_given_up;    /* an event said that it is of no use */
	double round_trip_s; /* of the last exchange, -1: none */

	/* the open request, if port is set */
	TsNtpPort *port;
	TsNtpRequest request;
	int64_t sent_mono_ns;

	/* the last answered exchange: what interleaved mode completes */
	TsNtpExchange last;
	bool has_last;
	bool is_last_used; /* a sample was made of it */
	bool is_interleaved;

	/* said once a change */
	char *trouble; /* (nullable) */

	uint64_t n_sent, n_verdicts[TS_REPLY_N_VERDICTS], n_rejected;
	uint8_t remote_version;
	TsStampSource tx_source, rx_source;
};

/* Handles a packet; a TsNtpReceiveFunc. */
void ts_association_on_received(const uint8_t *bytes, size_t length, const TsStamp *received,
				void *user_data);

/* What is wrong, or NULL when it is cured: one line and one progress text a change, not one a
 * retry. */
void ts_association_set_trouble(TsAssociation *association, const char *trouble);

/* Arms the next request, counted from the last one. */
void ts_association_schedule(TsAssociation *association);

void ts_association_close_port(TsAssociation *association);

/* No reply came, or none of use: @event is raised if it is one too many. */
void ts_association_miss(TsAssociation *association, TsAssociationEvent event);
