/* SPDX-License-Identifier: BSD-2-Clause */
/* test-render.c - tables fit the screen, say what is known, and nothing that is not */
#include "render.h"

#include <string.h>

#include "format.h"
#include "json.h"
#include "suite.h"

#include "control/interface-info.h"

static const TsStyle screen = {.width = 80};

static GVariant *
dict(const char *text)
{
	return g_variant_ref_sink(g_variant_new_parsed(text));
}

static GPtrArray *
sources_of(const char *const *texts)
{
	GPtrArray *sources = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);

	for (; *texts; texts++)
		g_ptr_array_add(sources, dict(*texts));
	return sources;
}

static void
check_width(const char *text, unsigned width)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++)
		ck_assert_msg(ts_format_width(*line) <= width, "%u columns: %s", ts_format_width(*line),
			      *line);
}

static const char *const many[] = {
	"{'Label': <'2001:db8:1234:5678:9abc:def0:1234:5678'>, 'Tally': <'*'>, 'Used': <true>, "
	"'Verdict': <'system-peer'>, 'Stratum': <uint32 1>, 'Poll': <1024.0>, 'Reach': <byte 0xff>, "
	"'LastSampleAge': <512.0>, 'Offset': <-0.000123>, 'OffsetSd': <0.0000123>, "
	"'RootDistance': <0.0123>, 'LastDelay': <0.123>}",
	"{'Label': <'a-very-long-host-name.in-a-long-domain.example.net'>, 'Tally': <'x'>, "
	"'Used': <false>, 'Verdict': <'falseticker'>, 'Stratum': <uint32 2>, 'Poll': <64.0>, "
	"'Reach': <byte 0x1f>, 'LastSampleAge': <12.0>, 'Offset': <3600.0>, 'OffsetSd': <0.000123>, "
	"'RootDistance': <0.123>, 'LastDelay': <0.0123>}",
	"{'Label': <'unresolved.example.net'>, 'Tally': <'?'>, 'Used': <false>, "
	"'Verdict': <'no-samples'>, 'Reach': <byte 0x00>, 'Progress': <'unresolved.example.net has no address: a resolver that "
	"says far more than a line of a usual screen can hold, as some do'>}",
	"{'Label': <'twin'>, 'Tally': <'?'>, 'Used': <false>, 'Verdict': <'duplicate'>, "
	"'Reach': <byte 0x00>, 'DuplicateOf': <'first'>}",
	"{'Label': <'kissed'>, 'Tally': <'?'>, 'Used': <false>, 'Verdict': <'not-preferred'>, "
	"'Reach': <byte 0x07>, 'Stopped': <'kiss DENY'>, 'Offset': <-1.6e9>}",
	NULL,
};

START_TEST(test_render_sources_fits_80_columns)
{
	g_autoptr(GPtrArray) sources = sources_of(many);
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_sources(sources, &screen, out);

	check_width(out->str, 80);
	ck_assert_ptr_nonnull(strstr(out->str, "377"));
	ck_assert_ptr_nonnull(strstr(out->str, "falseticker"));
	ck_assert_ptr_nonnull(strstr(out->str, "-123us"));
	ck_assert_ptr_nonnull(strstr(out->str, "twin: same address as first"));
	ck_assert_ptr_nonnull(strstr(out->str, "kissed: stopped: kiss DENY"));
	ck_assert_ptr_null(strchr(out->str, '\x1b'));
}
END_TEST

START_TEST(test_render_sources_wide_cuts_nothing)
{
	const TsStyle wide = {.width = 0};
	g_autoptr(GPtrArray) sources = sources_of(many);
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_sources(sources, &wide, out);

	ck_assert_ptr_nonnull(strstr(out->str, "2001:db8:1234:5678:9abc:def0:1234:5678"));
	ck_assert_ptr_nonnull(strstr(out->str, "a-very-long-host-name.in-a-long-domain.example.net"));
}
END_TEST

START_TEST(test_render_sources_unknown_values_are_dashes)
{
	const char *const one[] = {many[2], NULL};
	g_autoptr(GPtrArray) sources = sources_of(one);
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_sources(sources, &screen, out);

	g_auto(GStrv) lines = g_strsplit(out->str, "\n", -1);
	ck_assert_ptr_nonnull(strstr(lines[1], "unresolved.example.net"));
	ck_assert(!strpbrk(lines[1], "123456789"));
	ck_assert_ptr_null(strstr(lines[1], "nan"));
}
END_TEST

