/* SPDX-License-Identifier: BSD-2-Clause */
/* test-plugin-host.c - plugins come, go and are shown: with sources, with entries, by the
 * operator */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "config/load.h"
#include "host-world.h"
#include "plugin/schema.h"
#include "suite.h"

static HostWorld world;

static void
set_up(void)
{
	host_world_init(&world, 0);
	g_free(plugin_folder_add(&world.folder, "refclock-fine"));
}

static void
tear_down(void)
{
	host_world_clear(&world);
}

static bool
is_loaded(const char *name)
{
	g_autoptr(TsPluginView) view = ts_plugin_host_info(world.host, name, NULL);

	return view && view->is_loaded;
}

static TsPluginSettings *
add_entry(TsSettings *settings, const char *name)
{
	TsPluginSettings *entry = g_new0(TsPluginSettings, 1);

	entry->name = g_strdup(name);
	entry->is_enabled = true;
	entry->origin = (TsOrigin){g_intern_string("/etc/test.yaml"), 20, 3};
	g_ptr_array_add(settings->plugins, entry);
	return entry;
}

static void
add_entry_key(TsPluginSettings *entry, const char *key, const char *value, unsigned line)
{
	if (!entry->settings)
		entry->settings = ts_node_new_map(&entry->origin);
	set_key(entry->settings, key, value, line);
}

/* ---- sources --------------------------------------------------------------------------------- */

START_TEST(test_host_plugin_lives_as_long_as_its_last_source)
{
	host_world_add(&world, "a", "sample");
	host_world_add(&world, "b", "sample");
	ck_assert(is_loaded("refclock-fine"));

	ts_plugin_host_provider.remove(world.host, "a");
	ck_assert(is_loaded("refclock-fine"));
	ts_plugin_host_provider.remove(world.host, "b");

	ck_assert(!is_loaded("refclock-fine"));
	ck_assert_uint_eq(ts_engine_n_sources(world.engine), 0);
}
END_TEST

START_TEST(test_host_instances_have_metrics_of_their_own_that_vanish)
{
	host_world_add(&world, "GPS 1", "sample");
	host_world_add(&world, "fine", "sample");
	host_world_run(&world, 4.5);

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps-1", "polls"), 5);
	ck_assert_double_eq(host_world_metric(&world, "refclock-fine", "polls"), 5);
	ts_plugin_host_provider.remove(world.host, "GPS 1");

	ck_assert(isnan(host_world_metric(&world, "refclock-fine-gps-1", "polls")));
	ck_assert(isnan(host_world_metric(&world, "refclock-fine-gps-1", "refclock_samples")));
	ck_assert_double_eq(host_world_metric(&world, "refclock-fine", "polls"), 5);
}
END_TEST

START_TEST(test_host_labels_that_look_alike_make_two_instances)
{
	host_world_add(&world, "GPS 1", "sample");
	host_world_add(&world, "gps-1", "sample");
	host_world_run(&world, 4.5);

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps-1", "polls"), 5);
	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps-1-2", "polls"), 5);
}
END_TEST

START_TEST(test_host_changed_option_keeps_samples_and_reach)
{
	TsSource *source = host_world_add(&world, "gps", "sample");
	g_autoptr(TsSourceSettings) settings = host_world_source(&world, "gps", "sample");
	host_world_run(&world, 40);
	settings->stratum = 5;
	settings->noselect = true;

	ck_assert(ts_plugin_host_provider.update(world.host, settings, TS_CHANGE_OPTIONS, NULL));
	host_world_run(&world, 2);

	TsSourceView view;
	ck_assert_ptr_eq(ts_engine_find_source(world.engine, "gps"), source);
	ts_source_get_view(source, &view);
	ck_assert_uint_eq(view.reach, 7);
	ck_assert_int_eq(view.stratum, 5);
	ck_assert_int_eq(view.verdict, TS_VERDICT_NOSELECT);
}
END_TEST

