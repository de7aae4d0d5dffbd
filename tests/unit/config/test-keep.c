/* SPDX-License-Identifier: BSD-2-Clause */
/* test-keep.c - a source written to a drop-in is read back the same */
#include "config/keep.h"

#include <glib/gstdio.h>

#include "base/error.h"
#include "config/load.h"
#include "suite.h"

static char *directory;

static void
make_directory(void)
{
	directory = g_dir_make_tmp("timesrv-keep-XXXXXX", NULL);
	ck_assert_ptr_nonnull(directory);
}

static void
remove_directory(void)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		g_unlink(path);
	}
	g_rmdir(directory);
	g_free(directory);
}

static TsSettings *
load_directory(void)
{
	const char *dirs[] = {directory, NULL};
	TsConfigPaths paths = {.conf_dirs = dirs};
	g_autoptr(GPtrArray) problems = NULL;
	TsSettings *settings = ts_config_load(&paths, &problems);
	g_autofree char *text = ts_config_problems_format(problems);

	ck_assert_msg(settings != NULL, "%s", text);
	return settings;
}

static void
check_round_trip(const char *const *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsSourceSettings) source = ts_config_parse_source(options, &error);
	ck_assert_msg(source != NULL, "%s", error ? error->message : "");

	ck_assert(ts_config_keep_source(directory, source->label, source, NULL));

	g_autoptr(TsSettings) settings = load_directory();
	ck_assert_uint_eq(settings->sources->len, 1);
	const TsSourceSettings *read = g_ptr_array_index(settings->sources, 0);
	ck_assert_str_eq(read->label, source->label);
	ck_assert_str_eq(read->name, source->name);
	ck_assert_int_eq(ts_source_settings_compare(source, read), TS_CHANGE_NONE);
}

START_TEST(test_keep_server_with_options_is_read_back)
{
	static const char *const options[] = {
		"server=time.example.net", "name=lab/one", "iburst=true",   "min-poll=-2",
		"max-poll=5",              "offset=-0.0000125", "prefer=true", "family=ipv6",
		"max-delay-ratio=2.5",     "max-delay-dev-ratio=none", "dscp=46", "online=false", NULL,
	};

	check_round_trip(options);
}
END_TEST

START_TEST(test_keep_refclock_with_plugin_keys_is_read_back)
{
	static const char *const options[] = {"refclock=shm", "name=gps", "refid=GPS", "unit=2",
					      "perm=0600", NULL};

	check_round_trip(options);
}
END_TEST

START_TEST(test_keep_nothing_removes_the_drop_in)
{
	static const char *const options[] = {"pool=pool.example.org", NULL};
	g_autoptr(TsSourceSettings) source = ts_config_parse_source(options, NULL);
	g_autoptr(GError) error = NULL;
	ck_assert(ts_config_keep_source(directory, source->label, source, NULL));

	ck_assert(ts_config_keep_source(directory, source->label, NULL, NULL));

	g_autoptr(TsSettings) settings = load_directory();
	ck_assert_uint_eq(settings->sources->len, 0);
	ck_assert(!ts_config_keep_source(directory, source->label, NULL, &error));
	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND));
}
END_TEST

START_TEST(test_keep_label_never_leaves_the_directory)
{
	g_autoptr(TsSourceSettings) source =
		ts_source_settings_new(TS_SOURCE_SERVER, "192.0.2.1");
	g_free(source->label);
	source->label = g_strdup("../../evil");

	ck_assert(ts_config_keep_source(directory, source->label, source, NULL));

	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	ck_assert_str_eq(g_dir_read_name(dir), "90-kept-_2e._2f.._2fevil.yaml");
}
END_TEST

TS_TEST_MAIN("keep", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, make_directory, remove_directory);
	tcase_add_test(core, test_keep_server_with_options_is_read_back);
	tcase_add_test(core, test_keep_refclock_with_plugin_keys_is_read_back);
	tcase_add_test(core, test_keep_nothing_removes_the_drop_in);
	tcase_add_test(core, test_keep_label_never_leaves_the_directory);
	suite_add_tcase(suite, core);
})
