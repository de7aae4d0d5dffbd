/* SPDX-License-Identifier: BSD-2-Clause */
#include "shm-segment.h"

#include <check.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#define SECOND_NS INT64_C(1000000000)

static struct shm_segment
filled(int mode)
{
	return (struct shm_segment){
		.mode = mode,
		.count = 7,
		.clock_s = 1795484343,
		.clock_us = 148909,
		.receive_s = 1795484343,
		.receive_us = 250001,
		.leap = 1,
		.precision_log2s = -20,
		.valid = 1,
		.clock_ns = 148909682,
		.receive_ns = 250001999,
	};
}

START_TEST(test_segment_layout_is_that_of_ntpd_on_64_bits)
{
	if (sizeof(time_t) != 8)
		return;
	ck_assert_uint_eq(offsetof(struct shm_segment, clock_s), 8);
	ck_assert_uint_eq(offsetof(struct shm_segment, receive_s), 24);
	ck_assert_uint_eq(offsetof(struct shm_segment, leap), 36);
	ck_assert_uint_eq(offsetof(struct shm_segment, valid), 48);
	ck_assert_uint_eq(offsetof(struct shm_segment, receive_ns), 56);
	ck_assert_uint_eq(sizeof(struct shm_segment), 96);
}
END_TEST

START_TEST(test_take_valid_sample_gives_nanoseconds_and_clears_valid)
{
	struct shm_segment segment = filled(_i);
	struct shm_reading reading;

	ck_assert_int_eq(shm_segment_take(&segment, &reading), SHM_SAMPLE);

	ck_assert_int_eq(reading.reference_utc_ns, 1795484343 * SECOND_NS + 148909682);
	ck_assert_int_eq(reading.receive_real_ns, 1795484343 * SECOND_NS + 250001999);
	ck_assert_int_eq(reading.leap, 1);
	ck_assert_int_eq(reading.precision_log2s, -20);
	ck_assert_int_eq(segment.valid, 0);
}
END_TEST

START_TEST(test_take_twice_is_not_ready)
{
	struct shm_segment segment = filled(1);
	struct shm_reading reading;

	shm_segment_take(&segment, &reading);

	ck_assert_int_eq(shm_segment_take(&segment, &reading), SHM_NOT_READY);
}
END_TEST

/* One of the two disagrees with its microseconds: neither is used. */
START_TEST(test_take_nanoseconds_that_disagree_gives_microseconds)
{
	static const struct {
		unsigned clock_ns, receive_ns;
	} cases[] = {{0, 0}, {148910000, 250001999}, {148909682, 250000999}, {UINT_MAX, 250001999}};
	struct shm_segment segment = filled(1);
	struct shm_reading reading;
	segment.clock_ns = cases[_i].clock_ns;
	segment.receive_ns = cases[_i].receive_ns;

	ck_assert_int_eq(shm_segment_take(&segment, &reading), SHM_SAMPLE);

	ck_assert_int_eq(reading.reference_utc_ns % SECOND_NS, 148909000);
	ck_assert_int_eq(reading.receive_real_ns % SECOND_NS, 250001000);
}
END_TEST

START_TEST(test_take_unknown_mode_is_bad_and_taken)
{
	struct shm_segment segment = filled(_i == 0 ? 2 : -1);
	struct shm_reading reading;

	ck_assert_int_eq(shm_segment_take(&segment, &reading), SHM_BAD);
	ck_assert_int_eq(segment.valid, 0);
}
END_TEST

START_TEST(test_take_impossible_fields_is_bad)
{
	struct shm_segment cases[] = {filled(1), filled(1), filled(1), filled(0), filled(0)};
	struct shm_reading reading;
	cases[0].clock_us = 1000000;
	cases[1].receive_us = -1;
	cases[2].clock_s = -1;
	cases[3].receive_s = (time_t)INT64_MAX;
	cases[4].clock_us = INT_MIN;

	ck_assert_int_eq(shm_segment_take(&cases[_i], &reading), SHM_BAD);
}
END_TEST

START_TEST(test_claim_is_what_can_be_taken_for_granted)
{
	static const struct {
		int unit, precision;
		double noise_s, max_error_s;
	} cases[] = {
		{0, -1, 1e-3, 0.5},	/* gpsd's serial time as it should be */
		{0, -20, 0x1p-20, 0.5}, /* and as it is: no accuracy, whatever the precision */
		{2, -30, 1e-8, 0.5},
		{1, -20, 0x1p-20, 1e-6},    /* a pulse: 2^-20 s is just below 1 us */
		{1, -10, 0x1p-10, 0x1p-10}, /* one over USB */
		{3, -30, 1e-8, 1e-6},	    /* a kernel pulse */
		{1, 0, 1e-6, 1e-3},	    /* says nothing */
		{1, 5, 1e-6, 1e-3},	    /* says nonsense */
		{1, INT_MIN, 1e-6, 1e-3},
	};
	double noise_s, max_error_s;

	shm_segment_claim(cases[_i].unit, cases[_i].precision, &noise_s, &max_error_s);

	ck_assert_double_eq(noise_s, cases[_i].noise_s);
	ck_assert_double_eq(max_error_s, cases[_i].max_error_s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("shm-segment");
	TCase *core = tcase_create("core");
	SRunner *runner = srunner_create(suite);

	tcase_add_test(core, test_segment_layout_is_that_of_ntpd_on_64_bits);
	tcase_add_loop_test(core, test_take_valid_sample_gives_nanoseconds_and_clears_valid, 0, 2);
	tcase_add_test(core, test_take_twice_is_not_ready);
	tcase_add_loop_test(core, test_take_nanoseconds_that_disagree_gives_microseconds, 0, 4);
	tcase_add_loop_test(core, test_take_unknown_mode_is_bad_and_taken, 0, 2);
	tcase_add_loop_test(core, test_take_impossible_fields_is_bad, 0, 5);
	tcase_add_loop_test(core, test_claim_is_what_can_be_taken_for_granted, 0, 9);
	suite_add_tcase(suite, core);
	srunner_run_all(runner, CK_ENV);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
