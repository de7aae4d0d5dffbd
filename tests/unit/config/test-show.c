/* SPDX-License-Identifier: BSD-2-Clause */
/* test-show.c - the merged tree as text that can be read again, and as a list */
#include "config/show.h"

#include "config/loading.h"

START_TEST(test_show_names_the_line_of_each_value)
{
	g_autoptr(TsSettings) settings = load_well("sources:\n"
						   "- {server: a, iburst: true}\n"
						   "- server: '2001:db8::1'\n"
						   "server:\n"
						   "  listen: []\n"
						   "clock:\n"
						   "  step: {threshold: 1s}\n"
						   "plugins:\n"
						   "  gps:\n");
	g_autofree char *shown = ts_config_show(settings);

	ck_assert_str_eq(shown, "sources:\n"
				"  - server: a  # t.yaml:2\n"
				"    iburst: true  # t.yaml:2\n"
				"  - server: \"2001:db8::1\"  # t.yaml:3\n"
				"server:\n"
				"  listen: []  # t.yaml:5\n"
				"clock:\n"
				"  step:\n"
				"    threshold: 1s  # t.yaml:7\n"
				"plugins:\n"
				"  gps: null  # t.yaml:9\n");
}
END_TEST

static const char *const round_trips[] = {
	"",
	"plugins: {a: {b: 'it''s', c: \"q\\\"\\\\ \\t\\n\\u2028\\x7f\", d: '', e: ~, f: '~', g: "
	"'null'}}",
	"plugins: {a: {'k: v': x y, '#': '# no comment', '-': '- ', \"\\n\": 1, 'null': 2, '<<': "
	"3}}",
	"plugins: {a: {l: [[1, [2, {x: y, z: []}]], {}, [[]], {p: {q: r}}]}}",
	"plugins: {a: {b: \"two\\n  lines\\n\", c: ünïcode, d: a:b, e: '%', f: -1, g: +1, h: -x, "
	"i: 'x:'}}",
	"sources: [{server: a, offset: -1 ms, max-distance: 1e-3, min-poll: 64s}]",
	"clock: {max-slew: 0.05%, step: {threshold: .5}}",
};

START_TEST(test_show_read_again_is_the_same)
{
	g_autoptr(GPtrArray) problems_again = NULL;
	g_autoptr(TsSettings) settings = load_well(round_trips[_i]);

	g_autofree char *shown = ts_config_show(settings);
	g_autoptr(TsSettings) again =
		ts_config_load_text(shown, strlen(shown), "t.yaml", &problems_again);
	g_autofree char *said = ts_config_problems_format(problems_again);
	ck_assert_msg(again != NULL, "%s\n%s", shown, said);
	g_autoptr(GPtrArray) before = ts_config_list(settings), after = ts_config_list(again);
	ck_assert_uint_eq(before->len, after->len);
	for (unsigned i = 0; i < before->len; i++) {
		const TsConfigValue *a = before->pdata[i], *b = after->pdata[i];
		ck_assert_str_eq(a->path, b->path);
		ck_assert_str_eq(a->value, b->value);
	}
}
END_TEST

START_TEST(test_list_gives_path_value_and_origin)
{
	g_autoptr(TsSettings) settings = load_well("sources:\n- server: a\n- {server: b, port: 5}\n"
						   "server: {listen: []}\n");
	g_autoptr(GPtrArray) values = ts_config_list(settings);
	const TsConfigValue *port = values->pdata[2], *listen = values->pdata[3];

	ck_assert_uint_eq(values->len, 4);
	ck_assert_str_eq(port->path, "sources[1].port");
	ck_assert_str_eq(port->value, "5");
	ck_assert_uint_eq(port->origin.line, 3);
	ck_assert_str_eq(listen->path, "server.listen");
	ck_assert_str_eq(listen->value, "[]");
}
END_TEST

TS_TEST_MAIN("show", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_show_names_the_line_of_each_value);
	tcase_add_loop_test(core, test_show_read_again_is_the_same, 0,
			    (int)G_N_ELEMENTS(round_trips));
	tcase_add_test(core, test_list_gives_path_value_and_origin);
	suite_add_tcase(suite, core);
})
