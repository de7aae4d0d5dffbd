/* SPDX-License-Identifier: BSD-2-Clause */
/* test-explain.c - the words of the verdicts, and the sentence with figures of each */
#include <math.h>

#include "candidates.h"
#include "select/select.h"
#include "suite.h"

/* Selects among @n candidates and checks the sentence of the one at @index. */
static void
assert_sentence(const TsCandidate *candidates, unsigned n, const TsSelectOptions *options,
		unsigned index, const char *expected)
{
	TsDecision decisions[TS_SELECT_MAX_SOURCES];
	TsSelection selection;
	char text[256];

	ts_select(candidates, n, options, NOW_NS, decisions, &selection);
	ck_assert_str_eq(ts_decision_explain(&decisions[index], &candidates[index], &selection,
					     text, sizeof text),
			 expected);
}

/* The same, for @odd beside two good servers. */
static void
assert_sentence_of(TsCandidate odd, const char *expected)
{
	TsCandidate candidates[] = {server_at(0.001, 0.010), server_at(-0.001, 0.010), odd};
	TsSelectOptions options;

	ts_select_options_init(&options);
	options.max_stratum = 10;
	assert_sentence(candidates, 3, &options, 2, expected);
}

START_TEST(test_explain_system_peer)
{
	assert_sentence_of(
		server_at(0, 0.0012),
		"system peer: distance 1.2 ms at stratum 2, offset +0 ns from the mean of "
		"the 1 used; 3 of 3 sources agree");
}
END_TEST

START_TEST(test_explain_combined)
{
	assert_sentence_of(
		server_at(-0.0003, 0.020),
		"combined: distance 20 ms at stratum 2, offset -240 us from the mean of the "
		"3 used; 3 of 3 sources agree");
}
END_TEST

START_TEST(test_explain_noselect)
{
	TsCandidate odd = server_at(0.25, 0.010);
	odd.is_noselect = true;
	assert_sentence_of(odd,
			   "noselect: configured not to be selected; its offset is +250 ms from "
			   "the others");
}
END_TEST

START_TEST(test_explain_offline)
{
	TsCandidate odd = {.is_offline = true};
	assert_sentence_of(odd, "offline: it is not asked until it is set online");
}
END_TEST

START_TEST(test_explain_stopped)
{
	TsCandidate odd = {.is_stopped = true};
	assert_sentence_of(odd, "stopped: it refused us or failed for good");
}
END_TEST

START_TEST(test_explain_duplicate)
{
	TsCandidate odd = {.is_duplicate = true};
	assert_sentence_of(odd,
			   "duplicate: another source has the same address, which has one vote");
}
END_TEST

START_TEST(test_explain_no_samples)
{
	TsCandidate odd = {.n_samples = 0};
	assert_sentence_of(odd, "no samples: 0 usable of the 1 it takes");
}
END_TEST

START_TEST(test_explain_unsynchronised)
{
	TsCandidate odd = server_at(0, 0.010);
	odd.leap = TS_LEAP_UNSYNCHRONISED;
	odd.stratum = 16;
	assert_sentence_of(odd,
			   "unsynchronised: it says so itself (leap unsynchronised, stratum 16)");
}
END_TEST

START_TEST(test_explain_bad_stratum)
{
	TsCandidate odd = server_at(0, 0.010);
	odd.stratum = 12;
	assert_sentence_of(odd, "bad stratum: 12 is above the most 10 that is allowed");
}
END_TEST

START_TEST(test_explain_loop)
{
	TsCandidate odd = server_at(0, 0.010);
	odd.is_loop = true;
	odd.stratum = 3;
	assert_sentence_of(odd, "loop: it gets its time from us (stratum 3)");
}
END_TEST

START_TEST(test_explain_stale)
{
	TsCandidate odd = server_at(0, 0.010);
	odd.is_reachable = false;
	odd.newest_raw_ns = NOW_NS - 4000 * TS_NS_PER_S;
	assert_sentence_of(
		odd, "stale: unreachable, and its newest sample is 4000 s old (limit 3600 s)");
}
END_TEST

START_TEST(test_explain_too_distant_names_root_delay)
{
	TsCandidate odd = server_at(0, 32768.0);
	odd.bound.root_delay_s = 65535.9965;
	odd.bound.root_dispersion_s = 0.002;
	assert_sentence_of(odd,
			   "too distant: its distance 32768 s passes the limit 3 s (root delay "
			   "65536 s, root dispersion 2 ms)");
	odd.bound.root_delay_s = 65535.9;
	assert_sentence_of(odd,
			   "too distant: its distance 32768 s passes the limit 3 s (root delay "
			   "65535.9 s, root dispersion 2 ms)");
}
END_TEST

