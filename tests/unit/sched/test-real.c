/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-real.c - timers and watches on GLib's main loop
 *
 * Waits for what must happen, never for a time; the only thing said of time is that nothing is
 * early.
 */
#include "sched/sched.h"

#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/time.h"
#include "suite.h"

static GMainContext *context; /* made for each test, in its own process */
static TsSched *sched;

static void
setup(void)
{
	context = g_main_context_new();
	sched = ts_sched_new_real(context);
}

static void
teardown(void)
{
	ts_sched_free(sched);
	g_main_context_unref(context);
}

static void
run_until(const unsigned *count, unsigned wanted)
{
	while (*count < wanted)
		g_main_context_iteration(context, TRUE);
}

typedef struct {
	TsTimer *timer;
	int64_t due_ns;
	unsigned runs;
	unsigned place; /* among all that ran */
} Alarm;

static unsigned n_ran;

static void
on_due(void *user_data)
{
	Alarm *alarm = user_data;

	ck_assert_int_ge(ts_sched_now(sched), alarm->due_ns);
	ck_assert_int_eq(ts_timer_due(alarm->timer), -1);
	alarm->place = ++n_ran;
	alarm->runs++;
}

static void
arm_after_ms(Alarm *alarm, int64_t delay_ms)
{
	alarm->due_ns = ts_sched_now(sched) + delay_ms * TS_NS_PER_MS + 1;
	ts_timer_arm(alarm->timer, alarm->due_ns);
}

START_TEST(test_real_is_not_virtual_and_moves_forward)
{
	int64_t before = ts_sched_now(sched);

	ck_assert(!ts_sched_is_virtual(sched));
	ck_assert_int_ge(ts_sched_now(sched), before);
}
END_TEST

START_TEST(test_real_timer_is_never_early)
{
	Alarm alarm = {0};
	alarm.timer = ts_timer_new(sched, on_due, &alarm);

	for (unsigned i = 1; i <= 20; i++) {
		alarm.due_ns = ts_sched_now(sched) + 500001 + i * 37; /* ends between two us */
		ts_timer_arm(alarm.timer, alarm.due_ns);
		ck_assert_int_eq(ts_timer_due(alarm.timer), alarm.due_ns);
		run_until(&alarm.runs, i);
	}

	ts_timer_free(alarm.timer);
}
END_TEST

START_TEST(test_real_timers_run_in_order_of_due_time)
{
	Alarm late = {0}, soon = {0};
	/* in this order, for GLib runs what is due together (on a stalled machine) as it was made
	 */
	soon.timer = ts_timer_new(sched, on_due, &soon);
	late.timer = ts_timer_new(sched, on_due, &late);

	arm_after_ms(&late, 8);
	arm_after_ms(&soon, 2);
	run_until(&late.runs, 1);

	ck_assert_uint_eq(soon.place, 1);
	ck_assert_uint_eq(late.place, 2);
	ts_timer_free(late.timer);
	ts_timer_free(soon.timer);
}
END_TEST

START_TEST(test_real_timer_runs_once_and_not_when_disarmed)
{
	Alarm once = {0}, never = {0}, last = {0};
	once.timer = ts_timer_new(sched, on_due, &once);
	never.timer = ts_timer_new(sched, on_due, &never);
	last.timer = ts_timer_new(sched, on_due, &last);

	arm_after_ms(&once, 1);
	arm_after_ms(&never, 2);
	arm_after_ms(&last, 5);
	ts_timer_disarm(never.timer);
	ck_assert_int_eq(ts_timer_due(never.timer), -1);
	run_until(&last.runs, 1);

	ck_assert_uint_eq(once.runs, 1);
	ck_assert_uint_eq(never.runs, 0);
	ts_timer_free(once.timer);
	ts_timer_free(never.timer);
	ts_timer_free(last.timer);
}
END_TEST

START_TEST(test_real_arming_again_replaces_due_time)
{
	Alarm moved = {0}, between = {0};
	between.timer = ts_timer_new(sched, on_due, &between); /* first: as above */
	moved.timer = ts_timer_new(sched, on_due, &moved);

	arm_after_ms(&moved, 1);
	arm_after_ms(&between, 4);
	arm_after_ms(&moved, 8); /* on_due checks that it is not early */
	run_until(&moved.runs, 1);

	ck_assert_uint_eq(between.place, 1);
	ck_assert_uint_eq(moved.runs, 1);
	ts_timer_free(moved.timer);
	ts_timer_free(between.timer);
}
END_TEST

START_TEST(test_real_due_time_in_the_past_runs)
{
	Alarm past = {0};
	past.timer = ts_timer_new(sched, on_due, &past);

	ts_timer_arm(past.timer, -12345);
	run_until(&past.runs, 1);

	ts_timer_free(past.timer);
}
END_TEST

static void
on_due_rearm(void *user_data)
{
	Alarm *alarm = user_data;

	if (++alarm->runs < 5)
		ts_timer_arm_after(alarm->timer, TS_NS_PER_MS / 2);
}

