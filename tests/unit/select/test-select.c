/* SPDX-License-Identifier: BSD-2-Clause */
/* test-select.c - each verdict, the operator's wishes, hysteresis; against brute force at random */
#include "select/select.h"

#include <math.h>

#include "candidates.h"
#include "suite.h"

typedef struct {
	TsCandidate candidates[TS_SELECT_MAX_SOURCES];
	unsigned n;
	TsSelectOptions options;
	TsDecision decisions[TS_SELECT_MAX_SOURCES];
	TsSelection selection;
} Case;

static Case one; /* a test is one process, and the stack of a test is small */

static void
setup(void)
{
	memset(&one, 0, sizeof one);
	ts_select_options_init(&one.options);
}

static TsCandidate *
add(TsCandidate candidate)
{
	one.candidates[one.n] = candidate;
	return &one.candidates[one.n++];
}

static void
decide(void)
{
	ts_select(one.candidates, one.n, &one.options, NOW_NS, one.decisions, &one.selection);
}

#define ck_assert_verdict(index, expected)                                                         \
	ck_assert_str_eq(ts_verdict_name(one.decisions[index].verdict), ts_verdict_name(expected))

/* Two good servers that agree, at 0 and 1, so that the one added next has to be refused by itself.
 */
static TsCandidate *
add_beside_two_good(TsCandidate candidate)
{
	add(server_at(0.001, 0.010));
	add(server_at(-0.001, 0.012));
	return add(candidate);
}

static void
assert_refused_without_vote(TsVerdict expected)
{
	decide();

	ck_assert_verdict(2, expected);
	ck_assert_uint_eq(one.selection.n_voting, 2);
	ck_assert_uint_eq(one.selection.n_used, 2);
	ck_assert_int_eq(one.selection.system_peer, 0);
}

/* --- one source --- */

