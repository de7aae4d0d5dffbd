/* SPDX-License-Identifier: BSD-2-Clause */
/* daemon.c - see daemon.h */
#include "daemon.h"

#include <math.h>

#include "base/error.h"
#include "base/time.h"
#include "clock/clock.h"
#include "config/keep.h"
#include "control/control.h"
#include "control/notify.h"
#include "metrics/registry.h"
#include "ntp/client/client.h"
#include "ntp/client/network-watch.h"
#include "ntp/server/responder.h"
#include "ntp/client/sockets.h"
#include "plugin/host.h"
#include "source/engine.h"
#include "source/roster.h"

#define TS_LOG_COMPONENT "daemon"

/* How often to try again to bind what could not be bound. */
#define RETRY_INTERVAL_NS (30 * TS_NS_PER_S)

struct _TsDaemon {
	const TsDaemonOptions *options;
	GMainLoop *loop;
	int status;
	TsSettings *settings;
	TsSched *sched;
	TsClock *clock;
	TsMetrics *metrics;
	TsEngine *engine;
	unsigned subscription;
	TsPluginHost *plugins;
	TsNtpClient *client;
	TsRoster *roster;
	TsResponder *responder; /* NULL: a pure client */
	TsNetworkWatch *network;
	TsTimer *retry_timer;   /* armed while there is a responder: it may lack a listener */
	TsControl *control;     /* NULL: no door could be had */
};

static const char *const default_conf_dirs[] = {
	TIMESRV_VENDORCONFDIR,
	TIMESRV_SYSCONFDIR "/conf.d",
	NULL,
};

static TsSettings *
load(const TsDaemonOptions *options, GPtrArray **problems)
{
	TsConfigPaths paths = {
		.main_file = options->main_file,
		.main_must_exist = options->main_must_exist,
		.conf_dirs = options->conf_dirs ? options->conf_dirs : default_conf_dirs,
		.plugin_directory = options->plugin_directory,
		.check = ts_plugin_host_check_settings,
	};
	TsSettings *settings = ts_config_load(&paths, problems);

	if (settings && options->has_log_level)
		settings->log_level = options->log_level;
	return settings;
}

bool
ts_daemon_check_config(const TsDaemonOptions *options, GPtrArray **problems)
{
	g_autoptr(TsSettings) settings = load(options, problems);

	return settings != NULL;
}

/* Loads, and says warnings in the log and errors in @error. */
static TsSettings *
load_and_say(const TsDaemonOptions *options, GError **error)
{
	g_autoptr(GPtrArray) problems = NULL;
	TsSettings *settings = load(options, &problems);

	if (!settings) {
		g_autofree char *text = ts_config_problems_format(problems);
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "the configuration has mistakes:\n%s", g_strchomp(text));
		return NULL;
	}
	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = g_ptr_array_index(problems, i);
		g_autofree char *origin = ts_origin_format(&problem->origin);
		ts_warning("%s: %s", origin, problem->text);
	}
	return settings;
}

static TsClock *
new_clock(const TsClockSettings *settings, TsSched *sched, GError **error)
{
	TsSoftwareClockOptions options = {
		.initial_error_ns = ts_s_to_ns(settings->software_initial_offset_s),
		.raw_frequency = settings->software_initial_frequency_ppm * 1e-6,
	};

	if (settings->driver == TS_DRIVER_KERNEL)
		return ts_clock_new_kernel(sched, error);
	return ts_clock_new_software(&options);
}

static void
show_state(TsDaemon *self)
{
	TsClockView view;

	ts_engine_get_clock_view(self->engine, &view);
	g_autofree char *line = g_strdup_printf("%s: %s", ts_clock_state_name(view.kind), view.cause);
	ts_notify_status(line);
}

static void
on_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	TsDaemon *self = user_data;
	(void)source;

	if (event == TS_EVENT_CLOCK_STATE_CHANGED)
		show_state(self);
	if (event != TS_EVENT_PANIC || self->status == TS_EXIT_PANIC)
		return;
	ts_error("%s; set the clock by hand or raise clock: panic, then start again", detail);
	ts_daemon_stop(self, TS_EXIT_PANIC);
}

