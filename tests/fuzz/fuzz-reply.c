/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-reply.c - a server's reply on its way to a sample: whatever a server that knows our nonce
 * says, what comes of it is in range or is refused
 *
 * The first octet chooses how the reply fits the request, the next four the round trip; the packet
 * follows.
 */
#include "ntp/client/exchange.h"

#include <math.h>

#include <glib.h>

#include "base/time.h"

#define PREFIX	    5
#define NOW_UTC_NS  (INT64_C(1795000000) * TS_NS_PER_S)
#define SENT_RAW_NS (INT64_C(5000) * TS_NS_PER_S)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_sample(const TsSample *sample, const TsNtpHeader *header)
{
	g_assert_cmpint(sample->delay_ns, >, 0);
	g_assert_true(sample->noise_s > 0 && isfinite(sample->noise_s));
	g_assert_true(isfinite(sample->max_error_s));
	g_assert_true(sample->max_error_s >= sample->root_delay_s / 2 + sample->root_dispersion_s);
	g_assert_true(sample->root_delay_s >= 0 && sample->root_dispersion_s >= 0);
	g_assert_cmpint(sample->stratum, ==, header->stratum);
	/* the nearest era: within 68 years and a bit */
	g_assert_cmpint(ABS(sample->offset_ns + sample->raw_ns - NOW_UTC_NS), <,
			INT64_C(2200000000) * TS_NS_PER_S);
}

static void
check_good(const TsNtpHeader *header, const TsNtpRequest *request, int64_t round_trip_ns)
{
	TsNtpExchange exchange = {
		.sent = request->sent,
		.receive_ntp64 = header->receive_ntp64,
		.transmit_ntp64 = header->transmit_ntp64,
		.received = {.raw_ns = request->sent.raw_ns + round_trip_ns},
	};
	TsSample sample;

	g_assert_cmpint(header->mode, ==, TS_NTP_MODE_SERVER);
	g_assert_cmpint(header->leap, !=, TS_LEAP_UNSYNCHRONISED);
	g_assert_cmpint(header->stratum, >, 0);
	g_assert_cmpint(header->stratum, <, TS_STRATUM_UNSYNCHRONISED);
	if (ts_ntp_exchange_to_sample(&exchange, header, NOW_UTC_NS, -25, &sample) ==
	    TS_EXCHANGE_GOOD)
		check_sample(&sample, header);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TsNtpRequest request = {.sent = {.raw_ns = SENT_RAW_NS}};
	TsNtpHeader wire, header;
	bool is_interleaved;

	if (size < PREFIX || !ts_ntp_header_parse(data + PREFIX, size - PREFIX, &wire))
		return 0;
	request.transmit_ntp64 = data[0] & 1 ? wire.origin_ntp64 ^ 1 : wire.origin_ntp64;
	request.receive_ntp64 = data[0] & 2 ? wire.origin_ntp64 : 0;
	int64_t round_trip_ns = (int64_t)data[1] << 24 | data[2] << 16 | data[3] << 8 | data[4];
	TsReplyVerdict verdict = ts_ntp_reply_check(data + PREFIX, size - PREFIX, &request, NULL,
						    &header, &is_interleaved);
	if (is_interleaved)
		g_assert_cmpuint(header.origin_ntp64, ==, request.receive_ntp64);
	else if (verdict != TS_REPLY_MALFORMED && verdict != TS_REPLY_BOGUS)
		g_assert_cmpuint(header.origin_ntp64, ==, request.transmit_ntp64);
	if (verdict == TS_REPLY_GOOD)
		check_good(&header, &request, round_trip_ns);
	return 0;
}
