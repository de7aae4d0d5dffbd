/* SPDX-License-Identifier: BSD-2-Clause */
/* test-engine.c - what the clock does, on virtual time: locking, liars, outages, jumps, limits */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "suite.h"
#include "world.h"

#define START_UTC_NS (INT64_C(1795000000) * TS_NS_PER_S)
#define YEAR_NS      (INT64_C(31557600) * TS_NS_PER_S)
#define HOUR_S       3600.0

static World *
new_world(double initial_error_s, double frequency)
{
	TsOscillator oscillator = {
		.start_utc_ns = START_UTC_NS,
		.frequency = frequency,
		.wander = 1e-9,
		.seed = 1,
		.initial_error_ns = ts_s_to_ns(initial_error_s),
	};

	return world_new(&oscillator, 42);
}

static World *
new_world_with(unsigned n_tellers, Teller **tellers)
{
	World *world = new_world(0.3, 50e-6);

	for (unsigned i = 0; i < n_tellers; i++) {
		g_autofree char *label = g_strdup_printf("t%u", i);
		tellers[i] = world_add_teller(world, label, 16);
	}
	return world;
}

/* Whether true time lies within what the engine claims, and within what a client would compute. */
static void
check_claim_holds(const World *world)
{
	TsClockView view = world_clock(world);
	double error_s = fabs(world_error_s(world));

	ck_assert_double_le(error_s, view.max_error_s);
	if (view.system.stratum < TS_STRATUM_UNSYNCHRONISED)
		ck_assert_double_le(error_s, view.system.root_delay_s / 2 +
						     view.system.root_dispersion_s);
}

START_TEST(test_engine_wrong_clock_is_locked_and_within_100_us)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);

	world_run(world, 120);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	ck_assert_int_eq(world_clock(world).system.stratum, 2);
	ck_assert_uint_eq(world->n_steps, 0);
	check_claim_holds(world);
	world_free(world);
}
END_TEST

START_TEST(test_engine_claim_holds_at_every_second)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);

	for (int second = 0; second < 4000; second++) {
		world_run(world, 1);
		if (world_clock(world).kind == TS_CLOCK_LOCKED)
			check_claim_holds(world);
	}
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 60e-6);
	world_free(world);
}
END_TEST

START_TEST(test_engine_falseticker_of_four_is_named)
{
	Teller *tellers[4];
	World *world = new_world_with(4, tellers);
	tellers[2]->lie_s = 0.05;

	world_run(world, 300);

	g_autofree char *why = ts_source_explain(tellers[2]->source);
	ck_assert_int_eq(teller_verdict(tellers[2]), TS_VERDICT_FALSETICKER);
	ck_assert_msg(strstr(why, "falseticker") != NULL, "%s", why);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	ck_assert_uint_ge(tellers[2]->n_replaced, 1);
	world_free(world);
}
END_TEST

START_TEST(test_engine_first_answer_of_a_liar_does_not_set_the_clock)
{
	Teller *tellers[4];
	World *world = new_world_with(4, tellers);
	/* the liar answers first, and often */
	tellers[0]->lie_s = 100;
	tellers[0]->poll_s = 0.5;

	world_run(world, 200);

	ck_assert_double_le(fabs(world_error_s(world)), 200e-6);
	ck_assert_uint_eq(world->n_steps, 0);
	world_free(world);
}
END_TEST

/* Field case B01 */
START_TEST(test_engine_seventeen_years_are_one_step)
{
	World *world = new_world(-17.0 * 31557600, 20e-6);
	for (int i = 0; i < 3; i++)
		world_add_teller(world, i == 0 ? "a" : i == 1 ? "b" : "c", 16);

	world_run(world, 20);
	ck_assert_uint_eq(world->n_steps, 1);
	world_run(world, 2000);

	ck_assert_uint_eq(world->n_steps, 1);
	ck_assert_uint_eq(world->n_panics, 0);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	world_free(world);
}
END_TEST

/* Field case B36: in mid-run; at the start the first correction is free */
START_TEST(test_engine_beyond_panic_limit_nothing_is_set)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, 600);
	double before_s = world_error_s(world);
	/* a second machine room with another idea of time takes over: two hours off */
	for (int i = 0; i < 3; i++)
		tellers[i]->lie_s = 7200;

	world_run(world, 200);

	ck_assert_uint_ge(world->n_panics, 1);
	ck_assert_double_le(fabs(world_error_s(world) - before_s), 0.01);
	world_free(world);
}
END_TEST

