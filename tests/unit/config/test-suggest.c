/* SPDX-License-Identifier: BSD-2-Clause */
/* test-suggest.c - the nearest known word */
#include "config/suggest.h"

#include <string.h>

#include "suite.h"

static const char *const known[] = {
	"server", "pool", "refclock", "min-poll", "max-poll", "max-delay-dev-ratio",
	"nts",	  "key",  NULL,
};

static void
check_suggestion(const char *word, const char *expected)
{
	const char *nearest = ts_suggest(word, known, G_N_ELEMENTS(known));

	if (expected)
		ck_assert_msg(nearest && strcmp(nearest, expected) == 0, "%s: %s", word,
			      nearest ? nearest : "nothing");
	else
		ck_assert_msg(!nearest, "%s: %s", word, nearest);
}

START_TEST(test_suggest_typing_errors_find_the_word)
{
	check_suggestion("pol", "pool");
	check_suggestion("poool", "pool");
	check_suggestion("sevrer", "server");
	check_suggestion("refclok", "refclock");
	check_suggestion("nst", "nts");
}
END_TEST

START_TEST(test_suggest_other_spelling_finds_the_word)
{
	check_suggestion("minpoll", "min-poll");
	check_suggestion("MAX_POLL", "max-poll");
	check_suggestion("maxdelaydevratio", "max-delay-dev-ratio");
}
END_TEST

START_TEST(test_suggest_strange_word_finds_nothing)
{
	check_suggestion("banana", NULL);
	check_suggestion("", NULL);
	check_suggestion("x", NULL);
	check_suggestion("a-word-much-longer-than-any-that-has-ever-been-known", NULL);
}
END_TEST

TS_TEST_MAIN("suggest", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_suggest_typing_errors_find_the_word);
	tcase_add_test(core, test_suggest_other_spelling_finds_the_word);
	tcase_add_test(core, test_suggest_strange_word_finds_nothing);
	suite_add_tcase(suite, core);
})