static TsResponder *
get_responder(void *user_data)
{
	return ((TsDaemon *)user_data)->responder;
}

static TsSettings *
get_settings(void *user_data)
{
	return ((TsDaemon *)user_data)->settings;
}

static bool
reload(void *user_data, GError **error)
{
	return ts_daemon_reload(user_data, error);
}

static GPtrArray *
check(void *user_data)
{
	TsDaemon *self = user_data;
	GPtrArray *problems = NULL;

	ts_daemon_check_config(self->options, &problems);
	return problems;
}

static bool
keep(void *user_data, const char *label, const TsSourceSettings *settings, GError **error)
{
	TsDaemon *self = user_data;
	const char *const *dirs = self->options->conf_dirs ? self->options->conf_dirs
							   : default_conf_dirs;

	/* the operator's directory is the last one */
	while (dirs[1])
		dirs++;
	return ts_config_keep_source(dirs[0], label, settings, error);
}

/* A second daemon on the same socket is a mistake. A door that can't be had for another cause (no
 * directory, no permission, no such sockets here) is no reason to leave the clock alone. */
static bool
start_control(TsDaemon *self, GError **error)
{
	g_autoptr(GError) cause = NULL;
	TsControlSubjects subjects = {
		.engine = self->engine,
		.roster = self->roster,
		.client = self->client,
		.plugins = self->plugins,
		.metrics = self->metrics,
		.get_responder = get_responder,
		.get_settings = get_settings,
		.reload = reload,
		.check = check,
		.keep = keep,
		.user_data = self,
	};

	self->control = ts_control_new(&subjects, &self->settings->control, &cause);
	if (!cause)
		return true;
	if (g_error_matches(cause, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS)) {
		g_propagate_error(error, g_steal_pointer(&cause));
		return false;
	}
	ts_warning("timesrvctl will not reach this daemon: %s", cause->message);
	return true;
}

static void
on_retry(void *user_data)
{
	TsDaemon *self = user_data;

	if (!self->responder)
		return;
	ts_responder_retry(self->responder);
	ts_timer_arm_after(self->retry_timer, RETRY_INTERVAL_NS);
}

static void
on_network_changed(void *user_data)
{
	TsDaemon *self = user_data;

	ts_ntp_client_network_changed(self->client);
	if (self->responder)
		ts_responder_retry(self->responder);
}

/* Brings the server in line with the settings. */
static bool
apply_server(TsDaemon *self, GError **error)
{
	const TsServerSettings *settings = &self->settings->server;

	if (self->responder && settings->listen->len > 0) {
		if (!ts_responder_update(self->responder, settings, error))
			return false;
	} else if (self->responder) {
		g_clear_pointer(&self->responder, ts_responder_free);
	} else if (settings->listen->len > 0) {
		self->responder = ts_responder_new(settings, self->clock,
						   ts_engine_state(self->engine), self->metrics,
						   error);
		if (!self->responder)
			return false;
	}
	ts_timer_arm_after(self->retry_timer, RETRY_INTERVAL_NS);
	return true;
}

/* A server that can't serve is no reason to leave the clock alone. */
static void
apply_server_or_warn(TsDaemon *self)
{
	g_autoptr(GError) error = NULL;

	if (!apply_server(self, &error))
		ts_warning("the server does not run: %s", error->message);
	ts_ntp_client_set_serving(self->client, self->responder != NULL);
}

static void
apply_sources(TsDaemon *self)
{
	ts_plugin_host_apply(self->plugins, self->settings);
	ts_roster_apply(self->roster, self->settings);
}

