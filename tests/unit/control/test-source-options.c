/* SPDX-License-Identifier: BSD-2-Clause */
/* test-source-options.c - settings to options and back come to the same */
#include "control/source-options.h"

#include "config/load.h"
#include "suite.h"

static TsSourceSettings *
parse(char *const *options)
{
	g_autoptr(GError) error = NULL;
	TsSourceSettings *settings = ts_config_parse_source((const char *const *)options, &error);

	ck_assert_msg(settings, "%s", error ? error->message : "");
	return settings;
}

static const char *const sources[] = {
	"server=192.0.2.1",
	"server=2001:db8::1",
	"server=time.example.net name=one",
	"server=[2001:db8::1]:1123",
	"server=time.example.net:1123",
	"server=time.example.net port=1123 name=time.example.net",
	"pool=pool.example.net max-sources=7 family=ipv6",
	"server=a.example prefer=true trust=true require=true online=false iburst=true xleave=true",
	"server=a.example noselect=true burst=true version=3 dscp=46",
	"server=a.example offset=-0.000057 max-distance=0.25 max-delay=0.1",
	"server=a.example offset=1us max-delay-ratio=2.5 max-delay-dev-ratio=none",
	"server=a.example offset=0.1",
	"server=a.example min-poll=-4 max-poll=17 min-samples=1 max-samples=3 filter=16",
	"server=192.0.2.1 bind-address=192.0.2.9 device=eth0 key=77",
	"server=a.example nts=true",
	"server=a.example nts={port: 4461, aead: [15, 30]}",
	"refclock=shm refid=GPS stratum=2 unit=1 offset=0.07",
};

START_TEST(test_source_options_round_trip_changes_nothing)
{
	/* a blank between options, but not within braces */
	g_auto(GStrv) options = g_regex_split_simple(" (?![^{]*})", sources[_i], 0, 0);
	g_autoptr(TsSourceSettings) before = parse(options);
	g_auto(GStrv) written = ts_source_options_format(before);
	g_autoptr(TsSourceSettings) after = parse(written);

	g_autofree char *text = g_strjoinv(" ", written);
	ck_assert_msg(ts_source_settings_compare(before, after) == TS_CHANGE_NONE, "%s -> %s",
		      sources[_i], text);
	ck_assert_str_eq(before->label, after->label);
}
END_TEST

START_TEST(test_source_options_defaults_are_not_written)
{
	char *options[] = {(char *)"server=192.0.2.1", (char *)"min-poll=6", NULL};
	g_autoptr(TsSourceSettings) settings = parse(options);

	g_auto(GStrv) written = ts_source_options_format(settings);

	g_autofree char *text = g_strjoinv(" ", written);
	ck_assert_str_eq(text, "server=192.0.2.1");
}
END_TEST

START_TEST(test_source_options_numbers_have_no_exponent_and_no_noise)
{
	char *options[] = {(char *)"server=192.0.2.1", (char *)"offset=57ns", NULL};
	g_autoptr(TsSourceSettings) settings = parse(options);

	g_auto(GStrv) written = ts_source_options_format(settings);

	ck_assert_str_eq(written[1], "offset=0.000000057s");
}
END_TEST

START_TEST(test_source_options_merge_replaces_adds_and_takes_out)
{
	char *before[] = {(char *)"server=a", (char *)"min-poll=4", (char *)"prefer=true", NULL};
	char *changes[] = {(char *)"min-poll=5", (char *)"iburst", (char *)"prefer=", NULL};

	g_auto(GStrv) merged = ts_source_options_merge(before, changes);

	g_autofree char *text = g_strjoinv(" ", merged);
	ck_assert_str_eq(text, "server=a min-poll=5 iburst");
}
END_TEST

START_TEST(test_source_options_merge_does_not_mix_keys_that_begin_alike)
{
	char *before[] = {(char *)"server=a", (char *)"max-delay=1", (char *)"max-delay-ratio=2", NULL};
	char *changes[] = {(char *)"max-delay=3", NULL};

	g_auto(GStrv) merged = ts_source_options_merge(before, changes);

	g_autofree char *text = g_strjoinv(" ", merged);
	ck_assert_str_eq(text, "server=a max-delay=3 max-delay-ratio=2");
}
END_TEST

TS_TEST_MAIN("source-options", {
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_source_options_round_trip_changes_nothing, 0,
			    G_N_ELEMENTS(sources));
	tcase_add_test(core, test_source_options_defaults_are_not_written);
	tcase_add_test(core, test_source_options_numbers_have_no_exponent_and_no_noise);
	tcase_add_test(core, test_source_options_merge_replaces_adds_and_takes_out);
	tcase_add_test(core, test_source_options_merge_does_not_mix_keys_that_begin_alike);
	suite_add_tcase(suite, core);
})
