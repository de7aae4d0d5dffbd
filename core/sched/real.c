/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * real.c - the scheduler of the daemon: one GSource a timer on GLib's main loop
 *
 * GLib keeps the ready times; there is no second timer queue here. g_source_set_ready_time counts
 * in microseconds of CLOCK_MONOTONIC; a due time is rounded up so that no timer is early.
 */
#include "sched/backend.h"

#include <time.h>

#include "base/time.h"

typedef struct {
	TsSched head;
	GMainContext *context;
} RealSched;

typedef struct {
	TsTimer head;
	GSource *source;
} RealTimer;

static gboolean
dispatch_timer(GSource *source, GSourceFunc callback, gpointer user_data)
{
	TsTimer *timer = user_data;
	(void)callback;

	g_source_set_ready_time(source, -1);
	timer->due_mono_ns = -1;
	timer->func(timer->user_data); /* may free the timer */
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = {.dispatch = dispatch_timer};

static gboolean
unused_callback(gpointer user_data)
{
	(void)user_data;
	return G_SOURCE_CONTINUE;
}

TsSched *
ts_sched_new_real(GMainContext *context)
{
	RealSched *self = g_new0(RealSched, 1);

	self->head.backend = &ts_sched_real_backend;
	self->context = g_main_context_ref(context ? context : g_main_context_default());
	return &self->head;
}

static void
real_free(TsSched *sched)
{
	RealSched *self = (RealSched *)sched;

	g_main_context_unref(self->context);
	g_free(self);
}

static int64_t
real_now(const TsSched *sched)
{
	struct timespec now;
	(void)sched;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * TS_NS_PER_S + now.tv_nsec;
}

static TsTimer *
real_timer_new(TsSched *sched, TsTimerFunc func, void *user_data)
{
	RealTimer *timer = g_new0(RealTimer, 1);
	(void)func;
	(void)user_data;

	timer->source = g_source_new(&timer_funcs, sizeof(GSource));
	g_source_set_callback(timer->source, unused_callback, timer, NULL);
	g_source_attach(timer->source, ((RealSched *)sched)->context);
	return &timer->head;
}

static void
real_timer_arm(TsTimer *timer, int64_t due_mono_ns)
{
	int64_t due_us = due_mono_ns / 1000 + (due_mono_ns % 1000 != 0);

	timer->due_mono_ns = due_mono_ns;
	g_source_set_ready_time(((RealTimer *)timer)->source, due_us);
}

static void
real_timer_disarm(TsTimer *timer)
{
	g_source_set_ready_time(((RealTimer *)timer)->source, -1);
}

static void
real_timer_free(TsTimer *timer)
{
	RealTimer *self = (RealTimer *)timer;

	g_source_destroy(self->source);
	g_source_unref(self->source);
	g_free(self);
}

GMainContext *
ts_sched_real_context(TsSched *sched)
{
	return ((RealSched *)sched)->context;
}

const TsSchedBackend ts_sched_real_backend = {
	.free = real_free,
	.now = real_now,
	.timer_new = real_timer_new,
	.timer_arm = real_timer_arm,
	.timer_disarm = real_timer_disarm,
	.timer_free = real_timer_free,
};
