/* SPDX-License-Identifier: BSD-2-Clause */
/* exchange.c - see exchange.h */
#include "ntp/client/exchange.h"

#include <math.h>

#include "base/time.h"

/* Says "no precision to tell" (draft-ietf-ntp-data-minimization section 3). */
#define REQUEST_PRECISION 0x20

/* A server that keeps a request longer than this was asleep. */
#define MAX_PROCESSING_NS (4 * TS_NS_PER_S)

/* Both clocks' rates together may be off by this much; no crystal is, and the kernel's frequency
 * correction ends there. */
#define MAX_RATE_ERROR 500e-6

void
ts_ntp_request_format(const TsNtpRequest *request, int version, uint64_t server_receive_ntp64,
		      uint8_t *bytes)
{
	TsNtpHeader header = {
		.version = (uint8_t)version,
		.mode = TS_NTP_MODE_CLIENT,
		.precision_log2s = REQUEST_PRECISION,
		.transmit_ntp64 = request->transmit_ntp64,
	};

	if (request->receive_ntp64) {
		header.origin_ntp64 = server_receive_ntp64;
		header.receive_ntp64 = request->receive_ntp64;
	}
	ts_ntp_header_format(&header, bytes);
}

const char *
ts_reply_verdict_name(TsReplyVerdict verdict)
{
	static const char *const names[TS_REPLY_N_VERDICTS] = {
		[TS_REPLY_MALFORMED] = "malformed",
		[TS_REPLY_BOGUS] = "bogus-origin",
		[TS_REPLY_KISS_RATE] = "kiss-rate",
		[TS_REPLY_KISS_DENY] = "kiss-deny",
		[TS_REPLY_KISS_OTHER] = "kiss-other",
		[TS_REPLY_ZERO_TIMESTAMP] = "zero-timestamp",
		[TS_REPLY_DUPLICATE] = "duplicate",
		[TS_REPLY_UNSYNCHRONISED] = "unsynchronised",
		[TS_REPLY_TOO_DISTANT] = "too-distant",
		[TS_REPLY_LOOP] = "loop",
		[TS_REPLY_GOOD] = "good",
	};

	return names[verdict];
}

static TsReplyVerdict
kiss_of(uint32_t code)
{
	if (code == TS_NTP_KISS_RATE)
		return TS_REPLY_KISS_RATE;
	if (code == TS_NTP_KISS_DENY || code == TS_NTP_KISS_RSTR)
		return TS_REPLY_KISS_DENY;
	return TS_REPLY_KISS_OTHER;
}

static bool
is_well_formed(const uint8_t *bytes, size_t length, TsNtpHeader *header)
{
	TsNtpTail tail;

	if (!ts_ntp_header_parse(bytes, length, header))
		return false;
	if (header->mode != TS_NTP_MODE_SERVER || header->version < 1 || header->version > 4)
		return false;
	ts_ntp_tail_parse(bytes, length, header->version, &tail);
	return tail.kind != TS_NTP_TAIL_MALFORMED;
}

/* Which of the request's two numbers came back? */
static bool
matches_origin(const TsNtpHeader *header, const TsNtpRequest *request, bool *is_interleaved)
{
	*is_interleaved =
		request->receive_ntp64 != 0 && header->origin_ntp64 == request->receive_ntp64;
	return *is_interleaved || header->origin_ntp64 == request->transmit_ntp64;
}

TsReplyVerdict
ts_ntp_reply_check(const uint8_t *bytes, size_t length, const TsNtpRequest *request,
		   const TsNtpExchange *last, TsNtpHeader *header, bool *is_interleaved)
{
	*is_interleaved = false;
	if (!is_well_formed(bytes, length, header))
		return TS_REPLY_MALFORMED;
	if (!matches_origin(header, request, is_interleaved))
		return TS_REPLY_BOGUS;
	if (header->stratum == 0)
		return kiss_of(header->refid);
	/* The whole 64 bits: seconds 0 come round in 2036. */
	if (header->receive_ntp64 == 0 || header->transmit_ntp64 == 0)
		return TS_REPLY_ZERO_TIMESTAMP;
	if (last && header->receive_ntp64 == last->receive_ntp64 &&
	    header->transmit_ntp64 == last->transmit_ntp64)
		return TS_REPLY_DUPLICATE;
	if (header->leap == TS_LEAP_UNSYNCHRONISED || header->stratum >= TS_STRATUM_UNSYNCHRONISED)
		return TS_REPLY_UNSYNCHRONISED;
	double root_distance_s = ts_ntp32_to_s(header->root_delay_ntp32) / 2 +
				 ts_ntp32_to_s(header->root_dispersion_ntp32);
	if (root_distance_s >= TS_NTP_MAX_ROOT_DISTANCE_S)
		return TS_REPLY_TOO_DISTANT;
	return TS_REPLY_GOOD;
}