START_TEST(test_host_changed_plugin_key_starts_the_instance_anew)
{
	host_world_add(&world, "gps", "quiet");
	g_autoptr(TsSourceSettings) settings = host_world_source(&world, "gps", "sample");
	host_world_run(&world, 10);

	ck_assert(ts_plugin_host_provider.update(world.host, settings, TS_CHANGE_RESTART, NULL));
	host_world_run(&world, 2.5);

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "refclock_samples"), 3);
}
END_TEST

/* What is wrong is said before the old one is given up. */
START_TEST(test_host_change_to_a_missing_plugin_keeps_the_old_source)
{
	host_world_add(&world, "gps", "sample");
	g_autoptr(TsSourceSettings) settings = host_world_source(&world, "gps", "sample");
	g_free(settings->name);
	settings->name = g_strdup("absent");

	ck_assert(!ts_plugin_host_provider.update(world.host, settings, TS_CHANGE_RESTART, NULL));

	ck_assert_ptr_nonnull(ts_engine_find_source(world.engine, "gps"));
	ck_assert(is_loaded("refclock-fine"));
}
END_TEST

START_TEST(test_host_wrong_change_keeps_the_old_source)
{
	host_world_add(&world, "gps", "sample");
	g_autoptr(TsSourceSettings) settings = host_world_source(&world, "gps", "sample");
	set_key(settings->plugin, "lines", "-1", 6);

	ck_assert(!ts_plugin_host_provider.update(world.host, settings, TS_CHANGE_RESTART, NULL));
	host_world_run(&world, 2.5);

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "polls"), 3);
}
END_TEST

/* The new one can't start: the old one comes back. */
START_TEST(test_host_change_that_can_not_start_brings_the_old_source_back)
{
	g_free(plugin_folder_add(&world.folder, "bad-start"));
	host_world_add(&world, "gps", "sample");
	g_autoptr(TsSourceSettings) settings =
		ts_source_settings_new(TS_SOURCE_REFCLOCK, "bad-start");
	g_free(settings->label);
	settings->label = g_strdup("gps");

	ck_assert(!ts_plugin_host_provider.update(world.host, settings, TS_CHANGE_RESTART, NULL));
	host_world_run(&world, 2.5);

	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "polls"), 3);
	ck_assert(!is_loaded("bad-start"));
}
END_TEST

static void
check_add_fails(const TsSourceSettings *source, TimesrvError code, const char *words)
{
	g_autoptr(GError) error = NULL;

	ck_assert(!host_world_try(&world, source, &error));

	ck_assert_msg(g_error_matches(error, TIMESRV_ERROR, (int)code), "%s", error->message);
	ck_assert_msg(strstr(error->message, words) != NULL, "%s", error->message);
	ck_assert_uint_eq(ts_engine_n_sources(world.engine), 0);
	ck_assert(!is_loaded(source->name));
}

START_TEST(test_host_create_error_leaves_nothing)
{
	g_free(plugin_folder_add(&world.folder, "bad-create"));
	g_autoptr(TsSourceSettings) source =
		ts_source_settings_new(TS_SOURCE_REFCLOCK, "bad-create");

	check_add_fails(source, TIMESRV_ERROR_UNAVAILABLE, "create() failed: No such device");
	ck_assert(isnan(host_world_metric(&world, "bad-create", "left_over")));
}
END_TEST

/* Its timer would abort the test. */
START_TEST(test_host_start_error_revokes_what_was_started)
{
	g_free(plugin_folder_add(&world.folder, "bad-start"));
	g_autoptr(TsSourceSettings) source =
		ts_source_settings_new(TS_SOURCE_REFCLOCK, "bad-start");

	check_add_fails(source, TIMESRV_ERROR_UNAVAILABLE,
			"start() failed: Device or resource busy");
	host_world_run(&world, 5);
}
END_TEST

START_TEST(test_host_service_gives_no_time)
{
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	g_autoptr(TsSourceSettings) source =
		ts_source_settings_new(TS_SOURCE_REFCLOCK, "service-giver");

	check_add_fails(source, TIMESRV_ERROR_INVALID_CONFIG,
			"is of kind service: it gives no time");
}
END_TEST

