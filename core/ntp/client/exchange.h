/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange.h - one request and its reply: what is sent, what is believed, and the sample that comes
 * of it
 *
 * Pure functions. A request tells nothing of us: all fields are 0 but a random transmit timestamp,
 * which the reply must bring back as its origin (draft-ietf-ntp-data-minimization). In interleaved
 * mode (RFC 9769) the receive timestamp is a second random number: by which of the two comes back,
 * basic and interleaved replies are told apart. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "clock/system-state.h"
#include "ntp/packet.h"
#include "ntp/client/transport.h"
#include "select/sample.h"

/* What is remembered of a request until its reply comes. */
typedef struct {
	uint64_t transmit_ntp64; /* random: the origin of a basic reply */
	uint64_t receive_ntp64;	 /* random, an interleaved reply's origin; 0: asked in basic mode */
	TsStamp sent;		 /* T1 */
	uint32_t epoch;		 /* ts_clock_epoch() when it was sent */
} TsNtpRequest;

/* The four timestamps of one exchange: those that a server gives on its clock, ours on the raw one.
 */
typedef struct {
	TsStamp sent;		 /* T1 */
	uint64_t receive_ntp64;	 /* T2 */
	uint64_t transmit_ntp64; /* T3 */
	TsStamp received;	 /* T4 */
	uint32_t epoch;		 /* of T1 and T4 */
} TsNtpExchange;

/**
 * ts_ntp_request_format:
 * @version: 3 or 4
 * @server_receive_ntp64: the receive timestamp of the server's last reply, for interleaved mode;
 * else 0
 * @bytes: (out caller-allocates): TS_NTP_HEADER_SIZE bytes
 */
void ts_ntp_request_format(const TsNtpRequest *request, int version, uint64_t server_receive_ntp64,
			   uint8_t *bytes);

/* Why a reply is not taken, in the order of the checks; the last is a good one. */
typedef enum {
	TS_REPLY_MALFORMED, /* too short, a broken tail, not a server's reply, another version */
	TS_REPLY_BOGUS,	    /* its origin is not what we sent */
	TS_REPLY_KISS_RATE,
	TS_REPLY_KISS_DENY,	 /* DENY or RSTR */
	TS_REPLY_KISS_OTHER,	 /* other kiss codes: counted, not obeyed */
	TS_REPLY_ZERO_TIMESTAMP, /* receive or transmit timestamp not set */
	TS_REPLY_DUPLICATE,	 /* both its timestamps are those of the reply before */
	TS_REPLY_UNSYNCHRONISED, /* leap 3 or stratum above 15 */
	TS_REPLY_TOO_DISTANT,	 /* root delay / 2 + root dispersion is 16 s or more */
	TS_REPLY_LOOP,		 /* the server follows us, or is us */
	TS_REPLY_GOOD,
	TS_REPLY_N_VERDICTS,
} TsReplyVerdict;

/* Returns: "bogus-origin" ...: a word for reports and metrics. */
const char *ts_reply_verdict_name(TsReplyVerdict verdict);

/* Returns: whether the reply was a server's honest answer to us, though it may not be synchronised:
 * the exchange is over. A malformed or bogus packet ends nothing: the true reply may still come. */
static inline bool
ts_reply_is_answer(TsReplyVerdict verdict)
{
	return verdict != TS_REPLY_MALFORMED && verdict != TS_REPLY_BOGUS;
}

/* The root distance from which on a claim is taken for nonsense, s (RFC 5905: MAXDISP). */
#define TS_NTP_MAX_ROOT_DISTANCE_S 16.0

/**
 * ts_ntp_reply_check:
 * @bytes, @length: a datagram
 * @request: what it should answer
 * @last: (nullable): the last accepted exchange
 * @header: (out): valid unless MALFORMED
 * @is_interleaved: (out): its transmit timestamp is that of the reply before
 *
 * Source: RFC 5905 section 8 (tests 1 to 3, 6, 7), section 7.4 (kisses), RFC 9769. The loop test is
 * ts_ntp_reply_is_loop().
 */
TsReplyVerdict ts_ntp_reply_check(const uint8_t *bytes, size_t length, const TsNtpRequest *request,
				  const TsNtpExchange *last, TsNtpHeader *header,
				  bool *is_interleaved);

/**
 * ts_ntp_reply_is_loop:
 * @local_address: (nullable): ours on the way to the server
 * @ours: what we say of ourselves
 *
 * Returns: whether the server follows us by @local_address or is ourselves. A loopback address
 * names no host and proves nothing.
 */
bool ts_ntp_reply_is_loop(const TsNtpHeader *header, const TsAddress *local_address,
			  const TsSystemState *ours);

/* Why an exchange gives no sample. */
typedef enum {
	TS_EXCHANGE_GOOD,
	TS_EXCHANGE_SLOW_SERVER, /* it took more than 4 s to answer, or, beyond its precision, less
				  * than no time */
	TS_EXCHANGE_NEGATIVE_DELAY, /* faster than possible: somebody's timestamps are wrong */
} TsExchangeVerdict;

/**
 * ts_ntp_exchange_to_sample:
 * @header: the reply that completed it
 * @pivot_utc_ns: our clock: chooses the era
 * @precision_log2s: of our clock
 *
 * Computes offset, delay and errors, exact to the nanosecond. max_error_s holds the server's claim,
 * both precisions, both stamps' errors and the raw clock's rate error over the exchange.
 * Source: RFC 5905 section 8.
 */
TsExchangeVerdict ts_ntp_exchange_to_sample(const TsNtpExchange *exchange,
					    const TsNtpHeader *header, int64_t pivot_utc_ns,
					    int precision_log2s, TsSample *sample);
