/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-log.c - see virtual-log.h */
#include "virtual-log.h"

#include <stdio.h>

#include "base/time.h"

static TsLogLevel
level_of(GLogLevelFlags flags)
{
	switch (flags & G_LOG_LEVEL_MASK) {
	case G_LOG_LEVEL_ERROR:
	case G_LOG_LEVEL_CRITICAL:
		return TS_LOG_ERROR;
	case G_LOG_LEVEL_WARNING:
		return TS_LOG_WARNING;
	case G_LOG_LEVEL_MESSAGE:
		return TS_LOG_NOTICE;
	case G_LOG_LEVEL_INFO:
		return TS_LOG_INFO;
	default:
		return TS_LOG_DEBUG;
	}
}

static GLogWriterOutput
write_line(GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	const SimLog *log = user_data;
	double now_s = log->world ? ts_ns_to_s(ts_sched_now(sim_world_sched(log->world))) : 0;

	if (level_of(flags) > log->threshold)
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < n_fields; i++)
		if (g_str_equal(fields[i].key, "MESSAGE"))
			fprintf(stderr, "%12.3f %s\n", now_s, (const char *)fields[i].value);
	return G_LOG_WRITER_HANDLED;
}

void
sim_log_setup(SimLog *log)
{
	g_log_set_writer_func(write_line, log, NULL);
}
