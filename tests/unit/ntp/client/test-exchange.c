/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client/exchange.h"

#include <math.h>
#include <string.h>

#include "base/time.h"
#include "suite.h"

#define TRANSMIT UINT64_C(0x0123456789abcdef)
#define RECEIVE	 UINT64_C(0xfedcba9876543210)

/* 2026-01-01 on the server when our raw clock reads 5000 s */
#define UTC_NS (INT64_C(1767225600) * TS_NS_PER_S)
#define RAW_NS (INT64_C(5000) * TS_NS_PER_S)

static const TsNtpRequest basic = {.transmit_ntp64 = TRANSMIT};
static const TsNtpRequest interleaved = {.transmit_ntp64 = TRANSMIT, .receive_ntp64 = RECEIVE};

static TsNtpHeader
good_reply(void)
{
	return (TsNtpHeader){
		.version = 4,
		.mode = TS_NTP_MODE_SERVER,
		.stratum = 2,
		.precision_log2s = -25,
		.root_delay_ntp32 = 0x00000100,
		.root_dispersion_ntp32 = 0x00000200,
		.refid = 0xc0000201,
		.origin_ntp64 = TRANSMIT,
		.receive_ntp64 = ts_ntp64_from_utc_ns(UTC_NS),
		.transmit_ntp64 = ts_ntp64_from_utc_ns(UTC_NS + 1000),
	};
}

static TsReplyVerdict
check_header(const TsNtpHeader *header, const TsNtpRequest *request)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsNtpHeader parsed;
	bool is_interleaved;

	ts_ntp_header_format(header, bytes);
	return ts_ntp_reply_check(bytes, sizeof bytes, request, NULL, &parsed, &is_interleaved);
}

START_TEST(test_request_has_nothing_but_version_mode_and_nonce)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE], expected[TS_NTP_HEADER_SIZE] = {
						   [0] = 4 << 3 | 3,
						   [3] = 0x20,
						   [40] = 0x01,
						   0x23,
						   0x45,
						   0x67,
						   0x89,
						   0xab,
						   0xcd,
						   0xef,
					   };

	ts_ntp_request_format(&basic, 4, UINT64_C(0x1111), bytes);
	ck_assert_mem_eq(bytes, expected, sizeof bytes);

	expected[0] = 3 << 3 | 3;
	ts_ntp_request_format(&basic, 3, 0, bytes);
	ck_assert_mem_eq(bytes, expected, sizeof bytes);
}
END_TEST

START_TEST(test_request_interleaved_names_the_last_reply)
{
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	TsNtpHeader header;

	ts_ntp_request_format(&interleaved, 4, UINT64_C(0x1111), bytes);

	ck_assert(ts_ntp_header_parse(bytes, sizeof bytes, &header));
	ck_assert_uint_eq(header.origin_ntp64, UINT64_C(0x1111));
	ck_assert_uint_eq(header.receive_ntp64, RECEIVE);
	ck_assert_uint_eq(header.transmit_ntp64, TRANSMIT);
}
END_TEST

