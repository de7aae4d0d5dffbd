/* SPDX-License-Identifier: BSD-2-Clause */
#include "socket-file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[] = "/tmp/test-sock-XXXXXX";
static char path[64];
static char cause[256];
static struct socket_file file;

static void
set_up(void)
{
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/clock.sock", folder);
	file.fd = -1;
}

static void
tear_down(void)
{
	socket_file_close(&file, path);
	unlink(path);
	rmdir(folder);
}

static mode_t
mode_of(const char *name)
{
	struct stat status;

	ck_assert_int_eq(lstat(name, &status), 0);
	return status.st_mode & 07777;
}

static int
bind_another(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

START_TEST(test_socket_has_the_wanted_permission_whatever_the_umask)
{
	static const mode_t perms[] = {0600, 0660, 0666};
	umask(077);

	ck_assert_int_eq(socket_file_open(&file, path, perms[_i], cause, sizeof cause), 0);

	ck_assert_uint_eq(mode_of(path), perms[_i]);
}
END_TEST

START_TEST(test_socket_is_gone_after_close)
{
	ck_assert_int_eq(socket_file_open(&file, path, 0600, cause, sizeof cause), 0);

	socket_file_close(&file, path);

	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(test_socket_of_a_dead_program_is_replaced)
{
	close(bind_another());

	ck_assert_int_eq(socket_file_open(&file, path, 0600, cause, sizeof cause), 0);
}
END_TEST

START_TEST(test_socket_of_a_living_program_is_left_alone)
{
	int fd = bind_another();

	ck_assert_int_eq(socket_file_open(&file, path, 0600, cause, sizeof cause), -EADDRINUSE);

	ck_assert_ptr_nonnull(strstr(cause, "another program listens"));
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(test_socket_other_file_is_left_alone)
{
	close(open(path, O_CREAT | O_WRONLY, 0600));

	ck_assert_int_eq(socket_file_open(&file, path, 0600, cause, sizeof cause), -EEXIST);

	ck_assert_ptr_nonnull(strstr(cause, "no socket"));
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

/* Another program took the place: its socket stays when we go. */
START_TEST(test_socket_that_is_no_longer_ours_is_left_alone)
{
	ck_assert_int_eq(socket_file_open(&file, path, 0600, cause, sizeof cause), 0);
	ck_assert_int_eq(unlink(path), 0);
	int fd = bind_another();

	socket_file_close(&file, path);

	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
}
END_TEST

START_TEST(test_socket_missing_folder_is_told)
{
	ck_assert_int_eq(socket_file_open(&file, "/nowhere/clock.sock", 0600, cause, sizeof cause),
			 -ENOENT);

	ck_assert_ptr_nonnull(strstr(cause, "does its folder exist"));
}
END_TEST

START_TEST(test_socket_long_path_is_told)
{
	char longer[200];
	memset(longer, 'x', sizeof longer);
	longer[0] = '/';
	longer[sizeof longer - 1] = '\0';

	ck_assert_int_eq(socket_file_open(&file, longer, 0600, cause, sizeof cause), -ENAMETOOLONG);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sock-socket-file");
	TCase *core = tcase_create("core");
	SRunner *runner = srunner_create(suite);

	tcase_add_checked_fixture(core, set_up, tear_down);
	tcase_add_loop_test(core, test_socket_has_the_wanted_permission_whatever_the_umask, 0, 3);
	tcase_add_test(core, test_socket_is_gone_after_close);
	tcase_add_test(core, test_socket_of_a_dead_program_is_replaced);
	tcase_add_test(core, test_socket_of_a_living_program_is_left_alone);
	tcase_add_test(core, test_socket_other_file_is_left_alone);
	tcase_add_test(core, test_socket_that_is_no_longer_ours_is_left_alone);
	tcase_add_test(core, test_socket_missing_folder_is_told);
	tcase_add_test(core, test_socket_long_path_is_told);
	suite_add_tcase(suite, core);
	srunner_run_all(runner, CK_ENV);
	int n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
