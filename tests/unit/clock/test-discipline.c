/* SPDX-License-Identifier: BSD-2-Clause */
/* test-discipline.c - slew, step, panic: which, and that a refused correction is not counted */
#include "clock/discipline.h"

#include <math.h>

#include "base/error.h"
#include "base/time.h"
#include "clock/driver.h"
#include "suite.h"

static TsSched *sched;
static TsClock *clk;
static TsDisciplineOptions options;

static void
make_clock(void)
{
	TsOscillator oscillator = {.start_utc_ns = INT64_C(1795000000) * TS_NS_PER_S};

	sched = ts_sched_new_virtual(0);
	clk = ts_clock_new_virtual(sched, &oscillator);
	options = (TsDisciplineOptions){
		.step_threshold_s = 1,
		.step_first_updates = 3,
		.max_slew_rate = 1.0 / 12,
		.panic_s = 1000,
	};
}

static void
free_clock(void)
{
	ts_clock_free(clk);
	ts_sched_free(sched);
}

/* UTC is ahead of the clock by @error_s, and the next update is due in 16 s. */
static TsDisciplineInput
ahead_by(double error_s)
{
	int64_t raw_ns = ts_clock_raw_now(clk);

	return (TsDisciplineInput){
		.raw_ns = raw_ns,
		.offset_ns = ts_clock_utc_now(clk) - raw_ns + ts_s_to_ns(error_s),
		.interval_s = 16,
	};
}

static TsCorrection
update(TsDiscipline *discipline, double error_s)
{
	TsDisciplineInput input = ahead_by(error_s);
	double correction_s;
	TsCorrection correction = ts_discipline_update(discipline, &input, &correction_s, NULL);

	ck_assert_double_eq_tol(correction_s, error_s, 1e-8);
	return correction;
}

static double
seconds_gained(double run_s)
{
	int64_t before_ns = ts_clock_utc_now(clk) - ts_clock_virtual_true_utc(clk);

	ts_sched_run_until(sched, ts_sched_now(sched) + ts_s_to_ns(run_s));
	return ts_ns_to_s(ts_clock_utc_now(clk) - ts_clock_virtual_true_utc(clk) - before_ns);
}

START_TEST(test_discipline_small_error_is_slewed_before_the_next_update)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);

	ck_assert_int_eq(update(discipline, 0.001), TS_CORRECTION_SLEWED);

	ck_assert_double_eq_tol(seconds_gained(16), 0.001, 1e-8);
	ck_assert_double_eq_tol(seconds_gained(100), 0, 1e-8);
}
END_TEST

START_TEST(test_discipline_error_as_large_as_noise_is_slewed_over_half_the_interval)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);
	TsDisciplineInput input = ahead_by(0.001);
	double correction_s;

	input.offset_sd_s = 0.001;
	ts_discipline_update(discipline, &input, &correction_s, NULL);

	ck_assert_double_eq_tol(seconds_gained(4), 0.0005, 1e-8);
	ck_assert_double_eq_tol(seconds_gained(4), 0.0005, 1e-8);
	ck_assert_double_eq_tol(seconds_gained(8), 0, 1e-8);
}
END_TEST

START_TEST(test_discipline_error_beyond_noise_is_slewed_faster)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);
	TsDisciplineInput input = ahead_by(0.001);
	double correction_s;

	/* 3 sd^2 / error^2 of the 16 s */
	input.offset_sd_s = 0.00025;
	ts_discipline_update(discipline, &input, &correction_s, NULL);

	ck_assert_double_eq_tol(seconds_gained(3), 0.001, 1e-8);
	ck_assert_double_eq_tol(seconds_gained(8), 0, 1e-8);
}
END_TEST

START_TEST(test_discipline_slew_keeps_to_its_rate)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);

	ck_assert_int_eq(update(discipline, -0.9), TS_CORRECTION_SLEWED);

	ck_assert_double_ge(seconds_gained(1), -1.0 / 12 - 1e-6);
	ck_assert_double_eq_tol(seconds_gained(30), -0.9 + 1.0 / 12, 1e-6);
}
END_TEST

START_TEST(test_discipline_steps_only_at_the_first_updates)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);

	ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_STEPPED);
	ck_assert_int_eq(update(discipline, 0.1), TS_CORRECTION_SLEWED);
	ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_STEPPED);
	ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_SLEWED);
	ts_discipline_restart(discipline);
	ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_STEPPED);
}
END_TEST

START_TEST(test_discipline_never_and_always_are_obeyed)
{
	options.step_first_updates = 0;
	g_autoptr(TsDiscipline) never = ts_discipline_new(clk, &options);
	ck_assert_int_eq(update(never, 5), TS_CORRECTION_SLEWED);

	options.step_first_updates = -1;
	g_autoptr(TsDiscipline) always = ts_discipline_new(clk, &options);
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(update(always, 5), TS_CORRECTION_STEPPED);
}
END_TEST

START_TEST(test_discipline_panic_spares_the_first_correction_unless_told)
{
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);
	ck_assert_int_eq(update(discipline, 7200), TS_CORRECTION_STEPPED);
	ck_assert_int_eq(update(discipline, 7200), TS_CORRECTION_PANIC);
	ck_assert_double_eq_tol(seconds_gained(60), 0, 1e-8);

	options.panic_at_start = true;
	g_autoptr(TsDiscipline) strict = ts_discipline_new(clk, &options);
	ck_assert_int_eq(update(strict, -7200), TS_CORRECTION_PANIC);

	options.panic_s = 0;
	g_autoptr(TsDiscipline) fearless = ts_discipline_new(clk, &options);
	ck_assert_int_eq(update(fearless, 7200), TS_CORRECTION_STEPPED);
	ck_assert_int_eq(update(fearless, 7200), TS_CORRECTION_STEPPED);
}
END_TEST

static bool
refuse_step(TsClock *clock, int64_t step_ns, GError **error)
{
	(void)clock;
	(void)step_ns;
	g_set_error_literal(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION, "refused");
	return false;
}

START_TEST(test_discipline_refused_correction_is_not_counted)
{
	TsClockDriver refusing = *clk->driver;
	const TsClockDriver *willing = clk->driver;
	g_autoptr(TsDiscipline) discipline = ts_discipline_new(clk, &options);
	refusing.step = refuse_step;

	clk->driver = &refusing;
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_FAILED);
	clk->driver = willing;

	ck_assert_int_eq(update(discipline, 5), TS_CORRECTION_STEPPED);
}
END_TEST

TS_TEST_MAIN("discipline", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, make_clock, free_clock);
	tcase_add_test(core, test_discipline_small_error_is_slewed_before_the_next_update);
	tcase_add_test(core,
		       test_discipline_error_as_large_as_noise_is_slewed_over_half_the_interval);
	tcase_add_test(core, test_discipline_error_beyond_noise_is_slewed_faster);
	tcase_add_test(core, test_discipline_slew_keeps_to_its_rate);
	tcase_add_test(core, test_discipline_steps_only_at_the_first_updates);
	tcase_add_test(core, test_discipline_never_and_always_are_obeyed);
	tcase_add_test(core, test_discipline_panic_spares_the_first_correction_unless_told);
	tcase_add_test(core, test_discipline_refused_correction_is_not_counted);
	suite_add_tcase(suite, core);
})
