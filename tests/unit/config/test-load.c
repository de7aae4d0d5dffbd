/* SPDX-License-Identifier: BSD-2-Clause */
/* test-load.c - real files and folders, and what may lie in their place */
#include "config/loading.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A folder with main.yaml, vendor/ and etc/; made and removed for each test. */
static char *root;

static char *
path_of(const char *name)
{
	return g_build_filename(root, name, NULL);
}

static void
write_file(const char *name, const char *text)
{
	g_autofree char *path = path_of(name);

	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void
make_folder(const char *name)
{
	g_autofree char *path = path_of(name);

	ck_assert_int_eq(g_mkdir(path, 0755), 0);
}

static void
set_up(void)
{
	root = g_dir_make_tmp("timesrv-load-XXXXXX", NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_int_eq(chmod(root, 0755), 0);
	make_folder("vendor");
	make_folder("etc");
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir =
		g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(path, name, NULL);
		remove_tree(below);
	}
	g_remove(path);
}

static void
tear_down(void)
{
	remove_tree(root);
	g_clear_pointer(&root, g_free);
}

/* Loads; *@said gets the problems with the folder's path taken out. */
static TsSettings *
load_saying_all(bool must_exist, char **said)
{
	g_autofree char *main_file = path_of("main.yaml");
	g_autofree char *vendor = path_of("vendor");
	g_autofree char *etc = path_of("etc");
	const char *folders[] = {vendor, etc, NULL};
	const TsConfigPaths paths = {
		.main_file = main_file, .main_must_exist = must_exist, .conf_dirs = folders};
	g_autoptr(GPtrArray) problems = NULL;
	g_autofree char *prefix = g_strconcat(root, "/", NULL);

	TsSettings *settings = ts_config_load(&paths, &problems);
	g_autofree char *text = ts_config_problems_format(problems);
	g_auto(GStrv) parts = g_strsplit(text, prefix, -1);
	*said = g_strjoinv("", parts);
	return settings;
}

static TsSettings *
load_all_well(void)
{
	g_autofree char *said = NULL;
	TsSettings *settings = load_saying_all(false, &said);

	ck_assert_msg(settings && !*said, "%s", said);
	return settings;
}

static void
check_all_refused(const char *expected)
{
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_ptr_null(settings);
	ck_assert_str_eq(said, expected);
}

START_TEST(test_load_nothing_there_gives_defaults)
{
	g_autoptr(TsSettings) settings = load_all_well();

	ck_assert_uint_eq(settings->files->len, 0);
	ck_assert_uint_eq(settings->sources->len, 0);
}
END_TEST

START_TEST(test_load_main_file_that_must_exist_is_missed)
{
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(true, &said);

	ck_assert_ptr_null(settings);
	ck_assert_str_eq(said, "main.yaml: error: cannot read: No such file or directory\n");
}
END_TEST

START_TEST(test_load_no_folders_at_all_is_fine)
{
	const TsConfigPaths paths = {0};
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) settings = ts_config_load(&paths, &problems);

	ck_assert_ptr_nonnull(settings);
	ck_assert_uint_eq(problems->len, 0);
}
END_TEST

START_TEST(test_load_drop_ins_by_name_whatever_folder)
{
	write_file("main.yaml", "sources: [{server: m}]\nclock: {max-slew: 1}\n");
	write_file("vendor/20-b.yaml", "sources: [{server: b}]\nclock: {max-slew: 20}\n");
	write_file("etc/10-a.yaml",
		   "sources: [{server: a}]\nclock: {max-slew: 10, max-drift: 7}\n");
	write_file("etc/30-c.yaml", "sources: [{server: c}]\n");
	g_autoptr(TsSettings) settings = load_all_well();
	static const char *const order[] = {"m", "a", "b", "c"};

	ck_assert_uint_eq(settings->sources->len, 4);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_str_eq(((TsSourceSettings *)settings->sources->pdata[i])->name, order[i]);
	ck_assert_double_eq(settings->clock.max_slew_ppm, 20);
	ck_assert_double_eq(settings->clock.max_drift_ppm, 7);
	ck_assert_uint_eq(settings->files->len, 4);
	ck_assert(g_str_has_suffix(settings->files->pdata[1], "/etc/10-a.yaml"));
}
END_TEST

