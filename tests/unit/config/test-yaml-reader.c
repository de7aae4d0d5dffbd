/* SPDX-License-Identifier: BSD-2-Clause */
/* test-yaml-reader.c - one file's bytes to nodes, and all that may be wrong with them */
#include "config/yaml-reader.h"

#include <string.h>

#include "suite.h"

/* Returns: (transfer full) (nullable): the root; *said gets what was reported. */
static TsNode *
read_saying(const char *bytes, size_t length, char **said)
{
	g_auto(TsProblems) problems;

	ts_problems_init(&problems);
	TsNode *root = ts_yaml_read(bytes, length, "t.yaml", &problems);
	g_autoptr(GPtrArray) list = ts_problems_steal(&problems);
	*said = ts_config_problems_format(list);
	return root;
}

static TsNode *
read_well(const char *text)
{
	g_autofree char *said = NULL;
	TsNode *root = read_saying(text, strlen(text), &said);

	ck_assert_msg(root && !*said, "%s\n%s", text, said);
	return root;
}

static void
check_said_of(const char *bytes, size_t length, const char *expected)
{
	g_autofree char *said = NULL;
	g_autofree char *line = g_strconcat("t.yaml:", expected, "\n", NULL);
	TsNode *root = read_saying(bytes, length, &said);

	ck_assert_str_eq(said, line);
	ts_node_unref(root);
}

static void
check_said(const char *text, const char *expected)
{
	check_said_of(text, strlen(text), expected);
}

static const char *
text_at(const TsNode *map, const char *outer, const char *inner)
{
	const TsNode *found = ts_node_find(ts_node_find(map, outer), inner);

	return found ? ts_node_text(found) : NULL;
}

START_TEST(test_yaml_values_remember_line_and_column)
{
	g_autoptr(TsNode) root = read_well("# c\na:\n  - b: 1\n    cc: [x, 'y']\n");
	const TsNode *entry = ts_node_at(ts_node_find(root, "a"), 0);
	const TsNode *list = ts_node_find(entry, "cc");

	ck_assert_str_eq(ts_node_origin(entry)->file, "t.yaml");
	ck_assert_uint_eq(ts_node_origin(entry)->line, 3);
	ck_assert_uint_eq(ts_node_origin(entry)->column, 5);
	ck_assert_uint_eq(ts_node_key_origin_at(entry, 1)->line, 4);
	ck_assert_uint_eq(ts_node_key_origin_at(entry, 1)->column, 5);
	ck_assert_uint_eq(ts_node_origin(ts_node_at(list, 1))->column, 13);
	ck_assert(!ts_node_is_quoted(ts_node_at(list, 0)));
	ck_assert(ts_node_is_quoted(ts_node_at(list, 1)));
}
END_TEST

START_TEST(test_yaml_empty_forms_are_null)
{
	static const char *const empty[] = {"",		  "\n\n", "# only a comment\n", "---\n",
					    "---\n...\n", "~",	  "\xef\xbb\xbf",	"null\n"};

	for (unsigned i = 0; i < G_N_ELEMENTS(empty); i++) {
		g_autoptr(TsNode) root = read_well(empty[i]);
		ck_assert_int_eq(ts_node_kind(root), TS_NODE_NULL);
	}
}
END_TEST

START_TEST(test_yaml_scalars_null_and_quoted)
{
	g_autoptr(TsNode) root =
		read_well("a:\nb: ''\nc: \"null\"\nd: |\n  x\ne: !!str 5\nf: !!int 5\n");

	ck_assert_int_eq(ts_node_kind(ts_node_find(root, "a")), TS_NODE_NULL);
	ck_assert_str_eq(ts_node_text(ts_node_find(root, "b")), "");
	ck_assert_str_eq(ts_node_text(ts_node_find(root, "c")), "null");
	ck_assert_str_eq(ts_node_text(ts_node_find(root, "d")), "x\n");
	ck_assert(ts_node_is_quoted(ts_node_find(root, "d")));
	ck_assert(ts_node_is_quoted(ts_node_find(root, "e")));
	ck_assert(!ts_node_is_quoted(ts_node_find(root, "f")));
}
END_TEST

START_TEST(test_yaml_alias_keeps_place_of_anchor)
{
	g_autoptr(TsNode) root = read_well("a: &x {k: 1}\nb: *x\n");

	ck_assert(ts_node_equal(ts_node_find(root, "a"), ts_node_find(root, "b")));
	ck_assert_uint_eq(ts_node_origin(ts_node_find(ts_node_find(root, "b"), "k"))->line, 1);
}
END_TEST