/* At run time there is no file to name. */
START_TEST(test_host_wrong_settings_are_told_all_at_once)
{
	g_autoptr(TsSourceSettings) source = ts_source_settings_new(TS_SOURCE_REFCLOCK, "fine");
	source->plugin = ts_node_new_map(NULL);
	g_autoptr(TsNode) node = ts_node_new_scalar("x", false, NULL);
	ts_node_set(source->plugin, "lines", NULL, node);

	check_add_fails(source, TIMESRV_ERROR_INVALID_CONFIG,
			"plugin refclock-fine: needs 'origin'");
	check_add_fails(source, TIMESRV_ERROR_INVALID_CONFIG, "; plugin refclock-fine: lines ");
}
END_TEST

START_TEST(test_host_missing_plugin_names_the_nearest)
{
	g_autoptr(TsSourceSettings) source =
		ts_source_settings_new(TS_SOURCE_REFCLOCK, "refclock-fin");

	check_add_fails(source, TIMESRV_ERROR_NOT_FOUND, "did you mean 'refclock-fine'?");
}
END_TEST

START_TEST(test_host_disabled_plugin_is_not_loaded)
{
	g_autoptr(TsSettings) settings = ts_settings_new();
	g_free(settings->plugin_directory);
	settings->plugin_directory = g_strdup(world.folder.path);
	add_entry(settings, "refclock-fine")->is_enabled = false;
	ts_plugin_host_apply(world.host, settings);
	g_autoptr(TsSourceSettings) source = host_world_source(&world, "gps", "sample");

	check_add_fails(source, TIMESRV_ERROR_INVALID_CONFIG, "is not enabled");
}
END_TEST

static GLogWriterOutput
count_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	unsigned *n_lines = user_data;

	(void)level;
	for (gsize i = 0; i < n_fields; i++)
		if (strcmp(fields[i].key, "TIMESRV_COMPONENT") == 0 &&
		    strcmp(fields[i].value, "refclock-fine-gps") == 0)
			++*n_lines;
	return G_LOG_WRITER_HANDLED;
}

START_TEST(test_host_log_flood_is_cut)
{
	unsigned n_lines = 0;
	g_autoptr(TsSourceSettings) source = host_world_source(&world, "gps", "quiet");
	set_key(source->plugin, "lines", "1000", 6);
	g_log_set_writer_func(count_line, &n_lines, NULL);
	ck_assert(host_world_try(&world, source, NULL));

	host_world_run(&world, 20.5);

	/* the burst of 20, and then one each 5 s with how many were left out before it */
	ck_assert_uint_eq(n_lines, 20 + 4 * 2);
}
END_TEST

/* ---- entries --------------------------------------------------------------------------------- */

static TsSettings *
settings_with_directory(void)
{
	TsSettings *settings = ts_settings_new();

	g_free(settings->plugin_directory);
	settings->plugin_directory = g_strdup(world.folder.path);
	return settings;
}

START_TEST(test_host_entry_is_loaded_and_unloaded_when_it_goes)
{
	g_autoptr(TsSettings) with = settings_with_directory();
	g_autoptr(TsSettings) without = settings_with_directory();
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	add_entry(with, "service-giver");

	ts_plugin_host_apply(world.host, with);
	ck_assert(is_loaded("service-giver"));
	ts_plugin_host_apply(world.host, without);

	ck_assert(!is_loaded("service-giver"));
}
END_TEST

START_TEST(test_host_entry_keys_are_defaults_of_sources)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	add_entry_key(add_entry(settings, "fine"), "lock", "nobody", 21);
	ts_plugin_host_apply(world.host, settings);
	TsSource *source = host_world_add(&world, "pps", "pulse");

	host_world_run(&world, 2);

	TsSourceView view;
	ts_source_get_view(source, &view);
	ck_assert_ptr_nonnull(strstr(view.progress, "no other source nobody"));
}
END_TEST

START_TEST(test_host_changed_entry_keys_reach_living_sources)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	add_entry_key(add_entry(settings, "refclock-fine"), "lock", "nobody", 21);
	host_world_add(&world, "pps", "pulse");

	ts_plugin_host_apply(world.host, settings);
	host_world_run(&world, 2);

	TsSourceView view;
	ts_source_get_view(ts_engine_find_source(world.engine, "pps"), &view);
	ck_assert_ptr_nonnull(strstr(view.progress, "no other source nobody"));
}
END_TEST

