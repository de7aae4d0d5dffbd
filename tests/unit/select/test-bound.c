/* SPDX-License-Identifier: BSD-2-Clause */
/* test-bound.c - is the truth always inside what is called certain? */
#include "select/bound.h"

#include <math.h>

#include "suite.h"
#include "truth.h"

#define BASE_NS INT64_C(1795000000000000000)
#define S_NS    INT64_C(1000000000)

static TsSample
make_sample(int64_t raw_ns, int64_t offset_ns, int64_t delay_ns, double max_error_s)
{
	return (TsSample){
		.raw_ns = raw_ns,
		.offset_ns = BASE_NS + offset_ns,
		.delay_ns = delay_ns,
		.noise_s = 1e-6,
		.max_error_s = max_error_s,
		.root_delay_s = 0.002,
		.root_dispersion_s = 0.001,
		.stratum = 1,
	};
}

START_TEST(test_bound_without_claims_knows_nothing)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-4, 1e-8);
	TsSample sample = make_sample(S_NS, 0, 1000, INFINITY);
	TsBound bound;

	ck_assert(!ts_bound_tracker_get(tracker, S_NS, &bound));
	ck_assert(ts_bound_tracker_add(tracker, &sample));
	ck_assert(!ts_bound_tracker_get(tracker, S_NS, &bound));
}
END_TEST

START_TEST(test_bound_one_sample_gives_half_the_delay_and_the_claim_rounded_outwards)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-4, 1e-8);
	TsSample sample = make_sample(S_NS, 0, 10001, 1e-3);
	TsBound bound;

	ts_bound_tracker_add(tracker, &sample);

	ck_assert(ts_bound_tracker_get(tracker, S_NS, &bound));
	ck_assert_int_ge(bound.latest_ns - BASE_NS, 1005001);
	ck_assert_int_le(bound.latest_ns - BASE_NS, 1005002);
	ck_assert_int_eq(bound.earliest_ns - BASE_NS, BASE_NS - bound.latest_ns);
	ck_assert_double_eq(bound.rate_max, 1e-4);
	ck_assert_double_eq(bound.rate_min, -1e-4);
	ck_assert_double_eq_tol(bound.root_delay_s, 0.002010001, 1e-12);
	ck_assert_double_ge(bound.root_delay_s / 2 + bound.root_dispersion_s, 1005001e-9);
	ck_assert_double_lt(bound.root_delay_s / 2 + bound.root_dispersion_s, 1005004e-9);
}
END_TEST

START_TEST(test_bound_grows_at_the_declared_limit_while_no_rate_is_known)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-4, 1e-8);
	TsSample sample = make_sample(S_NS, 0, 10000, 1e-3);
	TsBound bound;

	ts_bound_tracker_add(tracker, &sample);
	ck_assert(ts_bound_tracker_get(tracker, 101 * S_NS, &bound));

	/* 100 s at 100 ppm */
	ck_assert_int_ge(bound.latest_ns - BASE_NS, 11005000);
	ck_assert_int_le(bound.latest_ns - BASE_NS, 11005002);
	ck_assert_double_ge(bound.root_delay_s / 2 + bound.root_dispersion_s, 11005000e-9);
}
END_TEST

START_TEST(test_bound_rate_comes_from_pairs_of_samples)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-4, 0);
	TsSample first = make_sample(S_NS, 0, 100000, 0);
	TsSample second = make_sample(1001 * S_NS, 20000000, 100000, 0);
	TsBound bound;

	ts_bound_tracker_add(tracker, &first);
	ck_assert(ts_bound_tracker_add(tracker, &second));
	ck_assert(ts_bound_tracker_get(tracker, 1001 * S_NS, &bound));

	/* 20 ms +- 2 * 50 us in 1000 s */
	ck_assert_double_eq_tol(bound.rate_max, 20.1e-6, 1e-10);
	ck_assert_double_eq_tol(bound.rate_min, 19.9e-6, 1e-10);
}
END_TEST