START_TEST(test_explain_too_jittery)
{
	TsCandidate odd = server_at(0, 0.010);
	odd.estimate.jitter_s = 1.25;
	assert_sentence_of(
		odd,
		"too jittery: its jitter 1.25 s or estimated error 20 us passes the limit 1 s");
	odd.estimate.jitter_s = (double)NAN;
	assert_sentence_of(
		odd,
		"too jittery: its jitter unknown or estimated error 20 us passes the limit 1 s");
}
END_TEST

START_TEST(test_explain_falseticker)
{
	assert_sentence_of(
		server_at(0.0525, 0.0014),
		"falseticker: its interval +51.1 ms .. +53.9 ms misses the one that 2 of 3 "
		"sources agree on, -9 ms .. +9 ms");
}
END_TEST

START_TEST(test_explain_falseticker_of_an_even_split)
{
	TsCandidate candidates[] = {server_at(0, 0.010), server_at(0.1, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	candidates[0].is_preferred = true;
	assert_sentence(candidates, 2, &options, 1,
			"falseticker: its interval +90 ms .. +110 ms misses the one that 1 of 2 "
			"sources, the preferred side, agree on, -10 ms .. +10 ms");
}
END_TEST

START_TEST(test_explain_no_majority)
{
	TsCandidate candidates[] = {server_at(0, 0.010), server_at(0.1, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	assert_sentence(
		candidates, 2, &options, 0,
		"no majority: at most 1 of 2 sources agree; its interval is -60 ms .. -40 ms "
		"from their median");
}
END_TEST

START_TEST(test_explain_untrusted)
{
	TsCandidate candidates[] = {server_at(0, 0.010), server_at(0.1, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	candidates[0].is_trusted = true;
	assert_sentence(
		candidates, 2, &options, 1,
		"untrusted: its offset +100 ms, interval +90 ms .. +110 ms, lies outside what "
		"1 of 1 trusted sources agree on, -10 ms .. +10 ms");
}
END_TEST

START_TEST(test_explain_waiting_for_min_sources)
{
	TsCandidate candidates[] = {server_at(0, 0.010), server_at(0, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	options.min_sources = 3;
	assert_sentence(candidates, 2, &options, 0,
			"waiting: right, but fewer sources agree than min-sources asks for; 2 of 2 "
			"sources agree, 3 are asked for");
}
END_TEST

START_TEST(test_explain_waiting_for_required)
{
	TsCandidate candidates[] = {server_at(0, 0.010), {.is_required = true}};
	TsSelectOptions options;
	ts_select_options_init(&options);
	assert_sentence(candidates, 2, &options, 0,
			"waiting: right, but no required source is usable; 1 of 1 sources agree");
}
END_TEST

START_TEST(test_explain_not_preferred)
{
	TsCandidate candidates[] = {server_at(0.002, 0.010), server_at(0, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	candidates[1].is_preferred = true;
	assert_sentence(
		candidates, 2, &options, 0,
		"not preferred: right, but a preferred source is used; distance 10 ms, offset "
		"+2 ms");
}
END_TEST

START_TEST(test_explain_outlier)
{
	TsCandidate candidates[5];
	TsSelectOptions options;
	ts_select_options_init(&options);
	for (unsigned i = 0; i < 5; i++)
		candidates[i] = server_at(i == 4 ? -0.009 : 0, 0.010);
	assert_sentence(
		candidates, 5, &options, 4,
		"outlier: right, but -9 ms from the mean of the others, whose spread allows "
		"188 us");
}
END_TEST

START_TEST(test_explain_worse)
{
	TsCandidate candidates[] = {server_at(0, 123.4e-9), server_at(150e-9, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	assert_sentence(
		candidates, 2, &options, 1,
		"worse: right, but its distance 10 ms passes 369 ns, the limit for mixing it "
		"in; offset +150 ns");
}
END_TEST

START_TEST(test_explain_unit_grows_before_four_digits)
{
	TsCandidate candidates[] = {server_at(0, 0.010), server_at(0, 0.010)};
	TsSelectOptions options;
	ts_select_options_init(&options);
	candidates[1].is_noselect = true;
	candidates[1].estimate.offset_ns = NEAR_NS + 999600;
	assert_sentence(
		candidates, 2, &options, 1,
		"noselect: configured not to be selected; its offset is +1 ms from the others");
	candidates[1].estimate.offset_ns = NEAR_NS - 999400;
	assert_sentence(
		candidates, 2, &options, 1,
		"noselect: configured not to be selected; its offset is -999 us from the others");
}
END_TEST

START_TEST(test_explain_small_buffer_is_cut_not_overrun)
{
	TsCandidate candidate = {.is_offline = true};
	TsDecision decision = {.verdict = TS_VERDICT_OFFLINE};
	TsSelection selection = {.system_peer = -1};
	char text[] = "0123456789";

	ts_decision_explain(&decision, &candidate, &selection, text, 8);

	ck_assert_str_eq(text, "offline");
	ck_assert_int_eq(text[8], '8');
}
END_TEST

/* The buffer that the header promises to be enough, with the widest figures. */
START_TEST(test_explain_longest_sentences_fit)
{
	TsCandidate candidate = {.stratum = INT_MIN,
				 .leap = TS_LEAP_UNSYNCHRONISED,
				 .n_samples = UINT_MAX,
				 .has_estimate = true,
				 .has_bound = true,
				 .estimate = {.jitter_s = 9.9e14, .offset_sd_s = -1e300},
				 .bound = {.earliest_ns = INT64_MIN,
					   .latest_ns = INT64_MAX,
					   .root_delay_s = -1.234567e300,
					   .root_dispersion_s = 9.99e14}};
	TsSelection selection = {.has_reference = true,
				 .cause = "waiting for the first answers of the other sources",
				 .n_truechimers = UINT_MAX,
				 .n_used = UINT_MAX,
				 .earliest_ns = INT64_MIN,
				 .latest_ns = INT64_MAX};

	for (int verdict = TS_VERDICT_SYSTEM_PEER; verdict <= TS_VERDICT_WORSE; verdict++) {
		TsDecision decision = {.verdict = (TsVerdict)verdict,
				       .distance_s = -1.23456e300,
				       .offset_s = -1.23456e300,
				       .limit_s = -1.23456e300,
				       .age_s = -1.23456e300,
				       .n_agreeing = UINT_MAX,
				       .n_voting = UINT_MAX,
				       .limit_n = INT_MIN};
		char text[512];
		ts_decision_explain(&decision, &candidate, &selection, text, sizeof text);
		ck_assert_uint_gt(strlen(text), 20);
		ck_assert_msg(strlen(text) < 256, "%zu: %s", strlen(text), text);
	}
}
END_TEST

START_TEST(test_verdict_names_are_words_and_unique)
{
	for (int a = TS_VERDICT_SYSTEM_PEER; a <= TS_VERDICT_WORSE; a++) {
		const char *name = ts_verdict_name((TsVerdict)a);
		ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
		for (int b = TS_VERDICT_SYSTEM_PEER; b < a; b++)
			ck_assert_str_ne(name, ts_verdict_name((TsVerdict)b));
	}
}
END_TEST

START_TEST(test_verdict_tallies_are_those_of_chrony)
{
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_SYSTEM_PEER), '*');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_COMBINED), '+');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_WORSE), '-');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_FALSETICKER), 'x');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_TOO_JITTERY), '~');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_NO_SAMPLES), '?');
	ck_assert_int_eq(ts_verdict_tally(TS_VERDICT_OFFLINE), ' ');
}
END_TEST