/* Field case B35 */
START_TEST(test_engine_dead_sources_mean_holdover_then_unsynchronised)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, 4 * HOUR_S);
	for (int i = 0; i < 3; i++)
		tellers[i]->is_dead = true;

	world_run(world, 8 * 16 + 8);
	TsClockView early = world_clock(world);
	ck_assert_int_eq(early.kind, TS_CLOCK_HOLDOVER);
	ck_assert_int_eq(early.system.stratum, 2);
	ck_assert_ptr_nonnull(early.cause);
	world_run(world, 2 * HOUR_S);
	TsClockView later = world_clock(world);
	ck_assert_int_eq(later.kind, TS_CLOCK_HOLDOVER);
	ck_assert_double_gt(later.max_error_s, early.max_error_s);
	check_claim_holds(world);
	world_run(world, 30 * 24 * HOUR_S);

	TsClockView last = world_clock(world);
	ck_assert_int_eq(last.kind, TS_CLOCK_UNSYNCHRONISED);
	ck_assert_int_eq(last.system.stratum, TS_STRATUM_UNSYNCHRONISED);
	ck_assert_int_eq(last.system.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert(!last.system.may_serve);
	world_free(world);
}
END_TEST

START_TEST(test_engine_comes_back_from_holdover_without_a_step)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, 4 * HOUR_S);
	for (int i = 0; i < 3; i++)
		tellers[i]->is_dead = true;
	world_run(world, HOUR_S);
	for (int i = 0; i < 3; i++)
		tellers[i]->is_dead = false;

	world_run(world, 120);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	ck_assert_uint_eq(world->n_steps, 0);
	world_free(world);
}
END_TEST

START_TEST(test_engine_foreign_step_is_noticed_and_undone)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, 1000);
	ts_clock_virtual_disturb(world->clock, 20 * TS_NS_PER_S);

	world_run(world, 5);

	ck_assert_uint_eq(world->n_disruptions, 1);
	ck_assert_uint_eq(world_clock(world).n_foreign_steps, 1);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	/* the samples stayed good: nobody had to be asked again */
	ck_assert_uint_eq(tellers[0]->n_bursts, 0);
	world_free(world);
}
END_TEST

/* Field case B06: a virtual machine that stood still for 12 s, an hour after its start */
START_TEST(test_engine_frozen_machine_is_noticed_by_its_sources)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, HOUR_S);
	ts_clock_virtual_suspend(world->clock, 12 * TS_NS_PER_S, false);

	for (int second = 0; second < 60; second++) {
		world_run(world, 1);
		TsClockView view = world_clock(world);
		/* nothing can be known before the first sample since */
		if (view.kind == TS_CLOCK_LOCKED && second >= 17)
			check_claim_holds(world);
	}

	ck_assert_uint_eq(world->n_disruptions, 1);
	ck_assert_uint_eq(world->n_steps, 1);
	ck_assert_double_le(fabs(world_error_s(world)), 500e-6);
	world_free(world);
}
END_TEST

/* With long polls the first that contradict fall out of use before the others have their say. */
START_TEST(test_engine_frozen_machine_is_noticed_though_sources_fall_out_of_use)
{
	World *world = new_world(0.3, 50e-6);
	for (int i = 0; i < 4; i++) {
		Teller *teller = world_add_teller(world, (const char *[]){"a", "b", "c", "d"}[i], 512 + i);
		teller->path_s = 2e-3 * (i + 1);
	}
	world_run(world, 3 * HOUR_S);
	ts_clock_virtual_suspend(world->clock, 12 * TS_NS_PER_S, false);

	world_run(world, 600);

	ck_assert_uint_eq(world->n_disruptions, 1);
	ck_assert_uint_eq(world->n_steps, 1);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 2e-3);
	check_claim_holds(world);
	world_free(world);
}
END_TEST

START_TEST(test_engine_oscillator_outside_its_limit_is_found_out)
{
	/* 900 ppm, where max-drift is 500 */
	World *world = new_world(0.3, 900e-6);
	for (int i = 0; i < 3; i++)
		world_add_teller(world, (const char *[]){"a", "b", "c"}[i], 16);

	world_run(world, HOUR_S);

	/* at first it looks like jumps */
	ck_assert_uint_le(world->n_disruptions, 2);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 200e-6);
	check_claim_holds(world);
	world_free(world);
}
END_TEST

