/* SPDX-License-Identifier: BSD-2-Clause */
/* test-loader.c - what the loader refuses, each with file, cause and remedy; what it leaves
 * behind */
#include "plugin/loader.h"

#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "plugin-folder.h"
#include "suite.h"

static PluginFolder folder;
static TsPrivateCopies *copies;

static void
set_up(void)
{
	plugin_folder_init(&folder);
	copies = ts_private_copies_new(folder.copies);
}

static void
tear_down(void)
{
	ts_private_copies_free(copies);
	plugin_folder_clear(&folder);
}

static unsigned
count_copies(void)
{
	g_autoptr(GDir) entries = g_dir_open(folder.copies, 0, NULL);
	unsigned n = 0;

	while (g_dir_read_name(entries))
		n++;
	return n;
}

/* Opens @path, which must be refused with @code, naming the file and saying each of @words. */
static void
check_refused(const char *path, TimesrvError code, const char *const *words)
{
	g_autoptr(GError) error = NULL;

	TsModule *module = ts_module_open(copies, path, NULL, geteuid(), &error);

	ck_assert_ptr_null(module);
	ck_assert_msg(g_error_matches(error, TIMESRV_ERROR, (int)code), "%d: %s", error->code,
		      error->message);
	ck_assert_msg(strstr(error->message, path) != NULL, "%s", error->message);
	for (; *words; words++)
		ck_assert_msg(strstr(error->message, *words) != NULL, "'%s' is not in: %s", *words,
			      error->message);
	ck_assert_uint_eq(count_copies(), 0);
}

static const struct {
	const char *name;
	const char *words[4];
} bad_plugins[] = {
	{"bad-no-note", {"no timesrv plugin", "TIMESRV_PLUGIN_INFO"}},
	{"bad-note-size", {"claims 4096 bytes", "damaged"}},
	{"bad-note-text", {"has no end", "damaged"}},
	{"bad-note-long", {"does not fit", "damaged"}},
	{"bad-abi-major", {"built for ABI 2", "this daemon has ABI 1", "newer timesrv"}},
	{"bad-abi-minor", {"needs ABI 1.9", "this daemon has 1.0", "newer timesrv"}},
	{"bad-no-symbol", {"has no symbol timesrv_plugin_1", "TIMESRV_PLUGIN_DEFINE"}},
	{"bad-unresolved", {"function_that_is_nowhere", "-Wl,-z,defs"}},
	{"bad-kind", {"kind accelerator", "loads refclock and service"}},
	{"bad-two-kinds", {"kind service in its note", "kind refclock in its struct"}},
	{"bad-no-ops", {"without kind_ops", "timesrv_refclock_ops"}},
	{"bad-no-create", {"no create, start or destroy"}},
	{"bad-struct-size", {"with 0 bytes", "struct_size"}},
	{"bad-schema", {"schema note is broken", "line 2", "no type", "'baud'"}},
	{"bad-name", {"calls itself 'good-name'", "'bad-name' was asked", "good-name.so"}},
};

START_TEST(test_loader_bad_plugin_is_refused_with_cause_and_remedy)
{
	const char *name = bad_plugins[_i].name;
	const char *words[5] = {NULL};
	memcpy(words, bad_plugins[_i].words, sizeof bad_plugins[_i].words);
	g_autofree char *path = plugin_folder_add(&folder, name);

	check_refused(path, TIMESRV_ERROR_INCOMPATIBLE, words);
}
END_TEST

START_TEST(test_loader_missing_file_is_not_found)
{
	g_autofree char *path = g_build_filename(folder.path, "absent.so", NULL);

	check_refused(path, TIMESRV_ERROR_NOT_FOUND, (const char *[]){"No such file", NULL});
}
END_TEST

START_TEST(test_loader_directory_is_refused)
{
	g_autofree char *path = g_build_filename(folder.path, "folder.so", NULL);
	ck_assert_int_eq(g_mkdir(path, 0700), 0);

	check_refused(path, TIMESRV_ERROR_INVALID_CONFIG,
		      (const char *[]){"no regular file", NULL});
}
END_TEST