START_TEST(test_yaml_merge_key_explicit_keys_win_wherever_they_stand)
{
	g_autoptr(TsNode) root = read_well("a: &a {x: 1, y: 1, z: 1}\n"
					   "b: &b {y: 2, w: 2}\n"
					   "c: {x: 3, <<: *a}\n"
					   "d: {<<: *a, x: 3}\n"
					   "e: {<<: [*b, *a]}\n"
					   "f: {\"<<\": 1}\n");

	ck_assert_str_eq(text_at(root, "c", "x"), "3");
	ck_assert_str_eq(text_at(root, "c", "y"), "1");
	ck_assert_str_eq(text_at(root, "d", "x"), "3");
	ck_assert_str_eq(text_at(root, "e", "y"), "2");
	ck_assert_str_eq(text_at(root, "e", "z"), "1");
	ck_assert_str_eq(text_at(root, "e", "w"), "2");
	ck_assert_str_eq(text_at(root, "f", "<<"), "1");
}
END_TEST

START_TEST(test_yaml_merge_key_of_no_map_is_an_error)
{
	check_said("a: {<<: 5}",
		   "1:9: error: '<<' takes a map, an alias of one, or a list of these");
	check_said("a: {<<: [5]}",
		   "1:9: error: '<<' takes a map, an alias of one, or a list of these");
	check_said("a: {<<: {}, <<: {}}", "1:13: error: a second '<<'; write <<: [*a, *b]");
}
END_TEST

START_TEST(test_yaml_duplicate_key_names_both_places)
{
	check_said("a: 1\nb: 2\na: 3\n",
		   "3:1: error: duplicate key 'a', which stands at t.yaml:1:1 already");
}
END_TEST

START_TEST(test_yaml_alias_faults_are_named)
{
	check_said("a: *x\n", "1:4: error: alias *x: no anchor &x before it");
	check_said("a: &x [*x]\n", "1:8: error: alias *x contains itself");
	check_said("a: &x {b: {<<: *x}}\n", "1:16: error: alias *x contains itself");
	check_said("hwtimestamp: [*]\n",
		   "1:16: error: '*' begins an alias here; quote a value that begins with it");
}
END_TEST

START_TEST(test_yaml_aliases_that_multiply_are_stopped)
{
	GString *text = g_string_new("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");

	for (unsigned i = 1; i < 10; i++) {
		g_string_append_printf(text, "a%u: &a%u [", i, i);
		for (unsigned j = 0; j < 10; j++)
			g_string_append_printf(text, "*a%u, ", i - 1);
		g_string_append(text, "]\n");
	}
	g_autofree char *said = NULL;
	g_autoptr(TsNode) root = read_saying(text->str, text->len, &said);

	ck_assert_ptr_null(root);
	ck_assert_msg(strstr(said, "more than 200000 values, aliases expanded"), "%s", said);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(test_yaml_long_scalar_through_aliases_is_stopped)
{
	g_autofree char *scalar = g_strnfill(4000, 'x');
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "a: &a %s\nb: [", scalar);
	for (unsigned i = 0; i < 2000; i++)
		g_string_append(text, "*a, ");
	g_string_append(text, "]\n");
	g_autofree char *said = NULL;
	g_autoptr(TsNode) root = read_saying(text->str, text->len, &said);

	ck_assert_ptr_null(root);
	ck_assert_msg(strstr(said, "more than 200000 values"), "%s", said);
	g_string_free(text, TRUE);
}
END_TEST

START_TEST(test_yaml_second_document_is_an_error)
{
	check_said("a: 1\n---\nb: 2\n", "2:1: error: a second YAML document; a file holds one");
	check_said("---\n---\n", "2:1: error: a second YAML document; a file holds one");
}
END_TEST

START_TEST(test_yaml_tab_indent_is_told)
{
	check_said("a:\n\tb: 1\n", "2:1: error: a tab can't indent in YAML; use spaces");
	check_said("a:\n  b: 1\n \tc: 1\n", "3:2: error: a tab can't indent in YAML; use spaces");
}
END_TEST

START_TEST(test_yaml_tab_after_a_value_is_fine)
{
	g_autoptr(TsNode) root = read_well("a: 1\t# comment\nb:\t2\n");

	ck_assert_str_eq(ts_node_text(ts_node_find(root, "b")), "2");
}
END_TEST

START_TEST(test_yaml_strange_keys_and_tags_are_refused)
{
	check_said("? [a]\n: 1\n", "1:3: error: a key must be a word");
	check_said("a: &x y\n*x : 1\n", "2:1: error: an alias can't be a key");
	check_said("~: 1\n", "1:1: error: a key is missing here");
	check_said("a: !env HOME\n", "1:4: error: the YAML tag '!env' has no meaning here");
	check_said("a: !x {b: 1}\n", "1:4: error: the YAML tag '!x' has no meaning here");
}
END_TEST

