/* SPDX-License-Identifier: BSD-2-Clause */
/* host-data.h - the host as the files of this folder share it */
#pragma once

#include "plugin/host.h"
#include "plugin/loaded.h"

struct _TsPluginHost {
	TsPluginContext context;
	TsPrivateCopies *copies;
	TsSettings *settings;
	GHashTable *plugins;     /* name -> TsLoaded */
	GHashTable *left_mapped; /* name -> how many copies could not be unmapped */
	unsigned subscription;
};

/* Returns: (nullable): the loaded plugin that @name means, by its whole or short name. */
TsLoaded *ts_plugin_host_find(TsPluginHost *host, const char *name);

/* Loads the file @path, which is not loaded. Returns: (nullable): NULL with @error. */
TsLoaded *ts_plugin_host_take(TsPluginHost *host, const char *path, GError **error);

/* Unloads @plugin with all that it has. */
void ts_plugin_host_drop(TsLoaded *plugin);

/* The same if nobody wants it. */
void ts_plugin_host_drop_unused(TsLoaded *plugin);
