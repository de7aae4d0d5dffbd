/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * suite.h - the frame of a unit test program: TCases added to one suite, run, result as TAP
 *
 *   START_TEST(test_thing_condition_outcome) { ... } END_TEST
 *
 *   TS_TEST_MAIN("thing", {
 *           TCase *core = tcase_create("core");
 *           tcase_add_test(core, test_thing_condition_outcome);
 *           suite_add_tcase(suite, core);
 *   })
 */
#pragma once

#include <check.h>
#include <stdlib.h>

#define TS_TEST_MAIN(name, ...)                                                                    \
	int main(void)                                                                             \
	{                                                                                          \
		Suite *suite = suite_create(name);                                                 \
		__VA_ARGS__                                                                        \
		SRunner *runner = srunner_create(suite);                                           \
		srunner_run_all(runner, CK_ENV);                                                   \
		int failed = srunner_ntests_failed(runner);                                        \
		srunner_free(runner);                                                              \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                       \
	}
