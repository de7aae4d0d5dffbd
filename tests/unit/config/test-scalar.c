/* SPDX-License-Identifier: BSD-2-Clause */
/* test-scalar.c - scalars to values, and YAML's traps */
#include "config/scalar.h"

#include <string.h>

#include "suite.h"

static TsNode *
plain(const char *text)
{
	return ts_node_new_scalar(text, false, NULL);
}

static void
check_complaint(const char *text, char *complaint, const char *part)
{
	ck_assert_msg(complaint != NULL, "%s was taken", text);
	ck_assert_msg(strstr(complaint, part) != NULL, "%s: %s, not: %s", text, complaint, part);
	g_free(complaint);
}

static void
check_bool_refused(const char *text, const char *part)
{
	g_autoptr(TsNode) node = plain(text);
	bool value;

	check_complaint(text, ts_scalar_read_bool(node, &value), part);
}

START_TEST(test_scalar_bool_true_and_false_only)
{
	g_autoptr(TsNode) yes = plain("true");
	g_autoptr(TsNode) no = plain("false");
	bool value = false;

	ck_assert_ptr_null(ts_scalar_read_bool(yes, &value));
	ck_assert(value);
	ck_assert_ptr_null(ts_scalar_read_bool(no, &value));
	ck_assert(!value);
	check_bool_refused("yes", "write true, not yes");
	check_bool_refused("on", "write true, not on");
	check_bool_refused("Y", "write true, not Y");
	check_bool_refused("True", "write true, not True");
	check_bool_refused("no", "write false, not no");
	check_bool_refused("OFF", "write false, not OFF");
	check_bool_refused("n", "write false, not n");
	check_bool_refused("1", "takes true or false, not '1'");
	check_bool_refused("maybe", "takes true or false, not 'maybe'");
}
END_TEST

START_TEST(test_scalar_bool_quoted_or_collection_is_refused)
{
	g_autoptr(TsNode) quoted = ts_node_new_scalar("true", true, NULL);
	g_autoptr(TsNode) list = ts_node_new_list(NULL);
	g_autoptr(TsNode) map = ts_node_new_map(NULL);
	g_autoptr(TsNode) null = ts_node_new_null(NULL);
	bool value;

	check_complaint("\"true\"", ts_scalar_read_bool(quoted, &value), "without quotes");
	check_complaint("[]", ts_scalar_read_bool(list, &value), "not a list");
	check_complaint("{}", ts_scalar_read_bool(map, &value), "not a map");
	check_complaint("null", ts_scalar_read_bool(null, &value), "has no value");
}
END_TEST

static void
check_whole(const char *text, int64_t expected)
{
	g_autoptr(TsNode) node = plain(text);
	int64_t value = 99;

	ck_assert_ptr_null(ts_scalar_read_whole(node, &value));
	ck_assert_int_eq(value, expected);
}

static void
check_whole_refused(const char *text, const char *part)
{
	g_autoptr(TsNode) node = plain(text);
	int64_t value;

	check_complaint(text, ts_scalar_read_whole(node, &value), part);
}

START_TEST(test_scalar_whole_decimal_is_taken)
{
	check_whole("0", 0);
	check_whole("10", 10);
	check_whole("-4", -4);
	check_whole("+4", 4);
	check_whole("4294967295", 4294967295);
}
END_TEST

START_TEST(test_scalar_whole_traps_are_explained)
{
	check_whole_refused("010", "octal (8); write 10");
	check_whole_refused("-010", "leading zeros");
	check_whole_refused("000", "write 0");
	check_whole_refused("089", "leading zeros");
	check_whole_refused("0x10", "not decimal");
	check_whole_refused("0o10", "not decimal");
	check_whole_refused("0b10", "not decimal");
	check_whole_refused("1_000", "without '_'");
	check_whole_refused("1,000", "decimal mark");
	check_whole_refused("1:30", "base 60");
	check_whole_refused("1.0", "not a whole number");
	check_whole_refused("1e3", "not a whole number");
	check_whole_refused("yes", "not the boolean");
	check_whole_refused("many", "takes a whole number");
	check_whole_refused("", "takes a whole number");
	check_whole_refused("-", "takes a whole number");
	check_whole_refused("99999999999999999999", "too large");
}
END_TEST

