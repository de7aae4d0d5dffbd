/* SPDX-License-Identifier: BSD-2-Clause */
/* test-poll.c - the interval follows the predicted error against the jitter */
#include "select/poll.h"

#include <math.h>

#include "suite.h"

/* Asked every 64 s over a path with 100 us of jitter, frequency known to @frequency_sd. */
static TsEstimate
known_to(double frequency_sd)
{
	return (TsEstimate){
		.offset_sd_s = 10e-6,
		.frequency_sd = frequency_sd,
		.jitter_s = 100e-6,
		.n_samples = 20,
	};
}

START_TEST(test_poll_steady_clock_is_asked_less_often_one_step_at_a_time)
{
	/* 128 s later: 13 us */
	TsEstimate estimate = known_to(0.1e-6);

	ck_assert_int_eq(ts_poll_decide(&estimate, 6, 4, 10), 7);
	ck_assert_int_eq(ts_poll_decide(&estimate, 7, 4, 10), 8);
}
END_TEST

START_TEST(test_poll_stays_where_the_next_step_would_let_the_error_near_the_jitter)
{
	/* 64 s later: 45 us; 128 s later: 90 us */
	TsEstimate estimate = known_to(0.7e-6);

	ck_assert_int_eq(ts_poll_decide(&estimate, 6, 4, 10), 6);
}
END_TEST

START_TEST(test_poll_clock_that_outgrows_the_jitter_is_asked_more_often)
{
	/* 64 s later: 128 us */
	TsEstimate estimate = known_to(2e-6);

	ck_assert_int_eq(ts_poll_decide(&estimate, 6, 4, 10), 5);
}
END_TEST

START_TEST(test_poll_wander_counts_over_the_interval_to_come)
{
	TsEstimate estimate = known_to(0);

	/* at 256 s: 180 us; at 64 s: 22 us */
	estimate.wander = 5.8e-15;
	ck_assert_int_eq(ts_poll_decide(&estimate, 8, 4, 10), 7);
	ck_assert_int_eq(ts_poll_decide(&estimate, 6, 4, 10), 6);
}
END_TEST

START_TEST(test_poll_jitter_that_is_the_wander_seen_from_afar_is_no_excuse)
{
	TsEstimate estimate = known_to(0);
	double interval_s = 1024;

	/* how far the middle one of three samples lies from the line through its neighbours */
	estimate.wander = 1e-17;
	estimate.jitter_s = sqrt(estimate.wander * pow(interval_s, 3) / 9);

	ck_assert_int_eq(ts_poll_decide(&estimate, 10, 4, 10), 9);
}
END_TEST

START_TEST(test_poll_few_samples_do_not_lengthen_it)
{
	TsEstimate estimate = known_to(0);

	estimate.n_samples = 7;

	ck_assert_int_eq(ts_poll_decide(&estimate, 6, 4, 10), 6);
}
END_TEST

START_TEST(test_poll_limits_of_the_operator_hold)
{
	TsEstimate steady = known_to(0), wild = known_to(1e-3);

	ck_assert_int_eq(ts_poll_decide(&steady, 10, 6, 10), 10);
	ck_assert_int_eq(ts_poll_decide(&wild, 6, 6, 10), 6);
	ck_assert_int_eq(ts_poll_decide(&steady, 12, 6, 10), 10);
}
END_TEST

TS_TEST_MAIN("poll", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_poll_steady_clock_is_asked_less_often_one_step_at_a_time);
	tcase_add_test(core,
		       test_poll_stays_where_the_next_step_would_let_the_error_near_the_jitter);
	tcase_add_test(core, test_poll_clock_that_outgrows_the_jitter_is_asked_more_often);
	tcase_add_test(core, test_poll_wander_counts_over_the_interval_to_come);
	tcase_add_test(core, test_poll_jitter_that_is_the_wander_seen_from_afar_is_no_excuse);
	tcase_add_test(core, test_poll_few_samples_do_not_lengthen_it);
	tcase_add_test(core, test_poll_limits_of_the_operator_hold);
	suite_add_tcase(suite, core);
})