START_TEST(test_render_sources_in_colour_only_where_told)
{
	const TsStyle colour = {.width = 80, .has_colour = true};
	g_autoptr(GPtrArray) sources = sources_of(many);
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_sources(sources, &colour, out);

	ck_assert_ptr_nonnull(strstr(out->str, "\x1b[32m*"));
	ck_assert_ptr_nonnull(strstr(out->str, "\x1b[31mx"));
}
END_TEST

START_TEST(test_render_hostile_text_sends_nothing_to_the_terminal)
{
	static const char *const hostile[] = {
		"{'Label': <'a\\u001b[2Jb'>, 'Tally': <'?'>, 'Used': <false>, 'Verdict': <'x\\u0007y'>, "
		"'Reach': <byte 0x00>, 'Stopped': <'\\u001b]0;title\\u0007'>, 'Reason': <'\\u001b[31m'>, "
		"'Options': <['a=\\u001b']>, 'Details': <{'k\\u001b': 'v\\u001b'}>}",
		NULL,
	};
	g_autoptr(GPtrArray) sources = sources_of(hostile);
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_sources(sources, &screen, out);
	ts_render_source(g_ptr_array_index(sources, 0), &screen, out);
	ts_render_reason(g_ptr_array_index(sources, 0), &screen, out);

	for (const char *at = out->str; *at; at++)
		ck_assert_msg(*at == '\n' || (unsigned char)*at >= ' ', "byte %d", *at);
}
END_TEST

START_TEST(test_render_status_of_a_clock_never_set)
{
	g_autoptr(GVariant) manager = dict("{'Version': <'1.2'>}");
	g_autoptr(GVariant) clock =
		dict("{'State': <'unsynchronised'>, 'Cause': <'no sources'>, 'StateAge': <5.0>, "
		     "'Stratum': <uint32 16>, 'Leap': <'unsynchronised'>, 'FrequencyPpm': <0.0>, "
		     "'Sources': <uint32 0>, 'SelectableSources': <uint32 0>, 'Updates': <uint64 0>, "
		     "'Steps': <uint64 0>, 'ForeignSteps': <uint64 0>, 'Driver': <'software'>}");
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_status(manager, clock, &screen, out);

	ck_assert(g_str_has_prefix(out->str, "State           unsynchronised for 5s: no sources\n"));
	ck_assert_ptr_null(strstr(out->str, "Offset"));
	ck_assert_ptr_null(strstr(out->str, "1970"));
	ck_assert_ptr_null(strstr(out->str, "nan"));
	check_width(out->str, 80);
}
END_TEST

START_TEST(test_render_status_of_a_locked_clock)
{
	g_autoptr(GVariant) manager = dict("{'Version': <'1.2'>}");
	g_autoptr(GVariant) clock =
		dict("{'State': <'locked'>, 'Cause': <'follows 3 of 4 sources'>, 'StateAge': <7200.0>, "
		     "'Stratum': <uint32 2>, 'Leap': <'none'>, 'FrequencyPpm': <-12.3456>, "
		     "'FrequencySdPpm': <0.0123>, 'SystemPeer': <'one'>, 'Refid': <'192.0.2.1'>, "
		     "'ReferenceTime': <int64 1795565635000000000>, 'LastUpdateAge': <12.0>, "
		     "'Offset': <5.7e-08>, 'OffsetSd': <0.00001>, 'RmsOffset': <0.00002>, "
		     "'SlewLeft': <-0.0000004>, 'RootDelay': <0.01>, 'RootDispersion': <0.001>, "
		     "'MaxError': <0.006>, 'EstimatedError': <0.00001>, 'Sources': <uint32 4>, "
		     "'SelectableSources': <uint32 3>, 'Updates': <uint64 8>, 'Steps': <uint64 1>, "
		     "'ForeignSteps': <uint64 0>, 'Driver': <'software'>}");
	static const char *const wanted[] = {
		"locked for 120m: follows 3 of 4 sources", "one (192.0.2.1)",
		"12s ago, at 2026-11-25 00:13:55 UTC",     "+57ns, sd 10.0us, of late 20.0us rms",
		"-400ns",                                  "-12.346 ppm, sd 0.012 ppm",
		"expected 10.0us, at most 6.00ms",         "4, 3 of them selectable",
	};
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_status(manager, clock, &screen, out);

	for (unsigned i = 0; i < G_N_ELEMENTS(wanted); i++)
		ck_assert_msg(strstr(out->str, wanted[i]), "no '%s' in:\n%s", wanted[i], out->str);
	check_width(out->str, 80);
}
END_TEST

