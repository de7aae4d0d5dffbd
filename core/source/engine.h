/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * engine.h - all sources together, and the road from a sample to the clock
 *
 *   ts_source_add_sample -> estimate, bound -> ts_select -> ts_combiner -> discipline -> clock
 *                                                                  |-> system state (published)
 *
 * The engine also watches what needs no sample: sources that grow stale, holdover that reaches its
 * limit, a clock that somebody else moved. Thread: main, for everything here.
 */
#pragma once

#include "clock/clock.h"
#include "clock/discipline.h"
#include "clock/system-state.h"
#include "metrics/registry.h"
#include "source/source.h"

typedef struct _TsEngine TsEngine;

typedef enum {
	TS_CLOCK_UNSYNCHRONISED, /* never set, or the holdover limit was passed */
	TS_CLOCK_LOCKED,         /* follows its sources */
	TS_CLOCK_HOLDOVER,       /* no usable source; the claimed error grows */
	TS_CLOCK_FREERUN,        /* no source is expected: serves its own time as "local" */
} TsClockStateKind;

/* Returns: "unsynchronised", "locked", "holdover", "freerun". */
const char *ts_clock_state_name(TsClockStateKind kind);

/* @clock, @sched, @metrics must outlive the engine. */
TsEngine *ts_engine_new(TsSched *sched, TsClock *clock, const TsSettings *settings,
			TsMetrics *metrics);
void ts_engine_free(TsEngine *engine);

/* The end is near: sources that go from now on are no outage. Nothing is selected or steered any more. */
void ts_engine_stop(TsEngine *engine);

TsClock *ts_engine_clock(TsEngine *engine);
TsSched *ts_engine_sched(TsEngine *engine);
const TsSystemStatePublisher *ts_engine_state(TsEngine *engine);

/* Takes changed selection and clock settings; sources are roster.h's. */
void ts_engine_set_settings(TsEngine *engine, const TsSettings *settings);

/**
 * ts_engine_add_source:
 * @settings: copied
 * @label: unique; (nullable) for settings->label
 * @pool: (nullable): label of the pool it is a member of
 * @ops, @owner: who asks it; must outlive the source
 *
 * Returns: (transfer none): the source; ends with ts_engine_remove_source().
 */
TsSource *ts_engine_add_source(TsEngine *engine, const TsSourceSettings *settings, const char *label,
			       const char *pool, const TsSourceOps *ops, void *owner);
void ts_engine_remove_source(TsEngine *engine, TsSource *source);

/* In the order in which they were added. */
unsigned ts_engine_n_sources(const TsEngine *engine);
TsSource *ts_engine_source_at(const TsEngine *engine, unsigned index);

/* Returns: (nullable): by label, else by name, else by address as text. */
TsSource *ts_engine_find_source(const TsEngine *engine, const char *label);

/* Returns: (nullable): another source than @except that has @address. */
TsSource *ts_engine_find_address(const TsEngine *engine, const TsAddress *address,
				 const TsSource *except);

typedef struct {
	TsClockStateKind kind;
	double since_s;        /* ago */
	const char *cause;     /* why: "follows 3 of 4 sources", "no majority: ...", "all sources unreachable" */
	TsSystemState system;  /* as published, root dispersion as of now */
	const TsSource *system_peer; /* (nullable) */
	double offset_s;       /* of the combined estimate against the disciplined clock at the last update */
	double offset_sd_s;
	double slew_left_s;
	double frequency;      /* s/s, in force */
	double frequency_sd;
	double max_error_s;    /* hard bound now */
	double estimated_error_s; /* 1-sigma now */
	double last_update_age_s; /* NAN: never */
	double rms_offset_s;   /* of late, NAN before the first */
	uint64_t n_updates, n_steps, n_foreign_steps;
	unsigned n_sources, n_selectable;
	uint32_t epoch;
	double wander;
	bool has_bound;
	TsBound bound;         /* now: what is certain of UTC minus raw */
} TsClockView;

void ts_engine_get_clock_view(const TsEngine *engine, TsClockView *view);

/* Steps the clock by the estimated offset at once, whatever the step policy. */
bool ts_engine_step_now(TsEngine *engine, GError **error);

/* What happened, for signals and logs; called after it happened. */
typedef enum {
	TS_EVENT_SOURCE_ADDED,
	TS_EVENT_SOURCE_REMOVED,     /* the source is still valid during the call */
	TS_EVENT_SOURCE_CHANGED,     /* verdict, address, reach to or from 0 */
	TS_EVENT_SYSTEM_PEER_CHANGED,
	TS_EVENT_CLOCK_STATE_CHANGED,
	TS_EVENT_CLOCK_UPDATED,      /* steered */
	TS_EVENT_CLOCK_STEPPED,
	TS_EVENT_CLOCK_DISRUPTED,    /* suspended, stepped by another program, epoch raised */
	TS_EVENT_PANIC,              /* offset beyond the panic limit: the daemon should end */
} TsEvent;

/* @source: (nullable). @detail: (nullable) one line with figures. */
typedef void (*TsEventFunc)(TsEvent event, TsSource *source, const char *detail, void *user_data);

/* Returns: an id for ts_engine_unsubscribe(). */
unsigned ts_engine_subscribe(TsEngine *engine, TsEventFunc func, void *user_data);
void ts_engine_unsubscribe(TsEngine *engine, unsigned id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsEngine, ts_engine_free)
