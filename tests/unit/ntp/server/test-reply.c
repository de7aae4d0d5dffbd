/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <string.h>

#include <glib.h>

#include "base/random.h"
#include "base/time.h"
#include "ntp/server/reply.h"
#include "suite.h"

#define T_UTC_NS INT64_C(1700000000123456789)
#define T_RAW_NS INT64_C(5000000000000)

/* a host that is synchronised: the figures are all different, so that none passes for another */
static const TsSystemState good_state = {
	.reference_utc_ns = T_UTC_NS - 7 * TS_NS_PER_S,
	.reference_raw_ns = T_RAW_NS - 7 * TS_NS_PER_S,
	.root_delay_s = 0.25,
	.root_dispersion_s = 0.5,
	.root_dispersion_rate = 0.125,
	.refid = 0xc0000205,
	.stratum = 3,
	.leap = TS_LEAP_INSERT,
	.precision_log2s = -20,
	.may_serve = true,
};

static const TsReplyFields some_fields = {
	.origin_ntp64 = 0x1111111122222222,
	.receive_ntp64 = 0x3333333344444445,
	.transmit_ntp64 = 0x5555555566666666,
};

static size_t
make_request(uint8_t first, uint8_t *bytes)
{
	memset(bytes, 0, TS_NTP_HEADER_SIZE);
	bytes[0] = first;
	bytes[2] = 6;
	memset(bytes + 40, 0xab, 8);
	return TS_NTP_HEADER_SIZE;
}

static TsNtpHeader
reply_to(uint8_t first, const TsSystemState *state, bool serve_unsynchronised,
	 const TsReplyFields *fields)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE], reply[TS_NTP_HEADER_SIZE];
	TsReplyFrame frame;
	TsRequest request;
	TsNtpHeader header;

	size_t length = make_request(first, bytes);
	ck_assert_int_eq(ts_request_parse(bytes, length, 40000, &request), TS_REQUEST_VALID);
	ts_reply_frame_init(&frame, state, T_RAW_NS, serve_unsynchronised);
	ck_assert_uint_eq(ts_reply_format(&frame, &request, bytes, fields, reply),
			  TS_NTP_HEADER_SIZE);
	ck_assert(ts_ntp_header_parse(reply, sizeof reply, &header));
	return header;
}

START_TEST(test_reply_good_state_fills_every_field)
{
	TsNtpHeader header = reply_to(0x23, &good_state, false, &some_fields);

	ck_assert_int_eq(header.leap, TS_LEAP_INSERT);
	ck_assert_int_eq(header.version, 4);
	ck_assert_int_eq(header.mode, TS_NTP_MODE_SERVER);
	ck_assert_int_eq(header.stratum, 3);
	ck_assert_int_eq(header.poll_log2s, 6);
	ck_assert_int_eq(header.precision_log2s, -20);
	ck_assert_uint_eq(header.root_delay_ntp32, 0x4000);
	/* 0.5 s and 7 s at 0.125 s/s */
	ck_assert_uint_eq(header.root_dispersion_ntp32, 0x16000);
	ck_assert_uint_eq(header.refid, 0xc0000205);
	ck_assert_uint_eq(header.reference_ntp64, ts_ntp64_from_utc_ns(T_UTC_NS - 7 * TS_NS_PER_S));
	ck_assert_uint_eq(header.origin_ntp64, some_fields.origin_ntp64);
	ck_assert_uint_eq(header.receive_ntp64, some_fields.receive_ntp64);
	ck_assert_uint_eq(header.transmit_ntp64, some_fields.transmit_ntp64);
}
END_TEST

static const struct {
	uint8_t request, version, mode;
} kinds[] = {
	{0x08, 1, TS_NTP_MODE_SERVER}, /* version 1 has no mode */
	{0x0b, 1, TS_NTP_MODE_SERVER},
	{0x13, 2, TS_NTP_MODE_SERVER},
	{0x1b, 3, TS_NTP_MODE_SERVER},
	{0x23, 4, TS_NTP_MODE_SERVER},
	{0xe3, 4, TS_NTP_MODE_SERVER}, /* leap 3 of the client is not ours */
	{0x19, 3, TS_NTP_MODE_SYMMETRIC_PASSIVE},
	{0x21, 4, TS_NTP_MODE_SYMMETRIC_PASSIVE},
};