START_TEST(test_loader_fifo_is_refused_without_waiting)
{
	g_autofree char *path = g_build_filename(folder.path, "pipe.so", NULL);
	ck_assert_int_eq(mkfifo(path, 0600), 0);

	check_refused(path, TIMESRV_ERROR_INVALID_CONFIG,
		      (const char *[]){"no regular file", NULL});
}
END_TEST

START_TEST(test_loader_text_file_is_no_elf)
{
	g_autofree char *path =
		plugin_folder_write(&folder, "text.so", "hello, I am a plugin\n", -1);

	check_refused(path, TIMESRV_ERROR_INCOMPATIBLE, (const char *[]){"no ELF file", NULL});
}
END_TEST

START_TEST(test_loader_empty_file_is_no_elf)
{
	g_autofree char *path = plugin_folder_write(&folder, "empty.so", "", 0);

	check_refused(path, TIMESRV_ERROR_INCOMPATIBLE, (const char *[]){"no ELF file", NULL});
}
END_TEST

/* Changes one byte of the ELF header of a good plugin. */
static char *
add_with_byte(unsigned offset, char value)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autofree char *content = NULL;
	gsize length;

	ck_assert(g_file_get_contents(path, &content, &length, NULL));
	content[offset] = value;
	return plugin_folder_write(&folder, "refclock-fine.so", content, (gssize)length);
}

START_TEST(test_loader_other_machine_is_refused)
{
	/* e_machine: EM_SPARC; e_type: ET_EXEC */
	static const struct {
		unsigned offset;
		char value;
		const char *word;
	} cases[] = {{18, 2, "another machine"}, {4, 1, ""}, {16, 2, "no shared object"}};
	g_autofree char *path = add_with_byte(cases[_i].offset, cases[_i].value);

	check_refused(path, TIMESRV_ERROR_INCOMPATIBLE, (const char *[]){cases[_i].word, NULL});
}
END_TEST

/* Returns: where the last loaded segment of a file ends. */
static gsize
strip_length(const char *content)
{
	const ElfW(Ehdr) *header = (const void *)content;
	const ElfW(Phdr) *segments = (const void *)(content + header->e_phoff);
	gsize end = 0;

	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD)
			end = MAX(end, segments[i].p_offset + segments[i].p_filesz);
	return end;
}

/* Wherever a file is cut: an answer, never a crash. */
START_TEST(test_loader_truncated_file_is_refused)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autofree char *content = NULL;
	gsize length;
	ck_assert(g_file_get_contents(path, &content, &length, NULL));
	/* what follows the last segment is symbols for debuggers: it works without */
	gsize last = strip_length(content);

	for (gsize cut = 1; cut < last; cut += cut < 1024 ? 31 : 997) {
		g_free(plugin_folder_write(&folder, "refclock-fine.so", content, (gssize)cut));
		check_refused(path, TIMESRV_ERROR_INCOMPATIBLE, (const char *[]){NULL});
	}
}
END_TEST

/* Damage where the headers, notes and symbols are; looking runs no code, so any answer is good but
 * a crash. */
START_TEST(test_look_damaged_file_gives_an_answer)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autofree char *content = NULL;
	gsize length;
	ck_assert(g_file_get_contents(path, &content, &length, NULL));
	g_autoptr(GRand) random = g_rand_new_with_seed((guint32)_i);
	unsigned n_refused = 0;

	for (unsigned round = 0; round < 200; round++) {
		g_autofree char *damaged = g_memdup2(content, length);
		for (int i = g_rand_int_range(random, 1, 6); i > 0; i--) {
			/* mostly the headers: there a byte means much */
			gint32 limit = g_rand_boolean(random) ? 1024 : (gint32)length;
			damaged[g_rand_int_range(random, 0, limit)] = (char)g_rand_int(random);
		}
		g_free(plugin_folder_write(&folder, "refclock-fine.so", damaged, (gssize)length));
		g_autoptr(TsModule) module = ts_module_look(path, geteuid(), NULL);
		n_refused += module == NULL;
	}
	/* the seed is the test's number: it is the same each time */
	ck_assert_uint_gt(n_refused, 20);
}
END_TEST

