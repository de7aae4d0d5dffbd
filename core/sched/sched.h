/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.h - timers and descriptors, on real time or on virtual time
 *
 * All core code asks its scheduler for the time and for timers, never GLib or the kernel: so the
 * same code runs in the daemon (GLib's main loop) and in tests and simulations (virtual time that
 * jumps from timer to timer). Instants are _mono_ns: only differences mean something.
 *
 * Thread: main, for everything here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef struct _TsSched TsSched;
typedef struct _TsTimer TsTimer;
typedef struct _TsWatch TsWatch;

typedef void (*TsTimerFunc)(void *user_data);

/* @condition: what of the watched conditions is true, with G_IO_ERR and G_IO_HUP added */
typedef void (*TsWatchFunc)(int fd, GIOCondition condition, void *user_data);

/* A scheduler on the GLib main loop of @context (NULL: the default one), which the caller runs. */
TsSched *ts_sched_new_real(GMainContext *context);

/* A scheduler whose time starts at @start_mono_ns and moves only in ts_sched_run_until(). */
TsSched *ts_sched_new_virtual(int64_t start_mono_ns);

/* All timers and watches must have been freed before. */
void ts_sched_free(TsSched *sched);

bool ts_sched_is_virtual(const TsSched *sched);

/* Returns: now, on CLOCK_MONOTONIC or in virtual time. */
int64_t ts_sched_now(const TsSched *sched);

/**
 * ts_sched_run_until:
 * @sched: a virtual scheduler
 * @limit_mono_ns: where to stop
 *
 * Runs timers in the order of their due times, equal ones in the order in which they were armed,
 * each at its exact due time, and leaves the time at @limit_mono_ns.
 */
void ts_sched_run_until(TsSched *sched, int64_t limit_mono_ns);

/* Jumps virtual time ahead without running what falls due: a suspended machine. */
void ts_sched_jump(TsSched *sched, int64_t by_ns);

/* A timer, not armed. @func may arm, disarm or free it. */
TsTimer *ts_timer_new(TsSched *sched, TsTimerFunc func, void *user_data);

/* Runs the function once, at @due_mono_ns or as soon after as possible; replaces an earlier due time. */
void ts_timer_arm(TsTimer *timer, int64_t due_mono_ns);

/* The same, @delay_ns from now. */
void ts_timer_arm_after(TsTimer *timer, int64_t delay_ns);

void ts_timer_disarm(TsTimer *timer);

/* Returns: the due time, or -1 when not armed. */
int64_t ts_timer_due(const TsTimer *timer);

void ts_timer_free(TsTimer *timer);

/* Calls @func whenever one of @condition holds on @fd, which stays the caller's. Real time only. */
TsWatch *ts_watch_new(TsSched *sched, int fd, GIOCondition condition, TsWatchFunc func,
		      void *user_data);

/* @func may free its own watch. */
void ts_watch_free(TsWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSched, ts_sched_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsTimer, ts_timer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsWatch, ts_watch_free)
