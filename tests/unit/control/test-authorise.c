/* SPDX-License-Identifier: BSD-2-Clause */
/* test-authorise.c - who somebody is, and what follows from it */
#include "control/authorise.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "control/interface-info.h"
#include "suite.h"

START_TEST(test_caller_from_socket_is_this_process)
{
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	g_auto(TsFd) one = fds[0];
	g_auto(TsFd) other = fds[1];
	g_auto(TsCaller) caller = {0};
	gid_t groups[1024];
	int n_groups = getgroups(1024, groups);

	ck_assert(ts_caller_from_socket(one, &caller));

	ck_assert_uint_eq(caller.uid, geteuid());
	ck_assert_uint_eq(caller.groups[0], getegid());
	ck_assert_int_eq((int)caller.n_groups, n_groups + 1);
	ck_assert_int_ge(other, 0);
}
END_TEST

START_TEST(test_caller_from_credentials_of_the_bus)
{
	g_auto(TsCaller) caller = {0};
	g_autoptr(GVariant) credentials = g_variant_ref_sink(g_variant_new_parsed(
		"{'UnixUserID': <uint32 1000>, 'UnixGroupIDs': <[uint32 1000, 27]>, "
		"'ProcessID': <uint32 1>}"));

	ck_assert(ts_caller_from_credentials(credentials, &caller));

	ck_assert_uint_eq(caller.uid, 1000);
	ck_assert_uint_eq(caller.n_groups, 2);
	ck_assert_uint_eq(caller.groups[1], 27);
}
END_TEST

START_TEST(test_caller_from_credentials_without_a_user_is_nobody)
{
	g_auto(TsCaller) caller = {0};
	g_autoptr(GVariant) credentials =
		g_variant_ref_sink(g_variant_new_parsed("{'ProcessID': <uint32 1>}"));

	ck_assert(!ts_caller_from_credentials(credentials, &caller));
}
END_TEST

START_TEST(test_authoriser_without_group_trusts_root_and_itself_only)
{
	TsAuthoriser authoriser = {.own_uid = 100};
	gid_t zero[] = {0};

	ck_assert(ts_authoriser_trusts(&authoriser, &(TsCaller){.uid = 0}));
	ck_assert(ts_authoriser_trusts(&authoriser, &(TsCaller){.uid = 100}));
	ck_assert(!ts_authoriser_trusts(&authoriser, &(TsCaller){.uid = (uid_t)-1}));
	/* a group that was not found must not be taken for group 0 */
	ck_assert(!ts_authoriser_trusts(&authoriser,
					&(TsCaller){.uid = 1, .groups = zero, .n_groups = 1}));
}
END_TEST

START_TEST(test_authoriser_group_that_is_not_there_is_none)
{
	TsAuthoriser authoriser;

	ts_authoriser_init(&authoriser, "no-such-group-at-all");

	ck_assert(!authoriser.has_group);
	ts_authoriser_clear(&authoriser);
}
END_TEST

START_TEST(test_authorise_says_who_may)
{
	TsAuthoriser authoriser = {.own_uid = 100, .has_group = true, .group = 200};
	authoriser.group_name = g_strdup("keepers");
	g_autoptr(GError) error = NULL;
	const TsCaller stranger = {.uid = 1000};

	ck_assert(ts_authorise(&authoriser, &stranger, TS_ACCESS_READ, "Get", NULL));
	ck_assert(!ts_authorise(&authoriser, &stranger, TS_ACCESS_PRIVATE, "ListClients", NULL));
	ck_assert(!ts_authorise(&authoriser, &stranger, TS_ACCESS_CHANGE, "Reload", &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION));
	ck_assert_str_eq(error->message,
			 "Reload is for root and the group keepers, and the caller is user 1000");
	ts_authoriser_clear(&authoriser);
}
END_TEST

START_TEST(test_access_of_method_without_annotation_is_change)
{
	const GDBusMethodInfo bare = {.name = (char *)"New"};

	ck_assert_int_eq(ts_access_of_method(&bare), TS_ACCESS_CHANGE);
}
END_TEST

TS_TEST_MAIN("authorise", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_caller_from_socket_is_this_process);
	tcase_add_test(core, test_caller_from_credentials_of_the_bus);
	tcase_add_test(core, test_caller_from_credentials_without_a_user_is_nobody);
	tcase_add_test(core, test_authoriser_without_group_trusts_root_and_itself_only);
	tcase_add_test(core, test_authoriser_group_that_is_not_there_is_none);
	tcase_add_test(core, test_authorise_says_who_may);
	tcase_add_test(core, test_access_of_method_without_annotation_is_change);
	suite_add_tcase(suite, core);
})
