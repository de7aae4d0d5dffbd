/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs-watch.c - verbs that stay: a live table, and waiting until the clock is right */
#include "verbs.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include <glib-unix.h>

#include "control/interface-info.h"
#include "render.h"
#include "values.h"

#define CLEAR_SCREEN "\x1b[H\x1b[2J"

/* Signals come in groups: one drawing for all of them. */
#define GATHER_MS 100

/* How often a daemon that is not there is looked for. */
#define RETRY_US 200000

/* How often waiting asks though no signal came: the claimed error moves without one. */
#define ASK_AGAIN_MS 500

typedef struct {
	TsCtl *ctl;
	GMainLoop *loop;
	guint gathering; /* the timer after a signal, 0: none */
	int n_drawn;
	bool is_over;    /* other sources of the loop may still be due in its last turn */
	int status;
	GError *error;
} Watch;

static void
end(Watch *watch, int status)
{
	if (!watch->is_over)
		watch->status = status;
	watch->is_over = true;
	g_main_loop_quit(watch->loop);
}

static JsonNode *
watch_json(GVariant *manager, GVariant *clock, GPtrArray *sources)
{
	JsonNode *node = ts_ctl_status_json(manager, clock);

	json_object_set_member(json_node_get_object(node), "sources", ts_ctl_sources_json(sources));
	return node;
}

static void
append_screen(const TsCtl *ctl, GVariant *clock, GPtrArray *sources, GString *out)
{
	g_autoptr(GDateTime) now = g_date_time_new_now_utc();
	g_autofree char *stamp = g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ ");
	bool is_screen = isatty(STDOUT_FILENO);

	g_string_append(out, is_screen ? CLEAR_SCREEN : stamp);
	ts_render_status_line(clock, &ctl->style, out);
	if (!is_screen)
		return;
	g_string_append_c(out, '\n');
	ts_render_sources(sources, &ctl->style, out);
}

static void
draw(Watch *watch)
{
	if (watch->is_over)
		return;
	TsCtl *ctl = watch->ctl;
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GVariant) manager =
		ts_link_get_all(ctl->link, TS_ROOT_PATH, TS_MANAGER, &watch->error);
	g_autoptr(GVariant) clock =
		manager ? ts_link_get_all(ctl->link, TS_CLOCK_PATH, TS_CLOCK, &watch->error) : NULL;
	g_autoptr(GPtrArray) sources =
		clock ? ts_link_get_objects(ctl->link, TS_SOURCE, &watch->error) : NULL;

	if (!sources) {
		end(watch, -1);
		return;
	}
	if (ctl->is_json)
		ts_json_append(out, watch_json(manager, clock, sources), FALSE);
	else
		append_screen(ctl, clock, sources, out);
	int status = ts_ctl_print(out->str);
	watch->n_drawn++;
	if (status != TS_EXIT_OK || (ctl->count > 0 && watch->n_drawn >= ctl->count))
		end(watch, status);
}

