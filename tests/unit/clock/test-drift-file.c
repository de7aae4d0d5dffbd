/* SPDX-License-Identifier: BSD-2-Clause */
/* test-drift-file.c - written whole, read back, foreign ones read, garbage refused */
#include "clock/drift-file.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "suite.h"

static char path[] = "/tmp/timesrv-drift-XXXXXX";

static void
make_file(void)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
remove_file(void)
{
	unlink(path);
}

static bool
load_text(const char *text, TsDrift *drift)
{
	g_file_set_contents(path, text, -1, NULL);
	return ts_drift_file_load(path, drift, NULL);
}

START_TEST(test_drift_file_is_read_back_in_any_locale)
{
	TsDrift drift = {.frequency = -12.345678e-6, .frequency_sd = 0.25e-6, .wander = 1e-18};
	TsDrift read = {0};
	setlocale(LC_ALL, "de_DE.UTF-8");

	ck_assert(ts_drift_file_save(path, &drift, NULL));
	ck_assert(ts_drift_file_load(path, &read, NULL));

	ck_assert_double_eq_tol(read.frequency, drift.frequency, 1e-12);
	ck_assert_double_eq_tol(read.frequency_sd, drift.frequency_sd, 1e-12);
	ck_assert_double_eq_tol(read.wander, drift.wander, 1e-21);
}
END_TEST

START_TEST(test_drift_file_of_chronyd_and_ntpd_is_read)
{
	TsDrift drift;

	ck_assert(load_text("           -12.345678             0.023456\n", &drift));
	ck_assert_double_eq_tol(drift.frequency, -12.345678e-6, 1e-15);
	ck_assert(load_text("7.5\n", &drift));
	ck_assert_double_eq_tol(drift.frequency, 7.5e-6, 1e-15);
	ck_assert_double_gt(drift.frequency_sd, 0);
}
END_TEST

START_TEST(test_drift_file_garbage_is_refused)
{
	static const char *const garbage[] = {"", "x", "1,5 2", "nan", "inf 1", "1e9 1",
						"1 -1", "1x", "1 1e9", "1 1 1e300"};

	for (unsigned i = 0; i < G_N_ELEMENTS(garbage); i++) {
		TsDrift drift = {.frequency = 42};
		ck_assert_msg(!load_text(garbage[i], &drift), "%s", garbage[i]);
		ck_assert_double_eq(drift.frequency, 42);
	}
}
END_TEST

START_TEST(test_drift_file_missing_is_not_found)
{
	g_autoptr(GError) error = NULL;
	TsDrift drift;
	unlink(path);

	ck_assert(!ts_drift_file_load(path, &drift, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND));
}
END_TEST

TS_TEST_MAIN("drift-file", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, make_file, remove_file);
	tcase_add_test(core, test_drift_file_is_read_back_in_any_locale);
	tcase_add_test(core, test_drift_file_of_chronyd_and_ntpd_is_read);
	tcase_add_test(core, test_drift_file_garbage_is_refused);
	tcase_add_test(core, test_drift_file_missing_is_not_found);
	suite_add_tcase(suite, core);
})