static const char *
stopped_reason(const char *label)
{
	TsSourceView view;

	ts_source_get_view(ts_engine_find_source(world.engine, label), &view);
	return view.stopped;
}

START_TEST(test_host_disabled_entry_stops_living_sources_until_enabled)
{
	g_autoptr(TsSettings) disabled = settings_with_directory();
	add_entry(disabled, "refclock-fine")->is_enabled = false;
	host_world_add(&world, "gps", "sample");
	host_world_run(&world, 2.5);

	ts_plugin_host_apply(world.host, disabled);
	host_world_run(&world, 10);
	ck_assert_str_eq(stopped_reason("gps"), "its plugin is not enabled");
	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "polls"), 3);
	ts_plugin_host_apply(world.host, world.settings);
	host_world_run(&world, 2.5);

	ck_assert_ptr_null(stopped_reason("gps"));
	ck_assert_double_eq(host_world_metric(&world, "refclock-fine-gps", "polls"), 6);
}
END_TEST

/* The configuration's loader adds an empty entry by the source's short name; the operator's
 * counts. */
START_TEST(test_host_entry_that_says_something_counts_before_an_empty_one)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	add_entry(settings, "fine");
	add_entry(settings, "refclock-fine")->is_enabled = false;
	ts_plugin_host_apply(world.host, settings);
	g_autoptr(TsSourceSettings) source = host_world_source(&world, "gps", "sample");

	check_add_fails(source, TIMESRV_ERROR_INVALID_CONFIG, "is not enabled");
}
END_TEST

/* ---- the operator ---------------------------------------------------------------------------- */

START_TEST(test_host_loaded_plugin_stays_without_sources_until_unloaded)
{
	g_autoptr(GError) error = NULL;

	ck_assert(ts_plugin_host_load(world.host, "fine", NULL));
	ck_assert(!ts_plugin_host_load(world.host, "refclock-fine", &error));
	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS));
	ts_plugin_host_apply(world.host, world.settings);
	ck_assert(is_loaded("refclock-fine"));

	ck_assert(ts_plugin_host_unload(world.host, "refclock-fine", NULL));
	ck_assert(!is_loaded("refclock-fine"));
}
END_TEST

START_TEST(test_host_file_outside_of_the_directory_can_be_loaded)
{
	PluginFolder other;
	plugin_folder_init(&other);
	g_autofree char *path = plugin_folder_add(&other, "service-giver");

	ck_assert(ts_plugin_host_load(world.host, path, NULL));
	ck_assert(is_loaded("service-giver"));
	ck_assert(ts_plugin_host_unload(world.host, "service-giver", NULL));
	plugin_folder_clear(&other);
}
END_TEST

START_TEST(test_host_file_outside_of_the_directory_gives_sources_once_loaded)
{
	PluginFolder other;
	plugin_folder_init(&other);
	g_autofree char *inside = g_build_filename(world.folder.path, "refclock-fine.so", NULL);
	g_autofree char *path = plugin_folder_add(&other, "refclock-fine");
	g_autoptr(TsSourceSettings) source = host_world_source(&world, "gps", "sample");
	ck_assert_int_eq(g_unlink(inside), 0);
	ck_assert(!host_world_try(&world, source, NULL));

	ck_assert(ts_plugin_host_load(world.host, path, NULL));
	ck_assert(host_world_try(&world, source, NULL));

	ck_assert_ptr_nonnull(ts_engine_find_source(world.engine, "gps"));
	plugin_folder_clear(&other);
}
END_TEST

START_TEST(test_host_unload_in_use_names_the_sources)
{
	g_autoptr(GError) error = NULL;
	host_world_add(&world, "gps", "sample");
	host_world_add(&world, "pps", "pulse");

	ck_assert(!ts_plugin_host_unload(world.host, "fine", &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS));
	ck_assert_ptr_nonnull(strstr(error->message, "gps, pps"));
}
END_TEST

