/* SPDX-License-Identifier: BSD-2-Clause */
/* test-virtual.c - virtual time: order, re-arming, freeing inside a callback, jumps */
#include "sched/sched.h"

#include <string.h>

#include "base/time.h"
#include "suite.h"

#define START_NS (100 * TS_NS_PER_S)

static TsSched *sched; /* made for each test, in its own process */
static GString *trace; /* who ran when: "a@5 b@7 ", seconds after the start */

static void
setup(void)
{
	sched = ts_sched_new_virtual(START_NS);
	trace = g_string_new(NULL);
}

static void
teardown(void)
{
	ts_sched_free(sched);
	g_string_free(trace, TRUE);
}

static int64_t
after_s(int64_t seconds)
{
	return START_NS + seconds * TS_NS_PER_S;
}

static void
note(const char *name)
{
	g_string_append_printf(trace, "%s@%g ", name, ts_ns_to_s(ts_sched_now(sched) - START_NS));
}

static void
on_due_note(void *user_data)
{
	note(user_data);
}

START_TEST(test_virtual_time_starts_where_told_and_moves_to_limit)
{
	ck_assert(ts_sched_is_virtual(sched));
	ck_assert_int_eq(ts_sched_now(sched), START_NS);

	ts_sched_run_until(sched, after_s(3));
	ck_assert_int_eq(ts_sched_now(sched), after_s(3));

	ts_sched_run_until(sched, after_s(1)); /* never back */
	ck_assert_int_eq(ts_sched_now(sched), after_s(3));
}
END_TEST

START_TEST(test_virtual_timers_run_in_order_of_due_time_and_at_it)
{
	g_autoptr(TsTimer) a = ts_timer_new(sched, on_due_note, "a");
	g_autoptr(TsTimer) b = ts_timer_new(sched, on_due_note, "b");
	g_autoptr(TsTimer) c = ts_timer_new(sched, on_due_note, "c");

	ts_timer_arm(a, after_s(7));
	ts_timer_arm(b, after_s(2));
	ts_timer_arm(c, after_s(5));
	ts_sched_run_until(sched, after_s(10));

	ck_assert_str_eq(trace->str, "b@2 c@5 a@7 ");
}
END_TEST

START_TEST(test_virtual_equal_due_times_run_in_order_of_arming)
{
	g_autoptr(TsTimer) a = ts_timer_new(sched, on_due_note, "a");
	g_autoptr(TsTimer) b = ts_timer_new(sched, on_due_note, "b");
	g_autoptr(TsTimer) c = ts_timer_new(sched, on_due_note, "c");

	ts_timer_arm(c, after_s(1));
	ts_timer_arm(a, after_s(1));
	ts_timer_arm(b, after_s(1));
	ts_timer_arm(c, after_s(1)); /* armed again: now the last */
	ts_sched_run_until(sched, after_s(1));

	ck_assert_str_eq(trace->str, "a@1 b@1 c@1 ");
}
END_TEST

START_TEST(test_virtual_timer_at_limit_runs_and_beyond_stays_armed)
{
	g_autoptr(TsTimer) at = ts_timer_new(sched, on_due_note, "at");
	g_autoptr(TsTimer) beyond = ts_timer_new(sched, on_due_note, "beyond");

	ts_timer_arm(at, after_s(4));
	ts_timer_arm(beyond, after_s(4) + 1);
	ts_sched_run_until(sched, after_s(4));

	ck_assert_str_eq(trace->str, "at@4 ");
	ck_assert_int_eq(ts_timer_due(at), -1);
	ck_assert_int_eq(ts_timer_due(beyond), after_s(4) + 1);
}
END_TEST

START_TEST(test_virtual_timer_runs_once)
{
	g_autoptr(TsTimer) timer = ts_timer_new(sched, on_due_note, "a");

	ts_timer_arm(timer, after_s(1));
	ts_sched_run_until(sched, after_s(2));
	ts_sched_run_until(sched, after_s(9));

	ck_assert_str_eq(trace->str, "a@1 ");
}
END_TEST

START_TEST(test_virtual_arming_again_replaces_due_time)
{
	g_autoptr(TsTimer) timer = ts_timer_new(sched, on_due_note, "a");

	ts_timer_arm(timer, after_s(1));
	ts_timer_arm_after(timer, 3 * TS_NS_PER_S);
	ck_assert_int_eq(ts_timer_due(timer), after_s(3));
	ts_sched_run_until(sched, after_s(9));

	ck_assert_str_eq(trace->str, "a@3 ");
}
END_TEST

START_TEST(test_virtual_disarmed_timer_does_not_run)
{
	g_autoptr(TsTimer) timer = ts_timer_new(sched, on_due_note, "a");

	ts_timer_disarm(timer); /* was not armed: fine */
	ts_timer_arm(timer, after_s(1));
	ts_timer_disarm(timer);
	ck_assert_int_eq(ts_timer_due(timer), -1);
	ts_sched_run_until(sched, after_s(9));

	ck_assert_str_eq(trace->str, "");
}
END_TEST

