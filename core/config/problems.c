/* SPDX-License-Identifier: BSD-2-Clause */
/* problems.c - see problems.h */
#include "config/problems.h"

#include <string.h>

/* A file of a million wrong keys need not fill the operator's disk. */
#define MAX_PROBLEMS	 1000
#define QUOTE_CHARACTERS 60

static void
free_problem(gpointer data)
{
	TsConfigProblem *problem = data;

	g_free(problem->text);
	g_free(problem);
}

void
ts_problems_init(TsProblems *problems)
{
	*problems = (TsProblems){
		.list = g_ptr_array_new_with_free_func(free_problem),
		.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.ranks = g_hash_table_new(NULL, NULL),
	};
}

void
ts_problems_clear(TsProblems *problems)
{
	g_clear_pointer(&problems->ranks, g_hash_table_unref);
	g_clear_pointer(&problems->seen, g_hash_table_unref);
	g_clear_pointer(&problems->list, g_ptr_array_unref);
}

void
ts_problems_add_file(TsProblems *problems, const char *file)
{
	if (!g_hash_table_contains(problems->ranks, file))
		g_hash_table_insert(problems->ranks, (gpointer)file,
				    GUINT_TO_POINTER(g_hash_table_size(problems->ranks) + 1));
}

bool
ts_problems_is_full(const TsProblems *problems)
{
	return problems->list->len >= MAX_PROBLEMS;
}

static void
append(GPtrArray *list, const TsOrigin *origin, bool is_warning, char *text)
{
	TsConfigProblem *problem = g_new0(TsConfigProblem, 1);

	problem->origin = *origin;
	problem->is_warning = is_warning;
	problem->text = text;
	g_ptr_array_add(list, problem);
}

static void
add(TsProblems *problems, const TsOrigin *origin, bool is_warning, char *text)
{
	g_autofree char *owned = text;
	g_autofree char *place = ts_origin_format(origin);
	g_autofree char *mark = g_strconcat(place, " ", text, NULL);

	problems->has_errors |= !is_warning;
	if (g_hash_table_contains(problems->seen, mark))
		return;
	if (ts_problems_is_full(problems)) {
		problems->n_dropped++;
		return;
	}
	g_hash_table_add(problems->seen, g_steal_pointer(&mark));
	append(problems->list, origin, is_warning, g_steal_pointer(&owned));
}

void
ts_problems_error(TsProblems *problems, const TsOrigin *origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(problems, origin, false, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

void
ts_problems_warn(TsProblems *problems, const TsOrigin *origin, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add(problems, origin, true, g_strdup_vprintf(format, arguments));
	va_end(arguments);
}

static int
compare_unsigned(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

static gint
compare_problems(gconstpointer a, gconstpointer b, gpointer user_data)
{
	GHashTable *ranks = user_data;
	const TsOrigin *left = &(*(const TsConfigProblem *const *)a)->origin;
	const TsOrigin *right = &(*(const TsConfigProblem *const *)b)->origin;
	unsigned left_rank = GPOINTER_TO_UINT(g_hash_table_lookup(ranks, left->file));
	unsigned right_rank = GPOINTER_TO_UINT(g_hash_table_lookup(ranks, right->file));

	int order = compare_unsigned(left_rank, right_rank);
	if (order == 0)
		order = g_strcmp0(left->file, right->file);
	if (order == 0)
		order = compare_unsigned(left->line, right->line);
	return order ? order : compare_unsigned(left->column, right->column);
}

GPtrArray *
ts_problems_steal(TsProblems *problems)
{
	GPtrArray *list = g_steal_pointer(&problems->list);
	const TsOrigin nowhere = {0};

	g_ptr_array_sort_with_data(list, compare_problems, problems->ranks);
	if (problems->n_dropped)
		append(list, &nowhere, !problems->has_errors,
		       g_strdup("there are more mistakes than these; mend some first"));
	ts_problems_clear(problems);
	return list;
}

char *
ts_quote(const char *text)
{
	GString *quoted = g_string_new("'");
	const char *cursor = text;

	for (unsigned n = 0; *cursor && n < QUOTE_CHARACTERS; n++) {
		gunichar character = g_utf8_get_char_validated(cursor, -1);
		if (character == (gunichar)-1 || character == (gunichar)-2) {
			g_string_append_c(quoted, '?');
			cursor++;
			continue;
		}
		g_string_append_unichar(quoted, g_unichar_isprint(character) ? character : '?');
		cursor = g_utf8_next_char(cursor);
	}
	g_string_append(quoted, *cursor ? "...'" : "'");
	return g_string_free(quoted, FALSE);
}

char *
ts_config_problems_format(const GPtrArray *problems)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = problems->pdata[i];
		if (problem->origin.file) {
			g_autofree char *place = ts_origin_format(&problem->origin);
			g_string_append_printf(text, "%s: ", place);
		}
		g_string_append_printf(text, "%s: %s\n", problem->is_warning ? "warning" : "error",
				       problem->text);
	}
	return g_string_free(text, FALSE);
}