START_TEST(test_load_operators_file_hides_the_vendors_even_a_broken_one)
{
	write_file("vendor/10-a.yaml", "nonsense: [\n");
	write_file("vendor/20-b.yaml", "sources: [{server: vendor}]\n");
	write_file("vendor/30-c.yaml", "sources: [{server: vendor}]\n");
	write_file("etc/10-a.yaml", "");
	write_file("etc/20-b.yaml", "sources: [{server: operator}]\n");
	g_autofree char *mask = path_of("etc/30-c.yaml");
	ck_assert_int_eq(symlink("/dev/null", mask), 0);
	g_autoptr(TsSettings) settings = load_all_well();

	ck_assert_uint_eq(settings->sources->len, 1);
	ck_assert_str_eq(((TsSourceSettings *)settings->sources->pdata[0])->name, "operator");
}
END_TEST

START_TEST(test_load_values_remember_their_file)
{
	write_file("main.yaml", "clock: {max-slew: 5, max-drift: 5}\n");
	write_file("etc/10-a.yaml", "\nclock:\n  max-slew: 6\n");
	g_autoptr(TsSettings) settings = load_all_well();
	const TsNode *clock = ts_node_find(settings->tree, "clock");
	const TsOrigin *slew = ts_node_origin(ts_node_find(clock, "max-slew"));
	const TsOrigin *drift = ts_node_origin(ts_node_find(clock, "max-drift"));

	ck_assert(g_str_has_suffix(slew->file, "/etc/10-a.yaml"));
	ck_assert_uint_eq(slew->line, 3);
	ck_assert(g_str_has_suffix(drift->file, "/main.yaml"));
}
END_TEST

START_TEST(test_load_same_server_in_two_files_is_one_the_later_wins)
{
	write_file("etc/10-a.yaml",
		   "sources: [{server: Time.Example, iburst: true, min-poll: 4, max-poll: 5}]\n");
	write_file(
		"etc/20-b.yaml",
		"sources: [{pool: time.example}, {server: time.example., max-poll: 9, name: t}]\n");
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_ptr_nonnull(settings);
	ck_assert_str_eq(said, "etc/20-b.yaml:1:33: warning: this source is listed at "
			       "etc/10-a.yaml:1:11 too; it is one source, to which this entry's "
			       "options are added, and they win\n");
	ck_assert_uint_eq(settings->sources->len, 2);
	const TsSourceSettings *source = settings->sources->pdata[0];
	ck_assert(source->iburst);
	ck_assert_int_eq(source->min_poll, 4);
	ck_assert_int_eq(source->max_poll, 9);
	ck_assert_str_eq(source->label, "t");
	const TsNode *entry = ts_node_at(ts_node_find(settings->tree, "sources"), 0);
	ck_assert(g_str_has_suffix(ts_node_origin(ts_node_find(entry, "min-poll"))->file,
				   "10-a.yaml"));
	ck_assert(g_str_has_suffix(ts_node_origin(ts_node_find(entry, "max-poll"))->file,
				   "20-b.yaml"));
}
END_TEST

START_TEST(test_load_ranges_are_checked_after_the_merge)
{
	write_file("etc/10-a.yaml", "sources: [{server: a, min-poll: 8, max-poll: 9}]\n");
	write_file("etc/20-b.yaml", "sources: [{server: a, max-poll: 7}]\n");
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_ptr_null(settings);
	ck_assert_msg(strstr(said, "etc/10-a.yaml:1:33: error: min-poll 8 is above max-poll 7"),
		      "%s", said);
}
END_TEST

START_TEST(test_load_named_refclocks_unite_unnamed_do_not)
{
	write_file("etc/10-a.yaml", "sources: [{refclock: shm, name: g, unit: 0}]\n");
	write_file("etc/20-b.yaml", "sources: [{refclock: shm, name: g, unit: 1},"
				    " {refclock: shm, unit: 2}]\n");
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_uint_eq(settings->sources->len, 2);
	const TsSourceSettings *source = settings->sources->pdata[0];
	ck_assert_str_eq(ts_node_text(ts_node_find(source->plugin, "unit")), "1");
}
END_TEST

START_TEST(test_load_listener_of_two_files_is_one)
{
	write_file("etc/10-a.yaml", "server: {listen: ['[::1]:123']}\n");
	write_file("etc/20-b.yaml", "server: {listen: ['::1', '127.0.0.1']}\n");
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_uint_eq(settings->server.listen->len, 2);
	ck_assert_str_eq(said, "etc/20-b.yaml:1:19: warning: listen: [::1]:123 is listed at "
			       "etc/10-a.yaml:1:19 already\n");
}
END_TEST