START_TEST(test_select_nothing_has_cause)
{
	decide();

	ck_assert_int_eq(one.selection.system_peer, -1);
	ck_assert_int_eq(one.selection.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_str_eq(one.selection.cause, "no sources are configured");
	ck_assert(!one.selection.has_interval);
}
END_TEST

START_TEST(test_select_one_server_is_enough)
{
	add(server_at(0.001, 0.010));

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_int_eq(one.selection.system_peer, 0);
	ck_assert_ptr_null(one.selection.cause);
	ck_assert_int_eq(one.selection.leap, TS_LEAP_NONE);
	ck_assert_int_eq(one.selection.earliest_ns - NEAR_NS, -9 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.latest_ns - NEAR_NS, 11 * TS_NS_PER_MS);
	ck_assert_double_eq_tol(one.decisions[0].distance_s, 0.010, 1e-12);
	ck_assert_double_eq_tol(one.decisions[0].age_s, 16, 1e-9);
}
END_TEST

START_TEST(test_select_unclaimed_clock_alone_works)
{
	add(unclaimed_clock_at(0.001, 1e-6));

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_double_eq_tol(one.decisions[0].distance_s, 14e-6, 1e-9);
}
END_TEST

START_TEST(test_select_unclaimed_clock_is_outvoted_when_wrong)
{
	add_beside_two_good(unclaimed_clock_at(0.5, 1e-6));

	decide();

	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_uint_eq(one.selection.n_voting, 3);
}
END_TEST

/* --- refused before the vote --- */

START_TEST(test_select_noselect_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->is_noselect = true;
	assert_refused_without_vote(TS_VERDICT_NOSELECT);
}
END_TEST

START_TEST(test_select_offline_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->is_offline = true;
	assert_refused_without_vote(TS_VERDICT_OFFLINE);
}
END_TEST

START_TEST(test_select_stopped_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->is_stopped = true;
	assert_refused_without_vote(TS_VERDICT_STOPPED);
}
END_TEST

/* One wrong server under three names: the two honest ones win, for it has one vote. */
START_TEST(test_select_duplicates_of_a_falseticker_have_one_vote)
{
	add_beside_two_good(server_at(0.5, 0.010));
	add(server_at(0.5, 0.010))->is_duplicate = true;
	add(server_at(0.5, 0.010))->is_duplicate = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_verdict(1, TS_VERDICT_COMBINED);
	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_verdict(3, TS_VERDICT_DUPLICATE);
	ck_assert_verdict(4, TS_VERDICT_DUPLICATE);
	ck_assert_uint_eq(one.selection.n_voting, 3);
}
END_TEST

START_TEST(test_select_no_estimate_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->has_estimate = false;
	assert_refused_without_vote(TS_VERDICT_NO_SAMPLES);
}
END_TEST

START_TEST(test_select_too_few_samples_has_no_vote)
{
	one.options.min_samples = 4;
	add_beside_two_good(server_at(0, 0.010))->n_samples = 3;
	assert_refused_without_vote(TS_VERDICT_NO_SAMPLES);
	ck_assert_int_eq(one.decisions[2].limit_n, 4);
}
END_TEST

START_TEST(test_select_leap_3_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->leap = TS_LEAP_UNSYNCHRONISED;
	assert_refused_without_vote(TS_VERDICT_UNSYNCHRONISED);
}
END_TEST

START_TEST(test_select_server_at_stratum_0_or_16_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->stratum = 16 * _i;
	assert_refused_without_vote(TS_VERDICT_UNSYNCHRONISED);
}
END_TEST

START_TEST(test_select_stratum_outside_limits_has_no_vote)
{
	one.options.min_stratum = 2;
	one.options.max_stratum = 4;
	add_beside_two_good(server_at(0, 0.010))->stratum = _i ? 5 : 1;
	assert_refused_without_vote(TS_VERDICT_BAD_STRATUM);
	ck_assert_int_eq(one.decisions[2].limit_n, _i ? 4 : 2);
}
END_TEST

START_TEST(test_select_loop_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->is_loop = true;
	assert_refused_without_vote(TS_VERDICT_LOOP);
}
END_TEST

START_TEST(test_select_unreachable_and_old_has_no_vote)
{
	TsCandidate *old = add_beside_two_good(server_at(0, 0.010));
	old->is_reachable = false;
	old->newest_raw_ns = NOW_NS - 3601 * TS_NS_PER_S;
	assert_refused_without_vote(TS_VERDICT_STALE);
	ck_assert_double_eq_tol(one.decisions[2].age_s, 3601, 1e-9);
}
END_TEST

START_TEST(test_select_unreachable_but_fresh_is_used)
{
	add_beside_two_good(server_at(0, 0.012))->is_reachable = false;

	decide();

	ck_assert_verdict(2, TS_VERDICT_COMBINED);
}
END_TEST

START_TEST(test_select_reachable_but_old_is_used)
{
	add_beside_two_good(server_at(0, 0.012))->newest_raw_ns = 0;

	decide();

	ck_assert_verdict(2, TS_VERDICT_COMBINED);
}
END_TEST

/* A root delay that a server wrote as a small negative number reads 65535.99 s. */
START_TEST(test_select_root_delay_of_18_hours_has_no_vote)
{
	add_beside_two_good(server_at(0, 65535.99 / 2));
	assert_refused_without_vote(TS_VERDICT_TOO_DISTANT);
	ck_assert_double_eq_tol(one.decisions[2].distance_s, 32767.995, 1e-6);
	ck_assert_double_eq_tol(one.decisions[2].limit_s, 3, 1e-12);
}
END_TEST

START_TEST(test_select_too_jittery_has_no_vote)
{
	add_beside_two_good(server_at(0, 0.010))->estimate.jitter_s = 1.1;
	assert_refused_without_vote(TS_VERDICT_TOO_JITTERY);
}
END_TEST

START_TEST(test_select_nonsense_in_estimate_has_no_vote)
{
	const double nonsense[] = {(double)NAN, (double)INFINITY, -1.0};
	TsCandidate *bad = add_beside_two_good(server_at(0, 0.010));
	if (_i < 3)
		bad->estimate.jitter_s = nonsense[_i];
	else
		bad->estimate.offset_sd_s = nonsense[_i - 3];
	assert_refused_without_vote(TS_VERDICT_TOO_JITTERY);
}
END_TEST

START_TEST(test_select_first_failing_check_names_the_reason)
{
	TsCandidate *bad = add_beside_two_good(server_at(0, 9));
	bad->estimate.jitter_s = 9;
	bad->stratum = 16;
	bad->is_loop = true;
	assert_refused_without_vote(TS_VERDICT_UNSYNCHRONISED);
}
END_TEST

START_TEST(test_select_all_refused_alike_says_so)
{
	add(server_at(0, 9));
	add(server_at(0, 9));

	decide();

	ck_assert_str_eq(one.selection.cause, "all sources are too distant");
}
END_TEST

START_TEST(test_select_all_refused_differently_says_so)
{
	add(server_at(0, 9));
	add(server_at(0, 0.010))->is_noselect = true;

	decide();

	ck_assert_str_eq(one.selection.cause, "no source is usable");
}
END_TEST

START_TEST(test_select_extreme_offsets_do_not_overflow)
{
	add_beside_two_good(server_at(0, 0.010));
	one.candidates[2].bound.earliest_ns = INT64_MIN;
	one.candidates[2].bound.latest_ns = INT64_MAX;
	add(server_at(0, 0.012))->estimate.offset_ns = INT64_MIN;
	TsCandidate *last = add(unclaimed_clock_at(0, 0.1));
	last->estimate.offset_ns = INT64_MAX;
	last->newest_raw_ns = INT64_MIN;

	decide();

	ck_assert_verdict(2, TS_VERDICT_TOO_DISTANT);
	ck_assert_verdict(4, TS_VERDICT_FALSETICKER);
	ck_assert_int_eq(one.selection.system_peer, 0);
}
END_TEST

START_TEST(test_select_inverted_bound_counts_as_no_claim)
{
	TsCandidate *odd = add(server_at(0, 0.010));
	odd->bound.earliest_ns += 20 * TS_NS_PER_S;

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_double_eq_tol(one.decisions[0].distance_s, 410e-6, 1e-9);
}
END_TEST

/* --- the vote --- */

START_TEST(test_select_one_falseticker_of_four_is_named)
{
	add(server_at(0.001, 0.010));
	add(server_at(0.500, 0.002));
	add(server_at(-0.002, 0.011));
	add(server_at(0.000, 0.012));

	decide();

	ck_assert_verdict(1, TS_VERDICT_FALSETICKER);
	ck_assert_uint_eq(one.decisions[1].n_agreeing, 3);
	ck_assert_uint_eq(one.decisions[1].n_voting, 4);
	ck_assert_uint_eq(one.selection.n_truechimers, 3);
	/* the common part of -9..11, -13..9 and -12..12 ms */
	ck_assert_int_eq(one.selection.earliest_ns - NEAR_NS, -9 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.latest_ns - NEAR_NS, 9 * TS_NS_PER_MS);
}
END_TEST

/* The bounds of four sources, grown wide since their last samples: all overlap at +15..+20 ms. */
static void
add_three_aged_and_a_liar(double likely_s)
{
	add(server_at(0.000, 0.020));
	add(server_at(0.001, 0.025));
	add(server_at(-0.001, 0.022));
	add(server_at(0.050, 0.035));
	for (unsigned i = 0; i < one.n; i++)
		one.candidates[i].likely_s = likely_s;
}

START_TEST(test_select_falseticker_with_an_aged_bound_is_named)
{
	add_three_aged_and_a_liar(0.011);

	decide();

	ck_assert_verdict(3, TS_VERDICT_FALSETICKER);
	ck_assert_uint_eq(one.selection.n_used, 3);
}
END_TEST

START_TEST(test_select_falseticker_does_not_narrow_the_hard_interval)
{
	add_three_aged_and_a_liar(0.011);

	decide();

	/* what the bounds of the three have in common, not their votes */
	ck_assert_int_eq(one.selection.earliest_ns, NEAR_NS - 20 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.latest_ns, NEAR_NS + 20 * TS_NS_PER_MS);
}
END_TEST

START_TEST(test_select_outlier_does_not_narrow_the_hard_interval)
{
	/* the votes of all four overlap, clustering drops the last */
	add_three_aged_and_a_liar(0);

	decide();

	ck_assert_verdict(3, TS_VERDICT_OUTLIER);
	/* where three of the four overlap, whichever three */
	ck_assert_int_eq(one.selection.earliest_ns, NEAR_NS - 20 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.latest_ns, NEAR_NS + 21 * TS_NS_PER_MS);
}
END_TEST

START_TEST(test_select_hard_interval_holds_the_truth_though_a_liar_is_inside_it)
{
	/* 5 ms wrong and sure of itself: inside the bounds of the others, so nobody can name it */
	add(server_at(0.000, 0.008));
	add(server_at(0.001, 0.010));
	add(server_at(-0.001, 0.012));
	add(server_at(0.005, 0.001));

	decide();

	ck_assert_int_le(one.selection.earliest_ns, NEAR_NS);
	ck_assert_int_ge(one.selection.latest_ns, NEAR_NS);
}
END_TEST

START_TEST(test_select_fresh_outlier_is_not_kept_for_the_age_of_the_others)
{
	add_three_aged_and_a_liar(0);
	one.candidates[3] = server_at(0.025, 0.009);
	for (unsigned i = 0; i < one.n; i++)
		one.candidates[i].bound.root_delay_s = 0.018;

	decide();

	ck_assert_verdict(3, TS_VERDICT_OUTLIER);
}
END_TEST

START_TEST(test_select_vote_stays_inside_the_bound)
{
	/* statistics claim more than is possible, on both sides */
	TsCandidate *server = add(server_at(0.001, 0.010));
	server->likely_s = 0.5;
	server = add(server_at(0.001, 0.010));
	server->estimate.offset_ns += TS_NS_PER_S;
	server->likely_s = 0.002;

	decide();

	ck_assert_double_eq_tol(one.decisions[0].distance_s, 0.010, 1e-9);
	ck_assert_double_eq_tol(one.decisions[1].distance_s, 0.001, 1e-9);
	ck_assert_uint_eq(one.selection.n_truechimers, 2);
	ck_assert_int_eq(one.selection.agreed_earliest_ns, NEAR_NS + 9 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.agreed_latest_ns, NEAR_NS + 11 * TS_NS_PER_MS);
	ck_assert_int_eq(one.selection.earliest_ns, NEAR_NS - 9 * TS_NS_PER_MS);
}
END_TEST

START_TEST(test_select_touching_intervals_agree)
{
	add(server_at(-0.010, 0.010));
	add(server_at(0.010, 0.010));

	decide();

	ck_assert_uint_eq(one.selection.n_truechimers, 2);
	ck_assert_int_eq(one.selection.earliest_ns, NEAR_NS);
	ck_assert_int_eq(one.selection.latest_ns, NEAR_NS);
}
END_TEST

START_TEST(test_select_two_that_disagree_have_no_majority)
{
	add(server_at(0, 0.010));
	add(server_at(0.1, 0.010));

	decide();

	ck_assert_verdict(0, TS_VERDICT_NO_MAJORITY);
	ck_assert_verdict(1, TS_VERDICT_NO_MAJORITY);
	ck_assert_int_eq(one.selection.system_peer, -1);
	ck_assert_int_eq(one.selection.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_str_eq(one.selection.cause, "no majority of the sources agrees");
	ck_assert_double_eq_tol(one.decisions[0].offset_s, -0.05, 1e-9);
	ck_assert_double_eq_tol(one.decisions[1].offset_s, 0.05, 1e-9);
}
END_TEST

START_TEST(test_select_two_that_disagree_preferred_one_wins)
{
	add(server_at(0, 0.010));
	add(server_at(0.1, 0.010))->is_preferred = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_FALSETICKER);
	ck_assert_verdict(1, TS_VERDICT_SYSTEM_PEER);
}
END_TEST

START_TEST(test_select_two_preferred_that_disagree_have_no_majority)
{
	add(server_at(0, 0.010))->is_preferred = true;
	add(server_at(0.1, 0.010))->is_preferred = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_NO_MAJORITY);
	ck_assert_verdict(1, TS_VERDICT_NO_MAJORITY);
}
END_TEST

