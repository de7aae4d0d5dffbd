/* SPDX-License-Identifier: BSD-2-Clause */
/* test-address.c - parsing and printing of addresses and prefixes */
#include "base/address.h"

#include <string.h>

#include "suite.h"

static void
check_round_trip(const char *text, const char *expected)
{
	TsAddress address;
	char printed[TS_ADDRESS_TEXT_SIZE];

	ck_assert_msg(ts_address_parse(text, 123, &address), "%s", text);
	ck_assert_str_eq(ts_address_format_port(&address, printed), expected);
}

START_TEST(test_address_forms_parse)
{
	check_round_trip("192.0.2.1", "192.0.2.1:123");
	check_round_trip("192.0.2.1:4460", "192.0.2.1:4460");
	check_round_trip("2001:db8::15", "[2001:db8::15]:123");
	check_round_trip("[2001:db8::15]", "[2001:db8::15]:123");
	check_round_trip("[2001:db8::15]:4460", "[2001:db8::15]:4460");
	check_round_trip("fe80::1%lo", "[fe80::1%lo]:123");
}
END_TEST

START_TEST(test_address_garbage_is_refused)
{
	static const char *const garbage[] = {
		"",          "192.0.2",        "192.0.2.1:",    "192.0.2.1:65536", "192.0.2.1:-1",
		"[::1",      "[::1]x",         "[192.0.2.1]:1", "name.example",    "::1:x",
		"fe80::1%",  "192.0.2.1:1:2",  "[::1]:",        "192.0.2.256",     "192.0.2.1: 1",
	};
	TsAddress address;

	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		ck_assert_msg(!ts_address_parse(garbage[i], 123, &address), "%s", garbage[i]);
}
END_TEST

START_TEST(test_address_mapped_becomes_ipv4)
{
	TsAddress address;
	char printed[TS_ADDRESS_TEXT_SIZE];

	ck_assert(ts_address_parse("[::ffff:192.0.2.7]:99", 0, &address));
	ts_address_unmap(&address);
	ck_assert_str_eq(ts_address_format_port(&address, printed), "192.0.2.7:99");
}
END_TEST

START_TEST(test_address_refid_of_ipv6_is_md5)
{
	TsAddress address;

	ck_assert(ts_address_parse("2001:db8::1", 123, &address));
	ck_assert_uint_eq(ts_address_refid(&address), 0x39ab9b37u); /* md5sum of the 16 octets */
	ck_assert(ts_address_parse("192.0.2.1", 123, &address));
	ck_assert_uint_eq(ts_address_refid(&address), 0xc0000201u);
}
END_TEST

START_TEST(test_prefix_contains_by_bits)
{
	TsPrefix prefix;
	TsAddress inside, outside, other_family;

	ck_assert(ts_prefix_parse("192.0.2.128/25", &prefix));
	ck_assert(ts_address_parse("192.0.2.200", 1, &inside));
	ck_assert(ts_address_parse("192.0.2.100", 1, &outside));
	ck_assert(ts_address_parse("::1", 1, &other_family));
	ck_assert(ts_prefix_contains(&prefix, &inside));
	ck_assert(!ts_prefix_contains(&prefix, &outside));
	ck_assert(!ts_prefix_contains(&prefix, &other_family));
}
END_TEST

START_TEST(test_prefix_mapped_becomes_ipv4)
{
	TsPrefix prefix;
	TsAddress inside, mapped;

	ck_assert(ts_address_parse("10.1.2.3", 1, &inside));
	ck_assert(ts_prefix_parse("::ffff:10.0.0.0/104", &prefix));
	ck_assert_uint_eq(prefix.length, 8);
	ck_assert(ts_prefix_contains(&prefix, &inside));
	ck_assert(ts_prefix_parse("::ffff:0:0/96", &prefix));
	ck_assert_uint_eq(prefix.length, 0);
	ck_assert(ts_prefix_contains(&prefix, &inside));
	/* wider than IPv4 is IPv6 */
	ck_assert(ts_address_parse("::ffff:10.1.2.3", 1, &mapped));
	ck_assert(ts_prefix_parse("::/80", &prefix));
	ck_assert(ts_prefix_contains(&prefix, &mapped));
}
END_TEST

START_TEST(test_prefix_garbage_is_refused)
{
	static const char *const garbage[] = {"192.0.2.1/24", "192.0.2.0/33", "::/129", "x/8",
					      "192.0.2.0/",   "192.0.2.0:1/24", "::1/64", "/8",
					      "fe80::1%lo",   "fe80::%1/64"};
	TsPrefix prefix;

	for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++)
		ck_assert_msg(!ts_prefix_parse(garbage[i], &prefix), "%s", garbage[i]);
	ck_assert(ts_prefix_parse("0.0.0.0/0", &prefix));
	ck_assert(ts_prefix_parse("::/0", &prefix));
}
END_TEST

TS_TEST_MAIN("address", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_address_forms_parse);
	tcase_add_test(core, test_address_garbage_is_refused);
	tcase_add_test(core, test_address_mapped_becomes_ipv4);
	tcase_add_test(core, test_address_refid_of_ipv6_is_md5);
	tcase_add_test(core, test_prefix_contains_by_bits);
	tcase_add_test(core, test_prefix_mapped_becomes_ipv4);
	tcase_add_test(core, test_prefix_garbage_is_refused);
	suite_add_tcase(suite, core);
})
