/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h - the plugin host: finds, checks, loads and calls plugins
 *
 * A plugin is a .so behind the ABI of sdk/include/timesrv/. Its facts and settings schema are read
 * from ELF notes without running its code. Plugins that no source and no entry of "plugins:" names
 * are not loaded. Thread: main, for everything here.
 */
#pragma once

#include <glib.h>

#include "config/settings.h"
#include "metrics/registry.h"
#include "source/engine.h"
#include "source/roster.h"

typedef struct _TsPluginHost TsPluginHost;

TsPluginHost *ts_plugin_host_new(TsEngine *engine, TsMetrics *metrics);
void ts_plugin_host_free(TsPluginHost *host);

/* The provider of TS_SOURCE_REFCLOCK for the roster; user_data is the host. A source names its
 * plugin, which is loaded when the first one needs it and unloaded with the last. "gps" finds
 * "refclock-gps". */
extern const TsSourceProvider ts_plugin_host_provider;

/* Takes directory and entries of "plugins:"; an entry's keys hold for each source of that plugin
 * that does not say otherwise. Entries that can't be loaded are said as warnings with the cause;
 * the others go on. Call before ts_roster_apply(). */
void ts_plugin_host_apply(TsPluginHost *host, const TsSettings *settings);

/* Checks the plugins' own keys of @settings against their schemas, running no code of theirs;
 * appends TsConfigProblem to @problems. A plugin that is missing or of another ABI is a warning. */
void ts_plugin_host_check_settings(const TsSettings *settings, GPtrArray *problems);

typedef struct {
	char *name, *version, *kind, *license, *summary, *path;
	unsigned abi_major, abi_minor, abi_minor_min;
	bool is_loaded;
	unsigned n_instances;
	uint64_t memory_bytes;  /* of the mapped file */
	GPtrArray *settings;    /* of TsPluginSetting */
	GPtrArray *lint;        /* of char *: what the loader's look at the file found */
	bool is_resident;       /* stays mapped when it is unloaded, as it says of itself */
	unsigned n_left_mapped; /* copies of it that were unloaded and are mapped all the same */
} TsPluginView;

typedef struct {
	char *name, *type, *default_text, *range, *unit, *help;
	bool is_required;
} TsPluginSetting;

void ts_plugin_view_free(TsPluginView *view);

/* Returns: (transfer full) (element-type TsPluginView): the loaded ones and those found in the
 * directory. */
GPtrArray *ts_plugin_host_list(TsPluginHost *host);

/* Returns: (transfer full) (nullable): @name_or_file is a name or a path; runs no code of the
 * file. */
TsPluginView *ts_plugin_host_info(TsPluginHost *host, const char *name_or_file, GError **error);

/* Loads a plugin by name (or file) with the settings of its entry. */
bool ts_plugin_host_load(TsPluginHost *host, const char *name_or_file, GError **error);

/* Errors: TIMESRV_ERROR_NOT_FOUND; TIMESRV_ERROR_EXISTS when sources use it, naming them. */
bool ts_plugin_host_unload(TsPluginHost *host, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPluginHost, ts_plugin_host_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPluginView, ts_plugin_view_free)