START_TEST(test_host_unload_of_unknown_is_not_found)
{
	g_autoptr(GError) error = NULL;

	ck_assert(!ts_plugin_host_unload(world.host, "absent", &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND));
}
END_TEST

START_TEST(test_host_code_that_stays_mapped_is_shown)
{
	g_free(plugin_folder_add(&world.folder, "bad-guest"));
	ck_assert(ts_plugin_host_load(world.host, "bad-guest", NULL));

	ck_assert(ts_plugin_host_unload(world.host, "bad-guest", NULL));

	g_autoptr(GPtrArray) views = ts_plugin_host_list(world.host);
	const TsPluginView *view = g_ptr_array_index(views, 0);
	ck_assert_str_eq(view->name, "bad-guest");
	ck_assert_uint_eq(view->n_left_mapped, 1);
	ck_assert(!view->is_loaded);
}
END_TEST

START_TEST(test_host_list_has_loaded_found_and_broken_ones)
{
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	g_free(plugin_folder_write(&world.folder, "broken.so", "none", -1));
	host_world_add(&world, "gps", "sample");

	g_autoptr(GPtrArray) views = ts_plugin_host_list(world.host);

	ck_assert_uint_eq(views->len, 3);
	const TsPluginView *broken = g_ptr_array_index(views, 0);
	const TsPluginView *fine = g_ptr_array_index(views, 1);
	const TsPluginView *giver = g_ptr_array_index(views, 2);
	ck_assert_str_eq(broken->kind, "unknown");
	ck_assert_uint_eq(broken->lint->len, 1);
	ck_assert(fine->is_loaded);
	ck_assert_uint_eq(fine->n_instances, 1);
	ck_assert_str_eq(giver->kind, "service");
	ck_assert(!giver->is_loaded);
}
END_TEST

START_TEST(test_host_info_shows_settings_without_loading)
{
	g_autoptr(TsPluginView) view = ts_plugin_host_info(world.host, "fine", NULL);

	ck_assert_str_eq(view->version, "1.2.3");
	ck_assert_str_eq(view->license, "BSD-2-Clause");
	ck_assert_uint_eq(view->settings->len, 7);
	const TsPluginSetting *origin = g_ptr_array_index(view->settings, 2);
	const TsPluginSetting *depth = g_ptr_array_index(view->settings, 5);
	ck_assert_str_eq(origin->name, "origin");
	ck_assert(origin->is_required);
	ck_assert_str_eq(depth->type, "duration");
	ck_assert_str_eq(depth->default_text, "1ms");
	ck_assert(!is_loaded("fine"));
}
END_TEST

/* ---- services -------------------------------------------------------------------------------- */

START_TEST(test_host_service_is_used_while_its_giver_is_there)
{
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	g_free(plugin_folder_add(&world.folder, "service-taker"));
	ck_assert(ts_plugin_host_load(world.host, "service-taker", NULL));
	host_world_run(&world, 2);
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "sum"), -1);

	ck_assert(ts_plugin_host_load(world.host, "service-giver", NULL));
	host_world_run(&world, 2);
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "sum"), 42);
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "came"), 1);
	ck_assert(ts_plugin_host_unload(world.host, "service-giver", NULL));
	host_world_run(&world, 2);

	ck_assert_double_eq(host_world_metric(&world, "service-taker", "sum"), -1);
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "went"), 1);
}
END_TEST

START_TEST(test_host_changed_entry_keys_reach_a_living_service)
{
	g_autoptr(TsSettings) plain = settings_with_directory(), biased = settings_with_directory();
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	g_free(plugin_folder_add(&world.folder, "service-taker"));
	add_entry(plain, "service-giver");
	add_entry(plain, "service-taker");
	add_entry_key(add_entry(biased, "service-giver"), "bias", "-2", 21);
	add_entry(biased, "service-taker");
	ts_plugin_host_apply(world.host, plain);
	host_world_run(&world, 2);

	ts_plugin_host_apply(world.host, biased);
	host_world_run(&world, 2);

	ck_assert_double_eq(host_world_metric(&world, "service-taker", "sum"), 40);
	/* it was there from the start, went and came again */
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "went"), 1);
	ck_assert_double_eq(host_world_metric(&world, "service-taker", "came"), 1);
}
END_TEST

