/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * roster.h - which sources there shall be: from the files and from run-time commands
 *
 * Knows the entries, not how they are asked: each kind has a provider (the NTP client, the plugin host).
 * A reload compares entry by entry and touches only what changed. Thread: main.
 */
#pragma once

#include <glib.h>

#include "config/settings.h"

typedef struct _TsRoster TsRoster;

/* How a kind of source is made. @label names the entry in all later calls. */
typedef struct {
	bool (*add)(void *provider, const TsSourceSettings *settings, GError **error);
	void (*remove)(void *provider, const char *label);
	/* @change is OPTIONS or RESTART */
	bool (*update)(void *provider, const TsSourceSettings *settings, TsChange change, GError **error);
} TsSourceProvider;

TsRoster *ts_roster_new(void);

/* Removes all entries from their providers. */
void ts_roster_free(TsRoster *roster);

/* Who makes sources of @kind; must outlive the roster. */
void ts_roster_set_provider(TsRoster *roster, TsSourceKind kind, const TsSourceProvider *provider,
			    void *user_data);

/* Brings the entries from the files in line with @settings; those added at run time stay. An entry that
 * can't be made is said as a warning and tried again at the next call; the others go on. */
void ts_roster_apply(TsRoster *roster, const TsSettings *settings);

/* Adds an entry at run time. Errors: TIMESRV_ERROR_EXISTS, TIMESRV_ERROR_UNAVAILABLE (it would be one of
 * more than TS_CONFIG_MAX_SOURCES sources), what the provider says. */
bool ts_roster_add(TsRoster *roster, const TsSourceSettings *settings, GError **error);

/* Takes an entry away, whoever made it. Errors: TIMESRV_ERROR_NOT_FOUND. */
bool ts_roster_remove(TsRoster *roster, const char *label, GError **error);

/* Replaces the settings of an entry. */
bool ts_roster_set(TsRoster *roster, const TsSourceSettings *settings, GError **error);

/* Returns: (nullable) (transfer none): the entry's settings now. */
const TsSourceSettings *ts_roster_find(const TsRoster *roster, const char *label,
				       bool *is_runtime);

unsigned ts_roster_size(const TsRoster *roster);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsRoster, ts_roster_free)