START_TEST(test_reply_version_and_mode_answer_in_kind)
{
	TsNtpHeader header = reply_to(kinds[_i].request, &good_state, false, &some_fields);

	ck_assert_int_eq(header.version, kinds[_i].version);
	ck_assert_int_eq(header.mode, kinds[_i].mode);
	ck_assert_int_eq(header.leap, TS_LEAP_INSERT);
}
END_TEST

START_TEST(test_reply_unsynchronised_is_not_usable)
{
	TsSystemState state = {.stratum = TS_STRATUM_UNSYNCHRONISED,
			       .leap = TS_LEAP_UNSYNCHRONISED,
			       .precision_log2s = -20};

	TsNtpHeader header = reply_to(0x23, &state, false, &some_fields);

	ck_assert_int_eq(header.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_int_eq(header.stratum, 0);
	ck_assert_uint_eq(header.refid, 0);
	ck_assert_uint_eq(header.reference_ntp64, 0);
	ck_assert_uint_ge(header.root_dispersion_ntp32, 16 << 16);
}
END_TEST

START_TEST(test_reply_may_not_serve_hides_a_good_stratum)
{
	TsSystemState state = good_state;
	state.may_serve = false;

	TsNtpHeader header = reply_to(0x23, &state, false, &some_fields);

	ck_assert_int_eq(header.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_int_eq(header.stratum, 0);
	ck_assert_uint_eq(header.refid, 0);
}
END_TEST

START_TEST(test_reply_told_to_serve_claims_stratum_15)
{
	TsSystemState state = {.stratum = TS_STRATUM_UNSYNCHRONISED,
			       .leap = TS_LEAP_UNSYNCHRONISED,
			       .precision_log2s = -20};

	TsNtpHeader header = reply_to(0x23, &state, true, &some_fields);

	ck_assert_int_eq(header.leap, TS_LEAP_NONE);
	ck_assert_int_eq(header.stratum, 15);
	ck_assert_uint_eq(header.refid, 0x4c4f434c);
}
END_TEST

/* Field case B10: what is no number, negative or too large never wraps, rounded up where it is a
 * bound. */
static const struct {
	double interval_s;
	uint32_t wire;
} bounds[] = {
	{0, 0},
	{-1e-9, 0},
	{-5, 0},
	{1e-9, 1},
	{1.0 / 65536, 1},
	{1.0000001 / 65536, 2},
	{1, 0x10000},
	{32767, 0x7fff0000},
	{32768, 0x7fffffff},
	{65536, 0x7fffffff},
	{1e12, 0x7fffffff},
	{INFINITY, 0x7fffffff},
	{NAN, 0x7fffffff},
};

START_TEST(test_reply_root_figures_saturate)
{
	TsSystemState state = good_state;
	state.root_delay_s = bounds[_i].interval_s;
	state.root_dispersion_s = bounds[_i].interval_s;
	state.root_dispersion_rate = 0;

	TsNtpHeader header = reply_to(0x23, &state, false, &some_fields);

	ck_assert_uint_eq(header.root_delay_ntp32, bounds[_i].wire);
	ck_assert_uint_eq(header.root_dispersion_ntp32, bounds[_i].wire);
}
END_TEST

START_TEST(test_reply_kiss_has_no_time_figures)
{
	TsReplyFields fields = some_fields;
	fields.kiss = TS_NTP_KISS_RATE;
	fields.kiss_poll_log2s = 10;

	TsNtpHeader header = reply_to(0x23, &good_state, false, &fields);

	ck_assert_int_eq(header.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_int_eq(header.stratum, 0);
	ck_assert_uint_eq(header.refid, TS_NTP_KISS_RATE);
	ck_assert_int_eq(header.poll_log2s, 10);
	ck_assert_uint_eq(header.reference_ntp64, 0);
	/* without its origin a client may not believe it (RFC 8633) */
	ck_assert_uint_eq(header.origin_ntp64, fields.origin_ntp64);
}
END_TEST

START_TEST(test_stamps_random_below_precision_and_marked)
{
	TsReplyFrame frame;
	TsFastRandom random;
	uint64_t seen = 0, exact = ts_ntp64_from_utc_ns(T_UTC_NS);

	ts_fast_random_seed(&random);
	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);
	for (int i = 0; i < 1000; i++) {
		uint64_t receive = ts_reply_receive_stamp(&frame, T_UTC_NS, &random);
		uint64_t transmit =
			ts_reply_transmit_stamp(&frame, T_UTC_NS + 5000, receive, &random);
		ck_assert_uint_eq(receive & 1, 1);
		ck_assert_uint_eq(transmit & 1, 0);
		ck_assert_uint_eq(receive >> 12, exact >> 12);
		seen |= receive ^ exact;
	}

	/* each of the 12 bits below 2^-20 s was once this and once that */
	ck_assert_uint_eq(seen | 1, 0xfff);
}
END_TEST

START_TEST(test_stamps_transmit_is_always_later_than_receive)
{
	TsReplyFrame frame;
	TsFastRandom random;

	ts_fast_random_seed(&random);
	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);
	for (int i = 0; i < 1000; i++) {
		uint64_t receive = ts_reply_receive_stamp(&frame, T_UTC_NS, &random);
		uint64_t transmit =
			ts_reply_transmit_stamp(&frame, T_UTC_NS - 100, receive, &random);
		ck_assert_uint_eq(transmit & 1, 0);
		ck_assert_int_gt((int64_t)(transmit - receive), 0);
	}
}
END_TEST

/* 2036-02-07 06:28:16 is when the seconds wrap (field case B13) */
START_TEST(test_stamps_survive_the_wrap_of_2036)
{
	int64_t wrap_utc_ns = (INT64_C(4294967296) - TS_NTP_UNIX_OFFSET_S) * TS_NS_PER_S;
	TsReplyFrame frame;
	TsFastRandom random;

	ts_fast_random_seed(&random);
	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);
	uint64_t receive = ts_reply_receive_stamp(&frame, wrap_utc_ns - 10000, &random);
	uint64_t transmit = ts_reply_transmit_stamp(&frame, wrap_utc_ns + 10000, receive, &random);

	ck_assert_uint_eq(receive >> 32, 0xffffffff);
	ck_assert_uint_eq(transmit >> 32, 0);
	ck_assert_uint_lt(transmit - receive, UINT64_C(200000));
}
END_TEST