START_TEST(test_bound_narrow_sample_of_before_keeps_cutting)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-6, 0);
	TsSample narrow = make_sample(S_NS, 0, 1000, 0);
	TsSample wide = make_sample(11 * S_NS, 40000, 1000000, 0);
	TsBound bound;

	ts_bound_tracker_add(tracker, &narrow);
	ck_assert(ts_bound_tracker_add(tracker, &wide));
	ck_assert(ts_bound_tracker_get(tracker, 11 * S_NS, &bound));

	/* 500 ns and 10 s at 1 ppm */
	ck_assert_int_ge(bound.latest_ns - BASE_NS, 10500);
	ck_assert_int_le(bound.latest_ns - BASE_NS, 10503);
	/* of the narrow one */
	ck_assert_double_eq_tol(bound.root_delay_s, 0.002001, 1e-9);
}
END_TEST

START_TEST(test_bound_contradiction_starts_anew_and_says_so)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-5, 1e-9);
	TsSample first = make_sample(S_NS, 0, 100000, 1e-4);
	TsSample liar = make_sample(65 * S_NS, 50000000, 100000, 1e-4);
	TsBound bound;

	ts_bound_tracker_add(tracker, &first);
	ck_assert(!ts_bound_tracker_add(tracker, &liar));

	ck_assert(ts_bound_tracker_get(tracker, 65 * S_NS, &bound));
	ck_assert_int_eq((bound.latest_ns + bound.earliest_ns) / 2 - BASE_NS, 50000000);
	ck_assert_double_eq(bound.rate_max, 1e-5);
}
END_TEST

START_TEST(test_bound_impossible_rate_is_a_contradiction)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-5, 0);
	TsSample samples[] = {
		make_sample(S_NS, 0, 1000, 0), make_sample(101 * S_NS, 500000, 1000, 0), /* 5 ppm */
		make_sample(201 * S_NS, 1300000, 1000, 0), /* 8 ppm: the rate can't have changed */
	};

	ck_assert(ts_bound_tracker_add(tracker, &samples[0]));
	ck_assert(ts_bound_tracker_add(tracker, &samples[1]));
	ck_assert(!ts_bound_tracker_add(tracker, &samples[2]));
}
END_TEST

START_TEST(test_bound_older_sample_changes_nothing)
{
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(1e-5, 0);
	TsSample first = make_sample(2 * S_NS, 0, 100000, 0);
	TsSample older = make_sample(S_NS, 90000000, 10, 0);
	TsBound before, after;

	ts_bound_tracker_add(tracker, &first);
	ts_bound_tracker_get(tracker, 2 * S_NS, &before);
	ck_assert(ts_bound_tracker_add(tracker, &older));
	ts_bound_tracker_get(tracker, 2 * S_NS, &after);

	ck_assert_int_eq(before.earliest_ns, after.earliest_ns);
	ck_assert_int_eq(before.latest_ns, after.latest_ns);
}
END_TEST

START_TEST(test_bound_project_there_and_back_only_widens)
{
	TsBound bound = {.raw_ns = 5 * S_NS,
			 .earliest_ns = BASE_NS - 10,
			 .latest_ns = BASE_NS + 10,
			 .rate_min = 1e-6,
			 .rate_max = 3e-6,
			 .rate_change = 1e-9,
			 .max_rate = 1e-5};
	TsBound moved = bound;

	ts_bound_project(&moved, 105 * S_NS);
	ck_assert_int_le(moved.earliest_ns, BASE_NS - 10 + 100000 - 5000);
	ck_assert_int_ge(moved.latest_ns, BASE_NS + 10 + 300000 + 5000);
	ts_bound_project(&moved, 5 * S_NS);

	ck_assert_int_le(moved.earliest_ns, bound.earliest_ns);
	ck_assert_int_ge(moved.latest_ns, bound.latest_ns);
}
END_TEST

/* --- random worlds --- */

/* An oscillator that keeps its declared limits and nothing else. */
typedef struct {
	TruthRandom random;
	int64_t raw_ns;
	double offset_s, rate;
	double max_rate, max_change;
	double change; /* now */
} World;