START_TEST(test_select_two_against_two_preferred_side_wins)
{
	add(server_at(0, 0.010));
	add(server_at(0.1, 0.010));
	add(server_at(0.001, 0.010));
	add(server_at(0.101, 0.010))->is_preferred = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_FALSETICKER);
	ck_assert_verdict(1, TS_VERDICT_NOT_PREFERRED);
	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_verdict(3, TS_VERDICT_SYSTEM_PEER);
}
END_TEST

START_TEST(test_select_preferred_does_not_outvote_a_majority)
{
	add_beside_two_good(server_at(0.5, 0.010))->is_preferred = true;

	decide();

	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
}
END_TEST

START_TEST(test_select_one_trusted_outvotes_a_majority)
{
	add_beside_two_good(server_at(0.5, 0.010))->is_trusted = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_UNTRUSTED);
	ck_assert_verdict(1, TS_VERDICT_UNTRUSTED);
	ck_assert_verdict(2, TS_VERDICT_SYSTEM_PEER);
	ck_assert_uint_eq(one.selection.n_voting, 1);
}
END_TEST

START_TEST(test_select_untrusted_that_agrees_is_mixed_in)
{
	add(server_at(0, 0.010))->is_trusted = true;
	add(server_at(0.005, 0.012));

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_verdict(1, TS_VERDICT_COMBINED);
}
END_TEST