START_TEST(test_yaml_bytes_of_no_text_are_located)
{
	check_said_of("a: 1\nb: \0\n", 10, "2:4: error: a NUL byte; this is no text file");
	check_said("a: 1\n\nb: \xc3(\n", "3:4: error: this is not UTF-8");
	check_said("a: \xff\n", "1:4: error: this is not UTF-8");
	check_said("a: \xc3", "1:4: error: this is not UTF-8");
	check_said("a: \x1b[0m\n", "1:4: error: a control character");
	check_said("a: \xc2\x81\n", "1:4: error: a control character");
	check_said_of("\xff\xfe"
		      "a\0",
		      4, "1:1: error: the file is UTF-16; it must be UTF-8");
	check_said("a: \"\\0\"\n", "1:4: error: a NUL character in a value");
}
END_TEST

START_TEST(test_yaml_line_ends_of_every_system_count_once)
{
	check_said("a: 1\r\nb: 1\r\na: 2\r\n",
		   "3:1: error: duplicate key 'a', which stands at t.yaml:1:1 already");
	check_said("a: 1\r\nb: 1\r\nc: \xff\r\n", "3:4: error: this is not UTF-8");
}
END_TEST

START_TEST(test_yaml_deep_nesting_is_stopped)
{
	g_autofree char *open = g_strnfill(100000, '[');
	g_autofree char *indent = g_strnfill(TS_YAML_MAX_DEPTH, '[');
	g_autofree char *close = g_strnfill(TS_YAML_MAX_DEPTH, ']');
	g_autofree char *fits = g_strconcat(indent, close, NULL);

	check_said(open, "1:33: error: nested deeper than 32 levels");
	g_autoptr(TsNode) root = read_well(fits);
	ck_assert_uint_eq(ts_node_size(root), 1);
}
END_TEST

START_TEST(test_yaml_long_scalar_is_refused)
{
	g_autofree char *long_text = g_strnfill(TS_YAML_MAX_SCALAR + 1, 'x');
	g_autofree char *fits = g_strnfill(TS_YAML_MAX_SCALAR, 'x');

	check_said(long_text, "1:1: error: value longer than 4096 bytes");
	g_autoptr(TsNode) root = read_well(fits);
	ck_assert_uint_eq(strlen(ts_node_text(root)), TS_YAML_MAX_SCALAR);
}
END_TEST

START_TEST(test_yaml_syntax_errors_name_the_place)
{
	g_autofree char *said = NULL;
	static const char text[] = "a: [1, 2\nb: 3\n";
	g_autoptr(TsNode) root = read_saying(text, strlen(text), &said);

	ck_assert_ptr_null(root);
	ck_assert_msg(g_str_has_prefix(said, "t.yaml:2:") && strstr(said, "YAML syntax: "), "%s",
		      said);
	check_said("a: @x\n",
		   "1:4: error: no value can begin with this character; quote the value");
}
END_TEST

TS_TEST_MAIN("yaml-reader", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_yaml_values_remember_line_and_column);
	tcase_add_test(core, test_yaml_empty_forms_are_null);
	tcase_add_test(core, test_yaml_scalars_null_and_quoted);
	tcase_add_test(core, test_yaml_alias_keeps_place_of_anchor);
	tcase_add_test(core, test_yaml_merge_key_explicit_keys_win_wherever_they_stand);
	tcase_add_test(core, test_yaml_merge_key_of_no_map_is_an_error);
	tcase_add_test(core, test_yaml_duplicate_key_names_both_places);
	tcase_add_test(core, test_yaml_alias_faults_are_named);
	tcase_add_test(core, test_yaml_aliases_that_multiply_are_stopped);
	tcase_add_test(core, test_yaml_long_scalar_through_aliases_is_stopped);
	tcase_add_test(core, test_yaml_second_document_is_an_error);
	tcase_add_test(core, test_yaml_tab_indent_is_told);
	tcase_add_test(core, test_yaml_tab_after_a_value_is_fine);
	tcase_add_test(core, test_yaml_strange_keys_and_tags_are_refused);
	tcase_add_test(core, test_yaml_bytes_of_no_text_are_located);
	tcase_add_test(core, test_yaml_line_ends_of_every_system_count_once);
	tcase_add_test(core, test_yaml_deep_nesting_is_stopped);
	tcase_add_test(core, test_yaml_long_scalar_is_refused);
	tcase_add_test(core, test_yaml_syntax_errors_name_the_place);
	suite_add_tcase(suite, core);
})
