/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "ntp/server/access.h"
#include "suite.h"

/* "+192.0.2.0/24" allows, "-all" denies */
static TsAccess *
make_access(const char *const *rules)
{
	g_autoptr(GArray) array = g_array_new(FALSE, TRUE, sizeof(TsAccessRule));

	for (; *rules; rules++) {
		TsAccessRule rule = {.is_allow = **rules == '+',
				     .is_all = strcmp(*rules + 1, "all") == 0};
		if (!rule.is_all)
			ck_assert(ts_prefix_parse(*rules + 1, &rule.prefix));
		g_array_append_val(array, rule);
	}
	return ts_access_new(array);
}

static bool
allows(const TsAccess *access, const char *text)
{
	TsAddress address;

	ck_assert(ts_address_parse(text, 123, &address));
	return ts_access_allows(access, &address);
}

#define RULES(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(test_access_no_rules_deny_everybody)
{
	g_autoptr(TsAccess) access = make_access((const char *const[]){NULL});

	ck_assert(!allows(access, "127.0.0.1"));
	ck_assert(!allows(access, "::1"));
}
END_TEST

START_TEST(test_access_all_stands_for_both_families)
{
	g_autoptr(TsAccess) access = make_access(RULES("+all"));

	ck_assert(allows(access, "0.0.0.0"));
	ck_assert(allows(access, "255.255.255.255"));
	ck_assert(allows(access, "::"));
	ck_assert(allows(access, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
}
END_TEST

START_TEST(test_access_longest_prefix_decides_in_any_order)
{
	const char *const *orders[] = {
		RULES("+192.0.2.0/24", "-192.0.2.64/26", "+192.0.2.70", "-all"),
		RULES("-all", "+192.0.2.70", "-192.0.2.64/26", "+192.0.2.0/24"),
	};
	g_autoptr(TsAccess) access = make_access(orders[_i]);

	ck_assert(!allows(access, "192.0.1.255"));
	ck_assert(allows(access, "192.0.2.0"));
	ck_assert(allows(access, "192.0.2.63"));
	ck_assert(!allows(access, "192.0.2.64"));
	ck_assert(!allows(access, "192.0.2.69"));
	ck_assert(allows(access, "192.0.2.70"));
	ck_assert(!allows(access, "192.0.2.71"));
	ck_assert(!allows(access, "192.0.2.127"));
	ck_assert(allows(access, "192.0.2.128"));
	ck_assert(allows(access, "192.0.2.255"));
	ck_assert(!allows(access, "192.0.3.0"));
}
END_TEST

START_TEST(test_access_same_prefix_twice_later_holds)
{
	g_autoptr(TsAccess) access = make_access(RULES("+2001:db8::/32", "-2001:db8::/32"));

	ck_assert(!allows(access, "2001:db8::1"));
}
END_TEST

START_TEST(test_access_families_are_apart)
{
	g_autoptr(TsAccess) access = make_access(RULES("+::/0"));

	ck_assert(allows(access, "2001:db8::1"));
	ck_assert(!allows(access, "192.0.2.1"));
}
END_TEST

START_TEST(test_access_find_names_the_rule)
{
	g_autoptr(TsAccess) access = make_access(RULES("+2001:db8::/32", "-2001:db8:1::/48"));
	TsAddress address;
	TsAccessRule rule;

	ts_address_parse("2001:db8:1::5", 0, &address);
	ck_assert(ts_access_find(access, &address, &rule));
	ck_assert(!rule.is_allow);
	ck_assert_uint_eq(rule.prefix.length, 48);
	ts_address_parse("2001:db9::", 0, &address);
	ck_assert(!ts_access_find(access, &address, &rule));
}
END_TEST

/* the plain way: look at every rule */
static bool
allows_by_search(const GArray *rules, const TsAddress *address)
{
	bool is_allowed = false;
	int longest = -1;

	for (guint i = 0; i < rules->len; i++) {
		const TsAccessRule *rule = &g_array_index(rules, TsAccessRule, i);
		if (ts_prefix_contains(&rule->prefix, address) &&
		    (int)rule->prefix.length >= longest) {
			longest = (int)rule->prefix.length;
			is_allowed = rule->is_allow;
		}
	}
	return is_allowed;
}

/* Few bits differ, so that prefixes nest, touch and repeat. */
START_TEST(test_access_random_rules_agree_with_search)
{
	guint32 seed = g_random_int();
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);
	bool is_v6 = _i;

	for (int round = 0; round < 300; round++) {
		g_autoptr(GArray) rules = g_array_new(FALSE, TRUE, sizeof(TsAccessRule));
		int n = g_rand_int_range(rand, 0, 12);
		for (int i = 0; i < n; i++) {
			unsigned low_bits = (unsigned)g_rand_int_range(rand, 0, 7);
			unsigned host =
				(unsigned)g_rand_int_range(rand, 0, 64) >> low_bits << low_bits;
			char text[64];
			g_snprintf(text, sizeof text, is_v6 ? "2001:db8::%x/%u" : "192.0.2.%u/%u",
				   host, (is_v6 ? 128 : 32) - low_bits);
			TsAccessRule rule = {.is_allow = g_rand_boolean(rand)};
			ck_assert(ts_prefix_parse(text, &rule.prefix));
			g_array_append_val(rules, rule);
		}
		g_autoptr(TsAccess) access = ts_access_new(rules);
		for (unsigned host = 0; host < 66; host++) {
			char text[64];
			TsAddress address;
			g_snprintf(text, sizeof text, is_v6 ? "2001:db8::%x" : "192.0.2.%u", host);
			ts_address_parse(text, 0, &address);
			ck_assert_msg(ts_access_allows(access, &address) ==
					      allows_by_search(rules, &address),
				      "seed %u, round %d, %s", seed, round, text);
		}
	}
}
END_TEST

TS_TEST_MAIN("access", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_access_no_rules_deny_everybody);
	tcase_add_test(core, test_access_all_stands_for_both_families);
	tcase_add_loop_test(core, test_access_longest_prefix_decides_in_any_order, 0, 2);
	tcase_add_test(core, test_access_same_prefix_twice_later_holds);
	tcase_add_test(core, test_access_families_are_apart);
	tcase_add_test(core, test_access_find_names_the_rule);
	tcase_add_loop_test(core, test_access_random_rules_agree_with_search, 0, 2);
	suite_add_tcase(suite, core);
})
