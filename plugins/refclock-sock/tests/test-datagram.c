/* SPDX-License-Identifier: BSD-2-Clause */
#include "datagram.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_S INT64_C(1000000000)
#define NOW_S	 INT64_C(1795484343)

/* Written field by field at the offsets of datagram.h, so that the layout is tested as well. */
struct fields {
	int64_t tv_s, tv_us;
	double offset_s;
	int32_t pulse, leap, magic;
};

static const struct fields plain = {NOW_S, 250001, 0.125, 0, 1, SOCK_DATAGRAM_MAGIC};

static size_t
format_wide(const struct fields *fields, char bytes[64])
{
	memset(bytes, 0x5a, 64);
	memcpy(bytes, &fields->tv_s, 8);
	memcpy(bytes + 8, &fields->tv_us, 8);
	memcpy(bytes + 16, &fields->offset_s, 8);
	memcpy(bytes + 24, &fields->pulse, 4);
	memcpy(bytes + 28, &fields->leap, 4);
	memcpy(bytes + 36, &fields->magic, 4);
	return 40;
}

static size_t
format_narrow(const struct fields *fields, char bytes[64])
{
	uint32_t tv_s = (uint32_t)fields->tv_s;
	int32_t tv_us = (int32_t)fields->tv_us;

	memset(bytes, 0x5a, 64);
	memcpy(bytes, &tv_s, 4);
	memcpy(bytes + 4, &tv_us, 4);
	memcpy(bytes + 8, &fields->offset_s, 8);
	memcpy(bytes + 16, &fields->pulse, 4);
	memcpy(bytes + 20, &fields->leap, 4);
	memcpy(bytes + 28, &fields->magic, 4);
	return 32;
}

static enum sock_result
parse(const struct fields *fields, int is_narrow, struct sock_reading *reading)
{
	char bytes[65];
	/* an odd address: nothing says that a datagram lies on an even one */
	size_t length =
		is_narrow ? format_narrow(fields, bytes + 1) : format_wide(fields, bytes + 1);

	return sock_datagram_parse(bytes + 1, length, NOW_S, reading);
}

START_TEST(test_datagram_offset_is_added_in_both_sizes)
{
	struct sock_reading reading;

	ck_assert_int_eq(parse(&plain, _i, &reading), SOCK_SAMPLE);

	ck_assert_int_eq(reading.system_real_ns, NOW_S * NS_PER_S + 250001000);
	ck_assert_int_eq(reading.reference_utc_ns, NOW_S * NS_PER_S + 375001000);
	ck_assert_int_eq(reading.leap, 1);
	ck_assert(!reading.is_pulse);
}
END_TEST

START_TEST(test_datagram_pulse_has_the_other_sign)
{
	struct fields fields = plain;
	struct sock_reading reading;
	fields.pulse = 1;

	ck_assert_int_eq(parse(&fields, _i, &reading), SOCK_SAMPLE);

	ck_assert(reading.is_pulse);
	ck_assert_int_eq(reading.reference_utc_ns, NOW_S * NS_PER_S + 125001000);
}
END_TEST

/* A clock that stands in 1970 gets an offset of 56 years: the microseconds survive it. */
START_TEST(test_datagram_large_offset_keeps_its_precision)
{
	struct fields fields = plain;
	struct sock_reading reading;
	fields.tv_s = 100;
	fields.tv_us = 0;
	fields.offset_s = 1795484243.25;

	ck_assert_int_eq(parse(&fields, 0, &reading), SOCK_SAMPLE);

	ck_assert_int_eq(reading.reference_utc_ns, 1795484343 * NS_PER_S + 250000000);
}
END_TEST

/* 32-bit seconds after 2038 and after 2106 mean the time that is near. */
START_TEST(test_datagram_narrow_seconds_are_of_our_age)
{
	static const int64_t ages_s[] = {2147483647, 2147483648, 4294967295, 4294967296,
					 6000000000};
	struct fields fields = plain;
	struct sock_reading reading;
	char bytes[64];
	fields.tv_s = ages_s[_i];
	size_t length = format_narrow(&fields, bytes);

	for (int64_t late_s = -2; late_s <= 2; late_s++) {
		ck_assert_int_eq(sock_datagram_parse(bytes, length, ages_s[_i] + late_s, &reading),
				 SOCK_SAMPLE);
		ck_assert_int_eq(reading.system_real_ns / NS_PER_S, ages_s[_i]);
	}
}
END_TEST

START_TEST(test_datagram_other_size_is_refused)
{
	struct sock_reading reading;
	char bytes[256] = {0};

	for (size_t length = 0; length < sizeof bytes; length++)
		if (length != 32 && length != 40)
			ck_assert_int_eq(sock_datagram_parse(bytes, length, NOW_S, &reading),
					 SOCK_BAD_SIZE);
}
END_TEST

START_TEST(test_datagram_other_magic_is_refused)
{
	struct fields fields = plain;
	struct sock_reading reading;
	fields.magic ^= 1;

	ck_assert_int_eq(parse(&fields, _i, &reading), SOCK_BAD_MAGIC);
}
END_TEST

START_TEST(test_datagram_impossible_value_is_refused)
{
	struct fields cases[] = {plain, plain, plain, plain, plain, plain, plain, plain};
	struct sock_reading reading;
	cases[0].tv_us = 1000000;
	cases[1].tv_us = -1;
	cases[2].tv_s = -1;
	cases[3].tv_s = INT64_MAX;
	cases[4].offset_s = NAN;
	cases[5].offset_s = INFINITY;
	cases[6].offset_s = -1e300;
	cases[7].tv_s = 9214646400, cases[7].offset_s = 9214646400.;

	ck_assert_int_eq(parse(&cases[_i], 0, &reading), SOCK_BAD_VALUE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sock-datagram");
	TCase *core = tcase_create("core");
	SRunner *runner = srunner_create(suite);

	tcase_add_loop_test(core, test_datagram_offset_is_added_in_both_sizes, 0, 2);
	tcase_add_loop_test(core, test_datagram_pulse_has_the_other_sign, 0, 2);
	tcase_add_test(core, test_datagram_large_offset_keeps_its_precision);
	tcase_add_loop_test(core, test_datagram_narrow_seconds_are_of_our_age, 0, 5);
	tcase_add_test(core, test_datagram_other_size_is_refused);
	tcase_add_loop_test(core, test_datagram_other_magic_is_refused, 0, 2);
	tcase_add_loop_test(core, test_datagram_impossible_value_is_refused, 0, 8);
	suite_add_tcase(suite, core);
	srunner_run_all(runner, CK_ENV);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
