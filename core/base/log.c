/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - see log.h */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define TS_LOG_DOMAIN "timesrv"

static GLogLevelFlags
glib_level(TsLogLevel level)
{
	switch (level) {
	case TS_LOG_ERROR:
		return G_LOG_LEVEL_CRITICAL;
	case TS_LOG_WARNING:
		return G_LOG_LEVEL_WARNING;
	case TS_LOG_NOTICE:
		return G_LOG_LEVEL_MESSAGE;
	case TS_LOG_INFO:
		return G_LOG_LEVEL_INFO;
	case TS_LOG_DEBUG:
		return G_LOG_LEVEL_DEBUG;
	}
	return G_LOG_LEVEL_DEBUG;
}

static int
syslog_priority(GLogLevelFlags level)
{
	if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
		return 3;
	if (level & G_LOG_LEVEL_WARNING)
		return 4;
	if (level & G_LOG_LEVEL_MESSAGE)
		return 5;
	if (level & G_LOG_LEVEL_INFO)
		return 6;
	return 7;
}

static const char *
find_field(const GLogField *fields, gsize n_fields, const char *key)
{
	for (gsize i = 0; i < n_fields; i++)
		if (g_str_equal(fields[i].key, key) && fields[i].length == -1)
			return fields[i].value;
	return NULL;
}

static GLogWriterOutput
write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	int threshold = GPOINTER_TO_INT(user_data);
	int priority = syslog_priority(level);
	const char *message = find_field(fields, n_fields, "MESSAGE");

	if (priority > threshold || !message)
		return G_LOG_WRITER_HANDLED;
	/* one write a line, so that lines of several threads never mix */
	g_autoptr(GString) line = g_string_new(NULL);
	if (g_getenv("JOURNAL_STREAM")) {
		g_string_append_printf(line, "<%d>", priority);
	} else {
		g_autoptr(GDateTime) now = g_date_time_new_now_utc();
		g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ ");
		g_string_append(line, stamp);
	}
	gsize start = line->len;
	g_string_append(line, message);
	for (gsize i = start; i < line->len; i++)
		if ((guchar)line->str[i] < 0x20 || line->str[i] == 0x7f)
			line->str[i] = '?';
	g_string_append_c(line, '\n');
	fwrite(line->str, 1, line->len, stderr);
	fflush(stderr);
	return G_LOG_WRITER_HANDLED;
}

void
ts_log_setup(TsLogLevel threshold)
{
	g_log_set_writer_func(write_line, GINT_TO_POINTER(syslog_priority(glib_level(threshold))),
			      NULL);
}

void
ts_log(TsLogLevel level, const char *component, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_autofree char *message = g_strconcat(component, ": ", text, NULL);
	GLogField fields[] = {
		{"MESSAGE", message, -1},
		{"GLIB_DOMAIN", TS_LOG_DOMAIN, -1},
		{"TIMESRV_COMPONENT", component, -1},
	};
	g_log_structured_array(glib_level(level), fields, G_N_ELEMENTS(fields));
}
