/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-config.c - settings files: whatever the bytes, there are settings or there are errors;
 * problems come in order of place; what is shown of the settings reads as the same settings
 */
#include "config/load.h"
#include "config/show.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
has_errors(const GPtrArray *problems)
{
	unsigned line = 0, column = 0;
	bool is_error = false;

	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = problems->pdata[i];
		is_error |= !problem->is_warning;
		g_assert_true(g_utf8_validate(problem->text, -1, NULL));
		g_assert_cmpuint(problem->origin.line, >=, line);
		if (problem->origin.line == line)
			g_assert_cmpuint(problem->origin.column, >=, column);
		line = problem->origin.line;
		column = problem->origin.column;
	}
	return is_error;
}

/* Some of the limits that no later code doubts (config/settings.h). */
static void
check_limits(const TsSettings *settings)
{
	g_assert_cmpuint(settings->sources->len, <=, TS_CONFIG_MAX_SOURCES);
	for (unsigned i = 0; i < settings->sources->len; i++) {
		const TsSourceSettings *source = settings->sources->pdata[i];
		g_assert_nonnull(source->name);
		g_assert_nonnull(source->label);
		g_assert_cmpint(source->min_poll, <=, source->max_poll);
		g_assert_cmpint(source->min_poll, >=, -4);
		g_assert_cmpint(source->max_poll, <=, 17);
		g_assert_cmpuint(source->min_samples, <=, source->max_samples);
	}
}

/* A source reads as the same one, so that a reload of a shown tree would change nothing. */
static void
check_same_sources(const TsSettings *a, const TsSettings *b)
{
	g_assert_cmpuint(a->sources->len, ==, b->sources->len);
	for (unsigned i = 0; i < a->sources->len; i++) {
		const TsSourceSettings *before = a->sources->pdata[i],
				       *after = b->sources->pdata[i];
		g_assert_cmpint(before->kind, ==, after->kind);
		g_assert_cmpstr(before->name, ==, after->name);
		g_assert_cmpstr(before->label, ==, after->label);
		if (!before->nts && !before->plugin) /* in these, odd words come back quoted */
			g_assert_cmpint(ts_source_settings_compare(before, after), ==,
					TS_CHANGE_NONE);
	}
}

static void
check_round_trip(const TsSettings *settings)
{
	g_autofree char *shown = ts_config_show(settings);
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) again = ts_config_load_text(shown, strlen(shown), "again", &problems);
	g_autofree char *said = ts_config_problems_format(problems);

	if (!again)
		g_error("shown:\n%s\nsaid:\n%s", shown, said);
	g_autoptr(GPtrArray) before = ts_config_list(settings), after = ts_config_list(again);
	g_assert_cmpuint(before->len, ==, after->len);
	for (unsigned i = 0; i < before->len; i++) {
		const TsConfigValue *a = before->pdata[i], *b = after->pdata[i];
		g_assert_cmpstr(a->path, ==, b->path);
		g_assert_cmpstr(a->value, ==, b->value);
	}
	check_same_sources(settings, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) settings =
		ts_config_load_text((const char *)data, size, "fuzz", &problems);
	bool is_wrong = has_errors(problems);

	g_assert_true(is_wrong == (settings == NULL));
	if (!settings)
		return 0;
	check_limits(settings);
	check_round_trip(settings);
	return 0;
}