START_TEST(test_render_clients_and_plugins_fit_80_columns)
{
	g_autoptr(GVariant) clients = dict(
		"[{'Address': <'2001:db8:1234:5678:9abc:def0:1234:5678'>, 'Requests': <uint64 123456789>, "
		"'Dropped': <uint64 12345678>, 'Interleaved': <uint64 123456>, 'LastSeen': <1.0>, "
		"'Version': <byte 0x04>}]");
	g_autoptr(GVariant) plugins = dict(
		"[{'Name': <'refclock-shm'>, 'Kind': <'refclock'>, 'Version': <'1.0'>, 'Abi': <'1.0'>, "
		"'Loaded': <true>, 'Instances': <uint32 2>, 'Summary': <'a summary that is far longer than "
		"what is left of a line on a screen of the usual eighty columns'>}]");
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_clients(clients, &screen, out);
	ts_render_plugins(plugins, &screen, out);

	check_width(out->str, 80);
}
END_TEST

START_TEST(test_render_problems_name_file_line_and_column)
{
	g_autoptr(GVariant) problems =
		dict("[{'File': <'a.yaml'>, 'Line': <uint32 3>, 'Column': <uint32 5>, "
		     "'Warning': <false>, 'Text': <'unknown key'>}, {'Warning': <true>, 'Text': <'odd'>}]");
	g_autoptr(GString) out = g_string_new(NULL);

	ts_render_problems(problems, &screen, out);

	ck_assert_str_eq(out->str, "a.yaml:3:5: error: unknown key\n(no file): warning: odd\n");
}
END_TEST

START_TEST(test_json_unknown_properties_are_null)
{
	g_autoptr(GVariant) source = dict(many[2]);
	g_autoptr(JsonNode) node = ts_json_from_properties(&ts_dbus_source_interface, source);
	JsonObject *object = json_node_get_object(node);

	ck_assert(json_object_get_null_member(object, "address"));
	ck_assert(json_object_get_null_member(object, "last_sample_age"));
	ck_assert_str_eq(json_object_get_string_member(object, "verdict"), "no-samples");
	ck_assert_int_eq(json_object_get_int_member(object, "reach"), 0);
}
END_TEST

START_TEST(test_json_options_are_an_object_with_types)
{
	g_autoptr(GVariant) source =
		dict("{'Options': <['server=192.0.2.1', 'prefer=true', 'min-poll=-4', 'offset=0.5', "
		     "'device=eth0', 'nts={port: 4460}', 'name=inf']>}");
	g_autoptr(JsonNode) node = ts_json_from_properties(&ts_dbus_source_interface, source);
	JsonObject *options =
		json_object_get_object_member(json_node_get_object(node), "options");

	ck_assert(json_object_get_boolean_member(options, "prefer"));
	ck_assert_int_eq(json_object_get_int_member(options, "min-poll"), -4);
	ck_assert_double_eq(json_object_get_double_member(options, "offset"), 0.5);
	ck_assert_str_eq(json_object_get_string_member(options, "device"), "eth0");
	ck_assert_str_eq(json_object_get_string_member(options, "server"), "192.0.2.1");
	ck_assert_str_eq(json_object_get_string_member(options, "name"), "inf");
}
END_TEST

START_TEST(test_json_keys_that_are_data_stay_as_they_are)
{
	g_autoptr(GVariant) value =
		dict("{'RootDelay': <0.5>, 'Counters': <{'server_Requests': uint64 3}>}");
	g_autoptr(GString) out = g_string_new(NULL);

	ts_json_append(out, ts_json_from_variant(value), FALSE);

	ck_assert_str_eq(out->str, "{\"root_delay\":0.5,\"counters\":{\"server_Requests\":3}}\n");
}
END_TEST

TS_TEST_MAIN("render", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_render_sources_fits_80_columns);
	tcase_add_test(core, test_render_sources_wide_cuts_nothing);
	tcase_add_test(core, test_render_sources_unknown_values_are_dashes);
	tcase_add_test(core, test_render_sources_in_colour_only_where_told);
	tcase_add_test(core, test_render_hostile_text_sends_nothing_to_the_terminal);
	tcase_add_test(core, test_render_status_of_a_clock_never_set);
	tcase_add_test(core, test_render_status_of_a_locked_clock);
	tcase_add_test(core, test_render_clients_and_plugins_fit_80_columns);
	tcase_add_test(core, test_render_problems_name_file_line_and_column);
	tcase_add_test(core, test_json_unknown_properties_are_null);
	tcase_add_test(core, test_json_options_are_an_object_with_types);
	tcase_add_test(core, test_json_keys_that_are_data_stay_as_they_are);
	suite_add_tcase(suite, core);
})
