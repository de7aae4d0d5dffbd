/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * refclock.h - makes an instance of a refclock plugin a source of the engine
 *
 * Asks it once a second, doubts its samples, numbers the seconds of pulses, and shifts the reach
 * register once a poll interval by whether good samples came. Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "config/settings.h"
#include "plugin/instance.h"
#include "source/engine.h"

/* The settings that every refclock has besides its plugin's own; as in TIMESRV_PLUGIN_SCHEMA. */
extern const char ts_refclock_schema[];

typedef struct _TsRefclock TsRefclock;

/**
 * ts_refclock_new:
 * @module: borrowed; of kind refclock
 * @settings: copied
 * @instance_name: in logs and metrics
 * @values: (transfer full): of ts_plugin_schema_read()
 *
 * Returns: (nullable): NULL when create() or start() failed.
 */
TsRefclock *ts_refclock_new(const TsPluginContext *context, const TsModule *module,
			    const TsSourceSettings *settings, const char *instance_name,
			    GHashTable *values, GError **error);

/* Returns: as ts_instance_free(). */
bool ts_refclock_free(TsRefclock *refclock);

/* Returns: the name of its instance in logs and metrics. */
const char *ts_refclock_instance_name(const TsRefclock *refclock);

/* Takes options that change while it lives. */
void ts_refclock_set_settings(TsRefclock *refclock, const TsSourceSettings *settings);

/* @is_enabled: false: stands still until it is true again, and its source says why. */
void ts_refclock_set_enabled(TsRefclock *refclock, bool is_enabled);

/* The clock was stepped, or its epoch raised. */
void ts_refclock_tell_disruption(TsRefclock *refclock);