START_TEST(test_engine_suspend_starts_a_new_epoch)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, HOUR_S);
	uint32_t epoch = world_clock(world).epoch;
	ts_clock_virtual_suspend(world->clock, 7200 * TS_NS_PER_S, true);

	world_run(world, 60);

	ck_assert_uint_eq(world_clock(world).epoch, epoch + 1);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 500e-6);
	world_free(world);
}
END_TEST

START_TEST(test_engine_one_source_that_jumps_is_not_ours)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, HOUR_S);
	tellers[1]->lie_s = 12;

	world_run(world, 200);

	ck_assert_uint_eq(world->n_disruptions, 0);
	ck_assert_uint_eq(world->n_steps, 0);
	ck_assert_int_eq(teller_verdict(tellers[1]), TS_VERDICT_FALSETICKER);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	world_free(world);
}
END_TEST

START_TEST(test_engine_liar_among_dead_sources_does_not_hold_the_clock_up)
{
	Teller *tellers[5];
	World *world = new_world_with(5, tellers);
	world_run(world, HOUR_S);
	tellers[3]->is_dead = tellers[4]->is_dead = true;

	/* a new lie with each answer: no two of them agree */
	for (int answer = 0; answer < 60; answer++) {
		tellers[0]->lie_s = answer % 2 ? 5 + answer : -5 - answer;
		world_run(world, 16);
	}

	ck_assert_uint_eq(world->n_disruptions, 0);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(world_clock(world).max_error_s, 0.1);
	ck_assert_double_le(world_clock(world).last_update_age_s, 60);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	world_free(world);
}
END_TEST

START_TEST(test_engine_frequency_jump_is_followed)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	world_run(world, HOUR_S);
	ts_clock_virtual_change_frequency(world->clock, 5e-6);

	world_run(world, 600);

	ck_assert_double_le(fabs(world_error_s(world)), 150e-6);
	check_claim_holds(world);
	world_free(world);
}
END_TEST

START_TEST(test_engine_local_serves_its_own_time_and_says_so)
{
	World *world = new_world(0, 0);
	world->settings->server.local_enabled = true;
	world->settings->server.local_stratum = 10;
	ts_engine_set_settings(world->engine, world->settings);

	world_run(world, 30);

	TsClockView view = world_clock(world);
	ck_assert_int_eq(view.kind, TS_CLOCK_FREERUN);
	ck_assert_int_eq(view.system.stratum, 10);
	ck_assert_uint_eq(view.system.refid, 0x7f7f0101);
	ck_assert(view.system.may_serve);
	world_free(world);
}
END_TEST

START_TEST(test_engine_unsynchronised_source_is_dropped_at_once)
{
	Teller *tellers[1];
	World *world = new_world_with(1, tellers);
	world_run(world, 600);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);

	ts_source_set_remote_state(tellers[0]->source, TS_LEAP_UNSYNCHRONISED, 0, 0, 0, 0);

	ck_assert_int_eq(teller_verdict(tellers[0]), TS_VERDICT_UNSYNCHRONISED);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_HOLDOVER);
	world_free(world);
}
END_TEST

static void
make_orphan(World *world)
{
	world->settings->server.local_enabled = true;
	world->settings->server.local_orphan = true;
	world->settings->server.local_stratum = 10;
	ts_engine_set_settings(world->engine, world->settings);
}

/* Our address is 192.0.2.2; the tellers' are 192.0.2.1, .2, .3 in their order. */
START_TEST(test_engine_orphan_follows_the_lower_reference_id_only)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	make_orphan(world);
	for (int i = 0; i < 3; i++)
		tellers[i]->stratum = 10 + i % 2;

	world_run(world, 300);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_int_eq(world_clock(world).system.stratum, 11);
	ck_assert_int_eq(teller_verdict(tellers[0]), TS_VERDICT_SYSTEM_PEER);
	ck_assert_int_eq(teller_verdict(tellers[2]), TS_VERDICT_BAD_STRATUM);
	world_free(world);
}
END_TEST

START_TEST(test_engine_orphan_with_the_lowest_reference_id_leads)
{
	Teller *tellers[3];
	World *world = new_world_with(3, tellers);
	make_orphan(world);
	tellers[0]->is_dead = true;
	tellers[1]->is_dead = true;
	tellers[2]->stratum = 10;

	world_run(world, 300);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_FREERUN);
	ck_assert_int_eq(world_clock(world).system.stratum, 10);
	world_free(world);
}
END_TEST