TsDaemon *
ts_daemon_new(const TsDaemonOptions *options, GError **error)
{
	g_autoptr(TsDaemon) self = g_new0(TsDaemon, 1);

	self->options = options;
	self->settings = load_and_say(options, error);
	if (!self->settings)
		return NULL;
	ts_log_setup(self->settings->log_level);
	self->loop = g_main_loop_new(NULL, FALSE);
	self->sched = ts_sched_new_real(NULL);
	self->clock = new_clock(&self->settings->clock, self->sched, error);
	if (!self->clock)
		return NULL;
	self->metrics = ts_metrics_new();
	self->engine = ts_engine_new(self->sched, self->clock, self->settings, self->metrics);
	self->subscription = ts_engine_subscribe(self->engine, on_event, self);
	self->plugins = ts_plugin_host_new(self->engine, self->metrics);
	self->client = ts_ntp_client_new(
		self->engine,
		ts_ntp_sockets_new(self->sched, self->clock, self->settings->hwtimestamp));
	self->roster = ts_roster_new();
	ts_roster_set_provider(self->roster, TS_SOURCE_SERVER, &ts_ntp_client_provider,
			       self->client);
	ts_roster_set_provider(self->roster, TS_SOURCE_POOL, &ts_ntp_client_provider, self->client);
	ts_roster_set_provider(self->roster, TS_SOURCE_REFCLOCK, &ts_plugin_host_provider,
			       self->plugins);
	self->retry_timer = ts_timer_new(self->sched, on_retry, self);
	self->network = ts_network_watch_new(self->sched, on_network_changed, self);
	if (!start_control(self, error))
		return NULL;
	apply_server_or_warn(self);
	apply_sources(self);
	ts_info("timesrvd " TIMESRV_VERSION " runs: clock driver %s, %u sources, %u listeners",
		ts_clock_driver_name(self->clock), ts_engine_n_sources(self->engine),
		self->settings->server.listen->len);
	return g_steal_pointer(&self);
}

void
ts_daemon_free(TsDaemon *daemon)
{
	if (!daemon)
		return;
	if (daemon->engine)
		ts_engine_stop(daemon->engine);
	g_clear_pointer(&daemon->network, ts_network_watch_free);
	g_clear_pointer(&daemon->control, ts_control_free);
	g_clear_pointer(&daemon->responder, ts_responder_free);
	g_clear_pointer(&daemon->roster, ts_roster_free);
	g_clear_pointer(&daemon->client, ts_ntp_client_free);
	g_clear_pointer(&daemon->plugins, ts_plugin_host_free);
	g_clear_pointer(&daemon->engine, ts_engine_free);
	g_clear_pointer(&daemon->metrics, ts_metrics_free);
	g_clear_pointer(&daemon->clock, ts_clock_free);
	g_clear_pointer(&daemon->retry_timer, ts_timer_free);
	g_clear_pointer(&daemon->sched, ts_sched_free);
	g_clear_pointer(&daemon->loop, g_main_loop_unref);
	g_clear_pointer(&daemon->settings, ts_settings_unref);
	g_free(daemon);
}

int
ts_daemon_run(TsDaemon *daemon)
{
	/* a panic at the very first update may come before the loop */
	if (daemon->status == TS_EXIT_GOOD)
		g_main_loop_run(daemon->loop);
	return daemon->status;
}

void
ts_daemon_stop(TsDaemon *daemon, int status)
{
	daemon->status = status;
	g_main_loop_quit(daemon->loop);
}

/* What can't change while the daemon runs is said, not silently ignored. */
static void
warn_of_restart(const TsSettings *before, const TsSettings *after)
{
	if (before->clock.driver != after->clock.driver)
		ts_warning("clock: driver: changed; it takes effect at the next start");
	if (g_strcmp0(before->control.socket, after->control.socket) != 0 ||
	    before->control.bus != after->control.bus)
		ts_warning("control: changed; it takes effect at the next start");
}

bool
ts_daemon_reload(TsDaemon *daemon, GError **error)
{
	ts_notify_reloading();
	TsSettings *fresh = load_and_say(daemon->options, error);
	if (!fresh) {
		ts_notify_ready(NULL);
		return false;
	}
	warn_of_restart(daemon->settings, fresh);
	ts_settings_unref(daemon->settings);
	daemon->settings = fresh;
	ts_log_setup(fresh->log_level);
	ts_engine_set_settings(daemon->engine, fresh);
	apply_server_or_warn(daemon);
	apply_sources(daemon);
	if (daemon->control)
		ts_control_reloaded(daemon->control);
	ts_notice("configuration reloaded: %u sources", fresh->sources->len);
	ts_notify_ready(NULL);
	return true;
}
