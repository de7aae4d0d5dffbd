/* SPDX-License-Identifier: BSD-2-Clause */
/* test-handshake.c - D-Bus authentication line by line: what programs say, and what attackers say */
#include "control/handshake.h"

#include "suite.h"

#define GUID "0123456789abcdef0123456789abcdef"

/* Lines that user 1000 sends, and what comes back; both with '|' between lines. */
static const struct {
	const char *name, *lines, *replies;
	TsHandshakeStatus status;
} cases[] = {
	{"gdbus", "AUTH|AUTH EXTERNAL 31303030|NEGOTIATE_UNIX_FD|BEGIN",
	 "REJECTED EXTERNAL|OK " GUID "|ERROR no file descriptors here|", TS_HANDSHAKE_DONE},
	{"sd-bus", "AUTH EXTERNAL|DATA|NEGOTIATE_UNIX_FD|BEGIN",
	 "DATA|OK " GUID "|ERROR no file descriptors here|", TS_HANDSHAKE_DONE},
	{"libdbus", "AUTH EXTERNAL 31303030|BEGIN", "OK " GUID "|", TS_HANDSHAKE_DONE},
	{"identity as data", "AUTH EXTERNAL|DATA 31303030|BEGIN", "DATA|OK " GUID "|",
	 TS_HANDSHAKE_DONE},
	{"root's identity", "AUTH EXTERNAL 30|BEGIN", "REJECTED EXTERNAL|", TS_HANDSHAKE_FAILED},
	{"longer identity", "AUTH EXTERNAL 3130303030|BEGIN", "REJECTED EXTERNAL|",
	 TS_HANDSHAKE_FAILED},
	{"identity not hexadecimal", "AUTH EXTERNAL zz303030|BEGIN", "REJECTED EXTERNAL|",
	 TS_HANDSHAKE_FAILED},
	{"odd identity", "AUTH EXTERNAL 3|BEGIN", "REJECTED EXTERNAL|", TS_HANDSHAKE_FAILED},
	{"begin first", "BEGIN", "", TS_HANDSHAKE_FAILED},
	{"data without being asked", "DATA 31303030|BEGIN", "ERROR|", TS_HANDSHAKE_FAILED},
	{"cookies", "AUTH DBUS_COOKIE_SHA1 31303030|BEGIN", "REJECTED EXTERNAL|",
	 TS_HANDSHAKE_FAILED},
	{"anonymous", "AUTH ANONYMOUS|BEGIN", "REJECTED EXTERNAL|", TS_HANDSHAKE_FAILED},
	{"cancelled", "AUTH EXTERNAL|CANCEL|DATA|BEGIN", "DATA|REJECTED EXTERNAL|ERROR|",
	 TS_HANDSHAKE_FAILED},
	{"unknown words", "HELLO|AUTHENTICATE|BEGINNING|", "ERROR|ERROR|ERROR|ERROR|",
	 TS_HANDSHAKE_GOES_ON},
	{"again when authenticated", "AUTH EXTERNAL 31303030|AUTH EXTERNAL 30|BEGIN",
	 "OK " GUID "|ERROR|", TS_HANDSHAKE_DONE},
};

START_TEST(test_handshake_lines_get_their_replies)
{
	TsHandshake handshake = {.uid = 1000, .guid = GUID};
	g_auto(GStrv) lines = g_strsplit(cases[_i].lines, "|", -1);
	g_autoptr(GString) replies = g_string_new(NULL);
	TsHandshakeStatus status = TS_HANDSHAKE_GOES_ON;

	for (char **line = lines; *line && status == TS_HANDSHAKE_GOES_ON; line++)
		status = ts_handshake_feed(&handshake, *line, replies);
	g_string_replace(replies, "\r\n", "|", 0);

	ck_assert_msg(status == cases[_i].status, "%s: %d", cases[_i].name, status);
	ck_assert_msg(g_str_equal(replies->str, cases[_i].replies), "%s: %s", cases[_i].name,
		      replies->str);
}
END_TEST

START_TEST(test_handshake_without_end_fails)
{
	TsHandshake handshake = {.uid = 1000, .guid = GUID};
	g_autoptr(GString) replies = g_string_new(NULL);
	unsigned n = 0;

	while (n < 1000 && ts_handshake_feed(&handshake, "AUTH", replies) == TS_HANDSHAKE_GOES_ON)
		n++;

	ck_assert_uint_lt(n, 100);
}
END_TEST

TS_TEST_MAIN("handshake", {
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_handshake_lines_get_their_replies, 0, G_N_ELEMENTS(cases));
	tcase_add_test(core, test_handshake_without_end_fails);
	suite_add_tcase(suite, core);
})
