/* SPDX-License-Identifier: BSD-2-Clause */
/* test-refclock.c - samples of a plugin on their way to the engine: taken, refused and counted by
 * cause */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "clock/clock.h"
#include "host-world.h"
#include "suite.h"

static HostWorld world;

static void
set_up(void)
{
	host_world_init(&world, 200 * TS_NS_PER_MS);
	g_free(plugin_folder_add(&world.folder, "refclock-fine"));
}

static void
tear_down(void)
{
	host_world_clear(&world);
}

static double
clock_error_s(void)
{
	return ts_ns_to_s(ts_clock_utc_now(world.clock) - ts_clock_virtual_true_utc(world.clock));
}

static TsSourceView
view_of(TsSource *source)
{
	TsSourceView view;

	ts_source_get_view(source, &view);
	return view;
}

START_TEST(test_refclock_good_samples_set_the_clock)
{
	TsSource *source = host_world_add(&world, "gps", "sample");

	host_world_run(&world, 60);

	ck_assert_double_le(fabs(clock_error_s()), 1e-5);
	TsSourceView view = view_of(source);
	ck_assert_int_eq(view.verdict, TS_VERDICT_SYSTEM_PEER);
	ck_assert_int_eq(view.stratum, 0);
	ck_assert_uint_eq(view.refid, 'F' << 24 | 'I' << 16 | 'N' << 8 | 'E');
	TsClockView clock;
	ts_engine_get_clock_view(world.engine, &clock);
	ck_assert_int_eq(clock.system.stratum, 1);
	ck_assert_uint_eq(clock.system.refid, view.refid);
}
END_TEST

START_TEST(test_refclock_sample_between_two_stamps_has_their_distance_as_delay)
{
	TsSource *source = host_world_add(&world, "gps", "sample");

	host_world_run(&world, 3);

	TsSourceView view = view_of(source);
	ck_assert(view.has_sample);
	ck_assert_int_eq(view.last_sample.delay_ns, 1000);
	ck_assert_double_eq(view.last_sample.noise_s, 1e-6);
	ck_assert_double_eq(view.last_sample.max_error_s, 1e-5);
	/* the middle of the two is 500 ns ago, where the plugin says it is */
	int64_t off_ns = view.last_sample.raw_ns + view.last_sample.offset_ns -
			 (ts_clock_virtual_true_utc(world.clock) -
			  (ts_clock_raw_now(world.clock) - view.last_sample.raw_ns));
	ck_assert_int_le(llabs(off_ns), 1);
}
END_TEST

/* With the first sample, and at 16, 32 and 48 s. */
START_TEST(test_refclock_reach_shifts_once_a_poll_interval)
{
	TsSource *source = host_world_add(&world, "gps", "sample");

	host_world_run(&world, 16 * 3 + 1);

	ck_assert_uint_eq(view_of(source).reach, 15);
	ck_assert_double_eq(view_of(source).poll_s, 16);
}
END_TEST

START_TEST(test_refclock_quiet_source_is_unreachable)
{
	TsSource *source = host_world_add(&world, "gps", "quiet");

	host_world_run(&world, 16 * 3 + 1);

	ck_assert_uint_eq(view_of(source).reach, 0);
	ck_assert_uint_eq(view_of(source).n_misses, 3);
}
END_TEST

static const struct {
	const char *what, *counter;
	int result;
} refusals[] = {
	{"nan", "refclock_rejected_absurd", -EINVAL},
	{"noise", "refclock_rejected_absurd", -EINVAL},
	{"negative", "refclock_rejected_absurd", -EINVAL},
	{"stratum", "refclock_rejected_absurd", -EINVAL},
	{"ancient", "refclock_rejected_absurd", -EINVAL},
	{"old", "refclock_rejected_stale", -ESTALE},
	{"future", "refclock_rejected_stale", -ESTALE},
	{"epoch", "refclock_rejected_epoch", -ESTALE},
	{"unsynchronised", "refclock_rejected_unsynchronised", -EAGAIN},
	{"pulse", "refclock_rejected_unnumbered", -EAGAIN},
	{"flag", NULL, -ENOTSUP},
	{"short", NULL, -EINVAL},
};