START_TEST(test_load_empty_value_leaves_what_an_earlier_file_said)
{
	write_file("etc/10-a.yaml", "server: {listen: ['[::1]:123']}\nsources: [{server: a}]\n");
	write_file("etc/20-b.yaml", "server:\nsources:\n");
	g_autoptr(TsSettings) settings = load_all_well();

	ck_assert_uint_eq(settings->server.listen->len, 1);
	ck_assert_uint_eq(settings->sources->len, 1);
}
END_TEST

START_TEST(test_load_switch_becomes_a_map_and_back)
{
	write_file("etc/10-a.yaml", "server: {rate-limit: {burst: 3}, local: true}\n");
	write_file("etc/20-b.yaml", "server: {rate-limit: false, local: {stratum: 7}}\n");
	g_autoptr(TsSettings) settings = load_all_well();

	ck_assert(!settings->server.rate_limit.is_enabled);
	ck_assert(settings->server.local_enabled);
	ck_assert_int_eq(settings->server.local_stratum, 7);
}
END_TEST

START_TEST(test_load_mistakes_of_all_files_come_at_once)
{
	write_file("main.yaml", "clock: {max-slew: x}\n");
	write_file("vendor/20-b.yaml", "clock: {max-slew: 5}\nlog: {level: y}\n");
	write_file("etc/10-a.yaml", "a: [\n");
	write_file("etc/30-c.yaml", "sources: [{server: 'a b'}]\n");
	check_all_refused(
		"main.yaml:1:19: error: max-slew: takes a rate in ppm as 500ppm, not 'x'\n"
		"etc/10-a.yaml:2:1: error: YAML syntax: did not find expected node content, while "
		"parsing a flow node\n"
		"vendor/20-b.yaml:2:14: error: level: 'y' is none of error, warning, notice, info, "
		"debug\n"
		"etc/30-c.yaml:1:20: error: server: 'a b' is no host name or address\n");
}
END_TEST

START_TEST(test_load_other_names_are_passed_over_or_warned_of)
{
	write_file("etc/10-a.yaml~", "nonsense\n");
	write_file("etc/.10-a.yaml", "nonsense\n");
	write_file("etc/README", "nonsense\n");
	write_file("etc/10-a.yml", "nonsense\n");
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);

	ck_assert_ptr_nonnull(settings);
	ck_assert_str_eq(said, "etc/10-a.yml: warning: not read: the name of a drop-in must end in "
			       ".yaml\n");
}
END_TEST

START_TEST(test_load_fifo_folder_or_device_in_place_of_a_file_gets_an_answer)
{
	g_autofree char *fifo = path_of("etc/10-fifo.yaml");
	g_autofree char *zero = path_of("etc/30-zero.yaml");
	g_autofree char *dangling = path_of("etc/40-gone.yaml");

	ck_assert_int_eq(mkfifo(fifo, 0644), 0);
	make_folder("etc/20-folder.yaml");
	ck_assert_int_eq(symlink("/dev/zero", zero), 0);
	ck_assert_int_eq(symlink("nowhere", dangling), 0);
	check_all_refused("etc/10-fifo.yaml: error: is a FIFO, not a file\n"
			  "etc/20-folder.yaml: error: is a directory, not a file\n"
			  "etc/30-zero.yaml: error: is a device, not a file\n"
			  "etc/40-gone.yaml: error: cannot read: No such file or directory\n");
}
END_TEST

START_TEST(test_load_file_of_a_gigabyte_is_refused_unread)
{
	g_autofree char *path = path_of("main.yaml");

	write_file("main.yaml", "");
	ck_assert_int_eq(truncate(path, (off_t)1 << 30), 0);
	check_all_refused("main.yaml: error: is larger than 1 MiB\n");
}
END_TEST

START_TEST(test_load_file_of_just_the_limit_is_read)
{
	g_autofree char *text = g_strnfill(1 << 20, '#');
	g_autofree char *longer = g_strnfill((1 << 20) + 1, '#');

	write_file("main.yaml", text);
	g_autoptr(TsSettings) settings = load_all_well();
	ck_assert_uint_eq(settings->files->len, 1);
	write_file("main.yaml", longer);
	check_all_refused("main.yaml: error: is larger than 1 MiB\n");
}
END_TEST