static gboolean
on_tick(gpointer user_data)
{
	draw(user_data);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_gathered(gpointer user_data)
{
	Watch *watch = user_data;

	watch->gathering = 0;
	draw(watch);
	return G_SOURCE_REMOVE;
}

/* Only a screen is drawn anew for a signal; lines come at their interval. */
static void
on_changed(void *user_data)
{
	Watch *watch = user_data;

	if (!watch->gathering && isatty(STDOUT_FILENO) && !watch->ctl->is_json)
		watch->gathering = g_timeout_add(GATHER_MS, on_gathered, watch);
}

static void
on_closed(void *user_data)
{
	Watch *watch = user_data;

	if (!watch->is_over)
		g_set_error(&watch->error, TS_LINK_ERROR, TS_EXIT_NOT_THERE, "timesrvd went away");
	end(watch, -1);
}

static gboolean
on_end(gpointer user_data)
{
	end(user_data, TS_EXIT_OK);
	return G_SOURCE_CONTINUE;
}

int
ts_verb_watch(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
	Watch watch = {.ctl = ctl, .loop = loop};
	(void)args;

	ts_link_subscribe(ctl->link, on_changed, on_closed, &watch);
	g_timeout_add((guint)(ctl->interval_s * 1000), on_tick, &watch);
	g_unix_signal_add(SIGINT, on_end, &watch);
	g_unix_signal_add(SIGTERM, on_end, &watch);
	if (!isnan(ctl->seconds_s))
		g_timeout_add((guint)(ctl->seconds_s * 1000), on_end, &watch);
	draw(&watch);
	if (!watch.is_over)
		g_main_loop_run(loop);
	if (watch.error)
		g_propagate_error(error, watch.error);
	return watch.status;
}

/* ---- wait -------------------------------------------------------------------------------------- */

typedef struct {
	TsCtl *ctl;
	gint64 deadline_us;
	bool is_closed;
} Wait;

static void
on_news(void *user_data)
{
	(void)user_data; /* it has woken the loop: that is all */
}

static void
on_daemon_gone(void *user_data)
{
	Wait *wait = user_data;

	wait->is_closed = true;
}

static bool
is_over(const Wait *wait)
{
	return g_get_monotonic_time() >= wait->deadline_us;
}

static bool
is_good(const TsCtl *ctl, GVariant *clock)
{
	if (!ts_value_bool(clock, "Synchronised"))
		return false;
	/* an error that isn't known (NAN) is no small one */
	return isnan(ctl->max_error_s) || ts_value_number(clock, "MaxError") <= ctl->max_error_s;
}

static int
say(const TsCtl *ctl, GVariant *clock, int status)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (ctl->is_json)
		ts_json_append(out, ts_json_from_properties(&ts_dbus_clock_interface, clock), TRUE);
	else
		ts_render_status_line(clock, &ctl->style, out);
	ts_ctl_print(out->str);
	return status;
}

static gboolean
on_ask_again(gpointer user_data)
{
	(void)user_data;

	return G_SOURCE_CONTINUE;
}

/* Sleeps until the daemon says something, or for a while. */
static void
wait_for_news(void)
{
	guint timer = g_timeout_add(ASK_AGAIN_MS, on_ask_again, NULL);

	g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
}

/* Returns: as a verb; -1 without an error when the daemon went away. */
static int
wait_on(Wait *wait, TsLink *link, GError **error)
{
	wait->is_closed = false;
	ts_link_subscribe(link, on_news, on_daemon_gone, wait);
	while (!wait->is_closed) {
		g_autoptr(GError) cause = NULL;
		g_autoptr(GVariant) clock = ts_link_get_all(link, TS_CLOCK_PATH, TS_CLOCK, &cause);
		if (!clock && cause->code == TS_EXIT_NOT_THERE && !is_over(wait))
			return -1;
		if (!clock) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return -1;
		}
		if (is_good(wait->ctl, clock))
			return say(wait->ctl, clock, TS_EXIT_OK);
		if (is_over(wait))
			return say(wait->ctl, clock, TS_EXIT_NOT_SYNCHRONISED);
		wait_for_news();
	}
	return -1;
}

/* The daemon may start later, or again: a boot script waits for that, too. */
int
ts_verb_wait(TsCtl *ctl, char **args, GError **error)
{
	Wait wait = {
		.ctl = ctl,
		.deadline_us = g_get_monotonic_time() + (gint64)(ctl->timeout_s * 1e6),
	};
	(void)args;

	for (;;) {
		g_autoptr(GError) cause = NULL;
		g_autoptr(TsLink) link = ts_ctl_connect(ctl, &cause);
		int status = link ? wait_on(&wait, link, &cause) : -1;
		if (status >= 0)
			return status;
		if (cause && (cause->code != TS_EXIT_NOT_THERE || is_over(&wait))) {
			g_propagate_error(error, g_steal_pointer(&cause));
			return -1;
		}
		g_usleep(RETRY_US);
	}
}