START_TEST(test_virtual_due_time_in_the_past_runs_at_once)
{
	g_autoptr(TsTimer) past = ts_timer_new(sched, on_due_note, "past");
	g_autoptr(TsTimer) before_zero = ts_timer_new(sched, on_due_note, "before-zero");

	ts_timer_arm(past, after_s(-50));
	ts_timer_arm(before_zero, -5);
	ts_sched_run_until(sched, START_NS);

	ck_assert_str_eq(trace->str, "before-zero@0 past@0 ");
}
END_TEST

START_TEST(test_virtual_far_future_saturates)
{
	g_autoptr(TsTimer) timer = ts_timer_new(sched, on_due_note, "a");

	ts_timer_arm_after(timer, INT64_MAX);
	ck_assert_int_eq(ts_timer_due(timer), INT64_MAX);
	ts_timer_arm_after(timer, -1);
	ck_assert_int_eq(ts_timer_due(timer), START_NS);
}
END_TEST

/* --- from inside a callback --- */

typedef struct {
	TsTimer *own, *other;
	unsigned left;
} Plan;

static void
on_due_rearm(void *user_data)
{
	Plan *plan = user_data;

	note("r");
	ck_assert_int_eq(ts_timer_due(plan->own), -1);
	if (plan->left-- > 1)
		ts_timer_arm_after(plan->own, 2 * TS_NS_PER_S);
}

START_TEST(test_virtual_timer_rearms_itself)
{
	Plan plan = {.left = 3};
	plan.own = ts_timer_new(sched, on_due_rearm, &plan);

	ts_timer_arm(plan.own, after_s(1));
	ts_sched_run_until(sched, after_s(100));

	ck_assert_str_eq(trace->str, "r@1 r@3 r@5 ");
	ts_timer_free(plan.own);
}
END_TEST

static void
on_due_free_own(void *user_data)
{
	Plan *plan = user_data;

	note("f");
	g_clear_pointer(&plan->own, ts_timer_free);
}

START_TEST(test_virtual_timer_frees_itself)
{
	Plan plan = {0};
	plan.own = ts_timer_new(sched, on_due_free_own, &plan);

	ts_timer_arm(plan.own, after_s(1));
	ts_sched_run_until(sched, after_s(2));

	ck_assert_str_eq(trace->str, "f@1 ");
	ck_assert_ptr_null(plan.own);
}
END_TEST

static void
on_due_free_other(void *user_data)
{
	Plan *plan = user_data;

	note("k");
	g_clear_pointer(&plan->other, ts_timer_free);
}

START_TEST(test_virtual_timer_frees_another_that_is_due_too)
{
	Plan plan = {0};
	plan.own = ts_timer_new(sched, on_due_free_other, &plan);
	plan.other = ts_timer_new(sched, on_due_note, "never");

	ts_timer_arm(plan.own, after_s(1));
	ts_timer_arm(plan.other, after_s(1));
	ts_sched_run_until(sched, after_s(2));

	ck_assert_str_eq(trace->str, "k@1 ");
	ts_timer_free(plan.own);
}
END_TEST

static void
on_due_arm_other_now(void *user_data)
{
	Plan *plan = user_data;

	note("first");
	ts_timer_arm_after(plan->other, 0);
}

/* What is armed for now runs now, after those that were armed before it. */
START_TEST(test_virtual_timer_armed_for_now_runs_in_same_instant)
{
	Plan plan = {0};
	g_autoptr(TsTimer) waiting = ts_timer_new(sched, on_due_note, "second");
	plan.own = ts_timer_new(sched, on_due_arm_other_now, &plan);
	plan.other = ts_timer_new(sched, on_due_note, "third");

	ts_timer_arm(plan.own, after_s(1));
	ts_timer_arm(waiting, after_s(1));
	ts_sched_run_until(sched, after_s(1));

	ck_assert_str_eq(trace->str, "first@1 second@1 third@1 ");
	ts_timer_free(plan.own);
	ts_timer_free(plan.other);
}
END_TEST

START_TEST(test_virtual_armed_timer_can_be_freed)
{
	TsTimer *timer = ts_timer_new(sched, on_due_note, "never");

	ts_timer_arm(timer, after_s(1));
	ts_timer_free(timer);
	ts_timer_free(NULL);
	ts_sched_run_until(sched, after_s(2));

	ck_assert_str_eq(trace->str, "");
}
END_TEST

/* --- a suspended machine --- */

START_TEST(test_virtual_jump_runs_what_fell_due_late)
{
	g_autoptr(TsTimer) a = ts_timer_new(sched, on_due_note, "a");
	g_autoptr(TsTimer) b = ts_timer_new(sched, on_due_note, "b");
	g_autoptr(TsTimer) c = ts_timer_new(sched, on_due_note, "c");
	ts_timer_arm(b, after_s(2));
	ts_timer_arm(a, after_s(1));
	ts_timer_arm(c, after_s(61));

	ts_sched_jump(sched, 60 * TS_NS_PER_S);
	ck_assert_int_eq(ts_sched_now(sched), after_s(60));
	ck_assert_str_eq(trace->str, "");
	ts_sched_run_until(sched, after_s(70));

	ck_assert_str_eq(trace->str, "a@60 b@60 c@61 ");
}
END_TEST

