/* SPDX-License-Identifier: BSD-2-Clause */
/* test-intersect.c - the intersection against cases worked by hand and against brute force */
#include "select/intersect.h"

#include <math.h>

#include "candidates.h"
#include "suite.h"

static const unsigned ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* RFC 5905 section 11.2.1 on three correctness intervals theta +- lambda: 10 +- 2, 12 +- 1, 11
 * +- 1. With f = 0, step 3 counts three lowpoints at 11, step 4 three highpoints at 12. */
START_TEST(test_intersect_three_that_agree_gives_common_part)
{
	TsInterval intervals[] = {{8, 12}, {11, 13}, {10, 12}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 3, &hull), 3);

	ck_assert_int_eq(hull.earliest_ns, 11);
	ck_assert_int_eq(hull.latest_ns, 12);
}
END_TEST

/* A fourth, 20 +- 1: no point has four, so f becomes 1 and three lowpoints are enough: at 11 again.
 */
START_TEST(test_intersect_one_falseticker_of_four_leaves_interval)
{
	TsInterval intervals[] = {{8, 12}, {19, 21}, {11, 13}, {10, 12}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 4, &hull), 3);

	ck_assert_int_eq(hull.earliest_ns, 11);
	ck_assert_int_eq(hull.latest_ns, 12);
}
END_TEST

/* 8..12, 11..13 and 14..15: two of three at 11..12; f = 1 is less than m / 2. */
START_TEST(test_intersect_two_of_three_gives_their_overlap)
{
	TsInterval intervals[] = {{8, 12}, {11, 13}, {14, 15}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 3, &hull), 2);

	ck_assert_int_eq(hull.earliest_ns, 11);
	ck_assert_int_eq(hull.latest_ns, 12);
}
END_TEST

/* Two regions are equally deep (0..2 and 8..10, both inside 0..10): step 3 stops at the first from
 * below, step 4 at the first from above, so the interval spans both. */
START_TEST(test_intersect_two_deepest_regions_gives_hull)
{
	TsInterval intervals[] = {{0, 10}, {0, 10}, {-3, 2}, {8, 14}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 4, &hull), 3);

	ck_assert_int_eq(hull.earliest_ns, 0);
	ck_assert_int_eq(hull.latest_ns, 10);
}
END_TEST

START_TEST(test_intersect_touching_intervals_agree_in_one_point)
{
	TsInterval intervals[] = {{0, 5}, {5, 9}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 2, &hull), 2);

	ck_assert_int_eq(hull.earliest_ns, 5);
	ck_assert_int_eq(hull.latest_ns, 5);
}
END_TEST

START_TEST(test_intersect_identical_intervals_all_agree)
{
	TsInterval intervals[] = {{3, 7}, {3, 7}, {3, 7}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 3, &hull), 3);

	ck_assert_int_eq(hull.earliest_ns, 3);
	ck_assert_int_eq(hull.latest_ns, 7);
}
END_TEST

START_TEST(test_intersect_points_of_no_width_count)
{
	TsInterval intervals[] = {{4, 4}, {4, 4}, {0, 3}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 3, &hull), 2);

	ck_assert_int_eq(hull.earliest_ns, 4);
	ck_assert_int_eq(hull.latest_ns, 4);
}
END_TEST

START_TEST(test_intersect_whole_range_does_not_overflow)
{
	TsInterval intervals[] = {{INT64_MIN, INT64_MAX}, {INT64_MAX - 1, INT64_MAX}}, hull;

	ck_assert_uint_eq(ts_intersect(intervals, ones, 2, &hull), 2);

	ck_assert_int_eq(hull.earliest_ns, INT64_MAX - 1);
	ck_assert_int_eq(hull.latest_ns, INT64_MAX);
	ck_assert_double_eq_tol(ts_interval_distance_s(&intervals[0]), 0x1p63 * 1e-9, 1);
}
END_TEST

/* Counts at each half-integer of a small range, where nothing can be missed. */
static unsigned
brute_force(const TsInterval *intervals, const unsigned *weights, unsigned n, int range,
	    TsInterval *hull)
{
	unsigned most = 0;

	for (int twice = 0; twice <= 2 * range; twice++) {
		unsigned votes = 0;
		for (unsigned i = 0; i < n; i++)
			if (2 * intervals[i].earliest_ns <= twice &&
			    twice <= 2 * intervals[i].latest_ns)
				votes += weights[i];
		if (votes > most) {
			most = votes;
			hull->earliest_ns = (twice + 1) / 2;
		}
		if (votes == most)
			hull->latest_ns = twice / 2;
	}
	return most;
}

