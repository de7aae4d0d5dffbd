/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-kernel-clock.c - what the kernel driver tells the kernel
 *
 * The linker wraps clock_adjtime and clock_gettime (-Wl,--wrap): a kernel of the test's own, whose time
 * goes with the virtual scheduler. That is CLOCK_MONOTONIC, as for timers, and runs as fast as the clock;
 * the raw clock lags behind it by what was gained. The machine's clock is never asked and never told.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/error.h"
#include "base/time.h"
#include "clock/clock.h"
#include "suite.h"

#define BOOT_UTC_NS (INT64_C(1795000000) * TS_NS_PER_S)

static struct {
	TsSched *sched;
	int64_t slept_ns;
	int64_t anchor_mono_ns, anchor_real_ns, anchor_raw_ns;
	long tick, freq;
	int status, refusal;
	long maxerror_us, tai;
	unsigned n_steps;
} kernel;

int __wrap_clock_gettime(clockid_t id, struct timespec *now);
int __wrap_clock_adjtime(clockid_t id, struct timex *timex);

static double
kernel_rate(void)
{
	return (double)(kernel.tick - 10000) / 10000 + (double)kernel.freq / 65536e6;
}

static int64_t
kernel_real_ns(void)
{
	return kernel.anchor_real_ns + ts_sched_now(kernel.sched) - kernel.anchor_mono_ns;
}

static int64_t
kernel_raw_ns(void)
{
	double elapsed_ns = (double)(ts_sched_now(kernel.sched) - kernel.anchor_mono_ns);

	return kernel.anchor_raw_ns + (int64_t)rint(elapsed_ns / (1 + kernel_rate()));
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *now)
{
	int64_t ns = kernel.sched ? ts_sched_now(kernel.sched) : 0;

	if (id == CLOCK_REALTIME && kernel.sched)
		ns = kernel_real_ns();
	else if (id == CLOCK_MONOTONIC_RAW && kernel.sched)
		ns = kernel_raw_ns();
	else if (id == CLOCK_BOOTTIME)
		ns += kernel.slept_ns;
	now->tv_sec = ns / TS_NS_PER_S;
	now->tv_nsec = ns % TS_NS_PER_S;
	return 0;
}

int
__wrap_clock_adjtime(clockid_t id, struct timex *timex)
{
	ck_assert_int_eq(id, CLOCK_REALTIME);
	if (kernel.refusal && timex->modes) {
		errno = kernel.refusal;
		return -1;
	}
	kernel.anchor_real_ns = kernel_real_ns();
	kernel.anchor_raw_ns = kernel_raw_ns();
	kernel.anchor_mono_ns = ts_sched_now(kernel.sched);
	if (timex->modes & ADJ_SETOFFSET) {
		ck_assert(timex->modes & ADJ_NANO);
		ck_assert_int_ge(timex->time.tv_usec, 0);
		ck_assert_int_lt(timex->time.tv_usec, TS_NS_PER_S);
		kernel.anchor_real_ns += timex->time.tv_sec * TS_NS_PER_S + timex->time.tv_usec;
		kernel.n_steps++;
	}
	if (timex->modes & ADJ_TICK) {
		ck_assert_int_ge(timex->tick, 9000);
		ck_assert_int_le(timex->tick, 11000);
		kernel.tick = timex->tick;
	}
	if (timex->modes & ADJ_FREQUENCY) {
		ck_assert_int_le(labs(timex->freq), 500L * 65536);
		kernel.freq = timex->freq;
	}
	if (timex->modes & ADJ_STATUS)
		kernel.status = timex->status;
	if (timex->modes & ADJ_MAXERROR)
		kernel.maxerror_us = timex->maxerror;
	if (timex->modes & ADJ_TAI)
		kernel.tai = timex->constant;
	timex->tick = kernel.tick;
	timex->freq = kernel.freq;
	timex->status = kernel.status;
	return TIME_OK;
}

static TsClock *
boot(void)
{
	memset(&kernel, 0, sizeof kernel);
	kernel.sched = ts_sched_new_virtual(1000 * TS_NS_PER_S);
	kernel.anchor_mono_ns = 1000 * TS_NS_PER_S;
	kernel.anchor_real_ns = BOOT_UTC_NS;
	kernel.anchor_raw_ns = kernel.anchor_mono_ns;
	kernel.tick = 10000;
	kernel.freq = 10 * 65536; /* 10 ppm, from an earlier life */
	TsClock *clock = ts_clock_new_kernel(kernel.sched, NULL);
	ck_assert_ptr_nonnull(clock);
	return clock;
}

static void
halt(TsClock *clock)
{
	ts_clock_free(clock);
	g_clear_pointer(&kernel.sched, ts_sched_free);
}

