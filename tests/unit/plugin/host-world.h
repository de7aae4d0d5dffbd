/* SPDX-License-Identifier: BSD-2-Clause */
/* host-world.h - a plugin host on virtual time with an oscillator without error, and its plugin
 * folder */
#pragma once

#include "plugin-folder.h"
#include "plugin/host.h"

typedef struct {
	PluginFolder folder;
	TsSched *sched;
	TsClock *clock;
	TsMetrics *metrics;
	TsEngine *engine;
	TsPluginHost *host;
	TsSettings *settings;
} HostWorld;

/* The clock is @initial_error_ns off. */
void host_world_init(HostWorld *world, int64_t initial_error_ns);
void host_world_clear(HostWorld *world);

void host_world_run(HostWorld *world, double duration_s);

/* A source of refclock-fine that gives @what; (transfer full). */
TsSourceSettings *host_world_source(const HostWorld *world, const char *label, const char *what);

/* Adds such a source; it must work. */
TsSource *host_world_add(HostWorld *world, const char *label, const char *what);

/* Adds one with the provider as it is. */
bool host_world_try(HostWorld *world, const TsSourceSettings *source, GError **error);

/* Sets a key of a plugin's map. */
void set_key(TsNode *map, const char *key, const char *value, unsigned line);

/* Returns: a metric's value, NAN if there is none. */
double host_world_metric(const HostWorld *world, const char *owner, const char *name);
