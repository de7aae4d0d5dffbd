/* SPDX-License-Identifier: BSD-2-Clause */
/* test-combine.c - the pooled estimate against a known truth */
#include "select/combine.h"

#include <math.h>
#include <string.h>

#include "suite.h"
#include "truth.h"

#define MAX_SOURCES 16
#define HISTORY     64

/* One clock and several sources, each with its own estimator beside the combiner. */
typedef struct {
	TruthRandom random;
	TruthClock clock;
	double interval_s;
	unsigned n;
	unsigned next; /* whose turn it is */
	TruthPath paths[MAX_SOURCES];
	double lie_s[MAX_SOURCES], lie_rate[MAX_SOURCES];
	bool is_accepted[MAX_SOURCES];
	TsSample histories[MAX_SOURCES][HISTORY];
	unsigned n_histories[MAX_SOURCES];
	TsEstimator *estimators[MAX_SOURCES];
	TsCombiner *combiner;
} Net;

static void
net_init(Net *net, uint64_t seed, const TruthPath *path, unsigned n, double interval_s,
	 double wander)
{
	*net = (Net){.n = n, .interval_s = interval_s, .combiner = ts_combiner_new()};
	truth_seed(&net->random, seed);
	truth_clock_init(&net->clock, 1e-5, wander);
	for (unsigned i = 0; i < n; i++) {
		net->paths[i] = *path;
		net->is_accepted[i] = true;
		net->estimators[i] = ts_estimator_new(NULL);
	}
}

static void
net_clear(Net *net)
{
	for (unsigned i = 0; i < net->n; i++)
		ts_estimator_free(net->estimators[i]);
	ts_combiner_free(net->combiner);
}

/* Tells the combiner which sources are accepted. */
static void
net_accept(Net *net)
{
	uint64_t ids[MAX_SOURCES];
	const TsSample *histories[MAX_SOURCES];
	unsigned n_histories[MAX_SOURCES], n = 0;

	for (unsigned i = 0; i < net->n; i++) {
		if (!net->is_accepted[i] || net->n_histories[i] == 0)
			continue;
		ids[n] = i + 1;
		histories[n] = net->histories[i];
		n_histories[n++] = net->n_histories[i];
	}
	ts_combiner_set_sources(net->combiner, ids, n, histories, n_histories);
}

/* The next source's next sample. */
static void
net_step(Net *net)
{
	unsigned i = net->next;
	TsSample *history = net->histories[i];

	net->next = (net->next + 1) % net->n;
	truth_clock_advance(&net->clock, net->interval_s / net->n, &net->random);
	TsSample sample = truth_sample(&net->clock, &net->paths[i], &net->random);
	net->lie_s[i] += net->lie_rate[i] * net->interval_s;
	sample.offset_ns += (int64_t)(net->lie_s[i] * 1e9);
	if (net->n_histories[i] == HISTORY)
		memmove(history, history + 1, (HISTORY - 1) * sizeof *history);
	else
		net->n_histories[i]++;
	history[net->n_histories[i] - 1] = sample;
	ts_estimator_add(net->estimators[i], &sample, NULL);
	if (net->n_histories[i] == 1)
		net_accept(net);
	ts_combiner_add(net->combiner, i + 1, &sample);
}

static void
net_run(Net *net, unsigned rounds)
{
	for (unsigned i = 0; i < rounds * net->n; i++)
		net_step(net);
}

static TsEstimate
net_get(const Net *net)
{
	TsEstimate estimate;

	ck_assert(ts_combiner_get(net->combiner, net->clock.raw_ns, &estimate));
	return estimate;
}

static double
error_of(const Net *net, const TsEstimate *estimate)
{
	return ts_estimate_offset_from(estimate, net->clock.raw_ns, net->clock.base_ns) -
	       net->clock.offset_s;
}

static double
net_error(const Net *net)
{
	TsEstimate estimate = net_get(net);

	return error_of(net, &estimate);
}

/* Error of the mean of finished estimates, each weighted by its variance. */
static double
mean_error(const Net *net)
{
	double weights = 0, sum = 0;

	for (unsigned i = 0; i < net->n; i++) {
		TsEstimate estimate;

		ts_estimator_get(net->estimators[i], net->clock.raw_ns, &estimate);
		double weight = 1 / (estimate.offset_sd_s * estimate.offset_sd_s);
		weights += weight;
		sum += weight * error_of(net, &estimate);
	}
	return sum / weights;
}

static const TruthPath internet = {TRUTH_EXPONENTIAL, .base_s = 1e-2, .jitter_s = 1e-3,
				   .noise_s = 1e-7};
static const TruthPath lan = {TRUTH_EXPONENTIAL, .base_s = 1e-3, .jitter_s = 1e-4, .noise_s = 1e-7};

START_TEST(test_combiner_without_sources_gives_nothing)
{
	g_autoptr(TsCombiner) combiner = ts_combiner_new();
	TsSample sample = {.raw_ns = 1, .noise_s = 1e-6};
	TsEstimate estimate;

	ts_combiner_add(combiner, 7, &sample);
	ck_assert(!ts_combiner_get(combiner, 1, &estimate));
}
END_TEST