static int64_t
raw_passed_ns(void)
{
	return kernel_raw_ns() - 1000 * TS_NS_PER_S;
}

/* By how much the clock got ahead of the raw one since it was booted. */
static int64_t
gained_ns(const TsClock *clock)
{
	return ts_clock_utc_now(clock) - BOOT_UTC_NS - raw_passed_ns();
}

/* Lets CLOCK_MONOTONIC go on. */
static void
pass(double seconds)
{
	ts_sched_run_until(kernel.sched, ts_sched_now(kernel.sched) + ts_s_to_ns(seconds));
}

START_TEST(test_kernel_clock_takes_over_the_frequency_as_it_is)
{
	TsClock *clock = boot();

	ck_assert_double_eq_tol(ts_clock_frequency(clock), 10e-6, 1e-12);
	ck_assert_int_eq(ts_clock_utc_now(clock), BOOT_UTC_NS);
	ck_assert(kernel.status & STA_UNSYNC);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_slew_ends_in_time_and_gains_what_was_asked)
{
	TsClock *clock = boot();
	ck_assert(ts_clock_steer(clock, 0, 0.002, 4, NULL));

	pass(2);
	ck_assert_double_eq_tol(ts_clock_slew_left(clock), 0.001, 1e-6);
	pass(98);

	ck_assert_double_eq(ts_clock_slew_left(clock), 0);
	ck_assert_int_le(llabs(gained_ns(clock) - 2000000), 100);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_large_rates_use_the_tick)
{
	TsClock *clock = boot();

	ck_assert(ts_clock_steer(clock, 0.0123456, 0, 0, NULL));
	pass(10);

	int64_t expected_ns = (int64_t)(0.0123456 * (double)raw_passed_ns());
	ck_assert_int_ne(kernel.tick, 10000);
	ck_assert_int_le(llabs(gained_ns(clock) - expected_ns), 100);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_slew_beyond_its_limit_takes_longer)
{
	TsClock *clock = boot();
	ck_assert(ts_clock_steer(clock, 0, -1, 1, NULL));

	pass(4.5); /* the clock, and all timers with it, run at 9/10 */
	ck_assert_double_eq_tol(ts_clock_slew_left(clock), -0.5, 1e-3);
	pass(6);

	ck_assert_int_le(llabs(gained_ns(clock) + TS_NS_PER_S), 1000);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_step_back_is_exact_and_ends_a_slew)
{
	TsClock *clock = boot();
	ck_assert(ts_clock_steer(clock, 0, 0.1, 10, NULL));

	ck_assert(ts_clock_step(clock, -1500000001, NULL));

	ck_assert_uint_eq(kernel.n_steps, 1);
	ck_assert_int_eq(ts_clock_utc_now(clock), BOOT_UTC_NS - 1500000001);
	ck_assert_double_eq(ts_clock_slew_left(clock), 0);
	pass(10);
	ck_assert_int_le(llabs(ts_clock_utc_now(clock) - BOOT_UTC_NS - 10 * TS_NS_PER_S + 1500000001), 100);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_refusal_changes_nothing_and_says_so)
{
	g_autoptr(GError) error = NULL, start_error = NULL;
	TsClock *clock = boot();
	kernel.refusal = EPERM;

	ck_assert(!ts_clock_step(clock, TS_NS_PER_S, &error));
	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION));
	ck_assert(!ts_clock_steer(clock, 1e-6, 0, 0, NULL));

	ck_assert_int_eq(ts_clock_utc_now(clock), BOOT_UTC_NS);
	ck_assert_double_eq_tol(ts_clock_frequency(clock), 10e-6, 1e-12);
	ck_assert_ptr_null(ts_clock_new_kernel(kernel.sched, &start_error));
	ck_assert_ptr_nonnull(strstr(start_error->message, "CAP_SYS_TIME"));
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_foreign_step_is_told_once)
{
	TsClock *clock = boot();
	pass(4);
	ck_assert_int_eq(ts_clock_check_disruption(clock).foreign_step_ns, 0);
	kernel.anchor_real_ns += 20 * TS_NS_PER_S;

	TsClockDisruption disruption = ts_clock_check_disruption(clock);

	ck_assert_int_le(llabs(disruption.foreign_step_ns - 20 * TS_NS_PER_S), 1000);
	ck_assert(!disruption.is_disrupted);
	ck_assert_uint_eq(ts_clock_epoch(clock), 0);
	ck_assert_int_eq(ts_clock_check_disruption(clock).foreign_step_ns, 0);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_suspend_is_an_epoch_and_no_foreign_step)
{
	TsClock *clock = boot();
	pass(4);
	/* the raw clock stood still, the kernel carried its own clock over */
	kernel.slept_ns += 7200 * TS_NS_PER_S;
	kernel.anchor_real_ns += 7200 * TS_NS_PER_S;

	TsClockDisruption disruption = ts_clock_check_disruption(clock);

	ck_assert(disruption.is_disrupted);
	ck_assert_int_eq(disruption.suspended_ns, 7200 * TS_NS_PER_S);
	ck_assert_int_eq(disruption.foreign_step_ns, 0);
	ck_assert_uint_eq(ts_clock_epoch(clock), 1);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_carries_an_old_stamp_at_the_rate_in_force)
{
	TsClock *clock = boot();
	int64_t carried_ns;
	ck_assert(ts_clock_steer(clock, 100e-6, 0, 0, NULL));
	int64_t stamp_real_ns = kernel_real_ns(), stamp_raw_ns = kernel_raw_ns();

	pass(1);

	ck_assert(ts_clock_raw_of_real(clock, stamp_real_ns, &carried_ns));
	ck_assert_int_le(llabs(carried_ns - stamp_raw_ns), 10);
	halt(clock);
}
END_TEST