START_TEST(test_intersect_random_cases_match_brute_force)
{
	const uint64_t seed = UINT64_C(0x5905) * (unsigned)(_i + 1);
	uint64_t state = seed;

	for (int run = 0; run < 5000; run++) {
		unsigned n = 1 + random_below(&state, 12), weights[12];
		TsInterval intervals[12], hull, expected;
		for (unsigned i = 0; i < n; i++) {
			int64_t a = random_below(&state, 41), b = random_below(&state, 41);
			intervals[i] = (TsInterval){MIN(a, b), MAX(a, b)};
			weights[i] = 1 + random_below(&state, 1 + (unsigned)_i);
		}

		unsigned most = ts_intersect(intervals, weights, n, &hull);

		ck_assert_msg(most == brute_force(intervals, weights, n, 40, &expected) &&
				      hull.earliest_ns == expected.earliest_ns &&
				      hull.latest_ns == expected.latest_ns,
			      "seed %llu run %d: %u at %lld..%lld instead of %lld..%lld",
			      (unsigned long long)seed, run, most, (long long)hull.earliest_ns,
			      (long long)hull.latest_ns, (long long)expected.earliest_ns,
			      (long long)expected.latest_ns);
	}
}
END_TEST

START_TEST(test_candidate_interval_is_its_bound)
{
	TsCandidate server = server_at(0.010, 0.002);

	TsInterval interval = ts_candidate_bound(&server);

	ck_assert_int_eq(interval.earliest_ns - NEAR_NS, 8 * TS_NS_PER_MS);
	ck_assert_int_eq(interval.latest_ns - NEAR_NS, 12 * TS_NS_PER_MS);
	ck_assert_double_eq_tol(ts_interval_distance_s(&interval), 0.002, 1e-12);
}
END_TEST

START_TEST(test_candidate_interval_without_claim_is_four_sigma_and_floor)
{
	TsCandidate clock = unclaimed_clock_at(0.010, 100e-6);

	TsInterval interval = ts_candidate_bound(&clock);

	ck_assert_int_eq(interval.earliest_ns - NEAR_NS, 10 * TS_NS_PER_MS - 410000);
	ck_assert_int_eq(interval.latest_ns - NEAR_NS, 10 * TS_NS_PER_MS + 410000);
}
END_TEST

START_TEST(test_candidate_interval_without_sense_is_everything)
{
	TsCandidate clock = unclaimed_clock_at(0, (double)NAN);

	TsInterval interval = ts_candidate_bound(&clock);

	ck_assert_double_gt(ts_interval_distance_s(&interval), 1e9);
}
END_TEST

TS_TEST_MAIN("intersect", {
	TCase *by_hand = tcase_create("by-hand");
	tcase_add_test(by_hand, test_intersect_three_that_agree_gives_common_part);
	tcase_add_test(by_hand, test_intersect_one_falseticker_of_four_leaves_interval);
	tcase_add_test(by_hand, test_intersect_two_of_three_gives_their_overlap);
	tcase_add_test(by_hand, test_intersect_two_deepest_regions_gives_hull);
	tcase_add_test(by_hand, test_intersect_touching_intervals_agree_in_one_point);
	tcase_add_test(by_hand, test_intersect_identical_intervals_all_agree);
	tcase_add_test(by_hand, test_intersect_points_of_no_width_count);
	tcase_add_test(by_hand, test_intersect_whole_range_does_not_overflow);
	suite_add_tcase(suite, by_hand);

	TCase *random = tcase_create("random");
	tcase_add_loop_test(random, test_intersect_random_cases_match_brute_force, 0, 2);
	suite_add_tcase(suite, random);

	TCase *interval = tcase_create("interval");
	tcase_add_test(interval, test_candidate_interval_is_its_bound);
	tcase_add_test(interval, test_candidate_interval_without_claim_is_four_sigma_and_floor);
	tcase_add_test(interval, test_candidate_interval_without_sense_is_everything);
	suite_add_tcase(suite, interval);
})