START_TEST(test_load_folder_that_is_a_file_gets_an_answer)
{
	g_autofree char *etc = path_of("etc");

	ck_assert_int_eq(g_rmdir(etc), 0);
	write_file("etc", "");
	check_all_refused("etc: error: cannot read: Not a directory\n");
}
END_TEST

/* Root may read everything: the rest of this test's process is somebody else. */
static void
become_nobody(void)
{
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
}

static void
become_root_again(void)
{
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}

START_TEST(test_load_without_permission_names_the_file_or_folder)
{
	g_autofree char *file = path_of("main.yaml");
	g_autofree char *vendor = path_of("vendor");

	write_file("main.yaml", "");
	write_file("etc/10-a.yaml", "log: {level: x}\n");
	ck_assert_int_eq(chmod(file, 0), 0);
	ck_assert_int_eq(chmod(vendor, 0), 0);
	become_nobody();
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying_all(false, &said);
	become_root_again();
	ck_assert_int_eq(chmod(vendor, 0755), 0);

	ck_assert_ptr_null(settings);
	ck_assert_str_eq(said, "main.yaml: error: cannot read: Permission denied\n"
			       "vendor: error: cannot read: Permission denied\n"
			       "etc/10-a.yaml:1:14: error: level: 'x' is none of error, warning, "
			       "notice, info, debug\n");
}
END_TEST

START_TEST(test_load_names_the_folder_that_may_not_be_entered)
{
	g_autofree char *folder = path_of("shut");
	g_autofree char *file = path_of("shut/main.yaml");
	const TsConfigPaths paths = {.main_file = file};
	g_autoptr(GPtrArray) problems = NULL;

	make_folder("shut");
	ck_assert_int_eq(chmod(folder, 0), 0);
	become_nobody();
	g_autoptr(TsSettings) settings = ts_config_load(&paths, &problems);
	become_root_again();
	ck_assert_int_eq(chmod(folder, 0755), 0);
	g_autofree char *expected =
		g_strdup_printf("cannot read: directory %s may not be entered", folder);

	ck_assert_ptr_null(settings);
	ck_assert_uint_eq(problems->len, 1);
	ck_assert_str_eq(((TsConfigProblem *)problems->pdata[0])->text, expected);
}
END_TEST

static void
object_to_sources(const TsSettings *settings, GPtrArray *problems)
{
	TsConfigProblem *problem = g_new0(TsConfigProblem, 1);
	const TsSourceSettings *source = settings->sources->pdata[0];

	problem->origin = source->origin;
	problem->text = g_strdup_printf("looked in %s", settings->plugin_directory);
	g_ptr_array_add(problems, problem);
}

START_TEST(test_load_objections_of_others_come_in_their_place)
{
	write_file("main.yaml", "log: {level: x}\nsources: [{server: a}]\nclock: {driver: x}\n");
	g_autofree char *main_file = path_of("main.yaml");
	const TsConfigPaths paths = {
		.main_file = main_file,
		.plugin_directory = "/elsewhere",
		.check = object_to_sources,
	};
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) settings = ts_config_load(&paths, &problems);

	ck_assert_ptr_null(settings);
	ck_assert_uint_eq(problems->len, 3);
	ck_assert_str_eq(((TsConfigProblem *)problems->pdata[1])->text, "looked in /elsewhere");
}
END_TEST

START_TEST(test_load_objections_of_others_alone_refuse_the_settings)
{
	write_file("main.yaml", "sources: [{server: a}]\n");
	g_autofree char *main_file = path_of("main.yaml");
	const TsConfigPaths paths = {.main_file = main_file, .check = object_to_sources};
	g_autoptr(GPtrArray) problems = NULL;

	ck_assert_ptr_null(ts_config_load(&paths, &problems));
	ck_assert_uint_eq(problems->len, 1);
}
END_TEST

