/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client/delay-test.h"

#include "base/time.h"
#include "suite.h"

/* A path of 10 ms with 1 ms jitter, known well: offset 0 at raw 0. */
static const TsEstimate estimate = {
	.offset_sd_s = 0.0001,
	.jitter_s = 0.001,
	.delay_min_s = 0.010,
	.n_samples = 20,
};

static TsSample
sample_of(double delay_s, double offset_s)
{
	return (TsSample){
		.delay_ns = ts_s_to_ns(delay_s),
		.offset_ns = ts_s_to_ns(offset_s),
		.noise_s = 1e-6,
	};
}

static TsDelayVerdict
judge(double delay_s, double offset_s, double ratio, double deviation_ratio,
      const TsEstimate *known)
{
	g_autoptr(TsSourceSettings) settings =
		ts_source_settings_new(TS_SOURCE_SERVER, "192.0.2.1");
	TsSample sample = sample_of(delay_s, offset_s);

	settings->max_delay_ratio = ratio;
	settings->max_delay_dev_ratio = deviation_ratio;
	return ts_delay_test(&sample, settings, known);
}

START_TEST(test_delay_beyond_max_delay_is_refused_even_at_first)
{
	ck_assert_int_eq(judge(2.9, 0, 0, 0, NULL), TS_DELAY_PASSED);
	ck_assert_int_eq(judge(3.1, 0, 0, 0, NULL), TS_DELAY_TOO_LONG);
}
END_TEST

START_TEST(test_delay_clock_without_resolution_is_refused)
{
	g_autoptr(TsSourceSettings) settings =
		ts_source_settings_new(TS_SOURCE_SERVER, "192.0.2.1");
	TsSample sample = sample_of(0.01, 0);

	sample.noise_s = 4;

	ck_assert_int_eq(ts_delay_test(&sample, settings, NULL), TS_DELAY_TOO_LONG);
}
END_TEST

START_TEST(test_delay_ratio_counts_from_the_least_delay)
{
	ck_assert_int_eq(judge(0.0199, 0, 2, 0, &estimate), TS_DELAY_PASSED);
	ck_assert_int_eq(judge(0.0203, 0, 2, 0, &estimate), TS_DELAY_BEYOND_RATIO);
	ck_assert_int_eq(judge(0.0203, 0, 0, 0, &estimate), TS_DELAY_PASSED);
}
END_TEST

START_TEST(test_delay_deviation_counts_in_units_of_jitter)
{
	/* half of the excess is what can be wrong: 10 jitters and the estimate's own error */
	ck_assert_int_eq(judge(0.010 + 2 * 0.0100, 0, 0, 10, &estimate), TS_DELAY_PASSED);
	ck_assert_int_eq(judge(0.010 + 2 * 0.0102, 0, 0, 10, &estimate), TS_DELAY_BEYOND_DEVIATION);
	ck_assert_int_eq(judge(0.010 + 2 * 0.0102, 0, 0, 0, &estimate), TS_DELAY_PASSED);
}
END_TEST

START_TEST(test_delay_deviation_keeps_a_true_change_of_the_clock)
{
	/* 40 ms late explain 20 ms of offset, not a second */
	ck_assert_int_eq(judge(0.050, 0.020, 0, 10, &estimate), TS_DELAY_BEYOND_DEVIATION);
	ck_assert_int_eq(judge(0.050, 1.0, 0, 10, &estimate), TS_DELAY_PASSED);
	ck_assert_int_eq(judge(0.050, -1.0, 0, 10, &estimate), TS_DELAY_PASSED);
}
END_TEST

START_TEST(test_delay_relative_tests_wait_for_six_samples)
{
	TsEstimate young = estimate;

	young.n_samples = 5;
	ck_assert_int_eq(judge(0.5, 0, 2, 10, &young), TS_DELAY_PASSED);
	young.n_samples = 6;
	ck_assert_int_eq(judge(0.5, 0, 2, 10, &young), TS_DELAY_BEYOND_RATIO);
}
END_TEST

TS_TEST_MAIN("ntp-delay-test", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_delay_beyond_max_delay_is_refused_even_at_first);
	tcase_add_test(core, test_delay_clock_without_resolution_is_refused);
	tcase_add_test(core, test_delay_ratio_counts_from_the_least_delay);
	tcase_add_test(core, test_delay_deviation_counts_in_units_of_jitter);
	tcase_add_test(core, test_delay_deviation_keeps_a_true_change_of_the_clock);
	tcase_add_test(core, test_delay_relative_tests_wait_for_six_samples);
	suite_add_tcase(suite, core);
})