START_TEST(test_refclock_bad_sample_is_refused_and_counted_by_cause)
{
	TsSource *source = host_world_add(&world, "gps", refusals[_i].what);

	host_world_run(&world, 40.5);

	const char *owner = "refclock-fine-gps";
	ck_assert_double_eq(host_world_metric(&world, owner, "last_result"), refusals[_i].result);
	if (refusals[_i].counter)
		ck_assert_double_eq(host_world_metric(&world, owner, refusals[_i].counter), 41);
	ck_assert(!view_of(source).has_sample);
	ck_assert_uint_eq(view_of(source).reach, 0);
}
END_TEST

START_TEST(test_refclock_unsynchronised_source_says_so)
{
	TsSource *source = host_world_add(&world, "gps", "unsynchronised");

	host_world_run(&world, 3);

	ck_assert_int_eq(view_of(source).leap, TS_LEAP_UNSYNCHRONISED);
}
END_TEST

START_TEST(test_refclock_pulse_alone_says_why_it_is_not_used)
{
	TsSource *source = host_world_add(&world, "pps", "pulse");

	host_world_run(&world, 30);

	ck_assert_ptr_nonnull(strstr(view_of(source).progress, "the clock is not set yet"));
}
END_TEST

START_TEST(test_refclock_pulse_is_numbered_by_the_clock_once_it_is_set)
{
	host_world_add(&world, "gps", "sample");
	TsSource *pulse = host_world_add(&world, "pps", "pulse");

	host_world_run(&world, 60);

	TsSourceView view = view_of(pulse);
	ck_assert(view.has_sample);
	ck_assert_ptr_null(view.progress);
	ck_assert_double_le(fabs(view.offset_s), 1e-5);
}
END_TEST

static TsSource *
add_locked_pulse(const char *lock)
{
	g_autoptr(TsSourceSettings) settings = host_world_source(&world, "pps", "pulse");
	set_key(settings->plugin, "lock", lock, 6);

	ck_assert(host_world_try(&world, settings, NULL));
	return ts_engine_find_source(world.engine, "pps");
}

START_TEST(test_refclock_pulse_is_numbered_by_a_source_that_is_not_selected)
{
	g_autoptr(TsSourceSettings) serial = host_world_source(&world, "serial", "sample");
	serial->noselect = true;
	serial->offset_s = 0.3;
	ck_assert(host_world_try(&world, serial, NULL));
	TsSource *pulse = add_locked_pulse("serial");

	host_world_run(&world, 60);

	ck_assert_int_eq(view_of(pulse).verdict, TS_VERDICT_SYSTEM_PEER);
	ck_assert_double_le(fabs(clock_error_s()), 1e-5);
}
END_TEST

START_TEST(test_refclock_pulse_is_not_numbered_from_near_half_a_second_away)
{
	g_autoptr(TsSourceSettings) serial = host_world_source(&world, "serial", "sample");
	serial->noselect = true;
	serial->offset_s = 0.45;
	ck_assert(host_world_try(&world, serial, NULL));
	TsSource *pulse = add_locked_pulse("serial");

	host_world_run(&world, 60);

	ck_assert(!view_of(pulse).has_sample);
	ck_assert_ptr_nonnull(
		strstr(view_of(pulse).progress, "it lies 0.450 s from what serial reads"));
}
END_TEST

START_TEST(test_refclock_pulse_never_numbers_itself)
{
	TsSource *pulse = add_locked_pulse("pps");

	host_world_run(&world, 30);

	ck_assert(!view_of(pulse).has_sample);
	ck_assert_ptr_nonnull(strstr(view_of(pulse).progress, "no other source pps"));
}
END_TEST

