/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * problems.h - collects the mistakes of all files, each once
 *
 * The same value is checked in its own file and again in the merged tree: what is said twice of one
 * place is kept once.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "config/load.h"

typedef struct {
	GPtrArray *list;   /* of TsConfigProblem */
	GHashTable *seen;  /* set of char *: place and text */
	GHashTable *ranks; /* interned file name -> the order in which it was read, from 1 */
	bool has_errors;
	unsigned n_dropped; /* beyond the limit; counted only */
} TsProblems;

void ts_problems_init(TsProblems *problems);
void ts_problems_clear(TsProblems *problems);

/* Tells in which order the files are to be listed. @file is interned. */
void ts_problems_add_file(TsProblems *problems, const char *file);

/* Are there so many that more are counted only? Then nobody need find words for them. */
bool ts_problems_is_full(const TsProblems *problems);

/* Text as in log.h: one line, lower case, no full stop. */
void ts_problems_error(TsProblems *problems, const TsOrigin *origin, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
void ts_problems_warn(TsProblems *problems, const TsOrigin *origin, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

/* Returns: (transfer full): the list by file, line and column; @problems is cleared. */
GPtrArray *ts_problems_steal(TsProblems *problems);

/* Returns: (transfer full): @text between quotes for a message, cut if long, on one line. */
char *ts_quote(const char *text);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsProblems, ts_problems_clear)