START_TEST(test_loader_file_of_another_user_is_refused)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	uid_t daemon_user = geteuid();
	/* root may give the file away; others pretend that the daemon is somebody else */
	if (daemon_user == 0)
		ck_assert_int_eq(chown(path, 65534, (gid_t)-1), 0);
	else
		daemon_user++;
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(ts_module_open(copies, path, NULL, daemon_user, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION));
	ck_assert_ptr_nonnull(strstr(error->message, "belongs to user"));
	ck_assert_ptr_nonnull(strstr(error->message, "chown root"));
}
END_TEST

START_TEST(test_loader_file_that_others_may_write_is_refused)
{
	static const struct {
		mode_t mode;
		const char *who;
	} cases[] = {{0664, "its group"}, {0646, "everybody"}, {0666, "everybody"}};
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	ck_assert_int_eq(g_chmod(path, (int)cases[_i].mode), 0);

	check_refused(path, TIMESRV_ERROR_PERMISSION,
		      (const char *[]){cases[_i].who, "chmod go-w", NULL});
}
END_TEST

START_TEST(test_loader_directory_that_others_may_write_is_refused)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	ck_assert_int_eq(g_chmod(folder.path, 0777), 0);
	g_autoptr(GError) error = NULL;

	ck_assert_ptr_null(ts_module_open(copies, path, NULL, geteuid(), &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION));
	ck_assert_ptr_nonnull(strstr(error->message, folder.path));
	ck_assert_ptr_nonnull(strstr(error->message, "directory"));
}
END_TEST

START_TEST(test_loader_link_through_open_directory_is_refused)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autofree char *open_folder = g_build_filename(folder.path, "open", NULL);
	g_autofree char *link_path = g_build_filename(open_folder, "refclock-fine.so", NULL);
	ck_assert_int_eq(g_mkdir(open_folder, 0700), 0);
	ck_assert_int_eq(symlink(path, link_path), 0);
	g_autoptr(TsModule) module = ts_module_open(copies, link_path, NULL, geteuid(), NULL);
	ck_assert_ptr_nonnull(module);
	ts_module_close(g_steal_pointer(&module));
	ck_assert_int_eq(g_chmod(open_folder, 0777), 0);

	ck_assert_ptr_null(ts_module_open(copies, link_path, NULL, geteuid(), NULL));
}
END_TEST

START_TEST(test_loader_good_plugin_is_mapped_and_leaves_nothing)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autoptr(GError) error = NULL;

	TsModule *module = ts_module_open(copies, path, NULL, geteuid(), &error);

	ck_assert_msg(module != NULL, "%s", error ? error->message : "");
	ck_assert_str_eq(module->facts->info.version, "1.2.3");
	ck_assert_uint_eq(module->plugin->kind, TIMESRV_KIND_REFCLOCK);
	ck_assert_uint_gt(module->facts->memory_bytes, 1000);
	ck_assert_ptr_nonnull(ts_plugin_schema_find(module->schema, "depth"));
	ck_assert_ptr_nonnull(ts_plugin_schema_find(module->schema, "poll"));
	ck_assert_uint_eq(count_copies(), 1);
	ck_assert(ts_module_close(module));
	ck_assert_uint_eq(count_copies(), 0);
}
END_TEST

/* The old file is overwritten while its code is in use: it must not notice. */
START_TEST(test_loader_overwritten_file_gives_a_second_copy)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autoptr(TsModule) before = ts_module_open(copies, path, NULL, geteuid(), NULL);
	g_free(plugin_folder_write(&folder, "refclock-fine.so", "gone", -1));
	ck_assert_str_eq(before->facts->info.name, "refclock-fine");
	ck_assert_ptr_nonnull(before->plugin->create);
	g_free(plugin_folder_add(&folder, "refclock-fine"));

	g_autoptr(TsModule) after = ts_module_open(copies, path, NULL, geteuid(), NULL);

	ck_assert_ptr_nonnull(after);
	ck_assert_ptr_ne(before->plugin, after->plugin);
	ck_assert_str_ne(before->copy_path, after->copy_path);
}
END_TEST

