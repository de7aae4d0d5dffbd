/* SPDX-License-Identifier: BSD-2-Clause */
/* engine-data.h - the structs of engine and source; seen by the files of source/ alone */
#pragma once

#include "clock/drift-file.h"
#include "select/combine.h"
#include "source/engine.h"

struct _TsSource {
	TsEngine *engine;
	uint64_t id;
	char *label, *pool;
	TsSourceSettings *settings;
	const TsSourceOps *ops;
	void *owner;

	/* what its owner tells */
	bool has_address;
	TsAddress address;
	bool is_offline, is_loop;
	bool has_local_refid;
	uint32_t local_refid;    /* of our own address on the way to it */
	char *stopped, *progress, *duplicate_of;
	double poll_s;
	uint8_t reach;
	int remote_leap, remote_stratum; /* as last said; 3 and 16 before */
	uint32_t remote_refid;
	double remote_root_delay_s, remote_root_dispersion_s;

	/* what its samples tell */
	TsEstimator *estimator;
	TsBoundTracker *bound;
	TsSample history[TS_SOURCE_MAX_HISTORY]; /* oldest first */
	unsigned n_history;
	TsSample pending[TS_SOURCE_MAX_HISTORY]; /* the filter's, until there are enough */
	unsigned n_pending;
	double last_residual_s;
	uint64_t n_replies, n_misses, n_samples_total, n_samples_rejected;

	/* what the selection says */
	TsDecision decision;
	bool was_selected;
	bool is_orphan;          /* at the last selection: see orphan.c */
	unsigned n_useless;      /* samples in a row that came to nothing: see ts_engine_note_verdict */

	/* a sample contradicted what was certain: the source or our clock jumped */
	unsigned n_until_forgiven; /* samples; 0: no contradiction, or forgiven */
	bool is_witness;         /* agreed with the majority when a jump was suspected first */
	bool has_jumped;         /* a witness that contradicted */
	bool is_steady;          /* a witness that went on as expected since */
};

/* What is counted over all sources, those that went too. */
typedef enum {
	TS_COUNT_REPLIES,
	TS_COUNT_MISSES,
	TS_COUNT_SAMPLES,
	TS_COUNT_REJECTED,
	TS_N_SOURCE_COUNTERS,
} TsSourceCounter;

typedef struct {
	unsigned id;
	TsEventFunc func;
	void *user_data;
} TsSubscription;

struct _TsEngine {
	TsSched *sched;
	TsClock *clock;
	TsSettings *settings;
	TsSystemStatePublisher *publisher;
	TsDiscipline *discipline;
	TsCombiner *combiner;
	TsTimer *watch_timer;    /* what needs no sample: staleness, holdover, foreign steps */
	GPtrArray *sources;      /* of TsSource, in the order in which they came */
	uint64_t next_source_id;
	GArray *subscriptions;   /* of TsSubscription */
	unsigned next_subscription_id;

	/* the last selection */
	TsCandidate *candidates; /* TS_SELECT_MAX_SOURCES of each, parallel to sources */
	TsDecision *decisions;
	TsSelection selection;
	TsSource *system_peer;
	uint64_t combined_ids[TS_COMBINE_MAX_SOURCES];
	unsigned n_combined;

	/* the clock's state */
	TsClockStateKind kind;
	int64_t kind_since_mono_ns;
	char *cause;
	bool has_bound;
	TsBound bound;           /* of UTC minus raw: what the truechimers agreed on last */
	double max_rate;         /* s/s: the oscillator's declared limit, raised if it is found outside of it */
	bool was_close;          /* root distance was once below "local: activate" */
	bool has_estimate;
	TsEstimate estimate;     /* combined, at the last update */
	double last_correction_s;
	int64_t last_update_mono_ns; /* -1: never */
	double rms_offset_s;
	double suspected_jump_s; /* added to the claimed error until it is clear who jumped; 0: nobody */
	unsigned n_witnesses;
	bool has_jumped;         /* this machine's clock, at jumped_mono_ns */
	int64_t jumped_mono_ns;
	uint64_t n_updates, n_steps, n_foreign_steps;
	TsDrift drift;           /* prior: from the drift file */
	bool has_drift;
	int64_t drift_saved_mono_ns;
	char *last_failure;      /* the driver's refusal that was said last */
	TsMetrics *metrics;
	TsMetric *counters[TS_N_SOURCE_COUNTERS];
	bool is_stopping;
};

/* update.c: selects anew, takes in the fresh sample of @source (both nullable), steers and publishes. */
void ts_engine_update(TsEngine *engine, TsSource *source, const TsSample *sample);

/* update.c: steers the clock by the combined estimate of this moment. */
void ts_engine_steer(TsEngine *engine);

/* state.c: sets the clock's state and says so; publishes what follows from it. */
void ts_engine_set_state(TsEngine *engine, TsClockStateKind kind, const char *cause);
void ts_engine_publish(TsEngine *engine);
double ts_engine_max_error(const TsEngine *engine, int64_t raw_ns);

/* disruption.c: @source contradicted what was certain by @jump_s, or went on as expected (0). Returns:
 * whether the clock may be steered by it. */
bool ts_engine_judge_jump(TsEngine *engine, TsSource *source, double jump_s);
void ts_engine_check_clock(TsEngine *engine);
void ts_engine_forget_samples(TsEngine *engine);

/* engine.c: another limit for the oscillator's rate; bounds start anew. */
void ts_engine_set_max_rate(TsEngine *engine, double max_rate);

/* orphan.c: of the first @n candidates, marks those that serve their own time as we would; lets the one of
 * them in that leads. Return: whether there was one. */
bool ts_engine_mark_orphans(TsEngine *engine, unsigned n);
bool ts_engine_admit_leader(TsEngine *engine, unsigned n);

/* engine-metrics.c: what the exporters show of the clock; owner "clock". */
void ts_engine_add_metrics(TsEngine *engine);

/* engine.c */
void ts_engine_emit(TsEngine *engine, TsEvent event, TsSource *source, const char *detail);

/* source.c */
TsSource *ts_source_new(TsEngine *engine, const TsSourceSettings *settings, const char *label,
			const char *pool, const TsSourceOps *ops, void *owner);
void ts_source_free(TsSource *source);
void ts_source_forget_samples(TsSource *source);
const TsSample *ts_source_newest(const TsSource *source);

/* Fills what the selection wants to know of @source at @raw_ns. */
void ts_source_fill_candidate(const TsSource *source, int64_t raw_ns, TsCandidate *candidate);
