/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c - see log.h */
#include "base/log.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TS_LOG_DOMAIN "timesrv"

/* The one mutable variable of this file, atomic: GLib takes one writer a process, once, and aborts
 * if it is set again, so a new threshold can't come with a new writer. 0: no writer yet. */
static gint most_talkative_priority;

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

/* The variable is inherited: it speaks of our stderr only if it names the same file
 * (systemd.exec(5)). */
static bool
is_stderr_the_journal(void)
{
	const char *stream = g_getenv("JOURNAL_STREAM");
	uint64_t device, inode;
	struct stat status;

	return stream && sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
	       fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
	       status.st_ino == inode;
}

static void
append_prefix(GString *line, int priority)
{
	if (is_stderr_the_journal()) {
		g_string_append_printf(line, "<%d>", priority);
		return;
	}
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ ");
	g_string_append(line, stamp);
}

/* Returns: how many bytes at @text are one control character of ASCII or of UTF-8 (U+0080 to
 * U+009F, where terminals find escape sequences too), or 0. */
static unsigned
control_length(const char *text)
{
	guchar first = (guchar)text[0], second = (guchar)text[1];

	if (first < 0x20 || first == 0x7f)
		return 1;
	return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

static void
append_harmless(GString *line, const char *text)
{
	while (*text) {
		unsigned length = control_length(text);
		g_string_append_c(line, length ? '?' : *text);
		text += MAX(length, 1);
	}
}

static GLogWriterOutput
write_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	int priority = syslog_priority(level);
	const char *message = find_field(fields, n_fields, "MESSAGE");
	(void)user_data;

	if (priority > g_atomic_int_get(&most_talkative_priority) || !message)
		return G_LOG_WRITER_HANDLED;
	/* one write a line, so that lines of several threads never mix */
	g_autoptr(GString) line = g_string_new(NULL);
	append_prefix(line, priority);
	append_harmless(line, message);
	g_string_append_c(line, '\n');
	fwrite(line->str, 1, line->len, stderr);
	fflush(stderr);
	return G_LOG_WRITER_HANDLED;
}

void
ts_log_setup(TsLogLevel threshold)
{
	bool is_first = g_atomic_int_get(&most_talkative_priority) == 0;

	g_atomic_int_set(&most_talkative_priority, syslog_priority(glib_level(threshold)));
	if (is_first)
		g_log_set_writer_func(write_line, NULL, NULL);
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

gboolean
ts_log_level_parse(const char *text, TsLogLevel *level)
{
	static const char *const names[] = {
		[TS_LOG_ERROR] = "error", [TS_LOG_WARNING] = "warning", [TS_LOG_NOTICE] = "notice",
		[TS_LOG_INFO] = "info",   [TS_LOG_DEBUG] = "debug",
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		if (g_str_equal(text, names[i])) {
			*level = (TsLogLevel)i;
			return TRUE;
		}
	return FALSE;
}
