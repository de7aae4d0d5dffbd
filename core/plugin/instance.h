/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instance.h - one living instance of a plugin: its handle, its settings, and all that it made
 *
 * Whatever a plugin made through its host table is listed here, so that it can be taken back:
 * timers, descriptors and services before stop(), metrics after destroy(). Thread: main, but for
 * what says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include <timesrv/plugin.h>

#include "metrics/registry.h"
#include "plugin/loader.h"
#include "plugin/services.h"
#include "source/engine.h"

/* The handle that plugins see is the instance. */
typedef struct timesrv_instance TsInstance;

/* What all instances of a host share; outlives them. */
typedef struct {
	TsEngine *engine;
	TsMetrics *metrics;
	TsServices *services;
} TsPluginContext;

/* Where a refclock's samples go; set by who made the instance. */
typedef struct {
	int (*submit)(void *user_data, const struct timesrv_sample *sample);
	void (*set_progress)(void *user_data, const char *text);
	void *user_data;
} TsSampleSink;

typedef struct {
	GMutex lock;
	/* protected by lock */
	double tokens;
	int64_t refilled_raw_ns;
	unsigned n_suppressed;
} TsLogLimiter;

struct timesrv_instance {
	/* set when it is made, then read-only */
	struct timesrv_host table;
	const TsPluginContext *context;
	const TsModule *module; /* outlives the instance */
	char *name;             /* in logs and metrics: [a-z0-9_-]+, unique */
	GHashTable *values;     /* name -> TsSettingValue */
	TsSampleSink sink;      /* submit is NULL for what is no refclock */
	/* main only */
	void *self;
	bool is_started;
	bool is_pinned;         /* another plugin did not give a service back in time */
	GHashTable *handles;    /* id -> Handle of host-table.c */
	uint64_t last_id;
	GPtrArray *refs;        /* of TsServiceRef */
	/* any thread */
	TsLogLimiter limiter;
};

/**
 * ts_instance_new:
 * @module: borrowed
 * @name: copied
 * @values: (transfer full): of ts_plugin_schema_read()
 * @sink: (nullable): where samples go
 *
 * Runs create(). Returns: (nullable): NULL when that failed.
 */
TsInstance *ts_instance_new(const TsPluginContext *context, const TsModule *module, const char *name,
			    GHashTable *values, const TsSampleSink *sink, GError **error);

bool ts_instance_start(TsInstance *instance, GError **error);

/* Takes timers, watches and services back, then runs stop(). Fine if it is not started. */
void ts_instance_stop(TsInstance *instance);

/* Stops and destroys. Returns: false if somebody still uses a service of it: then it was stopped
 * but not destroyed, and its module must stay mapped. */
bool ts_instance_free(TsInstance *instance);

/* host-table.c */
void ts_host_table_init(TsInstance *instance);

/* Ends timers and watches, or everything. */
void ts_host_table_revoke(TsInstance *instance, bool with_metrics);