/* Its interval touches, but its offset would pull the clock out of what the trusted one allows. */
START_TEST(test_select_untrusted_with_offset_outside_is_not_mixed_in)
{
	add(server_at(0, 0.010))->is_trusted = true;
	add(server_at(0.015, 0.012));

	decide();

	ck_assert_verdict(1, TS_VERDICT_UNTRUSTED);
}
END_TEST

START_TEST(test_select_trusted_falseticker_of_three_is_named)
{
	for (unsigned i = 0; i < 3; i++)
		add(server_at(i == 1 ? 0.5 : 0, 0.010))->is_trusted = true;

	decide();

	ck_assert_verdict(1, TS_VERDICT_FALSETICKER);
	ck_assert_uint_eq(one.selection.n_used, 2);
}
END_TEST

START_TEST(test_select_two_trusted_that_disagree_stop_all)
{
	add(server_at(0, 0.010))->is_trusted = true;
	add(server_at(0.1, 0.010))->is_trusted = true;
	add(server_at(0.001, 0.010));
	add(server_at(-0.001, 0.010));

	decide();

	for (unsigned i = 0; i < 4; i++)
		ck_assert_verdict(i, TS_VERDICT_NO_MAJORITY);
}
END_TEST

/* --- after the vote --- */

START_TEST(test_select_fewer_than_min_sources_waits)
{
	one.options.min_sources = 3;
	add_beside_two_good(server_at(0.5, 0.010));

	decide();

	ck_assert_verdict(0, TS_VERDICT_WAITING);
	ck_assert_verdict(1, TS_VERDICT_WAITING);
	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_int_eq(one.decisions[0].limit_n, 3);
	ck_assert_int_eq(one.selection.system_peer, -1);
	ck_assert(one.selection.has_interval);
	ck_assert_str_eq(one.selection.cause, "fewer sources agree than min-sources asks for");
}
END_TEST

START_TEST(test_select_required_source_missing_waits)
{
	add_beside_two_good(server_at(0.5, 0.010))->is_required = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_WAITING);
	ck_assert_int_eq(one.decisions[0].limit_n, 0);
	ck_assert_str_eq(one.selection.cause, "no required source is usable");
}
END_TEST

START_TEST(test_select_one_of_two_required_is_enough)
{
	add_beside_two_good(server_at(0.5, 0.010))->is_required = true;
	one.candidates[1].is_required = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_verdict(1, TS_VERDICT_COMBINED);
}
END_TEST

START_TEST(test_select_preferred_alone_are_used)
{
	add_beside_two_good(server_at(0, 0.050))->is_preferred = true;

	decide();

	ck_assert_verdict(0, TS_VERDICT_NOT_PREFERRED);
	ck_assert_verdict(1, TS_VERDICT_NOT_PREFERRED);
	ck_assert_verdict(2, TS_VERDICT_SYSTEM_PEER);
}
END_TEST

