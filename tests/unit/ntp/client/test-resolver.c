/* SPDX-License-Identifier: BSD-2-Clause */
/* The system's resolver as far as no network is needed: what is a name, "localhost", cancelling. */
#include "ntp/client/resolver.h"

#include "suite.h"

START_TEST(test_resolver_host_names_are_told_from_nonsense)
{
	static const char *const good[] = {"a",
					   "time.example.net",
					   "time.example.net.",
					   "_ntp.example",
					   ("b\xc3\xbc"
					    "cher.example"),
					   "xn--bcher-kva.example",
					   "3.pool"};
	static const char *const bad[] = {"",
					  ".",
					  "..",
					  "a..b",
					  ".a",
					  "a b",
					  "http://time.example.net",
					  "time.example.net:123",
					  "user@example.net",
					  "a\n"};

	for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
		ck_assert_msg(ts_resolver_is_host_name(good[i]), "%s", good[i]);
	for (size_t i = 0; i < G_N_ELEMENTS(bad); i++)
		ck_assert_msg(!ts_resolver_is_host_name(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(test_resolver_label_and_name_lengths_are_limited)
{
	g_autofree char *label = g_strnfill(63, 'a'), *long_label = g_strnfill(64, 'a');
	g_autofree char *longest = g_strdup_printf("%s.%s.%s.%.61s", label, label, label, label);
	g_autofree char *too_long = g_strdup_printf("%s.%s.%s.%.62s", label, label, label, label);

	ck_assert(ts_resolver_is_host_name(label));
	ck_assert(!ts_resolver_is_host_name(long_label));
	ck_assert(ts_resolver_is_host_name(longest));
	ck_assert(!ts_resolver_is_host_name(too_long));
}
END_TEST

typedef struct {
	bool is_done;
	TsLookupStatus status;
	GArray *addresses;
} Answer;

static void
on_answer(TsLookupStatus status, const GArray *addresses, const char *detail, void *user_data)
{
	Answer *answer = user_data;

	ck_assert_ptr_nonnull(detail);
	answer->is_done = true;
	answer->status = status;
	answer->addresses = g_array_copy((GArray *)addresses);
}

static Answer
ask(const char *name, TsFamily family)
{
	g_autoptr(TsResolver) resolver = ts_resolver_new_system();
	Answer answer = {0};

	ts_resolver_lookup(resolver, name, family, on_answer, &answer);
	ck_assert(!answer.is_done); /* never before the call returns */
	while (!answer.is_done)
		g_main_context_iteration(NULL, TRUE);
	return answer;
}

START_TEST(test_resolver_localhost_of_each_family)
{
	Answer answer = ask("localhost", TS_FAMILY_IPV4);
	TsAddress loopback;

	ck_assert_int_eq(answer.status, TS_LOOKUP_FOUND);
	ck_assert_uint_eq(answer.addresses->len, 1);
	ck_assert(ts_address_parse("127.0.0.1", 0, &loopback));
	ck_assert(ts_address_equal(&g_array_index(answer.addresses, TsAddress, 0), &loopback));
	g_array_unref(answer.addresses);

	answer = ask("localhost", TS_FAMILY_IPV6);
	for (guint i = 0; i < answer.addresses->len; i++)
		ck_assert_int_eq(g_array_index(answer.addresses, TsAddress, i).any.sa_family,
				 AF_INET6);
	g_array_unref(answer.addresses);
}
END_TEST

START_TEST(test_resolver_nonsense_is_answered_without_asking)
{
	Answer answer = ask("a..b", TS_FAMILY_ANY);

	ck_assert_int_eq(answer.status, TS_LOOKUP_BAD_NAME);
	ck_assert_uint_eq(answer.addresses->len, 0);
	g_array_unref(answer.addresses);
}
END_TEST

START_TEST(test_resolver_cancelled_lookup_never_answers)
{
	g_autoptr(TsResolver) resolver = ts_resolver_new_system();
	Answer first = {0}, bad = {0};

	ts_lookup_cancel(
		ts_resolver_lookup(resolver, "localhost", TS_FAMILY_ANY, on_answer, &first));
	ts_lookup_cancel(ts_resolver_lookup(resolver, "a..b", TS_FAMILY_ANY, on_answer, &bad));
	/* what was asked later has its answer: the cancelled ones had their turn */
	Answer last = ask("localhost", TS_FAMILY_ANY);
	while (g_main_context_iteration(NULL, FALSE))
		;

	ck_assert(!first.is_done && !bad.is_done);
	g_array_unref(last.addresses);
}
END_TEST

TS_TEST_MAIN("ntp-resolver", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_resolver_host_names_are_told_from_nonsense);
	tcase_add_test(core, test_resolver_label_and_name_lengths_are_limited);
	tcase_add_test(core, test_resolver_localhost_of_each_family);
	tcase_add_test(core, test_resolver_nonsense_is_answered_without_asking);
	tcase_add_test(core, test_resolver_cancelled_lookup_never_answers);
	suite_add_tcase(suite, core);
})
