/* SPDX-License-Identifier: BSD-2-Clause */
/* backend.h - what a kind of scheduler gives; seen by the files of sched/ alone */
#pragma once

#include "sched/sched.h"

typedef struct {
	void (*free)(TsSched *sched);
	int64_t (*now)(const TsSched *sched);
	TsTimer *(*timer_new)(TsSched *sched, TsTimerFunc func, void *user_data);
	void (*timer_arm)(TsTimer *timer, int64_t due_mono_ns); /* sets the timer's due_mono_ns */
	void (*timer_disarm)(TsTimer *timer);
	void (*timer_free)(TsTimer *timer);
} TsSchedBackend;

/* The head of each backend's scheduler and timer. */
struct _TsSched {
	const TsSchedBackend *backend;
};

struct _TsTimer {
	TsSched *sched;
	TsTimerFunc func;
	void *user_data;
	int64_t due_mono_ns; /* -1: not armed */
};

extern const TsSchedBackend ts_sched_real_backend;
extern const TsSchedBackend ts_sched_virtual_backend;

/* Returns: the context of a real scheduler. */
GMainContext *ts_sched_real_context(TsSched *sched);
