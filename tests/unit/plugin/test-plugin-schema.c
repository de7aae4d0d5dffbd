/* SPDX-License-Identifier: BSD-2-Clause */
/* test-plugin-schema.c - declarations that are refused, and values of each type */
#include "plugin/schema.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "suite.h"

static const TsOrigin origin = {"/etc/x.yaml", 7, 3};

static const struct {
	const char *text, *complaint;
} broken[] = {
	{"unit|int|0|0..255|", "line 1: has not the six fields"},
	{"\n\nUnit|int|0|||x", "line 3: no name of [a-z0-9-]: 'Unit'"},
	{"|int|0|||x", "no name"},
	{"a|int|0|||x\na|int|0|||x", "line 2: there is a setting of that name already: 'a'"},
	{"a|integer|0|||x", "no type: 'integer'"},
	{"a|int|0|0-5||x", "no range of its type: '0-5'"},
	{"a|int|0|5..0||x", "no range of its type"},
	{"a|int|0|0..nan||x", "no range of its type"},
	{"a|string|x|0..5||x", "no range of its type"},
	{"a|enum||||x", "no range of its type"},
	{"a|enum||b,,c||x", "no range of its type"},
	{"a|enum|d|b,c||x", "the default is no value of its own type and range: 'd'"},
	{"a|int|6|0..5||x", "the default is no value"},
	{"a|bool|yes|||x", "the default is no value"},
	{"a|path|tmp|||x", "the default is no value"},
	{"a|mode|999|||x", "the default is no value"},
};

START_TEST(test_schema_broken_declaration_is_refused_with_its_line)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();
	g_autoptr(GError) error = NULL;

	ck_assert(!ts_plugin_schema_add(schema, broken[_i].text, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_INCOMPATIBLE));
	ck_assert_msg(strstr(error->message, broken[_i].complaint) != NULL, "%s", error->message);
}
END_TEST

START_TEST(test_schema_none_has_no_settings)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();

	ck_assert(ts_plugin_schema_add(schema, NULL, NULL));

	ck_assert_uint_eq(schema->settings->len, 0);
}
END_TEST

/* The help may have any character, the separator too. */
START_TEST(test_schema_help_keeps_bars)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();

	ck_assert(ts_plugin_schema_add(schema, "a|int|!|||this | or that\n", NULL));

	const TsDeclaredSetting *setting = ts_plugin_schema_find(schema, "a");
	ck_assert_str_eq(setting->help, "this | or that");
	ck_assert(setting->is_required);
}
END_TEST

static const char all_types[] = "flag|bool|false|||x\n"
				"whole|int|5|-10..10||x\n"
				"real|number|0.5|0..||x\n"
				"wait|duration|20ms|||x\n"
				"perm|mode|0660|||x\n"
				"text|string||||x\n"
				"file|path|/dev/gps0|||x\n"
				"word|enum|one|one,two||x\n";

static TsNode *
map_with(const char *key, const char *value)
{
	TsNode *map = ts_node_new_map(&origin);
	g_autoptr(TsNode) node = ts_node_new_scalar(value, false, &origin);

	ts_node_set(map, key, &origin, node);
	return map;
}

/* Returns: (nullable): the values; *@problems tells what was wrong. */
static GHashTable *
read_one(const char *key, const char *value, GPtrArray **problems)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();
	g_autoptr(TsNode) map = map_with(key, value);

	ck_assert(ts_plugin_schema_add(schema, all_types, NULL));
	*problems = ts_plugin_schema_problems_new();
	return ts_plugin_schema_read(schema, &map, 1, &origin, "x", *problems);
}

static const struct {
	const char *key, *value;
	int64_t whole;
	double number;
	const char *text;
} good[] = {
	{"flag", "true", 1, 0, NULL},	 {"whole", "-10", -10, 0, NULL},
	{"real", "2.25", 0, 2.25, NULL}, {"wait", "2m", 0, 120, NULL},
	{"perm", "0600", 0600, 0, NULL}, {"perm", "644", 0644, 0, NULL},
	{"text", "0600", 0, 0, "0600"},	 {"file", "/run/x.sock", 0, 0, "/run/x.sock"},
	{"word", "two", 0, 0, "two"},	 {"text", "", 0, 0, ""},
};

START_TEST(test_schema_good_value_is_read)
{
	g_autoptr(GPtrArray) problems = NULL;

	g_autoptr(GHashTable) values = read_one(good[_i].key, good[_i].value, &problems);

	ck_assert_ptr_nonnull(values);
	const TsSettingValue *value = g_hash_table_lookup(values, good[_i].key);
	ck_assert(value->is_set);
	ck_assert_int_eq(value->whole, good[_i].whole);
	ck_assert_double_eq(value->number, good[_i].number);
	ck_assert_pstr_eq(value->text, good[_i].text);
}
END_TEST

