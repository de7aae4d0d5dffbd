/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake-engine.h - sources that remember what they were told, in place of core/source in the
 * client's tests
 *
 * Linked before core/source, so that the linker takes these functions: the client is tested alone,
 * and a test says itself which interval the filter wants and what the estimate is.
 */
#pragma once

#include "source/engine.h"

typedef struct {
	TsSourceSettings *settings;
	char *label, *pool;
	const TsSourceOps *ops;
	void *owner;
	uint8_t reach;
	unsigned n_reach_updates;
	GArray *samples; /* of TsSample */
	double poll_s;
	bool has_address;
	TsAddress address;
	unsigned n_addresses; /* how often it was set */
	int leap, stratum;
	double root_delay_s, root_dispersion_s;
	char *stopped, *progress, *duplicate_of;
	bool is_online, is_loop;
	/* what the test decides */
	int wanted_log2s;
	bool has_estimate;
	TsEstimate estimate;
	void (*on_sample)(TsSource *source,
			  void *user_data); /* (nullable) as a step would happen */
	void *on_sample_data;
} FakeSource;

/* Returns: (transfer full): an engine without estimation: @clock and @sched must outlive it. */
TsEngine *fake_engine_new(TsSched *sched, TsClock *clock);

/* What this host says of itself, for loop tests. */
void fake_engine_set_state(TsEngine *engine, const TsSystemState *state);

/* Returns: the inside of a source, by label; fails the test if there is none. */
FakeSource *fake_source(TsEngine *engine, const char *label);
FakeSource *fake_source_inside(TsSource *source);
