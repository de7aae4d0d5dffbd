/* SPDX-License-Identifier: BSD-2-Clause */
/* test-node.c - the tree of values */
#include "config/node.h"

#include "suite.h"

START_TEST(test_origin_format_names_place)
{
	const TsOrigin whole = {.file = "a.yaml"};
	const TsOrigin place = {.file = "a.yaml", .line = 3, .column = 7};
	const TsOrigin nowhere = {0};
	g_autofree char *first = ts_origin_format(&whole);
	g_autofree char *second = ts_origin_format(&place);
	g_autofree char *third = ts_origin_format(&nowhere);

	ck_assert_str_eq(first, "a.yaml");
	ck_assert_str_eq(second, "a.yaml:3:7");
	ck_assert_str_eq(third, "(no file)");
}
END_TEST

START_TEST(test_node_large_map_finds_every_key)
{
	g_autoptr(TsNode) map = ts_node_new_map(NULL);

	for (unsigned i = 0; i < 100; i++) {
		g_autofree char *key = g_strdup_printf("k%u", i);
		g_autoptr(TsNode) value = ts_node_new_scalar(key, false, NULL);
		ts_node_set(map, key, NULL, value);
	}

	for (unsigned i = 0; i < 100; i++) {
		g_autofree char *key = g_strdup_printf("k%u", i);
		ck_assert_str_eq(ts_node_text(ts_node_find(map, key)), key);
		ck_assert_str_eq(ts_node_key_at(map, i), key);
	}
	ck_assert_ptr_null(ts_node_find(map, "k100"));
}
END_TEST

START_TEST(test_node_set_again_replaces_value_in_place)
{
	g_autoptr(TsNode) map = ts_node_new_map(NULL);
	g_autoptr(TsNode) one = ts_node_new_scalar("1", false, NULL);
	g_autoptr(TsNode) two = ts_node_new_scalar("2", false, NULL);

	ts_node_set(map, "a", NULL, one);
	ts_node_set(map, "b", NULL, one);
	ts_node_set(map, "a", NULL, two);

	ck_assert_uint_eq(ts_node_size(map), 2);
	ck_assert_str_eq(ts_node_key_at(map, 0), "a");
	ck_assert_str_eq(ts_node_text(ts_node_find(map, "a")), "2");
}
END_TEST

static TsNode *
new_pair(const char *first, const char *second)
{
	TsNode *map = ts_node_new_map(NULL);
	g_autoptr(TsNode) list = ts_node_new_list(NULL);
	g_autoptr(TsNode) null = ts_node_new_null(NULL);

	ts_node_append(list, null);
	ts_node_set(map, first, NULL, list);
	ts_node_set(map, second, NULL, list);
	return map;
}

START_TEST(test_node_equal_ignores_order_of_keys_and_origins)
{
	g_autoptr(TsNode) ab = new_pair("a", "b");
	g_autoptr(TsNode) ba = new_pair("b", "a");
	g_autoptr(TsNode) ac = new_pair("a", "c");
	const TsOrigin place = {.file = "x", .line = 1, .column = 1};
	g_autoptr(TsNode) here = ts_node_new_scalar("5", false, &place);
	g_autoptr(TsNode) there = ts_node_new_scalar("5", false, NULL);
	g_autoptr(TsNode) quoted = ts_node_new_scalar("5", true, NULL);

	ck_assert(ts_node_equal(ab, ba));
	ck_assert(!ts_node_equal(ab, ac));
	ck_assert(ts_node_equal(here, there));
	ck_assert(!ts_node_equal(here, quoted));
	ck_assert(ts_node_equal(NULL, NULL));
	ck_assert(!ts_node_equal(here, NULL));
	ck_assert(!ts_node_equal(ab, here));
}
END_TEST

TS_TEST_MAIN("node", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_origin_format_names_place);
	tcase_add_test(core, test_node_large_map_finds_every_key);
	tcase_add_test(core, test_node_set_again_replaces_value_in_place);
	tcase_add_test(core, test_node_equal_ignores_order_of_keys_and_origins);
	suite_add_tcase(suite, core);
})