TS_TEST_MAIN("explain", {
	TCase *sentences = tcase_create("sentences");
	tcase_add_test(sentences, test_explain_system_peer);
	tcase_add_test(sentences, test_explain_combined);
	tcase_add_test(sentences, test_explain_noselect);
	tcase_add_test(sentences, test_explain_offline);
	tcase_add_test(sentences, test_explain_stopped);
	tcase_add_test(sentences, test_explain_duplicate);
	tcase_add_test(sentences, test_explain_no_samples);
	tcase_add_test(sentences, test_explain_unsynchronised);
	tcase_add_test(sentences, test_explain_bad_stratum);
	tcase_add_test(sentences, test_explain_loop);
	tcase_add_test(sentences, test_explain_stale);
	tcase_add_test(sentences, test_explain_too_distant_names_root_delay);
	tcase_add_test(sentences, test_explain_too_jittery);
	tcase_add_test(sentences, test_explain_falseticker);
	tcase_add_test(sentences, test_explain_falseticker_of_an_even_split);
	tcase_add_test(sentences, test_explain_no_majority);
	tcase_add_test(sentences, test_explain_untrusted);
	tcase_add_test(sentences, test_explain_waiting_for_min_sources);
	tcase_add_test(sentences, test_explain_waiting_for_required);
	tcase_add_test(sentences, test_explain_not_preferred);
	tcase_add_test(sentences, test_explain_outlier);
	tcase_add_test(sentences, test_explain_worse);
	suite_add_tcase(suite, sentences);

	TCase *figures = tcase_create("figures");
	tcase_add_test(figures, test_explain_unit_grows_before_four_digits);
	tcase_add_test(figures, test_explain_small_buffer_is_cut_not_overrun);
	tcase_add_test(figures, test_explain_longest_sentences_fit);
	suite_add_tcase(suite, figures);

	TCase *words = tcase_create("words");
	tcase_add_test(words, test_verdict_names_are_words_and_unique);
	tcase_add_test(words, test_verdict_tallies_are_those_of_chrony);
	suite_add_tcase(suite, words);
})
