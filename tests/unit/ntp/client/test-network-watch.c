/* SPDX-License-Identifier: BSD-2-Clause */
/* In a network namespace of its own, where the loopback interface can be brought up. */
#include "ntp/client/network-watch.h"

#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static void
count_call(void *user_data)
{
	++*(unsigned *)user_data;
}

static void
set_loopback(bool is_up)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = (short)(is_up ? IFF_UP : 0)};

	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

START_TEST(test_network_watch_tells_once_of_a_bunch_of_changes)
{
	unsigned n_calls = 0;
	ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	TsSched *sched = ts_sched_new_real(NULL);
	TsNetworkWatch *watch = ts_network_watch_new(sched, count_call, &n_calls);
	ck_assert(ts_network_watch_is_active(watch));

	set_loopback(true);
	set_loopback(false);
	set_loopback(true);
	while (n_calls == 0)
		g_main_context_iteration(NULL, TRUE);
	while (g_main_context_iteration(NULL, FALSE))
		;

	ck_assert_uint_eq(n_calls, 1);
	set_loopback(false);
	while (n_calls == 1)
		g_main_context_iteration(NULL, TRUE);
	ts_network_watch_free(watch);
	ts_sched_free(sched);
}
END_TEST

START_TEST(test_network_watch_freed_with_a_change_pending_does_not_call)
{
	unsigned n_calls = 0;
	ck_assert_int_eq(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0);
	TsSched *sched = ts_sched_new_real(NULL);
	TsNetworkWatch *watch = ts_network_watch_new(sched, count_call, &n_calls);

	set_loopback(true);
	g_main_context_iteration(NULL, TRUE); /* the message; its second is not over */
	ts_network_watch_free(watch);
	while (g_main_context_iteration(NULL, FALSE))
		;

	ck_assert_uint_eq(n_calls, 0);
	ts_sched_free(sched);
}
END_TEST

/* Asked in a child: the namespace would stay. */
static bool
may_make_namespaces(void)
{
	pid_t child = fork();
	int status = 1;

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int
main(void)
{
	if (!may_make_namespaces()) {
		puts("1..0 # SKIP no network namespaces here");
		return EXIT_SUCCESS;
	}
	Suite *suite = suite_create("ntp-network-watch");
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 30);
	tcase_add_test(core, test_network_watch_tells_once_of_a_bunch_of_changes);
	tcase_add_test(core, test_network_watch_freed_with_a_change_pending_does_not_call);
	suite_add_tcase(suite, core);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
