/* SPDX-License-Identifier: BSD-2-Clause */
/* sched.c - the door of the two schedulers, and the watches, which exist on real time only */
#include "sched/sched.h"

#include <glib-unix.h>

#include "sched/backend.h"

struct _TsWatch {
	GSource *source;
	int fd;
	TsWatchFunc func;
	void *user_data;
};

void
ts_sched_free(TsSched *sched)
{
	if (sched)
		sched->backend->free(sched);
}

bool
ts_sched_is_virtual(const TsSched *sched)
{
	return sched->backend == &ts_sched_virtual_backend;
}

int64_t
ts_sched_now(const TsSched *sched)
{
	return sched->backend->now(sched);
}

TsTimer *
ts_timer_new(TsSched *sched, TsTimerFunc func, void *user_data)
{
	TsTimer *timer = sched->backend->timer_new(sched, func, user_data);

	timer->sched = sched;
	timer->func = func;
	timer->user_data = user_data;
	timer->due_mono_ns = -1;
	return timer;
}

void
ts_timer_arm(TsTimer *timer, int64_t due_mono_ns)
{
	/* a time before the clock's zero is "at once", and -1 means not armed */
	timer->sched->backend->timer_arm(timer, MAX(due_mono_ns, 0));
}

void
ts_timer_arm_after(TsTimer *timer, int64_t delay_ns)
{
	int64_t now = ts_sched_now(timer->sched);

	ts_timer_arm(timer, delay_ns > INT64_MAX - now ? INT64_MAX : now + MAX(delay_ns, 0));
}

void
ts_timer_disarm(TsTimer *timer)
{
	timer->sched->backend->timer_disarm(timer);
	timer->due_mono_ns = -1;
}

int64_t
ts_timer_due(const TsTimer *timer)
{
	return timer->due_mono_ns;
}

void
ts_timer_free(TsTimer *timer)
{
	if (timer)
		timer->sched->backend->timer_free(timer);
}

static gboolean
on_fd_ready(gint fd, GIOCondition condition, gpointer user_data)
{
	TsWatch *watch = user_data;

	watch->func(fd, condition, watch->user_data); /* may free the watch */
	return G_SOURCE_CONTINUE;
}

TsWatch *
ts_watch_new(TsSched *sched, int fd, GIOCondition condition, TsWatchFunc func, void *user_data)
{
	g_return_val_if_fail(!ts_sched_is_virtual(sched), NULL);

	TsWatch *watch = g_new0(TsWatch, 1);
	watch->fd = fd;
	watch->func = func;
	watch->user_data = user_data;
	watch->source = g_unix_fd_source_new(fd, condition);
	g_source_set_callback(watch->source, G_SOURCE_FUNC(on_fd_ready), watch, NULL);
	g_source_attach(watch->source, ts_sched_real_context(sched));
	return watch;
}

void
ts_watch_free(TsWatch *watch)
{
	if (!watch)
		return;
	g_source_destroy(watch->source);
	g_source_unref(watch->source);
	g_free(watch);
}
