/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * loader.h - from a file to checked code in memory, and back
 *
 *   open (owner, mode) -> copy -> notes (ABI, kind, name) -> dlopen -> symbol -> its struct
 *
 * Checks are made on the copy: nobody can change it in between. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

#include <timesrv/plugin.h>

#include "plugin/elf-note.h"
#include "plugin/private-copies.h"
#include "plugin/schema.h"

/* A plugin's code, mapped. */
typedef struct {
	char *path;      /* the file that it was made from */
	char *copy_path; /* what is mapped */
	TsPluginFacts *facts;
	TsPluginSchema *schema;
	GPtrArray *lint; /* of char * */
	const struct timesrv_plugin *plugin;
	void *handle;
} TsModule;

/* What is known of a file without mapping it: all but copy_path, plugin, handle are set.
 * Errors: as of ts_trusted_file_open() and ts_plugin_facts_read(); a broken schema is
 * TIMESRV_ERROR_INCOMPATIBLE. */
TsModule *ts_module_look(const char *path, uid_t user, GError **error);

/**
 * ts_module_open:
 * @path: the plugin's file
 * @name: (nullable): the name that its note must have; NULL: that of the file without ".so"
 * @user: who may own the file besides root
 *
 * Returns: (transfer full) (nullable): ends with ts_module_close(). Errors: as above, and
 * TIMESRV_ERROR_INCOMPATIBLE for another ABI, an unsupported kind, a missing or unresolved symbol.
 */
TsModule *ts_module_open(TsPrivateCopies *copies, const char *path, const char *name, uid_t user,
			 GError **error);

/* Unmaps and frees @module, which may be one that was only looked at. Returns: false if the code is
 * still mapped: it left something behind, or is resident. */
bool ts_module_close(TsModule *module);

static inline void
ts_module_close_quietly(TsModule *module)
{
	ts_module_close(module);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsModule, ts_module_close_quietly)