START_TEST(test_combiner_one_source_is_as_good_as_its_own_estimate)
{
	Net net;

	net_init(&net, 3, &internet, 1, 64, 1e-9);
	for (unsigned i = 0; i < 300; i++) {
		TsEstimate own;

		net_step(&net);
		ts_estimator_get(net.estimators[0], net.clock.raw_ns, &own);
		ck_assert_double_eq_tol(net_error(&net), error_of(&net, &own), 1e-9);
	}
	net_clear(&net);
}
END_TEST

typedef struct {
	double pooled, mean, claim;
	unsigned n;
} Rms;

static void
compare_to_mean(const TruthPath *path, double interval_s, uint64_t seeds, unsigned rounds, Rms *rms)
{
	for (uint64_t seed = 1; seed <= seeds; seed++) {
		Net net;

		net_init(&net, seed, path, 3, interval_s, 1e-9);
		net_run(&net, 100);
		for (unsigned i = 0; i < rounds * 3; i++, rms->n++) {
			net_step(&net);
			double pooled = net_error(&net), mean = mean_error(&net);
			double claim = net_get(&net).offset_sd_s;

			rms->pooled += pooled * pooled;
			rms->mean += mean * mean;
			rms->claim += pooled * pooled / (claim * claim);
		}
		net_clear(&net);
	}
	rms->pooled = sqrt(rms->pooled / rms->n);
	rms->mean = sqrt(rms->mean / rms->n);
	rms->claim = sqrt(rms->claim / rms->n);
}

START_TEST(test_combiner_three_good_sources_beat_the_mean_of_their_estimates)
{
	Rms rms = {0};

	compare_to_mean(&internet, 256, 16, 300, &rms);

	ck_assert_msg(rms.pooled < 0.98 * rms.mean, "pooled %.1f us, mean %.1f us",
		      rms.pooled * 1e6, rms.mean * 1e6);
	/* what the best filters that were told all reached there: 77 us */
	ck_assert_double_lt(rms.pooled, 80e-6);
	ck_assert_double_gt(rms.claim, 0.67);
	ck_assert_double_lt(rms.claim, 1.33);
}
END_TEST

START_TEST(test_combiner_source_that_leaves_and_joins_makes_no_jump)
{
	double worst = 0;

	for (uint64_t seed = 1; seed <= 30; seed++) {
		Net net;

		net_init(&net, seed, &internet, 4, 64, 1e-9);
		for (unsigned i = 0; i < 4; i++)
			net.paths[i].asymmetry_s = 5e-4 * truth_normal(&net.random);
		net_run(&net, 60);
		for (unsigned i = 0; i < 12; i++) {
			TsEstimate before = net_get(&net);

			net.is_accepted[i % 4] = i / 4 % 2;
			net_accept(&net);
			TsEstimate after = net_get(&net);
			double jump_s = ts_estimate_offset_from(&after, net.clock.raw_ns,
								before.offset_ns) -
					before.fraction_ns * 1e-9;
			worst = fmax(worst,
				     fabs(jump_s) / fmax(before.offset_sd_s, after.offset_sd_s));
			net_run(&net, 3);
		}
		net_clear(&net);
	}

	/* in units of what was claimed to be unknown before or after */
	ck_assert_double_lt(worst, 2);
}
END_TEST

START_TEST(test_combiner_known_biases_keep_the_answer_when_the_best_source_goes)
{
	Net net;

	/* sources that disagree for good: the answer stays in their middle */
	net_init(&net, 17, &lan, 3, 64, 1e-9);
	net.paths[0].asymmetry_s = 4e-4;
	net.paths[1].asymmetry_s = -4e-4;
	net_run(&net, 200);
	double before_s = net_error(&net);
	net.is_accepted[0] = false;
	net_accept(&net);
	net_run(&net, 20);

	ck_assert_double_lt(fabs(before_s), 1.5e-4);
	ck_assert_double_lt(fabs(net_error(&net) - before_s), 1e-4);
	net_clear(&net);
}
END_TEST

START_TEST(test_combiner_frequency_step_of_the_clock_is_followed)
{
	Net net;

	net_init(&net, 23, &lan, 3, 64, 1e-10);
	net_run(&net, 100);
	net.clock.frequency += 2e-5;
	net_run(&net, 10);

	ck_assert_double_lt(fabs(net_error(&net)), 2e-4);
	ck_assert_double_lt(fabs(net_get(&net).frequency - net.clock.frequency), 1e-6);
	net_clear(&net);
}
END_TEST

