/* SPDX-License-Identifier: BSD-2-Clause */
/* test-cluster.c - who is set aside as an outlier, and who stays for good reason */
#include "select/cluster.h"

#include "candidates.h"
#include "suite.h"

/* @n points at @offsets_ms, each with sd 20 us and distance 10 ms. */
static void
make_points(TsClusterPoint *points, const double *offsets_ms, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		points[i] = (TsClusterPoint){
			.offset_s = offsets_ms[i] * 1e-3, .sd_s = 20e-6, .distance_s = 10e-3};
}

static unsigned
count_outliers(const TsClusterPoint *points, unsigned n)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += points[i].is_outlier;
	return count;
}

START_TEST(test_cluster_one_far_away_is_outlier_with_figures)
{
	TsClusterPoint points[5];
	make_points(points, (double[]){0.1, -0.1, 8, 0.05, -0.05}, 5);

	ts_cluster(points, 5);

	ck_assert_uint_eq(count_outliers(points, 5), 1);
	ck_assert(points[2].is_outlier);
	ck_assert_double_eq_tol(points[2].deviation_s, 8e-3, 1e-9);
	/* variance of the others 25e-9/3 s^2 and their error^2 4e-10, times 1 + 1/4, and its own
	 * 4e-10: sigma 106.38 us; 4 of them, times (5/4)^2 */
	ck_assert_double_eq_tol(points[2].limit_s, 664.88e-6, 0.01e-6);
}
END_TEST

START_TEST(test_cluster_two_far_away_do_not_hide_each_other)
{
	TsClusterPoint points[5];
	make_points(points, (double[]){0.1, 8, -0.1, 8.1, 0}, 5);

	ts_cluster(points, 5);

	ck_assert_uint_eq(count_outliers(points, 5), 2);
	ck_assert(points[1].is_outlier && points[3].is_outlier);
}
END_TEST

START_TEST(test_cluster_even_spread_keeps_all)
{
	TsClusterPoint points[8];
	make_points(points, (double[]){-4, -3, -2, -1, 1, 2, 3, 4}, 8);

	ts_cluster(points, 8);

	ck_assert_uint_eq(count_outliers(points, 8), 0);
}
END_TEST

/* RFC 5905 section 11.2.2 step 6: psi_max below psi_min, no improvement is possible. */
START_TEST(test_cluster_differences_below_errors_keeps_all)
{
	TsClusterPoint points[5];
	make_points(points, (double[]){0.001, 0, 0, 0, 0.009}, 5);

	ts_cluster(points, 5);

	ck_assert_uint_eq(count_outliers(points, 5), 0);
}
END_TEST

/* Step 6: n <= NMIN. */
START_TEST(test_cluster_three_are_never_cut)
{
	TsClusterPoint points[3];
	make_points(points, (double[]){0, 0, 9}, 3);

	ts_cluster(points, 3);

	ck_assert_uint_eq(count_outliers(points, 3), 0);
}
END_TEST

START_TEST(test_cluster_half_stays_whatever_comes)
{
	double offsets_ms[40];
	TsClusterPoint points[40];
	for (unsigned i = 0; i < 40; i++)
		offsets_ms[i] = i < 12 ? 0.001 * i : 100.0 * (i % 2 ? i : -(double)i);
	make_points(points, offsets_ms, 40);

	ts_cluster(points, 40);

	ck_assert_uint_le(count_outliers(points, 40), 20);
}
END_TEST

/* Four servers behind one asymmetric line agree with each other; the one next door is right. */
START_TEST(test_cluster_far_closer_one_stays)
{
	TsClusterPoint points[5];
	make_points(points, (double[]){4.1, 3.9, 0, 4.05, 3.95}, 5);
	points[2].distance_s = 0.3e-3;

	ts_cluster(points, 5);

	ck_assert(!points[2].is_outlier);
}
END_TEST

START_TEST(test_cluster_kept_one_stays)
{
	TsClusterPoint points[5];
	make_points(points, (double[]){0.1, -0.1, 8, 0.05, -0.05}, 5);
	points[2].is_kept = true;

	ts_cluster(points, 5);

	ck_assert(!points[2].is_outlier);
}
END_TEST

/* Between 4 and 6 sigma: out if it was out, in if it was in. */
START_TEST(test_cluster_at_the_edge_stays_what_it_was)
{
	const double offsets_ms[] = {0.1, -0.1, 0.8, 0.05, -0.05};
	TsClusterPoint points[5];

	make_points(points, offsets_ms, 5);
	ts_cluster(points, 5);
	ck_assert(points[2].is_outlier);

	make_points(points, offsets_ms, 5);
	points[2].was_used = true;
	ts_cluster(points, 5);
	ck_assert(!points[2].is_outlier);
}
END_TEST

/* Independent paths with one common spread: now and then chance looks like an outlier. */
START_TEST(test_cluster_gaussian_like_spread_is_seldom_cut)
{
	const uint64_t seed = 112;
	uint64_t state = seed;
	unsigned cut = 0;

	for (int run = 0; run < 2000; run++) {
		TsClusterPoint points[6];
		double offsets_ms[6] = {0};
		for (unsigned i = 0; i < 6; i++)
			for (unsigned k = 0; k < 12; k++)
				offsets_ms[i] += random_signed_unit(&state);
		make_points(points, offsets_ms, 6);
		ts_cluster(points, 6);
		cut += count_outliers(points, 6) > 0;
	}

	ck_assert_msg(cut < 200, "seed %llu: %u of 2000 cut", (unsigned long long)seed, cut);
}
END_TEST

TS_TEST_MAIN("cluster", {
	TCase *cuts = tcase_create("cuts");
	tcase_add_test(cuts, test_cluster_one_far_away_is_outlier_with_figures);
	tcase_add_test(cuts, test_cluster_two_far_away_do_not_hide_each_other);
	suite_add_tcase(suite, cuts);

	TCase *keeps = tcase_create("keeps");
	tcase_add_test(keeps, test_cluster_even_spread_keeps_all);
	tcase_add_test(keeps, test_cluster_differences_below_errors_keeps_all);
	tcase_add_test(keeps, test_cluster_three_are_never_cut);
	tcase_add_test(keeps, test_cluster_half_stays_whatever_comes);
	tcase_add_test(keeps, test_cluster_far_closer_one_stays);
	tcase_add_test(keeps, test_cluster_kept_one_stays);
	tcase_add_test(keeps, test_cluster_at_the_edge_stays_what_it_was);
	tcase_add_test(keeps, test_cluster_gaussian_like_spread_is_seldom_cut);
	suite_add_tcase(suite, keeps);
})