/* ---- checking -------------------------------------------------------------------------------- */

static char *
check(const TsSettings *settings)
{
	g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();

	ts_plugin_host_check_settings(settings, problems);
	return ts_config_problems_format(problems);
}

START_TEST(test_check_good_settings_have_no_problem)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	g_ptr_array_add(settings->sources, host_world_source(&world, "gps", "sample"));

	g_autofree char *text = check(settings);

	ck_assert_str_eq(text, "");
}
END_TEST

static const struct {
	const char *key, *value, *line;
} mistakes[] = {
	{"lynes", "1",
	 "/etc/test.yaml:9:5: error: plugin refclock-fine: unknown key 'lynes'; "
	 "did you mean 'lines'?\n"},
	{"lines", "1001",
	 "/etc/test.yaml:9:5: error: plugin refclock-fine: lines is out of range: "
	 "0..1000\n"},
	{"depth", "2s",
	 "/etc/test.yaml:9:5: error: plugin refclock-fine: depth is out of range: 0..1 s\n"},
	{"device", "dev/gps",
	 "/etc/test.yaml:9:5: error: plugin refclock-fine: device takes an absolute "
	 "path, one that begins with '/'\n"},
	{"poll", "11",
	 "/etc/test.yaml:9:5: error: plugin refclock-fine: poll is out of range: -4..10 "
	 "log2 s\n"},
};

START_TEST(test_check_mistake_is_told_with_place_and_remedy)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	TsSourceSettings *source = host_world_source(&world, "gps", "sample");
	set_key(source->plugin, mistakes[_i].key, mistakes[_i].value, 9);
	g_ptr_array_add(settings->sources, source);

	g_autofree char *text = check(settings);

	ck_assert_str_eq(text, mistakes[_i].line);
}
END_TEST

START_TEST(test_check_required_key_is_missed_at_the_source)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	TsSourceSettings *source = ts_source_settings_new(TS_SOURCE_REFCLOCK, "fine");
	source->origin = (TsOrigin){g_intern_string("/etc/test.yaml"), 3, 5};
	g_ptr_array_add(settings->sources, source);

	g_autofree char *text = check(settings);

	ck_assert_str_eq(text,
			 "/etc/test.yaml:3:5: error: plugin refclock-fine: needs 'origin': what "
			 "true time is ahead of the raw clock, ns\n");
}
END_TEST

START_TEST(test_check_required_key_may_stand_in_the_entry)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	g_ptr_array_add(settings->sources, ts_source_settings_new(TS_SOURCE_REFCLOCK, "fine"));
	add_entry_key(add_entry(settings, "refclock-fine"), "origin", "1", 21);

	g_autofree char *text = check(settings);

	ck_assert_str_eq(text, "");
}
END_TEST

/* Two sources share the entry: its mistake is said once. */
START_TEST(test_check_mistake_of_an_entry_is_told_once)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	g_ptr_array_add(settings->sources, host_world_source(&world, "a", "sample"));
	g_ptr_array_add(settings->sources, host_world_source(&world, "b", "sample"));
	add_entry_key(add_entry(settings, "refclock-fine"), "lines", "-1", 21);

	g_autofree char *text = check(settings);

	ck_assert_str_eq(text,
			 "/etc/test.yaml:21:5: error: plugin refclock-fine: lines is out of range: "
			 "0..1000\n");
}
END_TEST

START_TEST(test_check_missing_plugin_is_a_warning)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	add_entry(settings, "refclock-fein");

	g_autofree char *text = check(settings);

	ck_assert_ptr_nonnull(
		strstr(text, "/etc/test.yaml:20:3: warning: no plugin 'refclock-fein'"));
	ck_assert_ptr_nonnull(strstr(text, "did you mean 'refclock-fine'?"));
}
END_TEST

