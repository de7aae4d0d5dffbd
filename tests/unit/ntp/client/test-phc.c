/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client/phc.h"

#include <math.h>
#include <stdlib.h>

#include "suite.h"

#define S INT64_C(1000000000)

/* A card's clock in TAI that runs 20 ppm fast. */
#define PHC_START (INT64_C(1767225637) * S)
#define RATE	  20e-6

static TsPhcReading
reading_at(int64_t raw_ns, double error_s)
{
	return (TsPhcReading){
		.phc_ns = PHC_START + raw_ns + llrint((double)raw_ns * RATE),
		.raw_ns = raw_ns,
		.error_s = error_s,
	};
}

static void
check_stamp(const TsPhcTracker *tracker, int64_t raw_ns)
{
	TsPhcReading truth = reading_at(raw_ns, 0);
	int64_t found_ns;
	double error_s;

	ck_assert(ts_phc_tracker_raw_of(tracker, truth.phc_ns, &found_ns, &error_s));
	ck_assert_double_le(fabs((double)(found_ns - raw_ns)), error_s * 1e9 + 1);
}

START_TEST(test_phc_without_reading_knows_nothing)
{
	TsPhcTracker tracker = {0};
	int64_t raw_ns;
	double error_s;

	ck_assert(!ts_phc_tracker_raw_of(&tracker, PHC_START, &raw_ns, &error_s));
	ck_assert_double_eq(ts_phc_tracker_rate(&tracker), 0);
}
END_TEST

START_TEST(test_phc_one_reading_carries_stamps_near_it_with_a_wide_error)
{
	TsPhcTracker tracker = {0};
	TsPhcReading first = reading_at(100 * S, 1e-7), near = reading_at(100 * S + S / 10, 0);
	int64_t raw_ns;
	double error_s;
	ts_phc_tracker_add(&tracker, &first);

	check_stamp(&tracker, 100 * S);
	check_stamp(&tracker, 100 * S + S / 10);
	check_stamp(&tracker, 100 * S - S / 10);
	ck_assert(ts_phc_tracker_raw_of(&tracker, near.phc_ns, &raw_ns, &error_s));
	ck_assert_double_ge(error_s, 2e-6);
}
END_TEST

START_TEST(test_phc_two_readings_give_rate_and_exact_stamps)
{
	TsPhcTracker tracker = {0};
	int64_t raw_ns;
	double error_s;

	for (int i = 0; i < 20; i++) {
		TsPhcReading reading = reading_at((100 + i) * S, 5e-8);
		ts_phc_tracker_add(&tracker, &reading);
	}

	ck_assert_uint_eq(tracker.n, TS_PHC_READINGS);
	ck_assert_double_eq_tol(ts_phc_tracker_rate(&tracker), RATE, 1e-9);
	for (int64_t raw = 112 * S; raw < 120 * S; raw += S / 7)
		check_stamp(&tracker, raw);
	ts_phc_tracker_raw_of(&tracker, reading_at(119 * S + S / 2, 0).phc_ns, &raw_ns, &error_s);
	ck_assert_double_le(error_s, 2e-7);
}
END_TEST

START_TEST(test_phc_stamp_far_from_every_reading_is_refused)
{
	TsPhcTracker tracker = {0};
	TsPhcReading reading = reading_at(100 * S, 1e-7), far = reading_at(105 * S, 0);
	int64_t raw_ns;
	double error_s;
	ts_phc_tracker_add(&tracker, &reading);

	ck_assert(!ts_phc_tracker_raw_of(&tracker, far.phc_ns, &raw_ns, &error_s));
	ck_assert(!ts_phc_tracker_raw_of(&tracker, 0, &raw_ns, &error_s));
}
END_TEST

START_TEST(test_phc_that_was_set_starts_anew)
{
	TsPhcTracker tracker = {0};
	for (int i = 0; i < 4; i++) {
		TsPhcReading reading = reading_at((100 + i) * S, 1e-7);
		ts_phc_tracker_add(&tracker, &reading);
	}
	TsPhcReading moved = reading_at(104 * S, 1e-7);
	moved.phc_ns -= 37 * S;

	ts_phc_tracker_add(&tracker, &moved);

	ck_assert_uint_eq(tracker.n, 1);
	ck_assert_int_eq(tracker.readings[0].phc_ns, moved.phc_ns);
}
END_TEST

START_TEST(test_phc_tightest_reading_is_picked)
{
	const int64_t stamps_ns[4][3] = {
		{1000, 7, 1900}, {2000, 8, 2300}, {3000, 9, 3500}, {4000, 10, 3900}};
	TsPhcReading picked = ts_phc_pick_tightest(stamps_ns, 4);

	ck_assert_int_eq(picked.phc_ns, 8);
	ck_assert_int_eq(picked.raw_ns, 2150);
	ck_assert_double_eq_tol(picked.error_s, 150e-9, 1e-15);
	ck_assert(isinf(ts_phc_pick_tightest(stamps_ns + 3, 1).error_s));
}
END_TEST

TS_TEST_MAIN("ntp-phc", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_phc_without_reading_knows_nothing);
	tcase_add_test(core, test_phc_one_reading_carries_stamps_near_it_with_a_wide_error);
	tcase_add_test(core, test_phc_two_readings_give_rate_and_exact_stamps);
	tcase_add_test(core, test_phc_stamp_far_from_every_reading_is_refused);
	tcase_add_test(core, test_phc_that_was_set_starts_anew);
	tcase_add_test(core, test_phc_tightest_reading_is_picked);
	suite_add_tcase(suite, core);
})