START_TEST(test_select_outlier_is_left_out)
{
	for (unsigned i = 0; i < 4; i++)
		add(server_at(0.0001 * i, 0.010));
	add(server_at(0.009, 0.010));

	decide();

	ck_assert_verdict(4, TS_VERDICT_OUTLIER);
	ck_assert_double_eq_tol(one.decisions[4].offset_s, 0.009 - 0.00015, 1e-9);
	ck_assert_double_gt(one.decisions[4].limit_s, 0);
	ck_assert_uint_eq(one.selection.n_truechimers, 5);
	ck_assert_uint_eq(one.selection.n_used, 4);
}
END_TEST

START_TEST(test_select_trusted_one_is_no_outlier_of_untrusted_ones)
{
	for (unsigned i = 0; i < 4; i++)
		add(server_at(0.0001 * i, 0.010));
	add(server_at(0.009, 0.010))->is_trusted = true;

	decide();

	ck_assert(ts_verdict_is_used(one.decisions[4].verdict));
}
END_TEST

START_TEST(test_select_beyond_combine_limit_is_worse)
{
	add(server_at(0, 0.010));
	add(server_at(0, 0.029));
	add(server_at(0, 0.031));

	decide();

	ck_assert_verdict(0, TS_VERDICT_SYSTEM_PEER);
	ck_assert_verdict(1, TS_VERDICT_COMBINED);
	ck_assert_verdict(2, TS_VERDICT_WORSE);
	ck_assert_double_eq_tol(one.decisions[2].limit_s, 0.030, 1e-9);
}
END_TEST

START_TEST(test_select_in_use_stays_somewhat_beyond_combine_limit)
{
	add(server_at(0, 0.010));
	add(server_at(0, 0.044))->was_used = true;
	add(server_at(0, 0.046))->was_used = true;

	decide();

	ck_assert_verdict(1, TS_VERDICT_COMBINED);
	ck_assert_verdict(2, TS_VERDICT_WORSE);
}
END_TEST

START_TEST(test_select_reference_clock_wins_over_servers)
{
	add_beside_two_good(unclaimed_clock_at(0.0005, 1e-6));

	decide();

	ck_assert_verdict(2, TS_VERDICT_SYSTEM_PEER);
	ck_assert_verdict(0, TS_VERDICT_WORSE);
}
END_TEST

START_TEST(test_select_stratum_weighs_against_distance)
{
	add(server_at(0, 0.0100))->stratum = 4;
	add(server_at(0, 0.0115))->stratum = 2;

	decide();

	ck_assert_int_eq(one.selection.system_peer, 1);
}
END_TEST

START_TEST(test_select_reference_is_mean_weighted_by_distance)
{
	add(server_at(0.003, 0.010));
	add(server_at(-0.003, 0.020));

	decide();

	/* (2 * 3 ms - 1 * 3 ms) / 3 */
	ck_assert_int_eq(one.selection.reference_ns - NEAR_NS, TS_NS_PER_MS);
	ck_assert_double_eq_tol(one.decisions[0].offset_s, 0.002, 1e-9);
	ck_assert_double_eq_tol(one.decisions[1].offset_s, -0.004, 1e-9);
}
END_TEST

/* --- leap --- */

START_TEST(test_select_leap_needs_more_than_half)
{
	for (unsigned i = 0; i < 4; i++)
		add(server_at(0, 0.010))->leap = (int)i < _i ? TS_LEAP_INSERT : TS_LEAP_NONE;

	decide();

	ck_assert_int_eq(one.selection.leap, _i > 2 ? TS_LEAP_INSERT : TS_LEAP_NONE);
}
END_TEST

START_TEST(test_select_leap_of_falsetickers_does_not_count)
{
	for (unsigned i = 0; i < 3; i++)
		add(server_at(0, 0.010))->leap = i < 2 ? TS_LEAP_DELETE : TS_LEAP_NONE;
	add(server_at(0.5, 0.010));
	add(server_at(0.7, 0.010));

	decide();

	ck_assert_int_eq(one.selection.leap, TS_LEAP_DELETE);
}
END_TEST

START_TEST(test_select_leap_is_the_trusted_ones)
{
	for (unsigned i = 0; i < 3; i++)
		add(server_at(0, 0.010))->leap = TS_LEAP_INSERT;
	add(server_at(0, 0.010))->is_trusted = true;

	decide();

	ck_assert_int_eq(one.selection.leap, TS_LEAP_NONE);
}
END_TEST

/* --- hysteresis --- */

/* Runs @runs selections over three servers whose distances wobble by 15 %; returns how often the
 * peer changed. */
static unsigned
count_hops(unsigned runs, bool remembers)
{
	const uint64_t seed = 2718;
	uint64_t state = seed;
	unsigned hops = 0;
	int peer = -1;

	for (unsigned run = 0; run < runs; run++) {
		one.n = 0;
		for (int i = 0; i < 3; i++) {
			double wobble = 1 + 0.15 * random_signed_unit(&state);
			TsCandidate *server = add(server_at(0.0002 * i, 0.010 * wobble));
			server->was_selected = server->was_used = remembers && i == peer;
		}
		decide();
		hops += peer >= 0 && one.selection.system_peer != peer;
		peer = one.selection.system_peer;
	}
	return hops;
}

