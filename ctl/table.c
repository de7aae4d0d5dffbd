/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - see table.h */
#include "table.h"

#include "format.h"

/* Below this an elastic column says nothing: then the line is longer than the screen. */
#define MIN_ELASTIC 8

struct _TsTable {
	const TsColumn *columns;
	unsigned n_columns;
	GPtrArray *rows;  /* of char **: n_columns cells */
	GArray *tints;    /* of TsTint */
};

static void
free_row(gpointer row)
{
	g_strfreev(row);
}

TsTable *
ts_table_new(const TsColumn *columns, unsigned n_columns)
{
	TsTable *table = g_new0(TsTable, 1);

	table->columns = columns;
	table->n_columns = n_columns;
	table->rows = g_ptr_array_new_with_free_func(free_row);
	table->tints = g_array_new(FALSE, FALSE, sizeof(TsTint));
	return table;
}

void
ts_table_free(TsTable *table)
{
	if (!table)
		return;
	g_array_unref(table->tints);
	g_ptr_array_unref(table->rows);
	g_free(table);
}

void
ts_table_add(TsTable *table, TsTint tint, const char *const *cells)
{
	char **row = g_new0(char *, table->n_columns + 1);

	for (unsigned i = 0; i < table->n_columns; i++)
		row[i] = ts_format_fit(cells[i] ? cells[i] : "", G_MAXINT);
	g_ptr_array_add(table->rows, row);
	g_array_append_val(table->tints, tint);
}

static const char *
cell(const TsTable *table, unsigned row, unsigned column)
{
	return ((char **)g_ptr_array_index(table->rows, row))[column];
}

/* Widths as the cells want them; 0 for a column that is left out. */
static void
measure(const TsTable *table, unsigned *widths)
{
	for (unsigned c = 0; c < table->n_columns; c++) {
		widths[c] = 0;
		for (unsigned r = 0; r < table->rows->len; r++)
			widths[c] = MAX(widths[c], ts_format_width(cell(table, r, c)));
		if (widths[c] > 0)
			widths[c] = MAX(widths[c], ts_format_width(table->columns[c].title));
	}
}

static void
shrink(const TsTable *table, unsigned *widths, unsigned limit)
{
	unsigned total = 0, elastic = table->n_columns;

	for (unsigned c = 0; c < table->n_columns; c++) {
		total += widths[c] ? widths[c] + 1 : 0;
		if (table->columns[c].is_elastic)
			elastic = c;
	}
	total = total ? total - 1 : 0; /* no blank after the last */
	if (limit == 0 || total <= limit || elastic == table->n_columns)
		return;
	unsigned excess = total - limit;
	unsigned least = MIN(MIN_ELASTIC, widths[elastic]);
	widths[elastic] = widths[elastic] - least > excess ? widths[elastic] - excess : least;
}

static void
append_blanks(GString *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		g_string_append_c(out, ' ');
}

static char *
make_line(const TsTable *table, const unsigned *widths, const char *const *cells)
{
	g_autoptr(GString) line = g_string_new(NULL);
	bool is_first = true;

	for (unsigned c = 0; c < table->n_columns; c++) {
		if (widths[c] == 0)
			continue;
		g_autofree char *text = ts_format_fit(cells[c], widths[c]);
		unsigned rest = widths[c] - MIN(ts_format_width(text), widths[c]);
		append_blanks(line, is_first ? 0 : 1);
		append_blanks(line, table->columns[c].is_right ? rest : 0);
		g_string_append(line, text);
		append_blanks(line, table->columns[c].is_right ? 0 : rest);
		is_first = false;
	}
	return g_strdup(g_strchomp(line->str));
}

void
ts_tint_append(GString *out, const TsStyle *style, TsTint tint, const char *text)
{
	static const char *const codes[] = {
		[TS_TINT_NONE] = "",         [TS_TINT_GOOD] = "\x1b[32m",
		[TS_TINT_BAD] = "\x1b[31m",  [TS_TINT_DOUBTFUL] = "\x1b[33m",
		[TS_TINT_FAINT] = "\x1b[2m", [TS_TINT_TITLE] = "\x1b[1m",
	};

	if (style->has_colour && tint != TS_TINT_NONE)
		g_string_append_printf(out, "%s%s\x1b[0m", codes[tint], text);
	else
		g_string_append(out, text);
}

void
ts_table_render(const TsTable *table, const TsStyle *style, GString *out)
{
	g_autofree unsigned *widths = g_new0(unsigned, table->n_columns);
	g_autofree const char **titles = g_new0(const char *, table->n_columns);

	measure(table, widths);
	shrink(table, widths, style->width);
	for (unsigned c = 0; c < table->n_columns; c++)
		titles[c] = table->columns[c].title;
	g_autofree char *head = make_line(table, widths, titles);
	ts_tint_append(out, style, TS_TINT_TITLE, head);
	g_string_append_c(out, '\n');
	for (unsigned r = 0; r < table->rows->len; r++) {
		g_autofree char *line =
			make_line(table, widths, g_ptr_array_index(table->rows, r));
		ts_tint_append(out, style, g_array_index(table->tints, TsTint, r), line);
		g_string_append_c(out, '\n');
	}
}
