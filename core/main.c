/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - timesrvd: options, start order, stop order; nothing else */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib-unix.h>
#include <glib.h>

#include "base/error.h"
#include "base/log.h"
#include "control/notify.h"
#include "daemon.h"

#define TS_LOG_COMPONENT "main"

static void
print_problems(const GPtrArray *problems)
{
	g_autofree char *text = ts_config_problems_format(problems);

	fputs(text, stderr);
}

/* --check-config: says every mistake of the files and of the plugins' own keys. */
static int
check_config(const TsDaemonOptions *options)
{
	g_autoptr(GPtrArray) problems = NULL;
	bool is_good = ts_daemon_check_config(options, &problems);

	print_problems(problems);
	if (is_good)
		puts("configuration is good");
	return is_good ? TS_EXIT_GOOD : TS_EXIT_USAGE;
}

/* An error may list several mistakes: one line each. */
static void
say(const GError *error)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (char **line = lines; *line; line++)
		ts_error("%s", *line);
}

/* The signals' @user_data is where the daemon is kept: it is there once the loop runs. */
static gboolean
on_stop(gpointer user_data)
{
	ts_info("ends, as it was told by a signal");
	ts_daemon_stop(*(TsDaemon **)user_data, TS_EXIT_GOOD);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_reload(gpointer user_data)
{
	g_autoptr(GError) error = NULL;

	if (!ts_daemon_reload(*(TsDaemon **)user_data, &error)) {
		say(error);
		ts_error("the running configuration stays");
	}
	return G_SOURCE_CONTINUE;
}

static int
run(const TsDaemonOptions *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsDaemon) daemon = NULL;

	/* before the start: a signal that comes meanwhile waits for the loop and ends it cleanly */
	g_unix_signal_add(SIGTERM, on_stop, &daemon);
	g_unix_signal_add(SIGINT, on_stop, &daemon);
	g_unix_signal_add(SIGHUP, on_reload, &daemon);
	daemon = ts_daemon_new(options, &error);
	if (!daemon) {
		say(error);
		return g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG)
			       ? TS_EXIT_USAGE
			       : TS_EXIT_FAILED;
	}
	ts_notify_ready(NULL);
	int status = ts_daemon_run(daemon);
	ts_notify_stopping();
	return status;
}

int
main(int argc, char **argv)
{
	g_autofree char *config = NULL, *level = NULL, *plugin_dir = NULL;
	g_auto(GStrv) conf_dirs = NULL;
	gboolean is_check = FALSE, is_version = FALSE;
	const GOptionEntry entries[] = {
		{"config", 'c', 0, G_OPTION_ARG_FILENAME, &config,
		 "main configuration file (default " TIMESRV_SYSCONFDIR "/timesrv.yaml)", "FILE"},
		{"conf-dir", 'd', 0, G_OPTION_ARG_FILENAME_ARRAY, &conf_dirs,
		 "directory of drop-ins, the vendor's first; given once or more, it replaces the default ones",
		 "DIR"},
		{"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &plugin_dir,
		 "where plugins are (default " TIMESRV_PLUGINDIR ")", "DIR"},
		{"check-config", 0, 0, G_OPTION_ARG_NONE, &is_check,
		 "check the configuration, say every mistake and end", NULL},
		{"log-level", 0, 0, G_OPTION_ARG_STRING, &level,
		 "error, warning, notice, info or debug, whatever the configuration says", "LEVEL"},
		{"version", 'V', 0, G_OPTION_ARG_NONE, &is_version, "print the version and end", NULL},
		{0},
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("- time server: follows sources, disciplines a clock, serves NTP");
	g_autoptr(GError) error = NULL;

	setlocale(LC_CTYPE, "");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
		fprintf(stderr, "timesrvd: %s; timesrvd --help lists the options\n",
			error ? error->message : "no arguments are taken");
		return TS_EXIT_USAGE;
	}
	if (is_version) {
		puts("timesrvd " TIMESRV_VERSION);
		return TS_EXIT_GOOD;
	}
	TsDaemonOptions options = {
		.main_file = config ? config : TIMESRV_SYSCONFDIR "/timesrv.yaml",
		.main_must_exist = config != NULL,
		.conf_dirs = (const char *const *)conf_dirs,
		.plugin_directory = plugin_dir,
	};
	if (level && !ts_log_level_parse(level, &options.log_level)) {
		fprintf(stderr, "timesrvd: --log-level %s: error, warning, notice, info or debug\n",
			level);
		return TS_EXIT_USAGE;
	}
	options.has_log_level = level != NULL;
	ts_log_setup(options.has_log_level ? options.log_level : TS_LOG_INFO);
	return is_check ? check_config(&options) : run(&options);
}
