/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reply.h - from a request's octets to the reply's, without a socket or a clock
 *
 * A reply is never longer than its request, whatever the request holds. Thread of all here: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock/system-state.h"
#include "ntp/server/fast-random.h"
#include "ntp/packet.h"

/* What becomes of a datagram, as far as its octets tell. */
typedef enum {
	TS_REQUEST_VALID,
	TS_REQUEST_MALFORMED,	  /* short, or what follows the header is neither fields nor MAC */
	TS_REQUEST_BAD_VERSION,	  /* none of 1 to 4 */
	TS_REQUEST_BAD_MODE,	  /* no request: a reply, a broadcast, control, private, reserved */
	TS_REQUEST_AUTHENTICATED, /* carries a MAC, and no key is known here */
} TsRequestVerdict;

typedef struct {
	uint8_t version;
	uint8_t mode; /* TsNtpMode: client, symmetric active, or reserved in version 1 */
	int8_t poll_log2s;
	bool may_be_interleaved; /* the origin may be a receive timestamp of ours: see interleave.h
				  */
	uint16_t unique_id_offset; /* of the whole field; 0: none */
	uint16_t unique_id_length;
	uint64_t origin_ntp64, receive_ntp64, transmit_ntp64;
} TsRequest;

/**
 * ts_request_parse:
 * @source_port: where it came from; in version 1 it tells a client from a peer
 * @request: (out): set if it is valid
 *
 * Source: RFC 5905 section 9.2, RFC 1305 appendix (version 1 has no mode: 0 is a client's unless it
 * comes from port 123), RFC 7822.
 */
TsRequestVerdict ts_request_parse(const uint8_t *bytes, size_t length, uint16_t source_port,
				  TsRequest *request);

/* What all replies of one batch share. */
typedef struct {
	uint8_t header[TS_NTP_HEADER_SIZE];
	uint64_t random_mask; /* the bits below the clock's precision */
} TsReplyFrame;

/**
 * ts_reply_frame_init:
 * @state: what this host says of its time
 * @raw_ns: now, on the raw clock: root dispersion has grown until then
 * @serve_unsynchronised: the operator's word that clients may use the time even so
 *
 * While @state may not be served the frame says so as chrony does: leap 3, stratum 0, no reference
 * id, root dispersion of at least 16 s. Told to serve all the same, it claims stratum 15 at most
 * and no leap alarm. Root delay and dispersion are rounded up and stay below 32768 s: some clients
 * take the fields as signed.
 */
void ts_reply_frame_init(TsReplyFrame *frame, const TsSystemState *state, int64_t raw_ns,
			 bool serve_unsynchronised);

/* Returns: a receive timestamp: random below the precision, the lowest bit 1. */
uint64_t ts_reply_receive_stamp(const TsReplyFrame *frame, int64_t utc_ns, TsFastRandom *random);

/* Returns: a transmit timestamp: random below the precision, the lowest bit 0, later than
 * @receive_ntp64. */
uint64_t ts_reply_transmit_stamp(const TsReplyFrame *frame, int64_t utc_ns, uint64_t receive_ntp64,
				 TsFastRandom *random);

typedef struct {
	uint64_t origin_ntp64; /* the request's transmit timestamp; interleaved: its receive one */
	uint64_t receive_ntp64;
	uint64_t transmit_ntp64; /* interleaved: that of the reply before */
	uint32_t kiss;		 /* a TS_NTP_KISS_, 0: a reply with time */
	int8_t kiss_poll_log2s;	 /* with a kiss: the least that we ask for */
} TsReplyFields;

/**
 * ts_reply_format:
 * @request_bytes: the packet that @request was parsed from
 * @reply: (out): room for as many octets as the request has
 *
 * Header, and the request's unique identifier if it has one (RFC 8915 section 5.3); other extension
 * fields are not answered. Returns: the length.
 */
size_t ts_reply_format(const TsReplyFrame *frame, const TsRequest *request,
		       const uint8_t *request_bytes, const TsReplyFields *fields, uint8_t *reply);