START_TEST(test_loader_pinned_code_is_noticed)
{
	g_autofree char *path = plugin_folder_add(&folder, "bad-guest");
	TsModule *module = ts_module_open(copies, path, NULL, geteuid(), NULL);
	ck_assert_ptr_nonnull(module);

	ck_assert(!ts_module_close(module));

	/* a debugger finds its file */
	ck_assert_uint_eq(count_copies(), 1);
}
END_TEST

static bool
has_finding(const TsModule *module, const char *words)
{
	for (unsigned i = 0; i < module->lint->len; i++)
		if (strstr(g_ptr_array_index(module->lint, i), words))
			return true;
	return false;
}

START_TEST(test_lint_finds_what_hinders_unloading)
{
	g_autofree char *path = plugin_folder_add(&folder, "bad-guest");
	g_autoptr(TsModule) module = ts_module_look(path, geteuid(), NULL);
	ck_assert_ptr_nonnull(module);

	ck_assert(has_finding(module, "NODELETE"));
	ck_assert(has_finding(module, "static TLS"));
	ck_assert(has_finding(module, "exports counted_here"));
	ck_assert(has_finding(module, "calls signal()"));
}
END_TEST

START_TEST(test_lint_good_plugin_has_no_finding)
{
	g_autofree char *path = plugin_folder_add(&folder, "refclock-fine");
	g_autoptr(TsModule) module = ts_module_look(path, geteuid(), NULL);

	ck_assert_ptr_nonnull(module);
	ck_assert_uint_eq(module->lint->len, 0);
}
END_TEST

TS_TEST_MAIN("loader", {
	TCase *refused = tcase_create("refused");
	tcase_add_checked_fixture(refused, set_up, tear_down);
	tcase_set_timeout(refused, 30); /* on a machine that is busy */
	tcase_add_loop_test(refused, test_loader_bad_plugin_is_refused_with_cause_and_remedy, 0,
			    G_N_ELEMENTS(bad_plugins));
	tcase_add_test(refused, test_loader_missing_file_is_not_found);
	tcase_add_test(refused, test_loader_directory_is_refused);
	tcase_add_test(refused, test_loader_fifo_is_refused_without_waiting);
	tcase_add_test(refused, test_loader_text_file_is_no_elf);
	tcase_add_test(refused, test_loader_empty_file_is_no_elf);
	tcase_add_loop_test(refused, test_loader_other_machine_is_refused, 0, 3);
	tcase_add_test(refused, test_loader_truncated_file_is_refused);
	tcase_add_loop_test(refused, test_look_damaged_file_gives_an_answer, 0, 5);
	tcase_add_test(refused, test_loader_file_of_another_user_is_refused);
	tcase_add_loop_test(refused, test_loader_file_that_others_may_write_is_refused, 0, 3);
	tcase_add_test(refused, test_loader_directory_that_others_may_write_is_refused);
	tcase_add_test(refused, test_loader_link_through_open_directory_is_refused);
	suite_add_tcase(suite, refused);
	TCase *taken = tcase_create("taken");
	tcase_add_checked_fixture(taken, set_up, tear_down);
	tcase_add_test(taken, test_loader_good_plugin_is_mapped_and_leaves_nothing);
	tcase_add_test(taken, test_loader_overwritten_file_gives_a_second_copy);
	tcase_add_test(taken, test_loader_pinned_code_is_noticed);
	tcase_add_test(taken, test_lint_finds_what_hinders_unloading);
	tcase_add_test(taken, test_lint_good_plugin_has_no_finding);
	suite_add_tcase(suite, taken);
})
