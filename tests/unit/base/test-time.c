/* SPDX-License-Identifier: BSD-2-Clause */
/* test-time.c - the NTP formats, their eras and their edges (RFC 5905 section 6) */
#include "base/time.h"

#include <math.h>

#include "suite.h"

#define ERA1_UTC_NS (INT64_C(2085978496) * TS_NS_PER_S) /* 2036-02-07 06:28:16 */

START_TEST(test_ntp64_unix_epoch_is_2208988800)
{
	ck_assert_uint_eq(ts_ntp64_from_utc_ns(0), UINT64_C(2208988800) << 32);
}
END_TEST

START_TEST(test_ntp64_before_1970_has_fraction_upwards)
{
	uint64_t half_before = (UINT64_C(2208988799) << 32) | UINT64_C(0x80000000);

	ck_assert_uint_eq(ts_ntp64_from_utc_ns(-TS_NS_PER_S / 2), half_before);
}
END_TEST

START_TEST(test_ntp64_zero_seconds_with_fraction_is_start_of_era_1)
{
	int64_t utc_ns = ts_ntp64_to_utc_ns(0x80000000u, ERA1_UTC_NS - 100 * TS_NS_PER_S);

	ck_assert_int_eq(utc_ns, ERA1_UTC_NS + TS_NS_PER_S / 2);
}
END_TEST

START_TEST(test_ntp64_era_is_nearest_to_pivot)
{
	int64_t in_2026 = INT64_C(1795000000) * TS_NS_PER_S;
	int64_t in_2037 = INT64_C(2120000000) * TS_NS_PER_S;

	ck_assert_int_eq(ts_ntp64_to_utc_ns(ts_ntp64_from_utc_ns(in_2037), in_2026), in_2037);
	ck_assert_int_eq(ts_ntp64_to_utc_ns(ts_ntp64_from_utc_ns(in_2026), in_2037), in_2026);
}
END_TEST

START_TEST(test_ntp64_round_trip_loses_less_than_a_nanosecond)
{
	for (int64_t ns = 0; ns < TS_NS_PER_S; ns += 99999989) {
		int64_t utc_ns = ERA1_UTC_NS - 5 * TS_NS_PER_S + ns;
		int64_t back = ts_ntp64_to_utc_ns(ts_ntp64_from_utc_ns(utc_ns), utc_ns);
		ck_assert_int_le(llabs(back - utc_ns), 1);
	}
}
END_TEST

START_TEST(test_ntp32_is_unsigned)
{
	ck_assert_double_eq_tol(ts_ntp32_to_s(0xFFFFFF1Bu), 65535.99650, 1e-5);
	ck_assert_double_ge(ts_ntp32_to_s(0xFFFFE667u), 65535.9);
}
END_TEST

START_TEST(test_ntp32_rounds_up_and_saturates)
{
	ck_assert_uint_eq(ts_ntp32_from_s(0), 0);
	ck_assert_uint_eq(ts_ntp32_from_s(1e-9), 1);
	ck_assert_uint_eq(ts_ntp32_from_s(1.0), 65536);
	ck_assert_uint_eq(ts_ntp32_from_s(-0.5), 0);
	ck_assert_uint_eq(ts_ntp32_from_s(70000), UINT32_MAX);
	ck_assert_uint_eq(ts_ntp32_from_s(INFINITY), UINT32_MAX);
	ck_assert_uint_eq(ts_ntp32_from_s(NAN), UINT32_MAX);
}
END_TEST

START_TEST(test_seconds_to_ns_saturates)
{
	ck_assert_int_eq(ts_s_to_ns(1.5), 1500000000);
	ck_assert_int_eq(ts_s_to_ns(-1e-9), -1);
	ck_assert_int_eq(ts_s_to_ns(1e300), INT64_MAX);
	ck_assert_int_eq(ts_s_to_ns(-1e300), INT64_MIN);
	ck_assert_int_eq(ts_log2s_to_ns(-4), 62500000);
	ck_assert_int_eq(ts_log2s_to_ns(17), 131072 * TS_NS_PER_S);
}
END_TEST

TS_TEST_MAIN("time", {
	TCase *formats = tcase_create("formats");
	tcase_add_test(formats, test_ntp64_unix_epoch_is_2208988800);
	tcase_add_test(formats, test_ntp64_before_1970_has_fraction_upwards);
	tcase_add_test(formats, test_ntp64_zero_seconds_with_fraction_is_start_of_era_1);
	tcase_add_test(formats, test_ntp64_era_is_nearest_to_pivot);
	tcase_add_test(formats, test_ntp64_round_trip_loses_less_than_a_nanosecond);
	tcase_add_test(formats, test_ntp32_is_unsigned);
	tcase_add_test(formats, test_ntp32_rounds_up_and_saturates);
	tcase_add_test(formats, test_seconds_to_ns_saturates);
	suite_add_tcase(suite, formats);
})