START_TEST(test_select_noise_does_not_make_the_peer_hop)
{
	ck_assert_uint_eq(count_hops(5000, true), 0);
	/* the same noise does, where nobody remembers */
	ck_assert_uint_gt(count_hops(5000, false), 1000);
}
END_TEST

START_TEST(test_select_clearly_better_one_takes_over)
{
	add(server_at(0, 0.010))->was_selected = true;
	add(server_at(0, 0.005));

	decide();

	ck_assert_int_eq(one.selection.system_peer, 1);
}
END_TEST

START_TEST(test_select_better_by_less_than_reselect_distance_does_not_take_over)
{
	one.options.stratum_weight_s = 0;
	add(server_at(0, 120e-6))->was_selected = true;
	add(server_at(0, 30e-6));

	decide();

	ck_assert_int_eq(one.selection.system_peer, 0);
}
END_TEST

/* Between reference clocks the 100 us would hide all there is. */
START_TEST(test_select_clearly_better_reference_clock_takes_over)
{
	add(unclaimed_clock_at(0, 20e-6))->was_selected = true;
	add(unclaimed_clock_at(0, 1e-6));

	decide();

	ck_assert_int_eq(one.selection.system_peer, 1);
}
END_TEST

START_TEST(test_select_peer_that_turns_false_is_left_at_once)
{
	add_beside_two_good(server_at(0.5, 0.001))->was_selected = true;

	decide();

	ck_assert_verdict(2, TS_VERDICT_FALSETICKER);
	ck_assert_int_eq(one.selection.system_peer, 0);
}
END_TEST

/* --- many, and at random --- */

START_TEST(test_select_as_many_as_possible_work)
{
	for (unsigned i = 0; i < TS_SELECT_MAX_SOURCES; i++)
		add(server_at(i % 3 ? 1e-5 * (i % 7) : 1.0 + i, 0.010));

	decide();

	ck_assert_uint_eq(one.selection.n_voting, 128);
	ck_assert_uint_eq(one.selection.n_truechimers, 85);
	for (unsigned i = 0; i < TS_SELECT_MAX_SOURCES; i++)
		ck_assert_int_eq(one.decisions[i].verdict == TS_VERDICT_FALSETICKER, i % 3 == 0);
}
END_TEST

START_TEST(test_select_equal_sources_are_all_used)
{
	for (unsigned i = 0; i < 6; i++)
		add(server_at(0, 0.010));

	decide();

	ck_assert_int_eq(one.selection.system_peer, 0);
	ck_assert_uint_eq(one.selection.n_used, 6);
}
END_TEST

static void
add_random(uint64_t *state)
{
	one.n = 0;
	for (unsigned n = 1 + random_below(state, 10); n > 0; n--) {
		TsCandidate *server = add(server_at(0.020 * random_signed_unit(state),
						    0.001 + 0.001 * random_below(state, 15)));
		server->estimate.offset_sd_s = 1e-6 * (1 + random_below(state, 300));
		server->stratum = 1 + (int)random_below(state, 4);
		server->leap = (int)random_below(state, 3);
	}
}

static void
add_random_wishes(uint64_t *state)
{
	for (unsigned i = 0; i < one.n; i++) {
		TsCandidate *server = &one.candidates[i];
		server->is_preferred = random_below(state, 8) == 0;
		server->is_trusted = random_below(state, 8) == 0;
		server->is_required = random_below(state, 16) == 0;
		server->is_noselect = random_below(state, 16) == 0;
		server->has_bound = random_below(state, 8) != 0;
		server->was_used = random_below(state, 2) == 0;
	}
	if (random_below(state, 2))
		one.candidates[random_below(state, one.n)].was_selected = true;
}

/* Tries every end of every interval as the true time. */
static unsigned
find_deepest(int64_t *low_ns, int64_t *high_ns)
{
	unsigned most = 0;

	for (unsigned twice = 0; twice < 2 * one.n; twice++) {
		const TsBound *bound = &one.candidates[twice / 2].bound;
		int64_t point_ns = twice % 2 ? bound->latest_ns : bound->earliest_ns;
		unsigned depth = 0;
		for (unsigned i = 0; i < one.n; i++)
			depth += one.candidates[i].bound.earliest_ns <= point_ns &&
				 one.candidates[i].bound.latest_ns >= point_ns;
		if (depth > most)
			*low_ns = *high_ns = point_ns;
		most = MAX(most, depth);
		if (depth == most) {
			*low_ns = MIN(*low_ns, point_ns);
			*high_ns = MAX(*high_ns, point_ns);
		}
	}
	return most;
}