START_TEST(test_engine_orphans_have_no_vote_beside_a_real_source)
{
	Teller *tellers[4];
	World *world = new_world_with(4, tellers);
	make_orphan(world);
	for (int i = 0; i < 3; i++) {
		tellers[i]->stratum = 10;
		tellers[i]->lie_s = 0.2;
	}

	world_run(world, 300);

	ck_assert_int_eq(teller_verdict(tellers[3]), TS_VERDICT_SYSTEM_PEER);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	g_autofree char *why = ts_source_explain(tellers[0]->source);
	ck_assert_msg(strstr(why, "orphan") != NULL, "%s", why);
	world_free(world);
}
END_TEST

START_TEST(test_engine_local_is_not_active_before_the_clock_was_near)
{
	Teller *tellers[1];
	World *world = new_world_with(1, tellers);
	world->settings->server.local_enabled = true;
	world->settings->server.local_activate_s = 0.1;
	ts_engine_set_settings(world->engine, world->settings);
	tellers[0]->is_dead = true;
	world_run(world, 300);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_UNSYNCHRONISED);
	tellers[0]->is_dead = false;
	world_run(world, 300);
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	tellers[0]->is_dead = true;

	world_run(world, 30 * 24 * HOUR_S);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_FREERUN);
	world_free(world);
}
END_TEST

static void
remember_value(const TsMetricView *view, void *user_data)
{
	if (g_str_equal(view->owner, "clock"))
		g_hash_table_insert(user_data, g_strdup(view->name), GINT_TO_POINTER((int)view->value));
}

START_TEST(test_engine_counts_what_sources_gave_though_they_went)
{
	g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	Teller *tellers[2];
	World *world = new_world_with(2, tellers);
	tellers[1]->is_dead = true;
	world_run(world, 16 * 10 + 8);
	world_remove_teller(world, tellers[0]);

	ts_metrics_foreach(world->metrics, remember_value, values);

	int n_samples = GPOINTER_TO_INT(g_hash_table_lookup(values, "source_samples"));
	ck_assert_int_ge(n_samples, 10);
	ck_assert_int_eq(GPOINTER_TO_INT(g_hash_table_lookup(values, "source_replies")), n_samples);
	ck_assert_int_ge(GPOINTER_TO_INT(g_hash_table_lookup(values, "source_misses")), 10);
	ck_assert_int_eq(GPOINTER_TO_INT(g_hash_table_lookup(values, "sources")), 1);
	world_free(world);
}
END_TEST

TS_TEST_MAIN("engine", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 60);
	tcase_add_test(core, test_engine_wrong_clock_is_locked_and_within_100_us);
	tcase_add_test(core, test_engine_claim_holds_at_every_second);
	tcase_add_test(core, test_engine_falseticker_of_four_is_named);
	tcase_add_test(core, test_engine_first_answer_of_a_liar_does_not_set_the_clock);
	tcase_add_test(core, test_engine_seventeen_years_are_one_step);
	tcase_add_test(core, test_engine_beyond_panic_limit_nothing_is_set);
	tcase_add_test(core, test_engine_dead_sources_mean_holdover_then_unsynchronised);
	tcase_add_test(core, test_engine_comes_back_from_holdover_without_a_step);
	tcase_add_test(core, test_engine_foreign_step_is_noticed_and_undone);
	tcase_add_test(core, test_engine_frozen_machine_is_noticed_by_its_sources);
	tcase_add_test(core, test_engine_frozen_machine_is_noticed_though_sources_fall_out_of_use);
	tcase_add_test(core, test_engine_oscillator_outside_its_limit_is_found_out);
	tcase_add_test(core, test_engine_suspend_starts_a_new_epoch);
	tcase_add_test(core, test_engine_one_source_that_jumps_is_not_ours);
	tcase_add_test(core, test_engine_liar_among_dead_sources_does_not_hold_the_clock_up);
	tcase_add_test(core, test_engine_frequency_jump_is_followed);
	tcase_add_test(core, test_engine_local_serves_its_own_time_and_says_so);
	tcase_add_test(core, test_engine_unsynchronised_source_is_dropped_at_once);
	tcase_add_test(core, test_engine_orphan_follows_the_lower_reference_id_only);
	tcase_add_test(core, test_engine_orphan_with_the_lowest_reference_id_leads);
	tcase_add_test(core, test_engine_orphans_have_no_vote_beside_a_real_source);
	tcase_add_test(core, test_engine_local_is_not_active_before_the_clock_was_near);
	tcase_add_test(core, test_engine_counts_what_sources_gave_though_they_went);
	suite_add_tcase(suite, core);
})