static void
world_advance(World *world, double dt_s)
{
	double low = (-world->max_rate - world->rate) / dt_s;
	double high = (world->max_rate - world->rate) / dt_s;
	double change = fmin(fmax(world->change, low), high);

	/* just inside, for the rounding of this sum */
	change *= 1 - 1e-9;
	world->raw_ns += (int64_t)rint(dt_s * 1e9);
	world->offset_s += (world->rate + change * dt_s / 2) * dt_s;
	world->rate += change * dt_s;
}

/* A path that puts queueing, and sometimes all of the round trip, on one way, and a source that is
 * off by as much as it claims. */
static TsSample
world_sample(World *world, double base_s, double jitter_s, double claim_s)
{
	TruthRandom *random = &world->random;
	double queue_s = jitter_s * truth_exponential(random);
	int64_t delay_ns = (int64_t)ceil((base_s + queue_s) * 1e9);
	double kind = truth_uniform(random);
	double share = kind < 0.3 ? 1 : kind < 0.6 ? -1 : 2 * truth_uniform(random) - 1;
	double lie = kind < 0.5 ? 1 : -1;
	double error_s = share * (double)delay_ns * 0.5e-9 + lie * claim_s;

	return make_sample(world->raw_ns, (int64_t)rint((world->offset_s + error_s) * 1e9),
			   delay_ns, claim_s + 1e-9);
}

static bool
is_inside(const TsBound *bound, double offset_s)
{
	double earliest_s = (double)(bound->earliest_ns - BASE_NS) * 1e-9;
	double latest_s = (double)(bound->latest_ns - BASE_NS) * 1e-9;

	/* the truth itself is a rounded sum */
	return offset_s > earliest_s - 1e-10 && offset_s < latest_s + 1e-10;
}

static bool
contains(const TsBound *outer, const TsBound *inner)
{
	return outer->earliest_ns <= inner->earliest_ns && outer->latest_ns >= inner->latest_ns;
}

static void
world_init(World *world, uint64_t seed)
{
	*world = (World){.raw_ns = S_NS};
	truth_seed(&world->random, seed);
	world->max_rate = truth_log_uniform(&world->random, 1e-7, 5e-4);
	world->max_change = seed % 5 == 0 ? 0 : truth_log_uniform(&world->random, 1e-12, 1e-6);
	world->rate = world->max_rate * (2 * truth_uniform(&world->random) - 1);
}

/* Ramps of temperature: full one way, full the other way, or anything. */
static void
world_weather(World *world)
{
	double kind = truth_uniform(&world->random);

	if (kind < 0.1)
		world->change = world->max_change;
	else if (kind < 0.2)
		world->change = -world->max_change;
	else if (kind < 0.3)
		world->change = world->max_change * (2 * truth_uniform(&world->random) - 1);
}

static void
check_world(uint64_t seed)
{
	World world;
	TsBound bound, earlier;
	bool has_earlier = false;

	world_init(&world, seed);
	TruthRandom *random = &world.random;
	double base_s = truth_log_uniform(random, 1e-5, 0.2);
	double jitter_s = base_s * truth_log_uniform(random, 0.01, 10);
	double claim_s = truth_log_uniform(random, 1e-7, 1e-2);
	double interval_s = truth_log_uniform(random, 0.0625, 4096);
	g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(world.max_rate, world.max_change);

	for (unsigned i = 0; i < 300; i++) {
		if (truth_uniform(random) < 0.02)
			base_s *= truth_log_uniform(random, 0.3, 3); /* another route */
		world_weather(&world);
		world_advance(&world, interval_s * (0.1 + truth_uniform(random)));
		TsSample sample = world_sample(&world, base_s, jitter_s, claim_s);
		ck_assert_msg(ts_bound_tracker_add(tracker, &sample),
			      "seed %u, sample %u: contradiction", (unsigned)seed, i);

		world_advance(&world, interval_s * truth_uniform(random) + 1e-3);
		ck_assert(ts_bound_tracker_get(tracker, world.raw_ns, &bound));
		ck_assert_msg(is_inside(&bound, world.offset_s), "seed %u, sample %u: outside",
			      (unsigned)seed, i);
		ck_assert_msg(world.rate <= bound.rate_max + 1e-15 &&
				      world.rate >= bound.rate_min - 1e-15,
			      "seed %u, sample %u: rate %g outside %g..%g", (unsigned)seed, i,
			      world.rate, bound.rate_min, bound.rate_max);
		if (has_earlier) {
			TsBound projected = earlier;

			ts_bound_project(&projected, world.raw_ns);
			ck_assert_msg(is_inside(&projected, world.offset_s) &&
					      contains(&projected, &bound),
				      "seed %u, sample %u: not nested", (unsigned)seed, i);
		}
		/* a bound of long ago must hold as well */
		if (!has_earlier || truth_uniform(random) < 0.1)
			earlier = bound;
		has_earlier = true;
	}
}