START_TEST(test_scalar_whole_quoted_is_refused)
{
	g_autoptr(TsNode) quoted = ts_node_new_scalar("10", true, NULL);
	int64_t value;

	check_complaint("\"10\"", ts_scalar_read_whole(quoted, &value), "is quoted");
}
END_TEST

static void
check_quantity(TsQuantity quantity, const char *text, double expected)
{
	g_autoptr(TsNode) node = plain(text);
	double value = 99;
	g_autofree char *complaint = ts_scalar_read_quantity(node, quantity, &value);

	ck_assert_msg(!complaint, "%s: %s", text, complaint);
	ck_assert_msg(value == expected, "%s: %.17g", text, value);
}

static void
check_quantity_refused(TsQuantity quantity, const char *text, const char *part)
{
	g_autoptr(TsNode) node = plain(text);
	double value;

	check_complaint(text, ts_scalar_read_quantity(node, quantity, &value), part);
}

START_TEST(test_scalar_duration_units_are_exact)
{
	check_quantity(TS_QUANTITY_DURATION, "1s", 1);
	check_quantity(TS_QUANTITY_DURATION, "1", 1);
	check_quantity(TS_QUANTITY_DURATION, "1.5", 1.5);
	check_quantity(TS_QUANTITY_DURATION, ".5s", 0.5);
	check_quantity(TS_QUANTITY_DURATION, "100ms", 0.1);
	check_quantity(TS_QUANTITY_DURATION, "10us", 10e-6);
	check_quantity(TS_QUANTITY_DURATION, "57ns", 57e-9);
	check_quantity(TS_QUANTITY_DURATION, "2m", 120);
	check_quantity(TS_QUANTITY_DURATION, "1h", 3600);
	check_quantity(TS_QUANTITY_DURATION, "1d", 86400);
	check_quantity(TS_QUANTITY_DURATION, "-2 ms", -0.002);
	check_quantity(TS_QUANTITY_DURATION, "1e-3", 0.001);
	check_quantity(TS_QUANTITY_DURATION, "0s", 0);
}
END_TEST

START_TEST(test_scalar_ppm_and_size_units)
{
	check_quantity(TS_QUANTITY_PPM, "500ppm", 500);
	check_quantity(TS_QUANTITY_PPM, "500", 500);
	check_quantity(TS_QUANTITY_PPM, "20ppb", 0.02);
	check_quantity(TS_QUANTITY_PPM, "0.05%", 500);
	check_quantity(TS_QUANTITY_SIZE, "512k", 524288);
	check_quantity(TS_QUANTITY_SIZE, "4M", 4194304);
	check_quantity(TS_QUANTITY_SIZE, "1G", 1073741824);
	check_quantity(TS_QUANTITY_SIZE, "4096", 4096);
	check_quantity(TS_QUANTITY_NUMBER, "2.5", 2.5);
}
END_TEST

START_TEST(test_scalar_quantity_traps_are_explained)
{
	check_quantity_refused(TS_QUANTITY_DURATION, "1:30", "base 60");
	check_quantity_refused(TS_QUANTITY_DURATION, "010", "octal (8); write 10");
	check_quantity_refused(TS_QUANTITY_DURATION, "010s", "leading zeros");
	check_quantity_refused(TS_QUANTITY_DURATION, "0x10", "not decimal");
	check_quantity_refused(TS_QUANTITY_DURATION, "5sec",
			       "unknown unit 'sec'; known are ns, us");
	check_quantity_refused(TS_QUANTITY_DURATION, "1,5", "decimal mark is a point");
	check_quantity_refused(TS_QUANTITY_DURATION, ".inf", "takes a duration");
	check_quantity_refused(TS_QUANTITY_DURATION, ".nan", "takes a duration");
	check_quantity_refused(TS_QUANTITY_DURATION, "1e999", "too large");
	check_quantity_refused(TS_QUANTITY_DURATION, "on", "not the boolean");
	check_quantity_refused(TS_QUANTITY_DURATION, "1s 2s", "unknown unit");
	check_quantity_refused(TS_QUANTITY_PPM, "5ms", "unknown unit 'ms'; known are ppb, ppm, %");
	check_quantity_refused(TS_QUANTITY_SIZE, "4m", "unknown unit 'm'; known are k, M, G");
	check_quantity_refused(TS_QUANTITY_NUMBER, "3s", "takes a number");
}
END_TEST