START_TEST(test_refclock_offline_is_asked_no_more_until_online)
{
	TsSource *source = host_world_add(&world, "gps", "sample");
	void *owner;
	const TsSourceOps *ops = ts_source_ops(source, &owner);
	const char *name = "refclock-fine-gps";
	host_world_run(&world, 10.5);

	ops->set_online(owner, false);
	host_world_run(&world, 100);

	ck_assert_double_eq(host_world_metric(&world, name, "polls"), 11);
	ck_assert_int_eq(view_of(source).verdict, TS_VERDICT_OFFLINE);
	ops->set_online(owner, true);
	host_world_run(&world, 10.5);
	ck_assert_double_eq(host_world_metric(&world, name, "polls"), 22);
	ck_assert_int_eq(view_of(source).verdict, TS_VERDICT_SYSTEM_PEER);
}
END_TEST

typedef struct {
	const char *name;
	char *value;
} Wanted;

static void
note_value(void *user_data, const char *name, const char *value)
{
	Wanted *wanted = user_data;

	if (strcmp(name, wanted->name) == 0)
		wanted->value = g_strdup(value);
}

START_TEST(test_refclock_describe_tells_plugin_quality_and_counters)
{
	static const struct {
		const char *name, *value;
	} cases[] = {{"plugin", "refclock-fine 1.2.3"},
		     {"quality", "87"},
		     {"polls", "11"},
		     {"refclock_samples", "11"}};
	TsSource *source = host_world_add(&world, "gps", "sample");
	void *owner;
	const TsSourceOps *ops = ts_source_ops(source, &owner);
	Wanted wanted = {cases[_i].name, NULL};
	host_world_run(&world, 10.5);

	ops->describe(owner, note_value, &wanted);

	ck_assert_str_eq(wanted.value, cases[_i].value);
	g_free(wanted.value);
}
END_TEST

START_TEST(test_refclock_is_told_of_a_step)
{
	host_world_add(&world, "gps", "sample");

	/* 200 ms off: set by steps only when the threshold is below */
	host_world_run(&world, 5);
	double before = host_world_metric(&world, "refclock-fine-gps", "disruptions");
	ck_assert(ts_engine_step_now(world.engine, NULL));

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "disruptions"),
			    before + 1);
}
END_TEST

TS_TEST_MAIN("refclock", {
	TCase *samples = tcase_create("samples");
	tcase_add_checked_fixture(samples, set_up, tear_down);
	tcase_add_test(samples, test_refclock_good_samples_set_the_clock);
	tcase_add_test(samples,
		       test_refclock_sample_between_two_stamps_has_their_distance_as_delay);
	tcase_add_test(samples, test_refclock_reach_shifts_once_a_poll_interval);
	tcase_add_test(samples, test_refclock_quiet_source_is_unreachable);
	tcase_add_loop_test(samples, test_refclock_bad_sample_is_refused_and_counted_by_cause, 0,
			    G_N_ELEMENTS(refusals));
	tcase_add_test(samples, test_refclock_unsynchronised_source_says_so);
	suite_add_tcase(suite, samples);
	TCase *pulses = tcase_create("pulses");
	tcase_add_checked_fixture(pulses, set_up, tear_down);
	tcase_add_test(pulses, test_refclock_pulse_alone_says_why_it_is_not_used);
	tcase_add_test(pulses, test_refclock_pulse_is_numbered_by_the_clock_once_it_is_set);
	tcase_add_test(pulses, test_refclock_pulse_is_numbered_by_a_source_that_is_not_selected);
	tcase_add_test(pulses, test_refclock_pulse_is_not_numbered_from_near_half_a_second_away);
	tcase_add_test(pulses, test_refclock_pulse_never_numbers_itself);
	suite_add_tcase(suite, pulses);
	TCase *life = tcase_create("life");
	tcase_add_checked_fixture(life, set_up, tear_down);
	tcase_add_test(life, test_refclock_offline_is_asked_no_more_until_online);
	tcase_add_loop_test(life, test_refclock_describe_tells_plugin_quality_and_counters, 0, 4);
	tcase_add_test(life, test_refclock_is_told_of_a_step);
	suite_add_tcase(suite, life);
})
