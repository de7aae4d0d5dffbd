/* SPDX-License-Identifier: BSD-2-Clause */
/* test-virtual-clock.c - the oscillator model: right rate, seeded walk, suspend, disturbance */
#include "base/time.h"
#include "clock/clock.h"
#include "suite.h"

#define DAY_S 86400

static int64_t
raw_gain_ns(double frequency, double wander, uint64_t seed, int64_t seconds)
{
	TsOscillator oscillator = {.frequency = frequency, .wander = wander, .seed = seed};
	g_autoptr(TsSched) sched = ts_sched_new_virtual(0);
	TsClock *clock = ts_clock_new_virtual(sched, &oscillator);
	int64_t before_ns = ts_clock_raw_now(clock);

	ts_sched_run_until(sched, seconds * TS_NS_PER_S);
	int64_t gain_ns = ts_clock_raw_now(clock) - before_ns - seconds * TS_NS_PER_S;
	ts_clock_free(clock);
	return gain_ns;
}

START_TEST(test_virtual_clock_runs_at_its_frequency)
{
	ck_assert_int_le(llabs(raw_gain_ns(12.5e-6, 0, 1, DAY_S) - 1080000000), 1);
	ck_assert_int_le(llabs(raw_gain_ns(-1e-9, 0, 1, DAY_S) + 86400), 1);
}
END_TEST

START_TEST(test_virtual_clock_walk_is_of_its_seed)
{
	ck_assert_int_eq(raw_gain_ns(0, 1e-9, 7, 10000), raw_gain_ns(0, 1e-9, 7, 10000));
	ck_assert_int_ne(raw_gain_ns(0, 1e-9, 7, 10000), raw_gain_ns(0, 1e-9, 8, 10000));
}
END_TEST

START_TEST(test_virtual_clock_walk_has_its_size)
{
	/* after n seconds the frequency has a standard deviation of wander * sqrt(n), and the time
	 * gained wander * sqrt(n^3 / 3) */
	double sum = 0;

	for (uint64_t seed = 1; seed <= 200; seed++) {
		double gain_s = ts_ns_to_s(raw_gain_ns(0, 1e-8, seed, 1000));
		sum += gain_s * gain_s;
	}
	double expected = 1e-16 * 1000.0 * 1000 * 1000 / 3;
	ck_assert_double_ge(sum / 200, expected * 0.7);
	ck_assert_double_le(sum / 200, expected * 1.4);
}
END_TEST

START_TEST(test_virtual_clock_cycle_gains_in_its_first_half_and_loses_it_again)
{
	TsOscillator oscillator = {.cycle_amplitude = 1e-6, .cycle_period_s = 7200};
	g_autoptr(TsSched) sched = ts_sched_new_virtual(0);
	g_autoptr(TsClock) clock = ts_clock_new_virtual(sched, &oscillator);
	int64_t start_ns = ts_clock_raw_now(clock);

	ts_sched_run_until(sched, 3600 * TS_NS_PER_S);
	int64_t half_ns = ts_clock_raw_now(clock) - start_ns - 3600 * TS_NS_PER_S;
	ts_sched_run_until(sched, 7200 * TS_NS_PER_S);
	int64_t whole_ns = ts_clock_raw_now(clock) - start_ns - 7200 * TS_NS_PER_S;

	/* the integral of half a sine: amplitude * period / pi */
	ck_assert_int_le(llabs(half_ns - 2291831), 1000);
	ck_assert_int_le(llabs(whole_ns), 1000);
}
END_TEST

START_TEST(test_virtual_clock_suspend_stops_raw_but_not_true_time)
{
	TsOscillator oscillator = {0};
	g_autoptr(TsSched) sched = ts_sched_new_virtual(0);
	g_autoptr(TsClock) clock = ts_clock_new_virtual(sched, &oscillator);
	int64_t raw_ns = ts_clock_raw_now(clock);

	ts_clock_virtual_suspend(clock, 5 * TS_NS_PER_S, true);

	ck_assert_int_eq(ts_clock_raw_now(clock), raw_ns);
	ck_assert_int_eq(ts_clock_virtual_true_utc(clock), 5 * TS_NS_PER_S);
	TsClockDisruption disruption = ts_clock_check_disruption(clock);
	ck_assert(disruption.is_disrupted);
	ck_assert_int_eq(disruption.suspended_ns, 5 * TS_NS_PER_S);
	ck_assert_uint_eq(ts_clock_epoch(clock), 1);
	ck_assert(!ts_clock_check_disruption(clock).is_disrupted);
}
END_TEST

TS_TEST_MAIN("virtual-clock", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_virtual_clock_runs_at_its_frequency);
	tcase_add_test(core, test_virtual_clock_walk_is_of_its_seed);
	tcase_add_test(core, test_virtual_clock_walk_has_its_size);
	tcase_add_test(core, test_virtual_clock_cycle_gains_in_its_first_half_and_loses_it_again);
	tcase_add_test(core, test_virtual_clock_suspend_stops_raw_but_not_true_time);
	suite_add_tcase(suite, core);
})