/* One field wrong each. */
static const struct {
	const char *what;
	TsReplyVerdict verdict;
	int leap, version, mode, stratum;
	uint32_t root_delay, root_dispersion, refid;
	uint64_t origin, receive, transmit;
} replies[] = {
	{"good", TS_REPLY_GOOD, 0, 4, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"good: leap insert", TS_REPLY_GOOD, 1, 4, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"good: stratum 15", TS_REPLY_GOOD, 0, 4, 4, 15, 1, 1, 1, TRANSMIT, 1, 2},
	{"good: version 3", TS_REPLY_GOOD, 0, 3, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"good: root distance just below 16 s", TS_REPLY_GOOD, 0, 4, 4, 2, 0x100000, 0x7ffff, 1,
	 TRANSMIT, 1, 2},
	{"good: seconds 0 with a fraction", TS_REPLY_GOOD, 0, 4, 4, 2, 1, 1, 1, TRANSMIT, 1,
	 0x80000000},
	{"version 0", TS_REPLY_MALFORMED, 0, 0, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"version 5", TS_REPLY_MALFORMED, 0, 5, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"client mode", TS_REPLY_MALFORMED, 0, 4, 3, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"broadcast mode", TS_REPLY_MALFORMED, 0, 4, 5, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"other origin", TS_REPLY_BOGUS, 0, 4, 4, 2, 1, 1, 1, TRANSMIT + 1, 1, 2},
	{"no origin", TS_REPLY_BOGUS, 0, 4, 4, 2, 1, 1, 1, 0, 1, 2},
	{"kiss with a wrong origin", TS_REPLY_BOGUS, 3, 4, 4, 0, 1, 1, TS_NTP_KISS_DENY, 0, 1, 2},
	{"kiss RATE", TS_REPLY_KISS_RATE, 3, 4, 4, 0, 0, 0, TS_NTP_KISS_RATE, TRANSMIT, 0, 0},
	{"kiss RATE with leap 0", TS_REPLY_KISS_RATE, 0, 4, 4, 0, 0, 0, TS_NTP_KISS_RATE, TRANSMIT,
	 1, 2},
	{"kiss DENY", TS_REPLY_KISS_DENY, 3, 4, 4, 0, 0, 0, TS_NTP_KISS_DENY, TRANSMIT, 0, 0},
	{"kiss RSTR", TS_REPLY_KISS_DENY, 3, 4, 4, 0, 0, 0, TS_NTP_KISS_RSTR, TRANSMIT, 0, 0},
	{"kiss NTSN", TS_REPLY_KISS_OTHER, 3, 4, 4, 0, 0, 0, TS_NTP_KISS_NTSN, TRANSMIT, 0, 0},
	{"kiss without a code", TS_REPLY_KISS_OTHER, 3, 4, 4, 0, 0, 0, 0, TRANSMIT, 0, 0},
	{"no receive timestamp", TS_REPLY_ZERO_TIMESTAMP, 0, 4, 4, 2, 1, 1, 1, TRANSMIT, 0, 2},
	{"no transmit timestamp", TS_REPLY_ZERO_TIMESTAMP, 0, 4, 4, 2, 1, 1, 1, TRANSMIT, 1, 0},
	{"leap 3", TS_REPLY_UNSYNCHRONISED, 3, 4, 4, 2, 1, 1, 1, TRANSMIT, 1, 2},
	{"stratum 16", TS_REPLY_UNSYNCHRONISED, 0, 4, 4, 16, 1, 1, 1, TRANSMIT, 1, 2},
	{"stratum 255", TS_REPLY_UNSYNCHRONISED, 0, 4, 4, 255, 1, 1, 1, TRANSMIT, 1, 2},
	{"root distance 16 s", TS_REPLY_TOO_DISTANT, 0, 4, 4, 2, 0x100000, 0x80000, 1, TRANSMIT, 1,
	 2},
	{"negative root delay (B10)", TS_REPLY_TOO_DISTANT, 0, 4, 4, 2, 0xffffff1b, 1, 1, TRANSMIT,
	 1, 2},
	{"negative root delay (B10)", TS_REPLY_TOO_DISTANT, 0, 4, 4, 2, 0xffffe667, 1, 1, TRANSMIT,
	 1, 2},
};

START_TEST(test_reply_check_each_field_has_its_verdict)
{
	const TsNtpHeader header = {
		.leap = (uint8_t)replies[_i].leap,
		.version = (uint8_t)replies[_i].version,
		.mode = (uint8_t)replies[_i].mode,
		.stratum = (uint8_t)replies[_i].stratum,
		.root_delay_ntp32 = replies[_i].root_delay,
		.root_dispersion_ntp32 = replies[_i].root_dispersion,
		.refid = replies[_i].refid,
		.origin_ntp64 = replies[_i].origin,
		.receive_ntp64 = replies[_i].receive,
		.transmit_ntp64 = replies[_i].transmit,
	};

	ck_assert_msg(check_header(&header, &basic) == replies[_i].verdict, "%s: %s, not %s",
		      replies[_i].what, ts_reply_verdict_name(check_header(&header, &basic)),
		      ts_reply_verdict_name(replies[_i].verdict));
}
END_TEST

