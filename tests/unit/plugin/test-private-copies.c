/* SPDX-License-Identifier: BSD-2-Clause */
/* test-private-copies.c - where copies go, that none has a name again, and what is left of dead
 * daemons */
#include "plugin/private-copies.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fd.h"
#include "plugin-folder.h"
#include "suite.h"

static PluginFolder folder;
static int source_fd;

static void
set_up(void)
{
	plugin_folder_init(&folder);
	g_setenv("RUNTIME_DIRECTORY", folder.copies, TRUE);
	g_autofree char *path = plugin_folder_write(&folder, "source", "some code", -1);
	source_fd = open(path, O_RDONLY | O_CLOEXEC);
}

static void
tear_down(void)
{
	close(source_fd);
	plugin_folder_clear(&folder);
}

static char *
runtime_path(const char *name)
{
	return g_build_filename(folder.copies, "plugins", name, NULL);
}

START_TEST(test_copy_has_the_content_and_is_closed_to_others)
{
	g_autoptr(TsPrivateCopies) copies = ts_private_copies_new(NULL);
	g_autofree char *directory = g_build_filename(folder.copies, "plugins", NULL);
	g_autofree char *content = NULL;
	struct stat status;

	g_autofree char *path = ts_private_copies_add(copies, "clock", source_fd, NULL);

	ck_assert(g_file_get_contents(path, &content, NULL, NULL));
	ck_assert_str_eq(content, "some code");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(directory, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
}
END_TEST

START_TEST(test_copy_never_has_a_name_again)
{
	g_autoptr(TsPrivateCopies) copies = ts_private_copies_new(NULL);
	g_autofree char *first = ts_private_copies_add(copies, "clock", source_fd, NULL);
	ck_assert_int_eq(g_unlink(first), 0);

	g_autofree char *second = ts_private_copies_add(copies, "clock", source_fd, NULL);

	ck_assert_str_ne(first, second);
}
END_TEST

START_TEST(test_copy_does_not_follow_what_lies_at_its_place)
{
	g_autoptr(TsPrivateCopies) copies = ts_private_copies_new(NULL);
	g_autofree char *first = ts_private_copies_add(copies, "clock", source_fd, NULL);
	ck_assert(g_str_has_suffix(first, "/clock.1.so"));
	g_autofree char *trap = runtime_path("clock.2.so");
	g_autofree char *victim = g_build_filename(folder.path, "victim", NULL);
	ck_assert_int_eq(symlink(victim, trap), 0);

	g_autofree char *second = ts_private_copies_add(copies, "clock", source_fd, NULL);

	ck_assert(g_str_has_suffix(second, "/clock.3.so"));
	ck_assert(!g_file_test(victim, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(test_copies_of_a_dead_daemon_are_removed)
{
	g_autofree char *directory = g_build_filename(folder.copies, "plugins", NULL);
	g_autofree char *left = runtime_path("clock.1.so");
	ck_assert_int_eq(g_mkdir(directory, 0700), 0);
	ck_assert(g_file_set_contents(left, "old", -1, NULL));
	g_autoptr(TsPrivateCopies) copies = ts_private_copies_new(NULL);

	g_autofree char *path = ts_private_copies_add(copies, "other", source_fd, NULL);

	ck_assert_ptr_nonnull(path);
	ck_assert(!g_file_test(left, G_FILE_TEST_EXISTS));
}
END_TEST

/* The lock of the directory is the other daemon's: it is left alone, and ours go elsewhere. */
START_TEST(test_copies_of_a_living_daemon_are_left_alone)
{
	g_autoptr(TsPrivateCopies) others = ts_private_copies_new(NULL);
	g_autofree char *theirs = ts_private_copies_add(others, "clock", source_fd, NULL);
	g_autoptr(TsPrivateCopies) ours = ts_private_copies_new(NULL);

	g_autofree char *path = ts_private_copies_add(ours, "clock", source_fd, NULL);

	ck_assert(g_file_test(theirs, G_FILE_TEST_EXISTS));
	ck_assert(!g_str_has_prefix(path, folder.copies));
	g_unlink(path);
}
END_TEST

START_TEST(test_directory_that_others_may_write_is_not_used)
{
	g_autofree char *directory = g_build_filename(folder.copies, "plugins", NULL);
	ck_assert_int_eq(g_mkdir(directory, 0700), 0);
	ck_assert_int_eq(g_chmod(directory, 0777), 0);
	g_autoptr(TsPrivateCopies) copies = ts_private_copies_new(NULL);

	g_autofree char *path = ts_private_copies_add(copies, "clock", source_fd, NULL);

	ck_assert(!g_str_has_prefix(path, folder.copies));
	g_unlink(path);
}
END_TEST

START_TEST(test_temporary_directory_goes_with_the_last_copy)
{
	g_setenv("RUNTIME_DIRECTORY", "/nowhere", TRUE);
	TsPrivateCopies *copies = ts_private_copies_new(NULL);
	g_autofree char *path = ts_private_copies_add(copies, "clock", source_fd, NULL);
	g_autofree char *directory = g_path_get_dirname(path);
	g_unlink(path);

	ts_private_copies_free(copies);

	ck_assert(!g_file_test(directory, G_FILE_TEST_EXISTS));
}
END_TEST

TS_TEST_MAIN("private-copies", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, set_up, tear_down);
	tcase_add_test(core, test_copy_has_the_content_and_is_closed_to_others);
	tcase_add_test(core, test_copy_never_has_a_name_again);
	tcase_add_test(core, test_copy_does_not_follow_what_lies_at_its_place);
	tcase_add_test(core, test_copies_of_a_dead_daemon_are_removed);
	tcase_add_test(core, test_copies_of_a_living_daemon_are_left_alone);
	tcase_add_test(core, test_directory_that_others_may_write_is_not_used);
	tcase_add_test(core, test_temporary_directory_goes_with_the_last_copy);
	suite_add_tcase(suite, core);
})
