/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source.h - one time source as the engine sees it, whatever its kind
 *
 * An NTP association or a reference clock plugin makes one through the engine and feeds it: replies
 * seen or missed, samples, trouble. The source keeps the samples, the estimate and the hard bound, and
 * its place in the selection with the reason. Thread: main, for everything here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/address.h"
#include "config/settings.h"
#include "select/bound.h"
#include "select/estimate.h"
#include "select/select.h"

/* How many samples a source remembers at most. */
#define TS_SOURCE_MAX_HISTORY 64

typedef struct _TsSource TsSource;

/* What the owner of a source (association, refclock) does when it is asked. All may be NULL. They are
 * called from within ts_source_*() and ts_engine_*(): no source may be added or removed before those
 * return (arm a timer for that). */
typedef struct {
	/* asks the source @n_total times at most until @n_good answers were good */
	bool (*burst)(void *owner, unsigned n_good, unsigned n_total, GError **error);
	/* stops or restarts asking */
	void (*set_online)(void *owner, bool is_online);
	/* it has been useless for long: look for another address (pool member, new lookup) */
	void (*replace)(void *owner);
	/* the clock's epoch changed, or it was stepped: open requests are worthless */
	void (*clock_disrupted)(void *owner);
	/* adds what only the owner knows, as name and text value: for timesrvctl source NAME, D-Bus */
	void (*describe)(void *owner, void (*add)(void *user_data, const char *name, const char *value),
			 void *user_data);
} TsSourceOps;

/* ---- for owners ------------------------------------------------------------------------------ */

/* One exchange ended: shifts the reach register. @is_answered: a valid, synchronised answer came. */
void ts_source_update_reach(TsSource *source, bool is_answered);

/* Gives a sample; filters, estimates, selects and steers the clock with it before it returns. Samples of
 * an older epoch are dropped. Returns: how it fitted. */
TsFit ts_source_add_sample(TsSource *source, const TsSample *sample);

/* The interval at which it is asked, s; 0: it sends by itself. Shown, and used for staleness. */
void ts_source_set_poll(TsSource *source, double interval_s);

/* The address it is reached at, NULL while it is not resolved. A changed address is another clock:
 * samples and reach start anew. */
void ts_source_set_address(TsSource *source, const TsAddress *address);

/* Its own state as it last said, though no sample came of it: leap 3 or stratum 16 make it unusable at
 * once and its reason says so. */
void ts_source_set_remote_state(TsSource *source, int leap, int stratum, uint32_t refid,
				double root_delay_s, double root_dispersion_s);

/* Unusable for a cause (@reason as "kiss DENY"), or usable again with NULL. */
void ts_source_set_stopped(TsSource *source, const char *reason);

void ts_source_set_online(TsSource *source, bool is_online);

/* It follows us (our own refid or address): a loop. */
void ts_source_set_loop(TsSource *source, bool is_loop);

/* Our own address on the way to it, for the election among orphans (server: local: orphan). */
void ts_source_set_local_address(TsSource *source, const TsAddress *address);

/* Another source has the same address: no vote. @of: its label, or NULL. */
void ts_source_set_duplicate(TsSource *source, const char *of);

/* What it waits for, as "looking up NAME", "NTS key exchange", for the reason of NO_SAMPLES; NULL. */
void ts_source_set_progress(TsSource *source, const char *progress);

/* Takes changed options; samples and reach stay. */
void ts_source_set_settings(TsSource *source, const TsSourceSettings *settings);

/* How far the poll interval may grow: log2 s within the settings' limits, from the filter's own
 * predicted error. */
int ts_source_decide_poll(const TsSource *source, int current_log2s);

/* The least round trip of late and a sample's expected offset, for the delay tests. Returns: false
 * before there is an estimate. */
bool ts_source_get_estimate(const TsSource *source, int64_t raw_ns, TsEstimate *estimate);

/* ---- for those who look ---------------------------------------------------------------------- */

typedef struct {
	uint64_t id;           /* never reused */
	const char *label;     /* unique: what the operator calls it; pool members: "POOL#2" */
	const char *name;      /* as configured: host name, address, plugin */
	const char *pool;      /* (nullable) label of the pool it belongs to */
	TsSourceKind kind;
	bool has_address;
	TsAddress address;
	TsVerdict verdict;
	TsDecision decision;
	uint8_t reach;         /* 8 bits, the latest lowest */
	double poll_s;         /* 0: none */
	int stratum, leap;     /* 16 and 3 when unknown */
	uint32_t refid;
	double root_delay_s, root_dispersion_s;
	bool has_sample;
	TsSample last_sample;
	double last_sample_age_s;
	double last_residual_s; /* sample minus prediction */
	bool has_estimate;
	TsEstimate estimate;   /* now */
	double offset_s;       /* now: the source minus the disciplined clock */
	bool has_bound;
	TsBound bound;         /* now */
	unsigned n_samples;    /* kept */
	uint64_t n_replies, n_misses, n_samples_total, n_samples_rejected;
	const char *stopped;   /* (nullable) */
	const char *progress;  /* (nullable) */
	const char *duplicate_of; /* (nullable) */
	const TsSourceSettings *settings;
} TsSourceView;

/* Fills @view with how things stand now; pointers are borrowed until the main loop goes on. */
void ts_source_get_view(const TsSource *source, TsSourceView *view);

/* Returns: one sentence with figures: why the source is or is not used. (transfer full) */
char *ts_source_explain(const TsSource *source);

uint64_t ts_source_id(const TsSource *source);
const char *ts_source_label(const TsSource *source);
const TsSourceOps *ts_source_ops(const TsSource *source, void **owner);