START_TEST(test_schema_default_stands_for_what_is_not_written)
{
	g_autoptr(GPtrArray) problems = NULL;

	g_autoptr(GHashTable) values = read_one("flag", "true", &problems);

	ck_assert_int_eq(((TsSettingValue *)g_hash_table_lookup(values, "whole"))->whole, 5);
	ck_assert_double_eq(((TsSettingValue *)g_hash_table_lookup(values, "wait"))->number, 0.02);
	ck_assert(!((TsSettingValue *)g_hash_table_lookup(values, "text"))->is_set);
}
END_TEST

static const struct {
	const char *key, *value, *complaint;
} wrong[] = {
	{"flag", "yes", "plugin x: flag "},
	{"whole", "11", "plugin x: whole is out of range: -10..10"},
	{"whole", "010", "plugin x: whole "},
	{"real", "-0.1", "plugin x: real is out of range: 0.."},
	{"real", "nan", "plugin x: real "},
	{"wait", "soon", "plugin x: wait "},
	{"perm", "0680", "plugin x: perm takes an octal file permission like 0660"},
	{"perm", "07777777", "plugin x: perm takes an octal"},
	{"file", "gps0", "plugin x: file takes an absolute path"},
	{"word", "three", "plugin x: word takes one of: one, two"},
	{"wrod", "one", "plugin x: unknown key 'wrod'; did you mean 'word'?"},
	{"completely-else", "1",
	 "unknown key 'completely-else'; it has: flag, whole, real, wait, perm"},
};

START_TEST(test_schema_wrong_value_is_told_with_its_place)
{
	g_autoptr(GPtrArray) problems = NULL;

	g_autoptr(GHashTable) values = read_one(wrong[_i].key, wrong[_i].value, &problems);

	ck_assert_ptr_null(values);
	ck_assert_uint_eq(problems->len, 1);
	const TsConfigProblem *problem = g_ptr_array_index(problems, 0);
	ck_assert_uint_eq(problem->origin.line, 7);
	ck_assert(!problem->is_warning);
	ck_assert_msg(strstr(problem->text, wrong[_i].complaint) != NULL, "%s", problem->text);
}
END_TEST

START_TEST(test_schema_list_and_map_are_no_values)
{
	static const char *const keys[] = {"flag", "whole", "wait", "perm", "text", "file", "word"};
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();
	ck_assert(ts_plugin_schema_add(schema, all_types, NULL));

	for (unsigned i = 0; i < G_N_ELEMENTS(keys); i++)
		for (unsigned kind = 0; kind < 3; kind++) {
			g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();
			g_autoptr(TsNode) map = ts_node_new_map(&origin);
			g_autoptr(TsNode) value = kind == 0   ? ts_node_new_list(&origin)
						  : kind == 1 ? ts_node_new_map(&origin)
							      : ts_node_new_null(&origin);
			ts_node_set(map, keys[i], &origin, value);

			g_autoptr(GHashTable) values =
				ts_plugin_schema_read(schema, &map, 1, &origin, "x", problems);

			ck_assert_ptr_null(values);
			ck_assert_uint_eq(problems->len, 1);
		}
}
END_TEST

START_TEST(test_schema_first_map_wins)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();
	g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();
	g_autoptr(TsNode) own = map_with("whole", "1"), defaults = map_with("whole", "2");
	TsNode *maps[] = {NULL, own, defaults};
	ck_assert(ts_plugin_schema_add(schema, all_types, NULL));

	g_autoptr(GHashTable) values =
		ts_plugin_schema_read(schema, maps, 3, &origin, "x", problems);

	ck_assert_int_eq(((TsSettingValue *)g_hash_table_lookup(values, "whole"))->whole, 1);
}
END_TEST

TS_TEST_MAIN("plugin-schema", {
	TCase *declaration = tcase_create("declaration");
	tcase_add_loop_test(declaration, test_schema_broken_declaration_is_refused_with_its_line, 0,
			    G_N_ELEMENTS(broken));
	tcase_add_test(declaration, test_schema_none_has_no_settings);
	tcase_add_test(declaration, test_schema_help_keeps_bars);
	suite_add_tcase(suite, declaration);
	TCase *values = tcase_create("values");
	tcase_add_loop_test(values, test_schema_good_value_is_read, 0, G_N_ELEMENTS(good));
	tcase_add_test(values, test_schema_default_stands_for_what_is_not_written);
	tcase_add_loop_test(values, test_schema_wrong_value_is_told_with_its_place, 0,
			    G_N_ELEMENTS(wrong));
	tcase_add_test(values, test_schema_list_and_map_are_no_values);
	tcase_add_test(values, test_schema_first_map_wins);
	suite_add_tcase(suite, values);
})
