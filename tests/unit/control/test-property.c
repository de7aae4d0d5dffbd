/* SPDX-License-Identifier: BSD-2-Clause */
/* test-property.c - what is not known is left out; reference ids as text */
#include "control/property.h"

#include <math.h>

#include "suite.h"

START_TEST(test_put_unknown_values_leaves_them_out)
{
	GVariantBuilder builder;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	ts_put_double(&builder, "Nan", NAN);
	ts_put_double(&builder, "Infinite", INFINITY);
	ts_put_double(&builder, "Negative", -INFINITY);
	ts_put_text(&builder, "Null", NULL);
	ts_put_double(&builder, "Zero", 0);
	g_autoptr(GVariant) dict = g_variant_ref_sink(g_variant_builder_end(&builder));

	g_autofree char *text = g_variant_print(dict, FALSE);
	ck_assert_str_eq(text, "{'Zero': <0.0>}");
}
END_TEST

START_TEST(test_put_text_that_is_no_utf8_is_made_so)
{
	GVariantBuilder builder;
	const char *text;

	g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
	ts_put_text(&builder, "Name", "caf\xe9");
	g_autoptr(GVariant) dict = g_variant_ref_sink(g_variant_builder_end(&builder));

	ck_assert(g_variant_lookup(dict, "Name", "&s", &text));
	ck_assert(g_utf8_validate(text, -1, NULL));
}
END_TEST

static const struct {
	uint32_t refid;
	int stratum;
	const char *text;
} refids[] = {
	{0x47505300, 1, "GPS"},         {0x50505330, 0, "PPS0"},      {0xc0000201, 2, "192.0.2.1"},
	{0x47505300, 2, "71.80.83.0"},  {0x52415445, 16, "RATE"},     {0x41004200, 1, "65.0.66.0"},
	{0x00000000, 1, "0.0.0.0"},     {0x1b5b4a00, 1, "27.91.74.0"},
};

START_TEST(test_refid_is_letters_only_where_it_names_a_clock)
{
	g_autofree char *text = ts_refid_format(refids[_i].refid, refids[_i].stratum);

	ck_assert_str_eq(text, refids[_i].text);
}
END_TEST

TS_TEST_MAIN("property", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_put_unknown_values_leaves_them_out);
	tcase_add_test(core, test_put_text_that_is_no_utf8_is_made_so);
	tcase_add_loop_test(core, test_refid_is_letters_only_where_it_names_a_clock, 0,
			    G_N_ELEMENTS(refids));
	suite_add_tcase(suite, core);
})