/* What a source that turns bad does to the answer while selection hasn't dropped it, and after. */
static void
check_bad_source(double step_s, double rate, double limit_s)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		double worst = 0;
		Net net;

		net_init(&net, seed, &lan, 4, 64, 1e-9);
		net_run(&net, 100);
		net.lie_s[2] = step_s;
		net.lie_rate[2] = rate;
		for (unsigned i = 0; i < 4 * 20; i++) {
			net_step(&net);
			worst = fmax(worst, fabs(net_error(&net)));
		}
		net.is_accepted[2] = false;
		net_accept(&net);
		net_run(&net, 10);

		ck_assert_msg(worst < limit_s, "seed %u: off by %g us meanwhile", (unsigned)seed,
			      worst * 1e6);
		ck_assert_msg(fabs(net_error(&net)) < 1e-4, "seed %u: off by %g us after it left",
			      (unsigned)seed, net_error(&net) * 1e6);
		net_clear(&net);
	}
}

START_TEST(test_combiner_source_that_steps_by_50_ms_does_little_harm)
{
	check_bad_source(0.05, 0, 2e-4);
}
END_TEST

START_TEST(test_combiner_source_that_steps_by_an_hour_does_little_harm)
{
	check_bad_source(3600, 0, 2e-4);
}
END_TEST

START_TEST(test_combiner_source_that_drifts_by_5_ppm_does_little_harm)
{
	check_bad_source(0, 5e-6, 3e-4);
}
END_TEST

START_TEST(test_combiner_prior_gives_the_frequency_of_the_first_sample)
{
	Net net;

	net_init(&net, 31, &lan, 2, 64, 1e-9);
	ts_combiner_set_prior(net.combiner, 1e-5, 1e-8, 1e-18);
	net_run(&net, 1);

	ck_assert_double_eq_tol(net_get(&net).frequency, 1e-5, 3e-8);
	ck_assert_double_lt(net_get(&net).frequency_sd, 1e-6);
	net_clear(&net);
}
END_TEST

START_TEST(test_combiner_reset_forgets_all)
{
	Net net;
	TsEstimate estimate;

	net_init(&net, 32, &lan, 3, 64, 1e-9);
	net_run(&net, 50);
	ts_combiner_reset(net.combiner);
	ck_assert(!ts_combiner_get(net.combiner, net.clock.raw_ns, &estimate));

	net_accept(&net);
	ck_assert_double_lt(fabs(net_error(&net)), 2e-4);
	net_clear(&net);
}
END_TEST

START_TEST(test_combiner_sixteen_sources_and_no_more)
{
	uint64_t ids[20];
	const TsSample *histories[20];
	unsigned n_histories[20];
	TsSample sample = {.raw_ns = 1000, .offset_ns = 5, .delay_ns = 100000, .noise_s = 1e-6};
	g_autoptr(TsCombiner) combiner = ts_combiner_new();
	TsEstimate estimate;

	for (unsigned i = 0; i < 20; i++) {
		ids[i] = i + 1;
		histories[i] = &sample;
		n_histories[i] = 1;
	}
	ts_combiner_set_sources(combiner, ids, 20, histories, n_histories);

	ck_assert(ts_combiner_get(combiner, 1000, &estimate));
	ck_assert_int_eq(estimate.offset_ns, 5);
	ck_assert_uint_eq(estimate.n_samples, 16);
}
END_TEST

START_TEST(test_combiner_many_sources_stay_right_for_long)
{
	Net net;

	net_init(&net, 41, &internet, 16, 64, 1e-9);
	net_run(&net, 500);

	ck_assert_double_lt(fabs(net_error(&net)), 4 * net_get(&net).offset_sd_s);
	ck_assert_double_lt(net_get(&net).offset_sd_s, 1e-4);
	net_clear(&net);
}
END_TEST

TS_TEST_MAIN("combine", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 60);
	tcase_add_test(core, test_combiner_without_sources_gives_nothing);
	tcase_add_test(core, test_combiner_one_source_is_as_good_as_its_own_estimate);
	tcase_add_test(core, test_combiner_three_good_sources_beat_the_mean_of_their_estimates);
	tcase_add_test(core, test_combiner_source_that_leaves_and_joins_makes_no_jump);
	tcase_add_test(core, test_combiner_known_biases_keep_the_answer_when_the_best_source_goes);
	tcase_add_test(core, test_combiner_frequency_step_of_the_clock_is_followed);
	tcase_add_test(core, test_combiner_prior_gives_the_frequency_of_the_first_sample);
	tcase_add_test(core, test_combiner_reset_forgets_all);
	tcase_add_test(core, test_combiner_sixteen_sources_and_no_more);
	tcase_add_test(core, test_combiner_many_sources_stay_right_for_long);
	suite_add_tcase(suite, core);

	TCase *bad = tcase_create("bad-source");
	tcase_set_timeout(bad, 60);
	tcase_add_test(bad, test_combiner_source_that_steps_by_50_ms_does_little_harm);
	tcase_add_test(bad, test_combiner_source_that_steps_by_an_hour_does_little_harm);
	tcase_add_test(bad, test_combiner_source_that_drifts_by_5_ppm_does_little_harm);
	suite_add_tcase(suite, bad);
})
