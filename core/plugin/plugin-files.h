/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin-files.h - from a name that the operator wrote to a plugin's file
 *
 * The plugin directory has NAME.so, or NAME/NAME.so as a build tree has. "refclock-gps" may be
 * written as "gps" where a refclock is meant. Thread: main.
 */
#pragma once

#include <glib.h>

#include "config/settings.h"

/* Returns: (nullable) (transfer none): the entry of "plugins:" for @name; @name may be short or
 * long. */
const TsPluginSettings *ts_plugin_files_entry(const TsSettings *settings, const char *name);

/* Returns: whether a source will load the plugin of @entry by itself. */
gboolean ts_plugin_files_has_source(const TsSettings *settings, const TsPluginSettings *entry);

/* Returns: (transfer full) (nullable): the file of @name: its entry's path, else in the directory;
 * NULL with TIMESRV_ERROR_NOT_FOUND, which names the nearest that is there. */
char *ts_plugin_files_find(const TsSettings *settings, const char *name, GError **error);

/* Returns: (transfer full) (element-type char *): every .so of the directory, sorted. */
GPtrArray *ts_plugin_files_list(const TsSettings *settings);

/* Returns: (transfer full): the name that a plugin in the file @path must have. */
char *ts_plugin_files_name(const char *path);

/* Returns: whether the operator's @name means the plugin @plugin. */
gboolean ts_plugin_files_is_same(const char *name, const char *plugin);