/* The software driver in the same kernel, steered by somebody else. */
START_TEST(test_software_clock_carries_an_old_stamp_at_the_rate_it_measured)
{
	TsClock *unused = boot();
	TsSoftwareClockOptions options = {.raw_frequency = 20e-6};
	g_autoptr(TsClock) clock = ts_clock_new_software(&options);
	struct timex foreign = {.modes = ADJ_FREQUENCY, .freq = -50 * 65536};
	int64_t carried_ns;
	__wrap_clock_adjtime(CLOCK_REALTIME, &foreign);
	pass(4);
	ts_clock_check_disruption(clock);
	pass(4);
	ts_clock_check_disruption(clock);
	int64_t stamp_real_ns = kernel_real_ns(), stamp_raw_ns = ts_clock_raw_now(clock);

	pass(1);

	ck_assert(ts_clock_raw_of_real(clock, stamp_real_ns, &carried_ns));
	ck_assert_int_le(llabs(carried_ns - stamp_raw_ns), 10);
	halt(unused);
}
END_TEST

START_TEST(test_kernel_clock_status_is_what_other_programs_see)
{
	TsClock *clock = boot();

	ts_clock_set_status(clock, true, 1e-6, 0.0012341, TS_LEAP_INSERT);
	ck_assert_int_eq(kernel.status & (STA_UNSYNC | STA_INS | STA_DEL), STA_INS);
	ck_assert_int_eq(kernel.maxerror_us, 1235);
	ts_clock_set_status(clock, true, 1e-6, 1e9, TS_LEAP_DELETE);
	ck_assert_int_eq(kernel.status & (STA_UNSYNC | STA_INS | STA_DEL), STA_DEL);
	ck_assert_int_eq(kernel.maxerror_us, 16000000);
	ts_clock_set_status(clock, false, 16, INFINITY, TS_LEAP_NONE);
	ck_assert(kernel.status & STA_UNSYNC);
	ts_clock_set_tai_offset(clock, 37);
	ck_assert_int_eq(kernel.tai, 37);
	halt(clock);
}
END_TEST

START_TEST(test_kernel_clock_end_leaves_no_slew_behind)
{
	TsClock *clock = boot();
	ck_assert(ts_clock_steer(clock, 7e-6, 0.1, 10, NULL));

	ts_clock_free(clock);

	ck_assert_double_eq_tol(kernel_rate(), 7e-6, 1e-11);
	g_clear_pointer(&kernel.sched, ts_sched_free);
}
END_TEST

TS_TEST_MAIN("kernel-clock", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_kernel_clock_takes_over_the_frequency_as_it_is);
	tcase_add_test(core, test_kernel_clock_slew_ends_in_time_and_gains_what_was_asked);
	tcase_add_test(core, test_kernel_clock_large_rates_use_the_tick);
	tcase_add_test(core, test_kernel_clock_slew_beyond_its_limit_takes_longer);
	tcase_add_test(core, test_kernel_clock_step_back_is_exact_and_ends_a_slew);
	tcase_add_test(core, test_kernel_clock_refusal_changes_nothing_and_says_so);
	tcase_add_test(core, test_kernel_clock_foreign_step_is_told_once);
	tcase_add_test(core, test_kernel_clock_suspend_is_an_epoch_and_no_foreign_step);
	tcase_add_test(core, test_kernel_clock_carries_an_old_stamp_at_the_rate_in_force);
	tcase_add_test(core, test_software_clock_carries_an_old_stamp_at_the_rate_it_measured);
	tcase_add_test(core, test_kernel_clock_status_is_what_other_programs_see);
	tcase_add_test(core, test_kernel_clock_end_leaves_no_slew_behind);
	suite_add_tcase(suite, core);
})
