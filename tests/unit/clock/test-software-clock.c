/* SPDX-License-Identifier: BSD-2-Clause */
/* test-software-clock.c - a clock of our own over the raw one; the system's stays as it is */
#include <time.h>

#include "base/time.h"
#include "clock/clock.h"
#include "clock/paired-reading.h"
#include "suite.h"

/* Two paired readings differ by their own width; a preempted one by more. Taken again if so. */
#define TOLERANCE_NS (50 * TS_NS_PER_US)

static int64_t
error_ns(const TsClock *clock)
{
	return ts_clock_utc_minus_real(clock);
}

START_TEST(test_software_clock_starts_as_the_system_says)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);

	ck_assert_int_le(llabs(error_ns(clock)), TOLERANCE_NS);
	ck_assert_str_eq(ts_clock_driver_name(clock), "software");
}
END_TEST

START_TEST(test_software_clock_starts_wrong_when_told)
{
	TsSoftwareClockOptions options = {.initial_error_ns = 300 * TS_NS_PER_MS};
	g_autoptr(TsClock) clock = ts_clock_new_software(&options);

	ck_assert_int_le(llabs(error_ns(clock) - 300 * TS_NS_PER_MS), TOLERANCE_NS);
}
END_TEST

START_TEST(test_software_clock_step_moves_it_alone)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);
	int64_t raw_ns, real_before_ns = ts_paired_real_now(&raw_ns) - raw_ns;

	ck_assert(ts_clock_step(clock, -5 * TS_NS_PER_S, NULL));

	int64_t real_after_ns = ts_paired_real_now(&raw_ns) - raw_ns;
	ck_assert_int_le(llabs(error_ns(clock) + 5 * TS_NS_PER_S), TOLERANCE_NS);
	ck_assert_int_le(llabs(real_after_ns - real_before_ns), TS_NS_PER_MS);
}
END_TEST

START_TEST(test_software_clock_raw_runs_wrong_when_told)
{
	TsSoftwareClockOptions options = {.raw_frequency = 0.01};
	g_autoptr(TsClock) clock = ts_clock_new_software(&options);
	int64_t start_ns = ts_paired_raw_now();

	while (ts_paired_raw_now() - start_ns < 20 * TS_NS_PER_MS)
		continue;

	/* the disciplined clock follows the wrong oscillator until it is steered */
	ck_assert_int_ge(error_ns(clock), 190 * TS_NS_PER_US);
}
END_TEST

START_TEST(test_software_clock_carries_kernel_stamps_to_raw)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);
	int64_t raw_ns, carried_ns;
	int64_t real_ns = ts_paired_real_now(&raw_ns);

	ck_assert(ts_clock_raw_of_real(clock, real_ns, &carried_ns));
	ck_assert_int_le(llabs(carried_ns - raw_ns), TOLERANCE_NS);
	ck_assert(!ts_clock_raw_of_real(clock, real_ns + TS_NS_PER_S, &carried_ns));
	ck_assert(!ts_clock_raw_of_real(clock, real_ns - 10 * TS_NS_PER_S, &carried_ns));
}
END_TEST

START_TEST(test_software_clock_is_undisturbed)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);

	TsClockDisruption disruption = ts_clock_check_disruption(clock);

	ck_assert(!disruption.is_disrupted);
	ck_assert_int_eq(disruption.foreign_step_ns, 0);
	ck_assert_uint_eq(ts_clock_epoch(clock), 0);
}
END_TEST

TS_TEST_MAIN("software-clock", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_software_clock_starts_as_the_system_says);
	tcase_add_test(core, test_software_clock_starts_wrong_when_told);
	tcase_add_test(core, test_software_clock_step_moves_it_alone);
	tcase_add_test(core, test_software_clock_raw_runs_wrong_when_told);
	tcase_add_test(core, test_software_clock_carries_kernel_stamps_to_raw);
	tcase_add_test(core, test_software_clock_is_undisturbed);
	suite_add_tcase(suite, core);
})
