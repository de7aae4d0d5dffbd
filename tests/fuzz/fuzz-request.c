/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-request.c - whatever comes in, the server's reply is no longer, answers in kind, and holds
 * nothing of the request but its timestamp, poll and unique identifier
 */
#include "ntp/server/reply.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_reply(const uint8_t *data, size_t size, const TsRequest *request, uint32_t kiss)
{
	const TsSystemState state = {.stratum = 2, .may_serve = 1, .precision_log2s = -25};
	const TsReplyFields fields = {.origin_ntp64 = request->transmit_ntp64, .kiss = kiss};
	g_autofree uint8_t *reply =
		g_malloc(size); /* exactly: one octet more is seen by the sanitizer */
	TsReplyFrame frame;
	TsNtpHeader header;
	TsNtpTail tail;

	ts_reply_frame_init(&frame, &state, 0, false);
	size_t length = ts_reply_format(&frame, request, data, &fields, reply);
	g_assert_cmpuint(length, <=, size);
	g_assert_true(ts_ntp_header_parse(reply, length, &header));
	g_assert_cmpuint(header.version, ==, request->version);
	g_assert_true(header.mode == TS_NTP_MODE_SERVER ||
		      header.mode == TS_NTP_MODE_SYMMETRIC_PASSIVE);
	g_assert_cmpuint(header.origin_ntp64, ==, request->transmit_ntp64);
	ts_ntp_tail_parse(reply, length, header.version, &tail);
	g_assert_cmpuint(tail.n_fields, ==, request->unique_id_length > 0);
	g_assert_true(tail.kind == (tail.n_fields ? TS_NTP_TAIL_FIELDS : TS_NTP_TAIL_NONE));
	g_assert_cmpuint(tail.mac_length, ==, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TsRequest request;

	if (size > TS_NTP_MAX_SIZE)
		return 0;
	TsRequestVerdict verdict = ts_request_parse(data, size, 40000, &request);
	g_assert_true(size >= TS_NTP_HEADER_SIZE || verdict != TS_REQUEST_VALID);
	if (verdict != TS_REQUEST_VALID)
		return 0;
	check_reply(data, size, &request, 0);
	check_reply(data, size, &request, TS_NTP_KISS_RATE);
	return 0;
}
