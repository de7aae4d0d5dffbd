/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * render.h - what the daemon says, for people: lines and tables
 *
 * Pure functions of the dictionaries that the daemon gives; each appends to @out. A width of 0 cuts nothing.
 */
#pragma once

#include "table.h"

/* status: @manager and @clock are properties. */
void ts_render_status(GVariant *manager, GVariant *clock, const TsStyle *style, GString *out);

/* The same in one line. */
void ts_render_status_line(GVariant *clock, const TsStyle *style, GString *out);

/* @sources: of properties. */
void ts_render_sources(GPtrArray *sources, const TsStyle *style, GString *out);
void ts_render_source(GVariant *source, const TsStyle *style, GString *out);

/* "NAME: sentence". */
void ts_render_reason(GVariant *source, const TsStyle *style, GString *out);

/* @list: an aa{sv}, as the methods give it. */
void ts_render_clients(GVariant *list, const TsStyle *style, GString *out);
void ts_render_plugins(GVariant *list, const TsStyle *style, GString *out);
void ts_render_metrics(GVariant *list, const TsStyle *style, GString *out);

/* One line a problem: "FILE:LINE:COLUMN: error: TEXT". */
void ts_render_problems(GVariant *list, const TsStyle *style, GString *out);

void ts_render_server(GVariant *server, const TsStyle *style, GString *out);
void ts_render_plugin(GVariant *plugin, const TsStyle *style, GString *out);

/* ---- for the files of render ------------------------------------------------------------------ */

/* "Title           text", the text at a fixed column; nothing when @text is NULL. */
void ts_render_line(GString *out, const TsStyle *style, const char *title, const char *text);

/* Seconds of @key as text, and in parentheses what else is known. Returns: (transfer full) (nullable). */
char *ts_render_seconds(GVariant *dict, const char *key, bool is_signed);
