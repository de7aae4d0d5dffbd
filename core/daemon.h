/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * daemon.h - the parts of timesrvd put together: made in order, reloaded, taken apart
 *
 * Everything hangs from this one context; two daemons can live in one process. Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "base/log.h"
#include "config/load.h"

/* Exit statuses, as timesrvd(8) documents them. */
enum {
	TS_EXIT_GOOD = 0,
	TS_EXIT_FAILED = 1, /* could not start */
	TS_EXIT_USAGE = 2,  /* options or configuration */
	TS_EXIT_PANIC = 3,  /* offset beyond the panic limit: restarting by itself would not help */
};

typedef struct {
	const char *main_file;
	bool main_must_exist;
	const char *const *conf_dirs;   /* (nullable): the default ones */
	const char *plugin_directory;   /* (nullable): as configured */
	bool has_log_level;
	TsLogLevel log_level;
} TsDaemonOptions;

typedef struct _TsDaemon TsDaemon;

/* Loads the configuration and starts everything. @options is borrowed for the daemon's life.
 * Errors: TIMESRV_ERROR_INVALID_CONFIG with all problems, one a line; what could not be had. */
TsDaemon *ts_daemon_new(const TsDaemonOptions *options, GError **error);
void ts_daemon_free(TsDaemon *daemon);

/* Runs until ts_daemon_stop(). Returns: the exit status. */
int ts_daemon_run(TsDaemon *daemon);
void ts_daemon_stop(TsDaemon *daemon, int status);

/* Rereads the files and touches only what changed. On error the running configuration stays. */
bool ts_daemon_reload(TsDaemon *daemon, GError **error);

/* Returns: whether a daemon could run with it. @problems: (out) (transfer full). */
bool ts_daemon_check_config(const TsDaemonOptions *options, GPtrArray **problems);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsDaemon, ts_daemon_free)