START_TEST(test_reply_check_short_and_broken_ones_are_malformed)
{
	TsNtpHeader header = good_reply(), parsed;
	uint8_t bytes[TS_NTP_HEADER_SIZE + 8] = {0};
	bool is_interleaved;

	ts_ntp_header_format(&header, bytes);
	for (size_t length = 0; length < TS_NTP_HEADER_SIZE; length++)
		ck_assert_int_eq(
			ts_ntp_reply_check(bytes, length, &basic, NULL, &parsed, &is_interleaved),
			TS_REPLY_MALFORMED);
	/* eight octets behind the header are neither field nor MAC */
	ck_assert_int_eq(
		ts_ntp_reply_check(bytes, sizeof bytes, &basic, NULL, &parsed, &is_interleaved),
		TS_REPLY_MALFORMED);
}
END_TEST

START_TEST(test_reply_check_origin_tells_basic_from_interleaved)
{
	TsNtpHeader header = good_reply(), parsed;
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	bool is_interleaved;

	ts_ntp_header_format(&header, bytes);
	ck_assert_int_eq(ts_ntp_reply_check(bytes, sizeof bytes, &interleaved, NULL, &parsed,
					    &is_interleaved),
			 TS_REPLY_GOOD);
	ck_assert(!is_interleaved);

	header.origin_ntp64 = RECEIVE;
	ts_ntp_header_format(&header, bytes);
	ck_assert_int_eq(ts_ntp_reply_check(bytes, sizeof bytes, &interleaved, NULL, &parsed,
					    &is_interleaved),
			 TS_REPLY_GOOD);
	ck_assert(is_interleaved);
	/* who asked in basic mode has no second number: 0 is none */
	header.origin_ntp64 = 0;
	ck_assert_int_eq(check_header(&header, &basic), TS_REPLY_BOGUS);
}
END_TEST

START_TEST(test_reply_check_repeated_timestamps_are_a_duplicate)
{
	TsNtpHeader header = good_reply(), parsed;
	TsNtpExchange last = {.receive_ntp64 = header.receive_ntp64,
			      .transmit_ntp64 = header.transmit_ntp64};
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	bool is_interleaved;

	ts_ntp_header_format(&header, bytes);
	ck_assert_int_eq(
		ts_ntp_reply_check(bytes, sizeof bytes, &basic, &last, &parsed, &is_interleaved),
		TS_REPLY_DUPLICATE);
	last.transmit_ntp64++;
	ck_assert_int_eq(
		ts_ntp_reply_check(bytes, sizeof bytes, &basic, &last, &parsed, &is_interleaved),
		TS_REPLY_GOOD);
}
END_TEST

static TsAddress
address_of(const char *text)
{
	TsAddress address;

	ck_assert(ts_address_parse(text, 123, &address));
	return address;
}

START_TEST(test_loop_server_that_follows_our_address_is_one)
{
	TsAddress local = address_of("192.0.2.1"), other = address_of("192.0.2.2");
	TsNtpHeader header = good_reply(); /* its refid is 192.0.2.1 */
	TsSystemState ours = {.stratum = 1, .refid = 0x47505300};

	ck_assert(ts_ntp_reply_is_loop(&header, &local, &ours));
	ck_assert(!ts_ntp_reply_is_loop(&header, &other, &ours));
	/* one as near to the top as we are does not follow us */
	ours.stratum = 2;
	ck_assert(!ts_ntp_reply_is_loop(&header, &local, &ours));
	ours.stratum = TS_STRATUM_UNSYNCHRONISED;
	ck_assert(!ts_ntp_reply_is_loop(&header, &local, &ours));
}
END_TEST

START_TEST(test_loop_loopback_refid_proves_nothing)
{
	TsAddress local = address_of("127.0.0.1");
	TsNtpHeader header = good_reply();
	TsSystemState ours = {.stratum = 1};

	header.refid = 0x7f000001;

	ck_assert(!ts_ntp_reply_is_loop(&header, &local, &ours));
}
END_TEST

