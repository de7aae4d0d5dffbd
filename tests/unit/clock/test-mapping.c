/* SPDX-License-Identifier: BSD-2-Clause */
/* test-mapping.c - disciplined time as pieces over raw time */
#include "clock/mapping.h"

#include "base/time.h"
#include "suite.h"

#define RAW0 (1000 * TS_NS_PER_S)
#define UTC0 (INT64_C(1795000000) * TS_NS_PER_S)

static TsClockMapping
slewing(void)
{
	/* 100 ppm fast, and 1 ms more within 10 s */
	return (TsClockMapping){
		.anchor_raw_ns = RAW0,
		.anchor_utc_ns = UTC0,
		.frequency = 100e-6,
		.slew_rate = 1e-4,
		.slew_end_raw_ns = RAW0 + 10 * TS_NS_PER_S,
	};
}

START_TEST(test_mapping_slew_ends_by_itself)
{
	TsClockMapping mapping = slewing();

	ck_assert_int_eq(ts_clock_mapping_utc_at(&mapping, RAW0), UTC0);
	ck_assert_int_eq(ts_clock_mapping_utc_at(&mapping, RAW0 + 5 * TS_NS_PER_S),
			 UTC0 + 5 * TS_NS_PER_S + 500000 + 500000);
	ck_assert_int_eq(ts_clock_mapping_utc_at(&mapping, RAW0 + 20 * TS_NS_PER_S),
			 UTC0 + 20 * TS_NS_PER_S + 2000000 + 1000000);
}
END_TEST

START_TEST(test_mapping_slew_left_shrinks_to_nothing)
{
	TsClockMapping mapping = slewing();

	ck_assert_double_eq_tol(ts_clock_mapping_slew_left(&mapping, RAW0), 1e-3, 1e-12);
	ck_assert_double_eq_tol(ts_clock_mapping_slew_left(&mapping, RAW0 + 5 * TS_NS_PER_S), 5e-4,
				1e-12);
	ck_assert_double_eq(ts_clock_mapping_slew_left(&mapping, RAW0 + 11 * TS_NS_PER_S), 0);
}
END_TEST

START_TEST(test_mapping_advance_changes_nothing_after_it)
{
	for (int64_t at = 1; at < 20; at += 3) {
		TsClockMapping moved = slewing(), still = slewing();
		ts_clock_mapping_advance(&moved, RAW0 + at * TS_NS_PER_S + 12345);
		for (int64_t later = at + 1; later < 40; later += 7)
			ck_assert_int_le(llabs(ts_clock_mapping_utc_at(&moved, RAW0 + later * TS_NS_PER_S) -
					       ts_clock_mapping_utc_at(&still, RAW0 + later * TS_NS_PER_S)),
					 1);
	}
}
END_TEST

START_TEST(test_mapping_many_advances_lose_nothing)
{
	TsClockMapping mapping = slewing();
	mapping.slew_end_raw_ns = RAW0;

	for (int i = 1; i <= 100000; i++)
		ts_clock_mapping_advance(&mapping, RAW0 + i * INT64_C(1234567));

	int64_t elapsed_ns = 100000 * INT64_C(1234567);
	int64_t expected_ns = UTC0 + elapsed_ns + (int64_t)((double)elapsed_ns * 100e-6);
	ck_assert_int_le(llabs(ts_clock_mapping_utc_at(&mapping, RAW0 + elapsed_ns) - expected_ns), 2);
}
END_TEST

TS_TEST_MAIN("mapping", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_mapping_slew_ends_by_itself);
	tcase_add_test(core, test_mapping_slew_left_shrinks_to_nothing);
	tcase_add_test(core, test_mapping_advance_changes_nothing_after_it);
	tcase_add_test(core, test_mapping_many_advances_lose_nothing);
	suite_add_tcase(suite, core);
})