/* --- against a model --- */

#define N_TIMERS 12

/* The simplest scheduler that can be right: looks through all timers each time. */
typedef struct {
	int64_t due_ns; /* -1: not armed */
	uint64_t armed_as;
} ModelTimer;

typedef struct {
	uint64_t random_state;
	uint64_t armings;
	ModelTimer model[N_TIMERS];
	TsTimer *timers[N_TIMERS];
	unsigned n_run;
} Model;

typedef struct {
	Model *model;
	unsigned index;
} ModelCallback;

static unsigned
pick(Model *model, unsigned limit)
{
	/* Knuth's MMIX constants */
	model->random_state =
		model->random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(model->random_state >> 33) % limit;
}

static int
model_next(const Model *model)
{
	int next = -1;

	for (int i = 0; i < N_TIMERS; i++) {
		const ModelTimer *timer = &model->model[i];
		const ModelTimer *best = next < 0 ? NULL : &model->model[next];
		if (timer->due_ns < 0)
			continue;
		if (!best || timer->due_ns < best->due_ns ||
		    (timer->due_ns == best->due_ns && timer->armed_as < best->armed_as))
			next = i;
	}
	return next;
}

static void
do_something(Model *model)
{
	unsigned index = pick(model, N_TIMERS);
	ModelTimer *timer = &model->model[index];

	if (pick(model, 4) == 0) {
		ts_timer_disarm(model->timers[index]);
		timer->due_ns = -1;
		return;
	}
	timer->due_ns = ts_sched_now(sched) + pick(model, 5) * TS_NS_PER_S;
	timer->armed_as = ++model->armings;
	ts_timer_arm(model->timers[index], timer->due_ns);
}

static void
on_due_compare(void *user_data)
{
	const ModelCallback *callback = user_data;
	Model *model = callback->model;
	int expected = model_next(model);

	ck_assert_int_eq((int)callback->index, expected);
	ck_assert_int_eq(ts_sched_now(sched), model->model[expected].due_ns);
	model->model[expected].due_ns = -1;
	model->n_run++;
	for (unsigned n = model->n_run % 64 ? pick(model, 3) : 3; n > 0; n--)
		do_something(model);
}

START_TEST(test_virtual_random_arming_matches_model)
{
	Model model = {.random_state = 42};
	ModelCallback callbacks[N_TIMERS];

	for (unsigned i = 0; i < N_TIMERS; i++) {
		callbacks[i] = (ModelCallback){&model, i};
		model.model[i].due_ns = -1;
		model.timers[i] = ts_timer_new(sched, on_due_compare, &callbacks[i]);
	}
	for (unsigned run = 0; run < 2000; run++) {
		do_something(&model);
		ts_sched_run_until(sched, ts_sched_now(sched) + TS_NS_PER_S / 2);
		int next = model_next(&model);
		ck_assert(next < 0 || model.model[next].due_ns > ts_sched_now(sched));
	}
	ck_assert_uint_gt(model.n_run, 1000);
	for (unsigned i = 0; i < N_TIMERS; i++)
		ts_timer_free(model.timers[i]);
}
END_TEST

TS_TEST_MAIN("virtual", {
	TCase *order = tcase_create("order");
	tcase_add_checked_fixture(order, setup, teardown);
	tcase_add_test(order, test_virtual_time_starts_where_told_and_moves_to_limit);
	tcase_add_test(order, test_virtual_timers_run_in_order_of_due_time_and_at_it);
	tcase_add_test(order, test_virtual_equal_due_times_run_in_order_of_arming);
	tcase_add_test(order, test_virtual_timer_at_limit_runs_and_beyond_stays_armed);
	tcase_add_test(order, test_virtual_timer_runs_once);
	tcase_add_test(order, test_virtual_arming_again_replaces_due_time);
	tcase_add_test(order, test_virtual_disarmed_timer_does_not_run);
	tcase_add_test(order, test_virtual_due_time_in_the_past_runs_at_once);
	tcase_add_test(order, test_virtual_far_future_saturates);
	suite_add_tcase(suite, order);

	TCase *inside = tcase_create("inside");
	tcase_add_checked_fixture(inside, setup, teardown);
	tcase_add_test(inside, test_virtual_timer_rearms_itself);
	tcase_add_test(inside, test_virtual_timer_frees_itself);
	tcase_add_test(inside, test_virtual_timer_frees_another_that_is_due_too);
	tcase_add_test(inside, test_virtual_timer_armed_for_now_runs_in_same_instant);
	tcase_add_test(inside, test_virtual_armed_timer_can_be_freed);
	suite_add_tcase(suite, inside);

	TCase *jump = tcase_create("jump");
	tcase_add_checked_fixture(jump, setup, teardown);
	tcase_add_test(jump, test_virtual_jump_runs_what_fell_due_late);
	suite_add_tcase(suite, jump);

	TCase *model = tcase_create("model");
	tcase_add_checked_fixture(model, setup, teardown);
	tcase_add_test(model, test_virtual_random_arming_matches_model);
	suite_add_tcase(suite, model);
})
