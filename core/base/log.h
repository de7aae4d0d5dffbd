/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * log.h - one event a line, each naming its component
 *
 * Lines go to stderr: "source: 192.0.2.1: selected, offset +12 us". Under systemd (JOURNAL_STREAM
 * names our stderr) each line begins with its syslog priority, "<6>source: ...", and carries no time.
 * The sink is GLib's (g_log_set_writer_func), so a test can catch what was said. Never from a server
 * worker.
 */
#pragma once

#include <glib.h>

typedef enum {
	TS_LOG_ERROR,   /* something that was asked for can't be done */
	TS_LOG_WARNING, /* it works, but the operator should look */
	TS_LOG_NOTICE,  /* a change of state: source selected, clock stepped */
	TS_LOG_INFO,    /* normal events, one a change */
	TS_LOG_DEBUG,   /* each packet and decision */
} TsLogLevel;

/**
 * ts_log_setup:
 * @threshold: what is less urgent is not written
 *
 * Takes over GLib's log writer for this process, for good. May be called again to change @threshold.
 * Thread: main, before others start.
 */
void ts_log_setup(TsLogLevel threshold);

/**
 * ts_log:
 * @level: how urgent
 * @component: a literal: the folder's or plugin's name
 * @format: one line without a newline, lower case, no full stop; names the thing and the figures
 *
 * Control characters that came from outside are replaced by '?'. Thread: any but server workers.
 */
void ts_log(TsLogLevel level, const char *component, const char *format, ...) G_GNUC_PRINTF(3, 4);

#define ts_error(...)   ts_log(TS_LOG_ERROR, TS_LOG_COMPONENT, __VA_ARGS__)
#define ts_warning(...) ts_log(TS_LOG_WARNING, TS_LOG_COMPONENT, __VA_ARGS__)
#define ts_notice(...)  ts_log(TS_LOG_NOTICE, TS_LOG_COMPONENT, __VA_ARGS__)
#define ts_info(...)    ts_log(TS_LOG_INFO, TS_LOG_COMPONENT, __VA_ARGS__)
#define ts_debug(...)   ts_log(TS_LOG_DEBUG, TS_LOG_COMPONENT, __VA_ARGS__)

/* Reads "error", "warning", "notice", "info" or "debug". Returns: false for anything else. Thread: any. */
gboolean ts_log_level_parse(const char *text, TsLogLevel *level);
