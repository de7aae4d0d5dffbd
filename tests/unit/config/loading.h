/* SPDX-License-Identifier: BSD-2-Clause */
/* loading.h - what the tests of config/ share: a text to settings, and what was said of it */
#pragma once

#include <string.h>

#include "config/load.h"

#include "suite.h"

/* Returns: (transfer full) (nullable): the settings; *@said gets all problems, one a line. */
static inline TsSettings *
load_saying(const char *text, char **said)
{
	g_autoptr(GPtrArray) problems = NULL;
	TsSettings *settings = ts_config_load_text(text, strlen(text), "t.yaml", &problems);

	*said = ts_config_problems_format(problems);
	return settings;
}

/* The text must load without a word. Returns: (transfer full). */
static inline TsSettings *
load_well(const char *text)
{
	g_autofree char *said = NULL;
	TsSettings *settings = load_saying(text, &said);

	ck_assert_msg(settings && !*said, "%s\ngave:\n%s", text, said);
	return settings;
}

/* The text must be refused with just the one problem. */
static inline void
check_refused(const char *text, const char *expected)
{
	g_autofree char *said = NULL;
	g_autofree char *line = g_strconcat("t.yaml:", expected, "\n", NULL);
	g_autoptr(TsSettings) settings = load_saying(text, &said);

	ck_assert_msg(!settings, "%s\nwas taken", text);
	ck_assert_str_eq(said, line);
}

/* The text must be refused, and the one or more problems have @part in them. */
static inline void
check_refused_with(const char *text, const char *part)
{
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) settings = load_saying(text, &said);

	ck_assert_msg(!settings, "%s\nwas taken", text);
	ck_assert_msg(strstr(said, part) != NULL, "%s\ngave:\n%snot: %s", text, said, part);
}
