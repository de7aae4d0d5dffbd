/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loaded.h - a plugin in memory, and what of it lives: the instance of a service, or sources
 *
 * Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "plugin/host.h"
#include "plugin/loader.h"
#include "plugin/refclock.h"

/* A source of a refclock plugin. */
typedef struct {
	char *label;
	TsRefclock *refclock;
	TsSourceSettings *settings;
} TsLoadedUse;

typedef struct {
	TsPluginHost *host;
	char *name;
	TsModule *module;
	TsInstance *service; /* (nullable): the one instance of a service */
	GPtrArray *uses;     /* of TsLoadedUse */
	bool is_wanted;      /* by an entry of the files */
	bool is_asked_for;   /* by the operator: stays without a source */
	bool is_pinned;      /* somebody still calls it: its code may never go */
	TsNode *defaults;    /* (nullable): its entry's settings, as last applied */
} TsLoaded;

/* Maps the file @path; starts the instance of a service. Returns: (nullable): NULL with @error. */
TsLoaded *ts_loaded_new(TsPluginHost *host, const char *path, GError **error);

/* Ends its sources, its service and its code. */
void ts_loaded_free(TsLoaded *plugin);

/* Makes an instance that is a source; or only looks whether the settings are good for one. */
bool ts_loaded_add_source(TsLoaded *plugin, const TsSourceSettings *settings, GError **error);
bool ts_loaded_check_source(const TsLoaded *plugin, const TsSourceSettings *settings, GError **error);
void ts_loaded_end_source(TsLoaded *plugin, unsigned index);

/* @entry: (nullable): where its instances' defaults stand; if they changed, the instances start
 * anew. */
void ts_loaded_set_defaults(TsLoaded *plugin, const TsPluginSettings *entry);

/* Its sources stand still while the operator has it disabled. */
void ts_loaded_set_enabled(TsLoaded *plugin, bool is_enabled);

void ts_loaded_tell_disruption(const TsLoaded *plugin);