START_TEST(test_real_timer_rearms_itself)
{
	Alarm alarm = {0};
	alarm.timer = ts_timer_new(sched, on_due_rearm, &alarm);

	ts_timer_arm_after(alarm.timer, 0);
	run_until(&alarm.runs, 5);

	ck_assert_int_eq(ts_timer_due(alarm.timer), -1);
	ts_timer_free(alarm.timer);
}
END_TEST

static void
on_due_free(void *user_data)
{
	Alarm *alarm = user_data;

	alarm->runs++;
	g_clear_pointer(&alarm->timer, ts_timer_free);
}

START_TEST(test_real_timer_frees_itself)
{
	Alarm alarm = {0};
	alarm.timer = ts_timer_new(sched, on_due_free, &alarm);

	ts_timer_arm_after(alarm.timer, TS_NS_PER_MS);
	run_until(&alarm.runs, 1);

	ck_assert_ptr_null(alarm.timer);
	ck_assert(!g_main_context_pending(context));
}
END_TEST

/* --- watches --- */

typedef struct {
	TsWatch *watch;
	GIOCondition seen;
	unsigned runs;
	bool frees_itself;
	char text[16];
} Reader;

static void
on_readable(int fd, GIOCondition condition, void *user_data)
{
	Reader *reader = user_data;
	ssize_t length = read(fd, reader->text, sizeof reader->text - 1);

	ck_assert_int_ge(length, 0);
	reader->text[length] = '\0';
	reader->seen = condition;
	reader->runs++;
	if (reader->frees_itself)
		g_clear_pointer(&reader->watch, ts_watch_free);
}

static void
open_pipe(TsFd ends[2])
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ends[0] = fds[0];
	ends[1] = fds[1];
}

START_TEST(test_watch_is_called_when_readable)
{
	Reader reader = {0};
	TsFd ends[2];
	open_pipe(ends);
	reader.watch = ts_watch_new(sched, ends[0], G_IO_IN, on_readable, &reader);

	ck_assert(!g_main_context_iteration(context, FALSE));
	ck_assert_int_eq(write(ends[1], "hello", 5), 5);
	run_until(&reader.runs, 1);
	ck_assert_str_eq(reader.text, "hello");
	ck_assert(reader.seen & G_IO_IN);

	ck_assert_int_eq(write(ends[1], "again", 5), 5);
	run_until(&reader.runs, 2);
	ck_assert_str_eq(reader.text, "again");

	ts_watch_free(reader.watch);
	ts_fd_clear(&ends[0]);
	ts_fd_clear(&ends[1]);
}
END_TEST

START_TEST(test_watch_tells_hang_up)
{
	Reader reader = {0};
	TsFd ends[2];
	open_pipe(ends);
	reader.watch = ts_watch_new(sched, ends[0], G_IO_IN, on_readable, &reader);

	ts_fd_clear(&ends[1]);
	run_until(&reader.runs, 1);

	ck_assert(reader.seen & G_IO_HUP);
	ts_watch_free(reader.watch);
	ts_fd_clear(&ends[0]);
}
END_TEST

START_TEST(test_watch_frees_itself)
{
	Reader reader = {.frees_itself = true};
	TsFd ends[2];
	open_pipe(ends);
	reader.watch = ts_watch_new(sched, ends[0], G_IO_IN, on_readable, &reader);

	ck_assert_int_eq(write(ends[1], "one", 3), 3);
	run_until(&reader.runs, 1);
	ck_assert_int_eq(write(ends[1], "two", 3), 3);

	ck_assert(!g_main_context_pending(context));
	ck_assert_ptr_null(reader.watch);
	/* the descriptor stayed the caller's */
	ck_assert_int_eq(read(ends[0], reader.text, 3), 3);
	ts_fd_clear(&ends[0]);
	ts_fd_clear(&ends[1]);
}
END_TEST

START_TEST(test_watch_free_of_nothing_is_fine)
{
	ts_watch_free(NULL);
	ts_timer_free(NULL);
	ts_sched_free(NULL);
}
END_TEST

TS_TEST_MAIN("real", {
	TCase *timers = tcase_create("timers");
	tcase_add_checked_fixture(timers, setup, teardown);
	tcase_add_test(timers, test_real_is_not_virtual_and_moves_forward);
	tcase_add_test(timers, test_real_timer_is_never_early);
	tcase_add_test(timers, test_real_timers_run_in_order_of_due_time);
	tcase_add_test(timers, test_real_timer_runs_once_and_not_when_disarmed);
	tcase_add_test(timers, test_real_arming_again_replaces_due_time);
	tcase_add_test(timers, test_real_due_time_in_the_past_runs);
	tcase_add_test(timers, test_real_timer_rearms_itself);
	tcase_add_test(timers, test_real_timer_frees_itself);
	suite_add_tcase(suite, timers);

	TCase *watches = tcase_create("watches");
	tcase_add_checked_fixture(watches, setup, teardown);
	tcase_add_test(watches, test_watch_is_called_when_readable);
	tcase_add_test(watches, test_watch_tells_hang_up);
	tcase_add_test(watches, test_watch_frees_itself);
	tcase_add_test(watches, test_watch_free_of_nothing_is_fine);
	suite_add_tcase(suite, watches);
})