START_TEST(test_loop_our_own_reply_is_one)
{
	TsSystemState ours = {.stratum = 2, .refid = 0xc6336401, .reference_utc_ns = UTC_NS};
	TsNtpHeader header = good_reply();

	header.refid = ours.refid;
	header.reference_ntp64 = ts_ntp64_from_utc_ns(UTC_NS);
	ck_assert(ts_ntp_reply_is_loop(&header, NULL, &ours));
	header.reference_ntp64++;
	ck_assert(!ts_ntp_reply_is_loop(&header, NULL, &ours));
}
END_TEST

/* Outward 3 ms, processing 1 ms, inward 5 ms; the server is exactly UTC_NS ahead of RAW_NS. */
static TsNtpExchange
exchange_at(int64_t utc_ns)
{
	return (TsNtpExchange){
		.sent = {.raw_ns = RAW_NS},
		.receive_ntp64 = ts_ntp64_from_utc_ns(utc_ns + 3 * TS_NS_PER_MS),
		.transmit_ntp64 = ts_ntp64_from_utc_ns(utc_ns + 4 * TS_NS_PER_MS),
		.received = {.raw_ns = RAW_NS + 9 * TS_NS_PER_MS},
		.epoch = 7,
	};
}

START_TEST(test_sample_follows_rfc5905_to_the_nanosecond)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample sample;

	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_GOOD);

	ck_assert_int_eq(sample.raw_ns, RAW_NS + 4500 * TS_NS_PER_US);
	ck_assert_int_le(llabs(sample.offset_ns - (UTC_NS - RAW_NS - TS_NS_PER_MS)), 1);
	ck_assert_int_le(llabs(sample.delay_ns - 8 * TS_NS_PER_MS), 1);
	ck_assert_uint_eq(sample.epoch, 7);
	ck_assert_int_eq(sample.stratum, 2);
	ck_assert_uint_eq(sample.refid, 0xc0000201);
	ck_assert_double_gt(sample.noise_s, 0);
	/* true offset UTC - RAW lies within the hard bound, though the path is lopsided */
	ck_assert_double_ge(ts_sample_hard_error_s(&sample), 0.001);
	ck_assert_double_ge(sample.max_error_s, 1.0 / 512 + 2.0 / 256 / 256);
}
END_TEST

START_TEST(test_sample_bound_holds_stamps_precisions_and_drift)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample plain, worse;
	header.root_delay_ntp32 = header.root_dispersion_ntp32 = 0;
	ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &plain);

	exchange.sent.error_s = 1e-5;
	exchange.received.error_s = 2e-5;
	header.precision_log2s = -10;
	ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -9, &worse);

	/* 9 ms at 500 ppm */
	ck_assert_double_eq_tol(plain.max_error_s, 9e-3 * 500e-6 + 0x1p-24, 1e-12);
	ck_assert_double_eq_tol(worse.max_error_s - plain.max_error_s,
				3e-5 + 0x1p-10 + 0x1p-9 - 0x1p-24, 1e-12);
	ck_assert_double_ge(worse.noise_s, 0x1p-9);
}
END_TEST

/* B13: the seconds wrap on 2036-02-07 06:28:16 */
#define WRAP_NS (INT64_C(2085978496) * TS_NS_PER_S)

START_TEST(test_sample_across_the_wrap_of_2036_is_like_any_other)
{
	TsNtpHeader header = good_reply();
	TsSample sample;

	for (int64_t shift_ms = -10; shift_ms <= 2; shift_ms++) {
		int64_t utc_ns = WRAP_NS + shift_ms * TS_NS_PER_MS;
		TsNtpExchange exchange = exchange_at(utc_ns);
		ck_assert_int_eq(
			ts_ntp_exchange_to_sample(&exchange, &header, utc_ns, -25, &sample),
			TS_EXCHANGE_GOOD);
		ck_assert_int_le(llabs(sample.offset_ns - (utc_ns - RAW_NS - TS_NS_PER_MS)), 1);
	}
}
END_TEST

