/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be seen without such hardware: that its absence is named. */
#include "ntp/client/hwtimestamp.h"

#include <string.h>

#include "base/error.h"
#include "suite.h"

START_TEST(test_hwtimestamp_loopback_has_none)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(ts_hw_interface_new("lo", clock, &error));

	ck_assert_msg(strstr(error->message, "interface lo"), "%s", error->message);
}
END_TEST

START_TEST(test_hwtimestamp_absent_interface_is_not_found)
{
	g_autoptr(TsClock) clock = ts_clock_new_software(NULL);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(ts_hw_interface_new("nosuch0", clock, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND));
	ck_assert_msg(strstr(error->message, "nosuch0"), "%s", error->message);
}
END_TEST

TS_TEST_MAIN("ntp-hwtimestamp", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_hwtimestamp_loopback_has_none);
	tcase_add_test(core, test_hwtimestamp_absent_interface_is_not_found);
	suite_add_tcase(suite, core);
})
