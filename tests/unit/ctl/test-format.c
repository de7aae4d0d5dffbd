/* SPDX-License-Identifier: BSD-2-Clause */
/* test-format.c - figures as plain decimals with their units; names that are too long */
#include "format.h"

#include <locale.h>
#include <math.h>
#include <string.h>

#include "suite.h"

static const struct {
	double seconds;
	bool is_signed;
	const char *text;
} seconds_cases[] = {
	{57e-9, false, "57ns"},          {57e-6, true, "+57.0us"},
	{-0.0000004, true, "-400ns"},    {0, true, "+0ns"},
	{-0.0, true, "+0ns"},            {0, false, "0ns"},
	{1.234e-6, false, "1.23us"},     {12.34e-6, false, "12.3us"},
	{123.4e-6, false, "123us"},      {999.4e-6, false, "999us"},
	{999.6e-6, false, "1.00ms"},     {9.996e-6, false, "10.0us"},
	{0.05, true, "+50.0ms"},         {1.5, true, "+1.50s"},
	{-17.25, true, "-17.2s"},        {9999.4, false, "9999s"},
	{7200 * 4, false, "8.00h"},      {86400 * 400.0, true, "+400d"},
	{1.6e9, true, "+18519d"},        {NAN, true, "-"},
	{INFINITY, false, "-"},          {1e300, false, "-"},
	{1e-12, false, "0ns"},           {-1e-12, true, "+0ns"},
};

START_TEST(test_format_seconds_has_three_digits_and_a_unit)
{
	char text[TS_FORMAT_SIZE];

	ts_format_seconds(seconds_cases[_i].seconds, seconds_cases[_i].is_signed, text);

	ck_assert_str_eq(text, seconds_cases[_i].text);
}
END_TEST

START_TEST(test_format_seconds_is_short_and_has_no_exponent_for_any_number)
{
	char text[TS_FORMAT_SIZE];

	for (double seconds = 1e-15; seconds < 1e9; seconds *= 1.0009) {
		ts_format_seconds(-seconds, true, text);
		ck_assert_msg(strlen(text) <= 8, "%g: %s", seconds, text);
		ck_assert_msg(!strpbrk(text, "e,E"), "%g: %s", seconds, text);
	}
}
END_TEST

static const struct {
	double seconds;
	const char *text;
} age_cases[] = {
	{0, "0s"},        {0.0625, "62ms"},  {0.25, "250ms"},  {1, "1s"},
	{64, "64s"},      {999.4, "999s"},   {1000, "17m"},    {3600, "60m"},
	{86400, "24h"},   {131072, "36h"},   {86400 * 30, "30d"}, {NAN, "-"},
	{-1, "-"},        {INFINITY, "-"},
};

START_TEST(test_format_age_is_whole_units)
{
	char text[TS_FORMAT_SIZE];

	ck_assert_str_eq(ts_format_age(age_cases[_i].seconds, text), age_cases[_i].text);
}
END_TEST

START_TEST(test_format_in_a_locale_with_decimal_comma_has_points)
{
	char text[TS_FORMAT_SIZE];

	/* where the locale isn't installed the C locale stays, and this shows nothing new */
	setlocale(LC_ALL, "de_DE.UTF-8");

	ck_assert_str_eq(ts_format_seconds(1.25e-3, true, text), "+1.25ms");
	ck_assert_str_eq(ts_format_decimal(12.5, 3, true, text), "+12.500");
	ck_assert_str_eq(ts_format_number(0.5, text), "0.5");
	setlocale(LC_ALL, "C");
}
END_TEST

static const struct {
	double value;
	const char *text;
} number_cases[] = {
	{0, "0"},        {123456789, "123456789"}, {5.7e-05, "0.000057"},
	{-1.5, "-1.5"},  {1e15, "1000000000000000"}, {NAN, "-"},
};

START_TEST(test_format_number_is_plain)
{
	char text[TS_FORMAT_SIZE];

	ck_assert_str_eq(ts_format_number(number_cases[_i].value, text), number_cases[_i].text);
}
END_TEST

START_TEST(test_format_decimal_never_shows_minus_zero)
{
	char text[TS_FORMAT_SIZE];

	ck_assert_str_eq(ts_format_decimal(-0.0001, 3, true, text), "+0.000");
	ck_assert_str_eq(ts_format_decimal(-0.0001, 3, false, text), "0.000");
	ck_assert_str_eq(ts_format_decimal(-0.0006, 3, true, text), "-0.001");
}
END_TEST

static const struct {
	const char *text;
	unsigned width;
	const char *fitted;
} fit_cases[] = {
	{"short", 10, "short"},
	{"exactly10!", 10, "exactly10!"},
	{"2001:db8:1234:5678:9abc:def0:1234:5678", 20, "2001:db8:1>1234:5678"},
	{"abcdef", 3, "a>f"},
	{"abcdef", 1, ">"},
	{"abcdef", 0, ""},
	{"", 5, ""},
	{"evil\x1b[2Jname\n", 20, "evil?[2Jname?"},
	{"z\xc3\xbcrich.example", 20, "z\xc3\xbcrich.example"},
	{"\xe6\x99\x82\xe5\x88\xbb\xe6\x9c\x8d\xe5\x8a\xa1\xe5\x99\xa8", 5, "\xe6\x99\x82>\xe5\x99\xa8"},
	{"caf\xe9", 10, "caf\xef\xbf\xbd"},
};

START_TEST(test_format_fit_cuts_the_middle)
{
	g_autofree char *fitted = ts_format_fit(fit_cases[_i].text, fit_cases[_i].width);

	ck_assert_str_eq(fitted, fit_cases[_i].fitted);
}
END_TEST

START_TEST(test_format_fit_is_never_wider_than_asked)
{
	const char *texts[] = {"\xe6\x99\x82\xe5\x88\xbb\xe6\x9c\x8d\xe5\x8a\xa1\xe5\x99\xa8", "abcdefghij",
			       "a\xe6\x99\x82" "b\xe5\x88\xbb" "c"};

	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++)
		for (unsigned width = 0; width < 14; width++) {
			g_autofree char *fitted = ts_format_fit(texts[i], width);
			ck_assert_uint_le(ts_format_width(fitted), width);
			ck_assert(g_utf8_validate(fitted, -1, NULL));
		}
}
END_TEST

TS_TEST_MAIN("format", {
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_format_seconds_has_three_digits_and_a_unit, 0,
			    G_N_ELEMENTS(seconds_cases));
	tcase_add_test(core, test_format_seconds_is_short_and_has_no_exponent_for_any_number);
	tcase_add_loop_test(core, test_format_age_is_whole_units, 0, G_N_ELEMENTS(age_cases));
	tcase_add_test(core, test_format_in_a_locale_with_decimal_comma_has_points);
	tcase_add_loop_test(core, test_format_number_is_plain, 0, G_N_ELEMENTS(number_cases));
	tcase_add_test(core, test_format_decimal_never_shows_minus_zero);
	tcase_add_loop_test(core, test_format_fit_cuts_the_middle, 0, G_N_ELEMENTS(fit_cases));
	tcase_add_test(core, test_format_fit_is_never_wider_than_asked);
	suite_add_tcase(suite, core);
})