START_TEST(test_sample_of_server_in_another_era_takes_the_nearest)
{
	int64_t march_2036_ns = WRAP_NS + INT64_C(30) * 86400 * TS_NS_PER_S;
	TsNtpExchange exchange = exchange_at(march_2036_ns);
	TsNtpHeader header = good_reply();
	TsSample sample;

	ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample);

	ck_assert_int_le(llabs(sample.offset_ns - (march_2036_ns - RAW_NS - TS_NS_PER_MS)), 1);
}
END_TEST

/* Both stamps of a quick server carry random bits below its precision (here 1 us). */
START_TEST(test_exchange_backward_within_server_precision_gives_sample)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample sample;

	header.precision_log2s = -20;
	exchange.transmit_ntp64 = exchange.receive_ntp64 - (UINT64_C(1) << 12);
	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_GOOD);
	exchange.transmit_ntp64 = exchange.receive_ntp64 - (UINT64_C(1) << 14);
	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_SLOW_SERVER);
}
END_TEST

START_TEST(test_exchange_with_slow_or_backward_server_gives_no_sample)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample sample;

	exchange.transmit_ntp64 = exchange.receive_ntp64 - 1000;
	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_SLOW_SERVER);
	exchange.transmit_ntp64 = exchange.receive_ntp64 + (UINT64_C(5) << 32);
	exchange.received.raw_ns += 6 * TS_NS_PER_S;
	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_SLOW_SERVER);
}
END_TEST

START_TEST(test_exchange_faster_than_possible_gives_no_sample)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample sample;

	exchange.received.raw_ns = exchange.sent.raw_ns + TS_NS_PER_US;

	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -25, &sample),
			 TS_EXCHANGE_NEGATIVE_DELAY);
}
END_TEST

START_TEST(test_exchange_delay_is_floored_at_the_precisions)
{
	TsNtpExchange exchange = exchange_at(UTC_NS);
	TsNtpHeader header = good_reply();
	TsSample sample;

	header.precision_log2s = -20;
	exchange.received.raw_ns = exchange.sent.raw_ns + TS_NS_PER_MS; /* no time on the way */

	ck_assert_int_eq(ts_ntp_exchange_to_sample(&exchange, &header, UTC_NS, -20, &sample),
			 TS_EXCHANGE_GOOD);
	ck_assert_int_eq(sample.delay_ns, ts_s_to_ns(0x1p-19));
}
END_TEST

TS_TEST_MAIN("ntp-exchange", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_request_has_nothing_but_version_mode_and_nonce);
	tcase_add_test(core, test_request_interleaved_names_the_last_reply);
	tcase_add_loop_test(core, test_reply_check_each_field_has_its_verdict, 0,
			    sizeof replies / sizeof *replies);
	tcase_add_test(core, test_reply_check_short_and_broken_ones_are_malformed);
	tcase_add_test(core, test_reply_check_origin_tells_basic_from_interleaved);
	tcase_add_test(core, test_reply_check_repeated_timestamps_are_a_duplicate);
	tcase_add_test(core, test_loop_server_that_follows_our_address_is_one);
	tcase_add_test(core, test_loop_loopback_refid_proves_nothing);
	tcase_add_test(core, test_loop_our_own_reply_is_one);
	tcase_add_test(core, test_sample_follows_rfc5905_to_the_nanosecond);
	tcase_add_test(core, test_sample_bound_holds_stamps_precisions_and_drift);
	tcase_add_test(core, test_sample_across_the_wrap_of_2036_is_like_any_other);
	tcase_add_test(core, test_sample_of_server_in_another_era_takes_the_nearest);
	tcase_add_test(core, test_exchange_with_slow_or_backward_server_gives_no_sample);
	tcase_add_test(core, test_exchange_backward_within_server_precision_gives_sample);
	tcase_add_test(core, test_exchange_faster_than_possible_gives_no_sample);
	tcase_add_test(core, test_exchange_delay_is_floored_at_the_precisions);
	suite_add_tcase(suite, core);
})