START_TEST(test_parse_source_takes_options_as_a_file_does)
{
	const char *const options[] = {
		"server=[2001:db8::1]:1123", "iburst", "min-poll=16s", "offset=-1ms",
		"bind-address=2001:db8::5",  NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(TsSourceSettings) source = ts_config_parse_source(options, &error);

	ck_assert_ptr_null(error);
	ck_assert_str_eq(source->name, "2001:db8::1");
	ck_assert_str_eq(source->label, "[2001:db8::1]:1123");
	ck_assert_uint_eq(source->port, 1123);
	ck_assert(source->iburst);
	ck_assert_int_eq(source->min_poll, 4);
	ck_assert_double_eq(source->offset_s, -0.001);
	ck_assert_str_eq(source->bind_address, "2001:db8::5");
	ck_assert_ptr_null(source->origin.file);
}
END_TEST

START_TEST(test_parse_source_takes_a_map_in_braces)
{
	const char *const options[] = {"server=a", "nts={port: 4461, ca: /x}", NULL};
	g_autoptr(TsSourceSettings) source = ts_config_parse_source(options, NULL);

	ck_assert_str_eq(ts_node_text(ts_node_find(source->nts, "port")), "4461");
}
END_TEST

START_TEST(test_parse_source_lists_every_mistake)
{
	const char *const options[] = {"server=a",   "iburst=yes", "minpoll=4", "port=0",
				       "prefer",     "prefer",	   "=5",	"nts={",
				       "min-poll=9", "max-poll=8", NULL};
	g_autoptr(GError) error = NULL;
	g_autoptr(TsSourceSettings) source = ts_config_parse_source(options, &error);
	static const char *const parts[] = {
		"'prefer': the option is given twice",
		"'=5' is no option as key=value",
		"YAML syntax",
		"iburst: write true, not yes",
		"unknown key 'minpoll' in a source; did you mean 'min-poll'?",
		"0 is out of range; allowed are 1 to 65535",
		"min-poll 9 is above max-poll 8",
	};

	ck_assert_ptr_null(source);
	for (unsigned i = 0; i < G_N_ELEMENTS(parts); i++)
		ck_assert_msg(strstr(error->message, parts[i]) != NULL, "%s\nnot: %s",
			      error->message, parts[i]);
}
END_TEST

START_TEST(test_parse_source_without_kind_is_refused)
{
	const char *const none[] = {NULL};
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(ts_config_parse_source(none, &error));
	ck_assert_str_eq(error->message,
			 "a source needs a key server, pool or refclock with its name");
}
END_TEST

TS_TEST_MAIN("load", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, set_up, tear_down);
	tcase_add_test(core, test_load_nothing_there_gives_defaults);
	tcase_add_test(core, test_load_main_file_that_must_exist_is_missed);
	tcase_add_test(core, test_load_no_folders_at_all_is_fine);
	tcase_add_test(core, test_load_drop_ins_by_name_whatever_folder);
	tcase_add_test(core, test_load_operators_file_hides_the_vendors_even_a_broken_one);
	tcase_add_test(core, test_load_values_remember_their_file);
	tcase_add_test(core, test_load_same_server_in_two_files_is_one_the_later_wins);
	tcase_add_test(core, test_load_ranges_are_checked_after_the_merge);
	tcase_add_test(core, test_load_named_refclocks_unite_unnamed_do_not);
	tcase_add_test(core, test_load_listener_of_two_files_is_one);
	tcase_add_test(core, test_load_empty_value_leaves_what_an_earlier_file_said);
	tcase_add_test(core, test_load_switch_becomes_a_map_and_back);
	tcase_add_test(core, test_load_mistakes_of_all_files_come_at_once);
	tcase_add_test(core, test_load_other_names_are_passed_over_or_warned_of);
	tcase_add_test(core, test_load_fifo_folder_or_device_in_place_of_a_file_gets_an_answer);
	tcase_add_test(core, test_load_file_of_a_gigabyte_is_refused_unread);
	tcase_add_test(core, test_load_file_of_just_the_limit_is_read);
	tcase_add_test(core, test_load_folder_that_is_a_file_gets_an_answer);
	tcase_add_test(core, test_load_without_permission_names_the_file_or_folder);
	tcase_add_test(core, test_load_names_the_folder_that_may_not_be_entered);
	tcase_add_test(core, test_load_objections_of_others_come_in_their_place);
	tcase_add_test(core, test_load_objections_of_others_alone_refuse_the_settings);
	tcase_add_test(core, test_parse_source_takes_options_as_a_file_does);
	tcase_add_test(core, test_parse_source_takes_a_map_in_braces);
	tcase_add_test(core, test_parse_source_lists_every_mistake);
	tcase_add_test(core, test_parse_source_without_kind_is_refused);
	suite_add_tcase(suite, core);
})
