/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client/poll-policy.h"

#include "suite.h"

static TsPollPolicy
policy_of(int min_log2s, int max_log2s)
{
	TsPollPolicy policy;

	ts_poll_policy_init(&policy, min_log2s, max_log2s);
	return policy;
}

/* The middle of the spread, of a server that answers within a millisecond. */
static double
delay_s(const TsPollPolicy *policy)
{
	return ts_poll_policy_delay_s(policy, 0.001, true, 0.5);
}

START_TEST(test_poll_policy_filter_wish_is_kept_within_limits)
{
	TsPollPolicy policy = policy_of(6, 10);

	ts_poll_policy_on_reply(&policy, true, 17);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 10);

	ts_poll_policy_on_reply(&policy, true, 3);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 6);
}
END_TEST

START_TEST(test_poll_policy_misses_halve_the_interval_down_to_the_least)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_on_reply(&policy, true, 8);

	ts_poll_policy_on_miss(&policy);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 7);
	for (int i = 0; i < 20; i++)
		ts_poll_policy_on_miss(&policy);

	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 6);
	ck_assert_uint_eq(policy.n_missed, 21);
}
END_TEST

START_TEST(test_poll_policy_each_kiss_doubles_up_to_the_maximum)
{
	TsPollPolicy policy = policy_of(6, 10);

	for (int i = 1; i <= 4; i++) {
		ts_poll_policy_on_kiss_rate(&policy);
		ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 6 + i);
	}
	ts_poll_policy_on_kiss_rate(&policy);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 10);
}
END_TEST

START_TEST(test_poll_policy_kisses_are_obeyed_beyond_a_short_fixed_interval)
{
	TsPollPolicy policy = policy_of(-4, -4);

	for (int i = 0; i < 100; i++)
		ts_poll_policy_on_kiss_rate(&policy);

	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), TS_POLL_KISS_MIN_CEILING);
}
END_TEST

START_TEST(test_poll_policy_after_kisses_comes_back_slowly)
{
	TsPollPolicy policy = policy_of(6, 10);
	for (int i = 0; i < 4; i++)
		ts_poll_policy_on_kiss_rate(&policy);

	for (int i = 1; i < TS_POLL_GOOD_TO_RECOVER; i++)
		ts_poll_policy_on_reply(&policy, true, 6);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 10);
	ts_poll_policy_on_reply(&policy, true, 6);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 9);
	for (int i = 0; i < 3 * TS_POLL_GOOD_TO_RECOVER; i++)
		ts_poll_policy_on_reply(&policy, true, 6);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 6);
}
END_TEST

START_TEST(test_poll_policy_misses_do_not_shorten_what_a_kiss_asked_for)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_on_kiss_rate(&policy);

	for (int i = 0; i < 8; i++)
		ts_poll_policy_on_miss(&policy);

	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 7);
}
END_TEST

START_TEST(test_poll_policy_burst_ends_with_its_good_replies)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_start_burst(&policy, 4, 8);

	for (int i = 0; i < 4; i++) {
		ts_poll_policy_on_sent(&policy);
		ck_assert_double_le(delay_s(&policy), 8.0);
		ts_poll_policy_on_reply(&policy, true, 6);
	}

	ck_assert_double_eq(delay_s(&policy), 64.0);
}
END_TEST

START_TEST(test_poll_policy_gaps_of_a_burst_double_up_to_half_the_interval)
{
	static const double gaps_s[] = {2, 4, 8, 16, 32, 32};
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_start_burst(&policy, 8, 8);

	for (unsigned i = 0; i < 6; i++) {
		ts_poll_policy_on_sent(&policy);
		ts_poll_policy_on_reply(&policy, true, 6);
		ck_assert_double_eq(delay_s(&policy), gaps_s[i]);
	}
}
END_TEST

START_TEST(test_poll_policy_next_burst_begins_with_short_gaps_again)
{
	TsPollPolicy policy = policy_of(6, 10);
	for (int burst = 0; burst < 2; burst++) {
		ts_poll_policy_start_burst(&policy, 3, 4);
		ts_poll_policy_on_sent(&policy);
		ts_poll_policy_on_reply(&policy, true, 6);
		ck_assert_double_eq(delay_s(&policy), 2.0);
		ts_poll_policy_on_sent(&policy);
		ts_poll_policy_on_reply(&policy, true, 6);
		ck_assert_double_eq(delay_s(&policy), 4.0);
		ts_poll_policy_on_sent(&policy);
		ts_poll_policy_on_reply(&policy, true, 6);
	}
}
END_TEST

START_TEST(test_poll_policy_burst_without_answer_ends_with_its_requests)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_start_burst(&policy, 4, 8);

	for (int i = 0; i < 7; i++) {
		ts_poll_policy_on_sent(&policy);
		ck_assert_double_eq(delay_s(&policy), 2.0);
		ts_poll_policy_on_miss(&policy);
	}
	ts_poll_policy_on_sent(&policy);

	ck_assert_double_eq(delay_s(&policy), 64.0);
}
END_TEST

