/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - rows of text in columns that fit a width
 *
 * One column may be elastic: it takes what the others leave, and its texts are cut in the middle
 * (format.h). A column whose cells are all empty is left out.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

typedef struct {
	const char *title;
	bool is_right; /* adjusted to the right */
	bool is_elastic;
} TsColumn;

typedef enum {
	TS_TINT_NONE,
	TS_TINT_GOOD,
	TS_TINT_BAD,
	TS_TINT_DOUBTFUL,
	TS_TINT_FAINT,
	TS_TINT_TITLE,
} TsTint;

/* How a screen is. */
typedef struct {
	unsigned width; /* columns; 0: without limit */
	bool has_colour;
} TsStyle;

typedef struct _TsTable TsTable;

/* @columns: (array length=n_columns): must outlive the table */
TsTable *ts_table_new(const TsColumn *columns, unsigned n_columns);
void ts_table_free(TsTable *table);

/* @cells: (array): one text a column, copied; NULL is an empty one. */
void ts_table_add(TsTable *table, TsTint tint, const char *const *cells);

/* Appends titles and rows, each with a newline and without blanks at its end. */
void ts_table_render(const TsTable *table, const TsStyle *style, GString *out);

/* Appends @text, coloured where the screen can. */
void ts_tint_append(GString *out, const TsStyle *style, TsTint tint, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTable, ts_table_free)