START_TEST(test_select_random_cases_match_brute_force)
{
	const uint64_t seed = 31415;
	uint64_t state = seed;
	unsigned without_majority = 0, false_ones = 0;

	for (unsigned run = 0; run < 5000; run++) {
		int64_t low_ns = 0, high_ns = 0;
		add_random(&state);
		decide();
		bool has_majority = 2 * find_deepest(&low_ns, &high_ns) > one.n;

		ck_assert_msg(has_majority == (one.selection.system_peer >= 0), "seed %llu run %u",
			      (unsigned long long)seed, run);
		without_majority += !has_majority;
		for (unsigned i = 0; i < one.n && has_majority; i++) {
			const TsBound *bound = &one.candidates[i].bound;
			bool misses = bound->latest_ns < low_ns || bound->earliest_ns > high_ns;
			ck_assert_msg(
				misses == (one.decisions[i].verdict == TS_VERDICT_FALSETICKER),
				"seed %llu run %u source %u", (unsigned long long)seed, run, i);
			false_ones += misses;
		}
	}
	/* the cases are of all kinds */
	ck_assert_uint_gt(without_majority, 500);
	ck_assert_uint_gt(false_ones, 1000);
}
END_TEST

/* Of the same hard bounds, the true time is inside the agreed interval whenever a majority is
 * right. */
START_TEST(test_select_truth_lies_in_interval_when_few_lie)
{
	const uint64_t seed = 161803;
	uint64_t state = seed;

	for (unsigned run = 0; run < 5000; run++) {
		unsigned n_false = 0;
		one.n = 0;
		for (unsigned i = 0; i < 7; i++) {
			double half_s = 0.001 + 0.001 * random_below(&state, 15);
			bool lies = n_false < 3 && random_below(&state, 3) == 0;
			add(server_at(lies ? 1.0 + i : half_s * random_signed_unit(&state),
				      half_s));
			n_false += lies;
		}
		decide();
		ck_assert_msg(one.selection.earliest_ns <= NEAR_NS &&
				      NEAR_NS <= one.selection.latest_ns,
			      "seed %llu run %u", (unsigned long long)seed, run);
	}
}
END_TEST

START_TEST(test_select_order_of_candidates_does_not_matter)
{
	const uint64_t seed = 57721;
	uint64_t state = seed;

	for (unsigned run = 0; run < 3000; run++) {
		unsigned order[TS_SELECT_MAX_SOURCES];
		add_random(&state);
		add_random_wishes(&state);
		decide();
		Case first = one;

		for (unsigned i = 0; i < one.n; i++) {
			unsigned j = random_below(&state, i + 1);
			order[i] = order[j];
			order[j] = i;
		}
		for (unsigned i = 0; i < one.n; i++)
			one.candidates[i] = first.candidates[order[i]];
		decide();

		for (unsigned i = 0; i < one.n; i++) {
			const TsDecision *now = &one.decisions[i];
			const TsDecision *then = &first.decisions[order[i]];
			ck_assert_msg(now->verdict == then->verdict &&
					      now->n_agreeing == then->n_agreeing &&
					      fabs(now->offset_s - then->offset_s) < 3e-9 &&
					      fabs(now->limit_s - then->limit_s) < 3e-9,
				      "seed %llu run %u source %u: %s, was %s",
				      (unsigned long long)seed, run, i,
				      ts_verdict_name(now->verdict),
				      ts_verdict_name(then->verdict));
		}
		ck_assert_int_eq(one.selection.leap, first.selection.leap);
		ck_assert_int_eq(one.selection.earliest_ns, first.selection.earliest_ns);
		ck_assert_int_eq(one.selection.latest_ns, first.selection.latest_ns);
	}
}
END_TEST

static void
add_alone(Suite *suite)
{
	TCase *alone = tcase_create("alone");

	tcase_add_checked_fixture(alone, setup, NULL);
	tcase_add_test(alone, test_select_nothing_has_cause);
	tcase_add_test(alone, test_select_one_server_is_enough);
	tcase_add_test(alone, test_select_unclaimed_clock_alone_works);
	tcase_add_test(alone, test_select_unclaimed_clock_is_outvoted_when_wrong);
	suite_add_tcase(suite, alone);
}

static void
add_accept(Suite *suite)
{
	TCase *accept = tcase_create("accept");

	tcase_add_checked_fixture(accept, setup, NULL);
	tcase_add_test(accept, test_select_noselect_has_no_vote);
	tcase_add_test(accept, test_select_offline_has_no_vote);
	tcase_add_test(accept, test_select_stopped_has_no_vote);
	tcase_add_test(accept, test_select_duplicates_of_a_falseticker_have_one_vote);
	tcase_add_test(accept, test_select_no_estimate_has_no_vote);
	tcase_add_test(accept, test_select_too_few_samples_has_no_vote);
	tcase_add_test(accept, test_select_leap_3_has_no_vote);
	tcase_add_loop_test(accept, test_select_server_at_stratum_0_or_16_has_no_vote, 0, 2);
	tcase_add_loop_test(accept, test_select_stratum_outside_limits_has_no_vote, 0, 2);
	tcase_add_test(accept, test_select_loop_has_no_vote);
	tcase_add_test(accept, test_select_unreachable_and_old_has_no_vote);
	tcase_add_test(accept, test_select_unreachable_but_fresh_is_used);
	tcase_add_test(accept, test_select_reachable_but_old_is_used);
	tcase_add_test(accept, test_select_root_delay_of_18_hours_has_no_vote);
	tcase_add_test(accept, test_select_too_jittery_has_no_vote);
	tcase_add_loop_test(accept, test_select_nonsense_in_estimate_has_no_vote, 0, 6);
	tcase_add_test(accept, test_select_first_failing_check_names_the_reason);
	tcase_add_test(accept, test_select_all_refused_alike_says_so);
	tcase_add_test(accept, test_select_all_refused_differently_says_so);
	tcase_add_test(accept, test_select_extreme_offsets_do_not_overflow);
	tcase_add_test(accept, test_select_inverted_bound_counts_as_no_claim);
	suite_add_tcase(suite, accept);
}