START_TEST(test_check_service_as_source_is_an_error)
{
	g_autoptr(TsSettings) settings = settings_with_directory();
	g_free(plugin_folder_add(&world.folder, "service-giver"));
	g_ptr_array_add(settings->sources,
			ts_source_settings_new(TS_SOURCE_REFCLOCK, "service-giver"));

	g_autofree char *text = check(settings);

	ck_assert_ptr_nonnull(strstr(text, "error: plugin service-giver is of kind service"));
}
END_TEST

static TCase *
add_case(Suite *suite, const char *name)
{
	TCase *added = tcase_create(name);

	tcase_add_checked_fixture(added, set_up, tear_down);
	suite_add_tcase(suite, added);
	return added;
}

TS_TEST_MAIN("plugin-host", {
	TCase *sources = add_case(suite, "sources");
	tcase_add_test(sources, test_host_plugin_lives_as_long_as_its_last_source);
	tcase_add_test(sources, test_host_instances_have_metrics_of_their_own_that_vanish);
	tcase_add_test(sources, test_host_labels_that_look_alike_make_two_instances);
	tcase_add_test(sources, test_host_changed_option_keeps_samples_and_reach);
	tcase_add_test(sources, test_host_changed_plugin_key_starts_the_instance_anew);
	tcase_add_test(sources, test_host_change_to_a_missing_plugin_keeps_the_old_source);
	tcase_add_test(sources, test_host_wrong_change_keeps_the_old_source);
	tcase_add_test(sources, test_host_change_that_can_not_start_brings_the_old_source_back);
	tcase_add_test(sources, test_host_create_error_leaves_nothing);
	tcase_add_test(sources, test_host_start_error_revokes_what_was_started);
	tcase_add_test(sources, test_host_service_gives_no_time);
	tcase_add_test(sources, test_host_wrong_settings_are_told_all_at_once);
	tcase_add_test(sources, test_host_missing_plugin_names_the_nearest);
	tcase_add_test(sources, test_host_disabled_plugin_is_not_loaded);
	tcase_add_test(sources, test_host_log_flood_is_cut);
	TCase *entries = add_case(suite, "entries");
	tcase_add_test(entries, test_host_entry_is_loaded_and_unloaded_when_it_goes);
	tcase_add_test(entries, test_host_entry_keys_are_defaults_of_sources);
	tcase_add_test(entries, test_host_changed_entry_keys_reach_living_sources);
	tcase_add_test(entries, test_host_disabled_entry_stops_living_sources_until_enabled);
	tcase_add_test(entries, test_host_entry_that_says_something_counts_before_an_empty_one);
	TCase *operator= add_case(suite, "operator");
	tcase_add_test(operator, test_host_loaded_plugin_stays_without_sources_until_unloaded);
	tcase_add_test(operator, test_host_file_outside_of_the_directory_can_be_loaded);
	tcase_add_test(operator,
		       test_host_file_outside_of_the_directory_gives_sources_once_loaded);
	tcase_add_test(operator, test_host_unload_in_use_names_the_sources);
	tcase_add_test(operator, test_host_unload_of_unknown_is_not_found);
	tcase_add_test(operator, test_host_code_that_stays_mapped_is_shown);
	tcase_add_test(operator, test_host_list_has_loaded_found_and_broken_ones);
	tcase_add_test(operator, test_host_info_shows_settings_without_loading);
	TCase *services = add_case(suite, "services");
	tcase_add_test(services, test_host_service_is_used_while_its_giver_is_there);
	tcase_add_test(services, test_host_changed_entry_keys_reach_a_living_service);
	TCase *checking = add_case(suite, "checking");
	tcase_add_test(checking, test_check_good_settings_have_no_problem);
	tcase_add_loop_test(checking, test_check_mistake_is_told_with_place_and_remedy, 0,
			    G_N_ELEMENTS(mistakes));
	tcase_add_test(checking, test_check_required_key_is_missed_at_the_source);
	tcase_add_test(checking, test_check_required_key_may_stand_in_the_entry);
	tcase_add_test(checking, test_check_mistake_of_an_entry_is_told_once);
	tcase_add_test(checking, test_check_missing_plugin_is_a_warning);
	tcase_add_test(checking, test_check_service_as_source_is_an_error);
})