static const struct {
	uint8_t first;
	uint16_t port;
	TsRequestVerdict verdict;
} heads[] = {
	{0x23, 123, TS_REQUEST_VALID},
	{0x1b, 40000, TS_REQUEST_VALID},
	{0x08, 40000, TS_REQUEST_VALID},
	{0x08, 123, TS_REQUEST_BAD_MODE},   /* a peer of version 1 */
	{0x20, 40000, TS_REQUEST_BAD_MODE}, /* mode 0 is no mode later on */
	{0x10, 40000, TS_REQUEST_BAD_MODE},
	{0x22, 40000, TS_REQUEST_BAD_MODE},
	{0x24, 40000, TS_REQUEST_BAD_MODE},
	{0x25, 40000, TS_REQUEST_BAD_MODE},
	{0x26, 40000, TS_REQUEST_BAD_MODE},
	{0x27, 40000, TS_REQUEST_BAD_MODE},
	{0x17, 40000, TS_REQUEST_BAD_MODE},
	{0x03, 40000, TS_REQUEST_BAD_VERSION},
	{0x2b, 40000, TS_REQUEST_BAD_VERSION}, /* NTPv5 */
	{0x33, 40000, TS_REQUEST_BAD_VERSION},
	{0x3b, 40000, TS_REQUEST_BAD_VERSION},
};

START_TEST(test_request_first_octet_decides)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsRequest request;
	size_t length = make_request(heads[_i].first, bytes);

	ck_assert_int_eq(ts_request_parse(bytes, length, heads[_i].port, &request),
			 heads[_i].verdict);
}
END_TEST

START_TEST(test_request_short_is_malformed)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsRequest request;

	make_request(0x23, bytes);
	for (size_t length = 0; length < TS_NTP_HEADER_SIZE; length++)
		ck_assert_int_eq(ts_request_parse(bytes, length, 40000, &request),
				 TS_REQUEST_MALFORMED);
}
END_TEST