static void
add_agree(Suite *suite)
{
	TCase *agree = tcase_create("agree");

	tcase_add_checked_fixture(agree, setup, NULL);
	tcase_add_test(agree, test_select_one_falseticker_of_four_is_named);
	tcase_add_test(agree, test_select_falseticker_with_an_aged_bound_is_named);
	tcase_add_test(agree, test_select_falseticker_does_not_narrow_the_hard_interval);
	tcase_add_test(agree, test_select_outlier_does_not_narrow_the_hard_interval);
	tcase_add_test(agree, test_select_hard_interval_holds_the_truth_though_a_liar_is_inside_it);
	tcase_add_test(agree, test_select_fresh_outlier_is_not_kept_for_the_age_of_the_others);
	tcase_add_test(agree, test_select_vote_stays_inside_the_bound);
	tcase_add_test(agree, test_select_touching_intervals_agree);
	tcase_add_test(agree, test_select_two_that_disagree_have_no_majority);
	tcase_add_test(agree, test_select_two_that_disagree_preferred_one_wins);
	tcase_add_test(agree, test_select_two_preferred_that_disagree_have_no_majority);
	tcase_add_test(agree, test_select_two_against_two_preferred_side_wins);
	tcase_add_test(agree, test_select_preferred_does_not_outvote_a_majority);
	tcase_add_test(agree, test_select_one_trusted_outvotes_a_majority);
	tcase_add_test(agree, test_select_untrusted_that_agrees_is_mixed_in);
	tcase_add_test(agree, test_select_untrusted_with_offset_outside_is_not_mixed_in);
	tcase_add_test(agree, test_select_trusted_falseticker_of_three_is_named);
	tcase_add_test(agree, test_select_two_trusted_that_disagree_stop_all);
	suite_add_tcase(suite, agree);
}

static void
add_choose(Suite *suite)
{
	TCase *choose = tcase_create("choose");

	tcase_add_checked_fixture(choose, setup, NULL);
	tcase_add_test(choose, test_select_fewer_than_min_sources_waits);
	tcase_add_test(choose, test_select_required_source_missing_waits);
	tcase_add_test(choose, test_select_one_of_two_required_is_enough);
	tcase_add_test(choose, test_select_preferred_alone_are_used);
	tcase_add_test(choose, test_select_outlier_is_left_out);
	tcase_add_test(choose, test_select_trusted_one_is_no_outlier_of_untrusted_ones);
	tcase_add_test(choose, test_select_beyond_combine_limit_is_worse);
	tcase_add_test(choose, test_select_in_use_stays_somewhat_beyond_combine_limit);
	tcase_add_test(choose, test_select_reference_clock_wins_over_servers);
	tcase_add_test(choose, test_select_stratum_weighs_against_distance);
	tcase_add_test(choose, test_select_reference_is_mean_weighted_by_distance);
	tcase_add_loop_test(choose, test_select_leap_needs_more_than_half, 0, 5);
	tcase_add_test(choose, test_select_leap_of_falsetickers_does_not_count);
	tcase_add_test(choose, test_select_leap_is_the_trusted_ones);
	suite_add_tcase(suite, choose);
}

static void
add_hysteresis(Suite *suite)
{
	TCase *hysteresis = tcase_create("hysteresis");

	tcase_add_checked_fixture(hysteresis, setup, NULL);
	tcase_add_test(hysteresis, test_select_noise_does_not_make_the_peer_hop);
	tcase_add_test(hysteresis, test_select_clearly_better_one_takes_over);
	tcase_add_test(hysteresis,
		       test_select_better_by_less_than_reselect_distance_does_not_take_over);
	tcase_add_test(hysteresis, test_select_clearly_better_reference_clock_takes_over);
	tcase_add_test(hysteresis, test_select_peer_that_turns_false_is_left_at_once);
	suite_add_tcase(suite, hysteresis);
}

static void
add_many(Suite *suite)
{
	TCase *many = tcase_create("many");

	tcase_add_checked_fixture(many, setup, NULL);
	tcase_add_test(many, test_select_as_many_as_possible_work);
	tcase_add_test(many, test_select_equal_sources_are_all_used);
	tcase_add_test(many, test_select_random_cases_match_brute_force);
	tcase_add_test(many, test_select_truth_lies_in_interval_when_few_lie);
	tcase_add_test(many, test_select_order_of_candidates_does_not_matter);
	suite_add_tcase(suite, many);
}

TS_TEST_MAIN("select", {
	add_alone(suite);
	add_accept(suite);
	add_agree(suite);
	add_choose(suite);
	add_hysteresis(suite);
	add_many(suite);
})