START_TEST(test_poll_policy_burst_left_unanswered_does_not_lengthen_the_next)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_start_burst(&policy, 4, 2);
	ts_poll_policy_on_sent(&policy);
	ts_poll_policy_on_sent(&policy);

	ts_poll_policy_start_burst(&policy, 1, 4);
	ts_poll_policy_on_reply(&policy, true, 6);

	ck_assert_double_eq(delay_s(&policy), 64.0);
}
END_TEST

START_TEST(test_poll_policy_kiss_ends_a_burst)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_start_burst(&policy, 4, 8);

	ts_poll_policy_on_kiss_rate(&policy);

	ck_assert_double_eq(delay_s(&policy), 128.0);
}
END_TEST

START_TEST(test_poll_policy_subsecond_only_while_the_server_answers)
{
	TsPollPolicy policy = policy_of(-4, -4);

	ck_assert_double_eq(ts_poll_policy_delay_s(&policy, 0.001, true, 0.5), 0.0625);
	ck_assert_double_eq(ts_poll_policy_delay_s(&policy, 0.001, false, 0.5), 1.0);
	ck_assert_double_eq(ts_poll_policy_delay_s(&policy, -1, true, 0.5), 1.0);
}
END_TEST

START_TEST(test_poll_policy_subsecond_leaves_room_for_the_round_trip)
{
	TsPollPolicy policy = policy_of(-4, -4);

	ck_assert_double_eq_tol(ts_poll_policy_delay_s(&policy, 0.1, true, 0.5), 0.4, 1e-12);
	ck_assert_double_eq_tol(ts_poll_policy_delay_s(&policy, 2.5, true, 0.5), 1.0, 1e-12);
}
END_TEST

START_TEST(test_poll_policy_delay_is_spread_by_two_percent)
{
	TsPollPolicy policy = policy_of(6, 10);

	ck_assert_double_eq_tol(ts_poll_policy_delay_s(&policy, 0.001, true, 0), 62.72, 1e-9);
	ck_assert_double_eq_tol(ts_poll_policy_delay_s(&policy, 0.001, true, 1), 65.28, 1e-9);
}
END_TEST

START_TEST(test_poll_policy_new_limits_keep_interval_and_kisses)
{
	TsPollPolicy policy = policy_of(6, 10);
	ts_poll_policy_on_reply(&policy, true, 8);
	ts_poll_policy_set_limits(&policy, 4, 12);
	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 8);

	ts_poll_policy_on_kiss_rate(&policy);
	ts_poll_policy_set_limits(&policy, 5, 6);

	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 9);
}
END_TEST

START_TEST(test_poll_policy_lower_limits_without_kiss_lower_the_interval)
{
	TsPollPolicy policy = policy_of(6, 10);

	ts_poll_policy_set_limits(&policy, 3, 4);

	ck_assert_int_eq(ts_poll_policy_interval_log2s(&policy), 4);
}
END_TEST

TS_TEST_MAIN("ntp-poll-policy", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_poll_policy_filter_wish_is_kept_within_limits);
	tcase_add_test(core, test_poll_policy_misses_halve_the_interval_down_to_the_least);
	tcase_add_test(core, test_poll_policy_each_kiss_doubles_up_to_the_maximum);
	tcase_add_test(core, test_poll_policy_kisses_are_obeyed_beyond_a_short_fixed_interval);
	tcase_add_test(core, test_poll_policy_after_kisses_comes_back_slowly);
	tcase_add_test(core, test_poll_policy_misses_do_not_shorten_what_a_kiss_asked_for);
	tcase_add_test(core, test_poll_policy_burst_ends_with_its_good_replies);
	tcase_add_test(core, test_poll_policy_gaps_of_a_burst_double_up_to_half_the_interval);
	tcase_add_test(core, test_poll_policy_next_burst_begins_with_short_gaps_again);
	tcase_add_test(core, test_poll_policy_burst_without_answer_ends_with_its_requests);
	tcase_add_test(core, test_poll_policy_burst_left_unanswered_does_not_lengthen_the_next);
	tcase_add_test(core, test_poll_policy_kiss_ends_a_burst);
	tcase_add_test(core, test_poll_policy_subsecond_only_while_the_server_answers);
	tcase_add_test(core, test_poll_policy_subsecond_leaves_room_for_the_round_trip);
	tcase_add_test(core, test_poll_policy_delay_is_spread_by_two_percent);
	tcase_add_test(core, test_poll_policy_new_limits_keep_interval_and_kisses);
	tcase_add_test(core, test_poll_policy_lower_limits_without_kiss_lower_the_interval);
	suite_add_tcase(suite, core);
})