START_TEST(test_scalar_quantity_quoted_needs_a_unit)
{
	g_autoptr(TsNode) bare = ts_node_new_scalar("5", true, NULL);
	g_autoptr(TsNode) with_unit = ts_node_new_scalar("5ms", true, NULL);
	double value = 0;

	check_complaint("\"5\"", ts_scalar_read_quantity(bare, TS_QUANTITY_DURATION, &value),
			"is quoted");
	ck_assert_ptr_null(ts_scalar_read_quantity(with_unit, TS_QUANTITY_DURATION, &value));
	ck_assert_double_eq(value, 0.005);
}
END_TEST

static void
check_poll(const char *text, int expected)
{
	g_autoptr(TsNode) node = plain(text);
	int log2s = 99;

	ck_assert_ptr_null(ts_scalar_read_poll(node, &log2s));
	ck_assert_int_eq(log2s, expected);
}

static void
check_poll_refused(const char *text, const char *part)
{
	g_autoptr(TsNode) node = plain(text);
	int log2s;

	check_complaint(text, ts_scalar_read_poll(node, &log2s), part);
}

START_TEST(test_scalar_poll_is_log2_or_a_power_of_two)
{
	check_poll("6", 6);
	check_poll("-4", -4);
	check_poll("64s", 6);
	check_poll("1s", 0);
	check_poll("500ms", -1);
	check_poll("0.0625s", -4);
	check_poll_refused("63s", "the nearest are 32s and 64s");
	check_poll_refused("1m", "the nearest are 32s and 64s");
	check_poll_refused("0s", "more than 0");
	check_poll_refused("-1s", "more than 0");
	check_poll_refused("6.5", "not a whole number");
	check_poll_refused("010", "octal");
	check_poll_refused("0x6", "not decimal");
	check_poll_refused("0xb", "not decimal");
	check_poll_refused("often", "takes a duration");
}
END_TEST

START_TEST(test_quantity_format_picks_the_unit)
{
	static const struct {
		TsQuantity quantity;
		double value;
		const char *expected;
	} cases[] = {
		{TS_QUANTITY_DURATION, 0, "0s"},	   {TS_QUANTITY_DURATION, 0.0625, "62.5ms"},
		{TS_QUANTITY_DURATION, 1e-6, "1us"},	   {TS_QUANTITY_DURATION, 5e-9, "5ns"},
		{TS_QUANTITY_DURATION, 131072, "131072s"}, {TS_QUANTITY_PPM, 500, "500ppm"},
		{TS_QUANTITY_SIZE, 65536, "64k"},	   {TS_QUANTITY_SIZE, 100, "100"},
		{TS_QUANTITY_SIZE, 0x1p32, "4G"},	   {TS_QUANTITY_NUMBER, 2.5, "2.5"},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *text = ts_quantity_format(cases[i].quantity, cases[i].value);
		ck_assert_str_eq(text, cases[i].expected);
	}
}
END_TEST

TS_TEST_MAIN("scalar", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_scalar_bool_true_and_false_only);
	tcase_add_test(core, test_scalar_bool_quoted_or_collection_is_refused);
	tcase_add_test(core, test_scalar_whole_decimal_is_taken);
	tcase_add_test(core, test_scalar_whole_traps_are_explained);
	tcase_add_test(core, test_scalar_whole_quoted_is_refused);
	tcase_add_test(core, test_scalar_duration_units_are_exact);
	tcase_add_test(core, test_scalar_ppm_and_size_units);
	tcase_add_test(core, test_scalar_quantity_traps_are_explained);
	tcase_add_test(core, test_scalar_quantity_quoted_needs_a_unit);
	tcase_add_test(core, test_scalar_poll_is_log2_or_a_power_of_two);
	tcase_add_test(core, test_quantity_format_picks_the_unit);
	suite_add_tcase(suite, core);
})
