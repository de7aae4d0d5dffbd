/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/server/rate-limit.h"
#include "suite.h"

#define TICK_S ((double)(1 << TS_RATE_TICK_SHIFT) * 1e-9)

typedef struct {
	TsRateLimit limit;
	TsFastRandom random;
	uint16_t tokens;
	unsigned n[TS_RATE_DROP + 1]; /* verdicts */
} Bucket;

static void
init_bucket(Bucket *bucket, TsRateLimitSettings settings)
{
	settings.is_enabled = true;
	*bucket = (Bucket){.tokens = TS_RATE_FULL};
	ts_rate_limit_init(&bucket->limit, &settings);
	ts_fast_random_seed(&bucket->random);
}

static void
ask(Bucket *bucket, unsigned times, uint32_t elapsed_ticks)
{
	for (unsigned i = 0; i < times; i++)
		bucket->n[ts_rate_limit_decide(&bucket->limit, &bucket->tokens, elapsed_ticks,
					       &bucket->random)]++;
}

START_TEST(test_rate_limit_full_bucket_gives_a_burst)
{
	Bucket bucket;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = 64, .burst = 8});
	ask(&bucket, 20, 0);

	ck_assert_uint_eq(bucket.n[TS_RATE_REPLY], 8);
	ck_assert_uint_eq(bucket.n[TS_RATE_DROP], 12);
}
END_TEST

START_TEST(test_rate_limit_client_at_the_interval_is_always_served)
{
	Bucket bucket;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = 2, .burst = 1});
	ask(&bucket, 1000, (uint32_t)(2 / TICK_S) + 1);

	ck_assert_uint_eq(bucket.n[TS_RATE_REPLY], 1000);
}
END_TEST

/* A slow refill must not be lost to rounding, however often it is asked for. */
START_TEST(test_rate_limit_flood_gets_one_reply_an_interval)
{
	Bucket bucket;
	double interval_s = 50, asked_s = 0;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = interval_s, .burst = 16});
	ask(&bucket, 2000000, 1);
	asked_s = 2000000 * TICK_S;

	double expected = 16 + asked_s / interval_s;
	ck_assert_double_ge(bucket.n[TS_RATE_REPLY], expected * 0.8);
	ck_assert_double_le(bucket.n[TS_RATE_REPLY], expected * 1.2 + 1);
}
END_TEST

/* A spoofer who empties the bucket cannot silence the victim: one request in 2^leak is answered. */
START_TEST(test_rate_limit_leak_answers_one_in_four)
{
	Bucket bucket;
	unsigned n = 100000;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = 1000, .burst = 1, .leak = 2});
	ask(&bucket, n, 0);

	/* five standard deviations of a binomial distribution: 685 */
	ck_assert_uint_ge(bucket.n[TS_RATE_LEAK], n / 4 - 700);
	ck_assert_uint_le(bucket.n[TS_RATE_LEAK], n / 4 + 700);
	ck_assert_uint_eq(bucket.n[TS_RATE_KISS], 0);
}
END_TEST

START_TEST(test_rate_limit_kiss_one_in_eight_of_the_dropped)
{
	Bucket bucket;
	unsigned n = 100000;

	init_bucket(
		&bucket,
		(TsRateLimitSettings){
			.interval_s = 1000, .burst = 1, .leak = 1, .kod = 3, .kod_enabled = true});
	ask(&bucket, n, 0);

	unsigned dropped = bucket.n[TS_RATE_KISS] + bucket.n[TS_RATE_DROP];
	ck_assert_uint_ge(bucket.n[TS_RATE_KISS], dropped / 8 - 400);
	ck_assert_uint_le(bucket.n[TS_RATE_KISS], dropped / 8 + 400);
}
END_TEST

START_TEST(test_rate_limit_kod_0_kisses_all_of_the_dropped)
{
	Bucket bucket;

	init_bucket(&bucket,
		    (TsRateLimitSettings){.interval_s = 1000, .burst = 1, .kod_enabled = true});
	ask(&bucket, 1000, 0);

	ck_assert_uint_eq(bucket.n[TS_RATE_KISS], 999);
}
END_TEST

START_TEST(test_rate_limit_disabled_answers_all)
{
	Bucket bucket;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = 1000, .burst = 1});
	bucket.limit.is_enabled = false;
	ask(&bucket, 1000, 0);

	ck_assert_uint_eq(bucket.n[TS_RATE_REPLY], 1000);
}
END_TEST

START_TEST(test_rate_limit_long_silence_fills_no_more_than_the_bucket)
{
	Bucket bucket;

	init_bucket(&bucket, (TsRateLimitSettings){.interval_s = 1, .burst = 4});
	ask(&bucket, 10, 0);
	ask(&bucket, 1, UINT32_MAX);
	ask(&bucket, 10, 0);

	ck_assert_uint_eq(bucket.n[TS_RATE_REPLY], 8);
}
END_TEST

START_TEST(test_rate_limit_kiss_names_the_interval)
{
	TsRateLimit limit;

	ts_rate_limit_init(&limit, &(TsRateLimitSettings){.interval_s = 9, .burst = 1});
	ck_assert_int_eq(limit.poll_log2s, 4);
	ts_rate_limit_init(&limit, &(TsRateLimitSettings){.interval_s = 8, .burst = 1});
	ck_assert_int_eq(limit.poll_log2s, 3);
}
END_TEST

TS_TEST_MAIN("rate-limit", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_rate_limit_full_bucket_gives_a_burst);
	tcase_add_test(core, test_rate_limit_client_at_the_interval_is_always_served);
	tcase_add_test(core, test_rate_limit_flood_gets_one_reply_an_interval);
	tcase_add_test(core, test_rate_limit_leak_answers_one_in_four);
	tcase_add_test(core, test_rate_limit_kiss_one_in_eight_of_the_dropped);
	tcase_add_test(core, test_rate_limit_kod_0_kisses_all_of_the_dropped);
	tcase_add_test(core, test_rate_limit_disabled_answers_all);
	tcase_add_test(core, test_rate_limit_long_silence_fills_no_more_than_the_bucket);
	tcase_add_test(core, test_rate_limit_kiss_names_the_interval);
	suite_add_tcase(suite, core);
})
