/* SPDX-License-Identifier: BSD-2-Clause */
/* test-fd.c - descriptors that close themselves, keeping errno */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "suite.h"

static int
open_something(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(test_fd_closes_at_end_of_scope)
{
	int number;

	{
		g_auto(TsFd) fd = open_something();
		number = fd;
		ck_assert(is_open(number));
	}
	ck_assert(!is_open(number));
}
END_TEST

START_TEST(test_fd_stolen_stays_open)
{
	int number;

	{
		g_auto(TsFd) fd = open_something();
		number = ts_fd_steal(&fd);
		ck_assert_int_eq(fd, -1);
	}
	ck_assert(is_open(number));
	close(number);
}
END_TEST

START_TEST(test_fd_clear_twice_closes_once)
{
	TsFd fd = open_something();
	int number = fd;

	ts_fd_clear(&fd);
	ck_assert_int_eq(fd, -1);
	int reused = open_something(); /* gets the lowest number that is free: the same */
	ck_assert_int_eq(reused, number);
	ts_fd_clear(&fd);

	ck_assert(is_open(reused));
	close(reused);
}
END_TEST

START_TEST(test_fd_clear_keeps_errno)
{
	TsFd fd = open_something();
	close(fd); /* so that the close inside fails with EBADF */

	errno = ENOENT;
	ts_fd_clear(&fd);

	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(test_fd_0_is_closed_too)
{
	TsFd fd;

	close(0);
	fd = open_something();
	ck_assert_int_eq(fd, 0);
	ts_fd_clear(&fd);

	ck_assert(!is_open(0));
}
END_TEST

TS_TEST_MAIN("fd", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_fd_closes_at_end_of_scope);
	tcase_add_test(core, test_fd_stolen_stays_open);
	tcase_add_test(core, test_fd_clear_twice_closes_once);
	tcase_add_test(core, test_fd_clear_keeps_errno);
	tcase_add_test(core, test_fd_0_is_closed_too);
	suite_add_tcase(suite, core);
})