static const struct {
	uint64_t origin, receive, transmit;
	uint8_t first;
	bool may_be_interleaved;
} origins[] = {
	{0, 0, 5, 0x23, false}, /* a client that tells nothing */
	{4, 3, 5, 0x23, false}, /* basic mode: our transmit timestamp is even */
	{7, 3, 5, 0x23, true},
	{7, 5, 5, 0x23, false}, /* RFC 9769: receive and transmit must differ */
	{7, 3, 5, 0x1b, true},
	{7, 3, 5, 0x21, false}, /* symmetric */
};

START_TEST(test_request_odd_origin_may_be_interleaved)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsRequest request;
	TsNtpHeader header = {.version = origins[_i].first >> 3 & 7,
			      .mode = origins[_i].first & 7,
			      .origin_ntp64 = origins[_i].origin,
			      .receive_ntp64 = origins[_i].receive,
			      .transmit_ntp64 = origins[_i].transmit};
	ts_ntp_header_format(&header, bytes);

	ck_assert_int_eq(ts_request_parse(bytes, sizeof bytes, 40000, &request), TS_REQUEST_VALID);
	ck_assert_int_eq(request.may_be_interleaved, origins[_i].may_be_interleaved);
}
END_TEST

static size_t
add_field(uint8_t *bytes, size_t offset, uint16_t type, uint16_t length)
{
	memset(bytes + offset, 0x77, length);
	bytes[offset] = (uint8_t)(type >> 8);
	bytes[offset + 1] = (uint8_t)type;
	bytes[offset + 2] = (uint8_t)(length >> 8);
	bytes[offset + 3] = (uint8_t)length;
	return offset + length;
}

/* RFC 8915 section 5.3: echoed in every response, with time or with a kiss */
START_TEST(test_reply_echoes_unique_id_alone)
{
	uint8_t bytes[300], reply[300];
	TsReplyFrame frame;
	TsRequest request;
	TsReplyFields fields = some_fields;

	size_t length = add_field(bytes, make_request(0x23, bytes), 0x2001, 28);
	size_t unique_id = length;
	length = add_field(bytes, length, TS_NTP_FIELD_UNIQUE_ID, 36);
	bytes[unique_id + 10] = 0x42;
	length = add_field(bytes, length, TS_NTP_FIELD_NTS_COOKIE, 104);
	fields.kiss = _i ? TS_NTP_KISS_RATE : 0;
	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);

	ck_assert_int_eq(ts_request_parse(bytes, length, 40000, &request), TS_REQUEST_VALID);
	ck_assert_uint_eq(ts_reply_format(&frame, &request, bytes, &fields, reply), 48 + 36);
	ck_assert_mem_eq(reply + 48, bytes + unique_id, 36);
}
END_TEST

START_TEST(test_reply_to_unknown_fields_is_a_header)
{
	uint8_t bytes[300], reply[300];
	TsReplyFrame frame;
	TsRequest request;

	size_t length = add_field(bytes, make_request(0x23, bytes), 0x2001, 128);
	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);

	ck_assert_int_eq(ts_request_parse(bytes, length, 40000, &request), TS_REQUEST_VALID);
	ck_assert_uint_eq(ts_reply_format(&frame, &request, bytes, &some_fields, reply), 48);
}
END_TEST

static const struct {
	uint8_t first;
	size_t tail_length;
	TsRequestVerdict verdict;
} tails[] = {
	{0x23, 4, TS_REQUEST_AUTHENTICATED}, /* crypto-NAK */
	{0x23, 20, TS_REQUEST_AUTHENTICATED},
	{0x23, 24, TS_REQUEST_AUTHENTICATED},
	{0x1b, 20, TS_REQUEST_AUTHENTICATED},
	{0x1b, 12, TS_REQUEST_AUTHENTICATED}, /* DES, as version 2 had it */
	{0x1b, 68, TS_REQUEST_AUTHENTICATED},
	{0x1b, 72, TS_REQUEST_MALFORMED},
	{0x23, 1, TS_REQUEST_MALFORMED},
	{0x23, 2, TS_REQUEST_MALFORMED},
	{0x23, 3, TS_REQUEST_MALFORMED},
	{0x23, 8, TS_REQUEST_MALFORMED},
	{0x23, 12, TS_REQUEST_MALFORMED},
	{0x23, 16, TS_REQUEST_MALFORMED},
	{0x23, 28, TS_REQUEST_MALFORMED},
};

