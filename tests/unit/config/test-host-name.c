/* SPDX-License-Identifier: BSD-2-Clause */
/* test-host-name.c - names and addresses of servers */
#include "config/host-name.h"

#include <glib.h>

#include "suite.h"

static void
check_split(const char *written, const char *expected_host, unsigned expected_port)
{
	g_autofree char *host = NULL;
	uint16_t port = 1;

	ck_assert_msg(ts_host_name_split(written, &host, &port), "%s", written);
	ck_assert_str_eq(host, expected_host);
	ck_assert_uint_eq(port, expected_port);
}

START_TEST(test_host_name_forms_split)
{
	check_split("time.example.net", "time.example.net", 0);
	check_split("time.example.net:1123", "time.example.net", 1123);
	check_split("localhost", "localhost", 0);
	check_split("ntp1.", "ntp1.", 0);
	check_split("1.pool.ntp.org", "1.pool.ntp.org", 0);
	check_split("192.0.2.15", "192.0.2.15", 0);
	check_split("192.0.2.15:4460", "192.0.2.15", 4460);
	check_split("2001:db8::15", "2001:db8::15", 0);
	check_split("[2001:db8::15]", "2001:db8::15", 0);
	check_split("[2001:db8::15]:4460", "2001:db8::15", 4460);
	check_split("fe80::1%not-there-yet", "fe80::1%not-there-yet", 0);
	check_split("zeit.münchen.example", "zeit.münchen.example", 0);
}
END_TEST

START_TEST(test_host_name_garbage_is_refused)
{
	static const char *const garbage[] = {
		"",
		".",
		"a..b",
		"-a.example",
		"a-.example",
		"a b",
		"192.0.2.256",
		"192.0.2",
		"300",
		"a:0",
		"a:65536",
		"a:x",
		"a:",
		"[::1",
		"[::1]x",
		"[::1]:",
		"[a]:1",
		"[192.0.2.1]:1",
		"a/b",
		"http://a",
		"a:1:2",
		"192.0.2.1%lo",
		"x\n",
		"\xff",
	};
	g_autofree char *label = g_strnfill(64, 'a');

	for (unsigned i = 0; i < G_N_ELEMENTS(garbage); i++) {
		g_autofree char *host = NULL;
		uint16_t port;
		ck_assert_msg(!ts_host_name_split(garbage[i], &host, &port), "%s", garbage[i]);
		ck_assert_ptr_null(host);
	}
	g_autofree char *host = NULL;
	uint16_t port;
	ck_assert(!ts_host_name_split(label, &host, &port));
}
END_TEST

static void
check_canonical(const char *host, const char *expected)
{
	g_autofree char *canonical = ts_host_name_canonical(host);

	ck_assert_str_eq(canonical, expected);
}

START_TEST(test_host_name_spellings_have_one_canonical_form)
{
	check_canonical("Time.Example.NET.", "time.example.net");
	check_canonical("2001:DB8:0:0::15", "2001:db8::15");
	check_canonical("fe80:0::1%eth0", "fe80::1%eth0");
	check_canonical("192.0.2.1", "192.0.2.1");
	check_canonical("MÜNCHEN.example", "xn--mnchen-3ya.example");
}
END_TEST

TS_TEST_MAIN("host-name", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_host_name_forms_split);
	tcase_add_test(core, test_host_name_garbage_is_refused);
	tcase_add_test(core, test_host_name_spellings_have_one_canonical_form);
	suite_add_tcase(suite, core);
})