static bool
is_loopback(const TsAddress *address)
{
	if (address->any.sa_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
	return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
}

bool
ts_ntp_reply_is_loop(const TsNtpHeader *header, const TsAddress *local_address,
		     const TsSystemState *ours)
{
	/* refids of stratum 1 are letters, and one above us would not follow us */
	bool may_follow = header->stratum > 1 && ours->stratum < TS_STRATUM_UNSYNCHRONISED;

	if (may_follow && header->stratum > ours->stratum && local_address &&
	    !is_loopback(local_address) && header->refid == ts_address_refid(local_address))
		return true;
	/* ourselves, by whatever way: nobody else has the same reference time to the fraction */
	return ours->stratum == header->stratum && ours->refid == header->refid &&
	       header->reference_ntp64 == ts_ntp64_from_utc_ns(ours->reference_utc_ns);
}

static int64_t
floor_delay(int64_t delay_ns, double precision_s)
{
	int64_t precision_ns = ts_s_to_ns(precision_s);

	return MAX(delay_ns, MAX(precision_ns, 1));
}

TsExchangeVerdict
ts_ntp_exchange_to_sample(const TsNtpExchange *exchange, const TsNtpHeader *header,
			  int64_t pivot_utc_ns, int precision_log2s, TsSample *sample)
{
	int64_t t1 = exchange->sent.raw_ns, t4 = exchange->received.raw_ns;
	int64_t t2 = ts_ntp64_to_utc_ns(exchange->receive_ntp64, pivot_utc_ns);
	int64_t t3 = ts_ntp64_to_utc_ns(exchange->transmit_ntp64, pivot_utc_ns);
	double local_s = ts_log2s_to_s(precision_log2s);
	double remote_s = ts_log2s_to_s(header->precision_log2s);
	double stamps_s = exchange->sent.error_s + exchange->received.error_s;
	double drift_s = ts_ns_to_s(t4 - t1) * MAX_RATE_ERROR;

	/* a server fills the bits below its precision at random, in both stamps */
	if (t3 - t2 < -ts_s_to_ns(2 * remote_s) || t3 - t2 > MAX_PROCESSING_NS)
		return TS_EXCHANGE_SLOW_SERVER;
	int64_t delay_ns = (t4 - t1) - (t3 - t2);
	double shortfall_s = delay_ns < 0 ? -ts_ns_to_s(delay_ns) : 0;
	if (shortfall_s > local_s + remote_s + stamps_s + drift_s)
		return TS_EXCHANGE_NEGATIVE_DELAY;

	double root_delay_s = ts_ntp32_to_s(header->root_delay_ntp32);
	double root_dispersion_s = ts_ntp32_to_s(header->root_dispersion_ntp32);
	/* (t2 - t1) is near 1.8e18: halve the small difference, not the sum */
	int64_t outward_ns = t2 - t1, inward_ns = t3 - t4;
	*sample = (TsSample){
		.raw_ns = t1 + (t4 - t1) / 2,
		.offset_ns = outward_ns + (inward_ns - outward_ns) / 2,
		.delay_ns = floor_delay(delay_ns, local_s + remote_s),
		.noise_s = hypot(hypot(local_s, remote_s),
				 hypot(exchange->sent.error_s, exchange->received.error_s)),
		.max_error_s = root_delay_s / 2 + root_dispersion_s + local_s + remote_s +
			       stamps_s + drift_s,
		.root_delay_s = root_delay_s,
		.root_dispersion_s = root_dispersion_s,
		.refid = header->refid,
		.epoch = exchange->epoch,
		.stratum = header->stratum,
		.leap = header->leap,
	};
	return TS_EXCHANGE_GOOD;
}