/* zeroes: as a field they have the length 0 */
START_TEST(test_request_tail_of_zeroes_by_length)
{
	uint8_t bytes[200] = {0};
	TsRequest request;
	size_t length = make_request(tails[_i].first, bytes) + tails[_i].tail_length;

	ck_assert_int_eq(ts_request_parse(bytes, length, 40000, &request), tails[_i].verdict);
}
END_TEST

/* Random packets, most of them with a good first octet and fields that nearly fit. */
START_TEST(test_reply_random_requests_are_never_outgrown)
{
	uint64_t seed = ts_random_u64();
	g_autoptr(GRand) rand = g_rand_new_with_seed((guint32)seed);
	uint8_t bytes[TS_NTP_MAX_SIZE], reply[TS_NTP_MAX_SIZE];
	TsReplyFrame frame;
	unsigned n_valid = 0, n_with_id = 0;

	ts_reply_frame_init(&frame, &good_state, T_RAW_NS, false);
	for (int i = 0; i < 200000; i++) {
		size_t length = (size_t)g_rand_int_range(rand, 0, 400);
		for (size_t j = 0; j < length; j++)
			bytes[j] = (uint8_t)g_rand_int_range(rand, 0, 256);
		if (length > 0 && i % 8)
			bytes[0] = 0x23;
		for (size_t at = 48; at + 4 <= length && i % 4;) {
			uint16_t size = (uint16_t)(4 * g_rand_int_range(rand, 4, 30));
			bytes[at] = 1, bytes[at + 1] = (uint8_t)g_rand_int_range(rand, 3, 6);
			bytes[at + 2] = (uint8_t)(size >> 8), bytes[at + 3] = (uint8_t)size;
			at += size;
			if (at > length && i % 3)
				length = at;
		}
		TsRequest request;
		if (ts_request_parse(bytes, length, 40000, &request) != TS_REQUEST_VALID)
			continue;
		size_t reply_length = ts_reply_format(&frame, &request, bytes, &some_fields, reply);
		ck_assert_msg(reply_length <= length, "seed %u, packet %d: %zu octets for %zu",
			      (unsigned)seed, i, reply_length, length);
		n_valid++;
		n_with_id += reply_length > 48;
	}
	ck_assert_uint_gt(n_valid, 1000);
	ck_assert_uint_gt(n_with_id, 1000);
}
END_TEST

TS_TEST_MAIN("reply", {
	TCase *fields = tcase_create("fields");
	tcase_add_test(fields, test_reply_good_state_fills_every_field);
	tcase_add_loop_test(fields, test_reply_version_and_mode_answer_in_kind, 0,
			    G_N_ELEMENTS(kinds));
	tcase_add_test(fields, test_reply_unsynchronised_is_not_usable);
	tcase_add_test(fields, test_reply_may_not_serve_hides_a_good_stratum);
	tcase_add_test(fields, test_reply_told_to_serve_claims_stratum_15);
	tcase_add_loop_test(fields, test_reply_root_figures_saturate, 0, G_N_ELEMENTS(bounds));
	tcase_add_test(fields, test_reply_kiss_has_no_time_figures);
	tcase_add_loop_test(fields, test_reply_echoes_unique_id_alone, 0, 2);
	tcase_add_test(fields, test_reply_to_unknown_fields_is_a_header);
	tcase_add_test(fields, test_reply_random_requests_are_never_outgrown);
	suite_add_tcase(suite, fields);
	TCase *stamps = tcase_create("stamps");
	tcase_add_test(stamps, test_stamps_random_below_precision_and_marked);
	tcase_add_test(stamps, test_stamps_transmit_is_always_later_than_receive);
	tcase_add_test(stamps, test_stamps_survive_the_wrap_of_2036);
	suite_add_tcase(suite, stamps);
	TCase *requests = tcase_create("requests");
	tcase_add_loop_test(requests, test_request_first_octet_decides, 0, G_N_ELEMENTS(heads));
	tcase_add_test(requests, test_request_short_is_malformed);
	tcase_add_loop_test(requests, test_request_odd_origin_may_be_interleaved, 0,
			    G_N_ELEMENTS(origins));
	tcase_add_loop_test(requests, test_request_tail_of_zeroes_by_length, 0,
			    G_N_ELEMENTS(tails));
	suite_add_tcase(suite, requests);
})
