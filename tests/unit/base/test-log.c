/* SPDX-License-Identifier: BSD-2-Clause */
/* test-log.c - what a line on stderr looks like, under the journal and without it */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

#define TS_LOG_COMPONENT "source"

static FILE *caught; /* stderr of this test, which is a process of its own */

static void
setup(void)
{
	caught = tmpfile();
	ck_assert_ptr_nonnull(caught);
	ck_assert_int_ge(dup2(fileno(caught), STDERR_FILENO), 0);
	g_unsetenv("JOURNAL_STREAM");
}

static void
teardown(void)
{
	fclose(caught);
}

/* As systemd does for a service whose stderr goes to the journal. */
static void
pretend_journal(ino_t inode_offset)
{
	struct stat status;

	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	g_autofree char *stream = g_strdup_printf("%lu:%lu", (unsigned long)status.st_dev,
						  (unsigned long)(status.st_ino + inode_offset));
	g_setenv("JOURNAL_STREAM", stream, TRUE);
}

static const char *
read_caught(void)
{
	static char text[1024];

	rewind(caught);
	size_t length = fread(text, 1, sizeof text - 1, caught);
	text[length] = '\0';
	return text;
}

/* Compares what was written, without the time, which must stand first. */
static void
assert_timed_line(const char *expected)
{
	const char *text = read_caught();
	GDate date;
	unsigned year, month, day, hour, minute, second;

	ck_assert_int_eq(sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2uZ ", &year, &month, &day, &hour,
				&minute, &second),
			 6);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	ck_assert(g_date_valid(&date));
	ck_assert_uint_ge(strlen(text), 21);
	ck_assert_str_eq(text + 21, expected);
}

START_TEST(test_log_line_has_time_component_and_text)
{
	ts_log_setup(TS_LOG_INFO);

	ts_info("192.0.2.1: selected, offset %+d us", 12);

	assert_timed_line("source: 192.0.2.1: selected, offset +12 us\n");
}
END_TEST

START_TEST(test_log_control_characters_become_question_marks)
{
	ts_log_setup(TS_LOG_INFO);

	ts_info("name %s", "a\nb\x1b[31mc\td\x7f e\r");

	assert_timed_line("source: name a?b?[31mc?d? e?\n");
}
END_TEST

/* U+0080 to U+009F are control characters too: U+009B begins an escape sequence. */
START_TEST(test_log_c1_control_characters_become_question_marks)
{
	ts_log_setup(TS_LOG_INFO);

	ts_info("name %s", "a\xc2\x9b"
			   "31mb \xc2\xb5s \xc3\x9b");

	assert_timed_line("source: name a?31mb \xc2\xb5s \xc3\x9b\n");
}
END_TEST

START_TEST(test_log_percent_from_outside_is_text)
{
	ts_log_setup(TS_LOG_INFO);

	ts_info("%s", "100% %s %n");

	assert_timed_line("source: 100% %s %n\n");
}
END_TEST

static const struct {
	TsLogLevel level;
	const char *line;
} journal_lines[] = {
	{TS_LOG_ERROR, "<3>source: x\n"},  {TS_LOG_WARNING, "<4>source: x\n"},
	{TS_LOG_NOTICE, "<5>source: x\n"}, {TS_LOG_INFO, "<6>source: x\n"},
	{TS_LOG_DEBUG, "<7>source: x\n"},
};

START_TEST(test_log_under_journal_has_priority_and_no_time)
{
	pretend_journal(0);
	ts_log_setup(TS_LOG_DEBUG);

	ts_log(journal_lines[_i].level, TS_LOG_COMPONENT, "x");

	ck_assert_str_eq(read_caught(), journal_lines[_i].line);
}
END_TEST

/* Programs that a service starts inherit the variable: a terminal opened from the desktop has it.
 */
START_TEST(test_log_with_journal_variable_of_another_stream_has_time)
{
	pretend_journal(1);
	ts_log_setup(TS_LOG_INFO);

	ts_info("x");

	assert_timed_line("source: x\n");
}
END_TEST

START_TEST(test_log_malformed_journal_variable_is_no_journal)
{
	static const char *const bad[] = {"", "12", "a:b", "1:", ":1"};

	g_setenv("JOURNAL_STREAM", bad[_i], TRUE);
	ts_log_setup(TS_LOG_INFO);

	ts_info("x");

	assert_timed_line("source: x\n");
}
END_TEST

START_TEST(test_log_below_threshold_is_not_written)
{
	pretend_journal(0);
	ts_log_setup(TS_LOG_WARNING);

	ts_error("error");
	ts_warning("warning");
	ts_notice("notice");
	ts_info("info");
	ts_debug("debug");

	ck_assert_str_eq(read_caught(), "<3>source: error\n<4>source: warning\n");
}
END_TEST

START_TEST(test_log_setup_again_changes_threshold)
{
	pretend_journal(0);
	ts_log_setup(TS_LOG_WARNING);
	ts_info("hidden");

	ts_log_setup(TS_LOG_DEBUG);
	ts_info("seen");

	ck_assert_str_eq(read_caught(), "<6>source: seen\n");
}
END_TEST

START_TEST(test_log_of_glib_goes_the_same_way)
{
	pretend_journal(0);
	ts_log_setup(TS_LOG_INFO);

	g_log_structured("GLib-GIO", G_LOG_LEVEL_WARNING, "MESSAGE", "from a\nlibrary");

	ck_assert_str_eq(read_caught(), "<4>from a?library\n");
}
END_TEST

TS_TEST_MAIN("log", {
	TCase *line = tcase_create("line");
	tcase_add_checked_fixture(line, setup, teardown);
	tcase_add_test(line, test_log_line_has_time_component_and_text);
	tcase_add_test(line, test_log_control_characters_become_question_marks);
	tcase_add_test(line, test_log_c1_control_characters_become_question_marks);
	tcase_add_test(line, test_log_percent_from_outside_is_text);
	suite_add_tcase(suite, line);

	TCase *journal = tcase_create("journal");
	tcase_add_checked_fixture(journal, setup, teardown);
	tcase_add_loop_test(journal, test_log_under_journal_has_priority_and_no_time, 0, 5);
	tcase_add_test(journal, test_log_with_journal_variable_of_another_stream_has_time);
	tcase_add_loop_test(journal, test_log_malformed_journal_variable_is_no_journal, 0, 5);
	suite_add_tcase(suite, journal);

	TCase *threshold = tcase_create("threshold");
	tcase_add_checked_fixture(threshold, setup, teardown);
	tcase_add_test(threshold, test_log_below_threshold_is_not_written);
	tcase_add_test(threshold, test_log_setup_again_changes_threshold);
	tcase_add_test(threshold, test_log_of_glib_goes_the_same_way);
	suite_add_tcase(suite, threshold);
})
