/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock.h - a scenario's reference clocks: jitter, pulses that miss or come twice, one that is stuck
 *
 * "refclock: NAME" in a node's sources names one of the scenario's; its readings go to the engine as a
 * plugin's do.
 */
#pragma once

#include "config/schema.h"
#include "source/engine.h"
#include "source/roster.h"

typedef struct {
	double interval_s;
	double offset_s;   /* its time minus true time */
	double jitter_s;   /* standard deviation */
	double noise_s;    /* what it says of that; 0: the truth */
	double claim_s;    /* hard: offset and jitter are within this */
	double missing;    /* probability that a reading does not come */
	double twice;      /* probability of a second reading, a little later, said to be of the same second */
	double twice_s;    /* and how much later */
	bool is_stuck;     /* gives the same time again and again */
	bool is_silent;
	unsigned leap;
} SimRefclockSettings;

void sim_refclock_settings_init(SimRefclockSettings *settings);
void sim_refclock_settings_read(SimRefclockSettings *settings, TsConfigReader *reader,
				const TsNode *map);

/* Returns: (nullable): the settings, now, of what the scenario calls @name. */
typedef const SimRefclockSettings *(*SimRefclockFind)(void *user_data, const char *name);

typedef struct _SimRefclocks SimRefclocks;

/* All reference clocks of one daemon. */
SimRefclocks *sim_refclocks_new(TsEngine *engine, uint64_t seed, SimRefclockFind find, void *user_data);
void sim_refclocks_free(SimRefclocks *refclocks);

/* For the roster; user_data is a SimRefclocks. */
extern const TsSourceProvider sim_refclocks_provider;