START_TEST(test_bound_random_worlds_truth_never_outside_and_bounds_nest)
{
	for (uint64_t seed = 1; seed <= 1000; seed++)
		check_world(seed);
}
END_TEST

static int
compare_doubles(const void *a, const void *b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return first < second ? -1 : first > second;
}

START_TEST(test_bound_width_is_near_the_floor)
{
	static const struct {
		double base_s, jitter_s, interval_s, wander, limit;
	} cases[] = {
		{2e-4, 5e-5, 16, 1e-9, 1.25},
		{2e-2, 2e-3, 64, 1e-9, 1.25},
		/* wifi: hardly a sample in an hour without queueing, and the rate may change */
		{2e-2, 1e-2, 256, 1e-9, 1.6},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(TsBoundTracker) tracker = ts_bound_tracker_new(5e-5, 1e-9);
		double widths[1000], claim_s = 1e-4;
		TruthPath path = {TRUTH_EXPONENTIAL, .base_s = cases[i].base_s / 2,
				  .jitter_s = cases[i].jitter_s, .noise_s = 1e-6,
				  .claim_s = claim_s};
		TruthRandom random;
		TruthClock clock;

		truth_seed(&random, 7 + i);
		truth_clock_init(&clock, 1e-5, cases[i].wander);
		for (unsigned k = 0; k < 1200; k++) {
			TsBound bound;

			truth_clock_advance(&clock, cases[i].interval_s / 2, &random);
			TsSample sample = truth_sample(&clock, &path, &random);
			ck_assert(ts_bound_tracker_add(tracker, &sample));
			truth_clock_advance(&clock, cases[i].interval_s / 2, &random);
			ts_bound_tracker_get(tracker, clock.raw_ns, &bound);
			if (k >= 200)
				widths[k - 200] =
					(double)(bound.latest_ns - bound.earliest_ns) * 0.5e-9;
		}
		qsort(widths, 1000, sizeof *widths, compare_doubles);
		double floor_s = cases[i].base_s / 2 + claim_s;
		ck_assert_msg(widths[500] < cases[i].limit * floor_s, "case %u: %.2f floors", i,
			      widths[500] / floor_s);
	}
}
END_TEST

TS_TEST_MAIN("bound", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 60);
	tcase_add_test(core, test_bound_without_claims_knows_nothing);
	tcase_add_test(core,
		       test_bound_one_sample_gives_half_the_delay_and_the_claim_rounded_outwards);
	tcase_add_test(core, test_bound_grows_at_the_declared_limit_while_no_rate_is_known);
	tcase_add_test(core, test_bound_rate_comes_from_pairs_of_samples);
	tcase_add_test(core, test_bound_narrow_sample_of_before_keeps_cutting);
	tcase_add_test(core, test_bound_contradiction_starts_anew_and_says_so);
	tcase_add_test(core, test_bound_impossible_rate_is_a_contradiction);
	tcase_add_test(core, test_bound_older_sample_changes_nothing);
	tcase_add_test(core, test_bound_project_there_and_back_only_widens);
	suite_add_tcase(suite, core);

	TCase *worlds = tcase_create("worlds");
	tcase_set_timeout(worlds, 60);
	tcase_add_test(worlds, test_bound_random_worlds_truth_never_outside_and_bounds_nest);
	tcase_add_test(worlds, test_bound_width_is_near_the_floor);
	suite_add_tcase(suite, worlds);
})
