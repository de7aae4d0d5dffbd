/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * elf-note.h - what a plugin's file says of itself, read without running its code
 *
 * Every length and offset in the file is doubted. Thread: main.
 */
#pragma once

#include <stdint.h>

#include <glib.h>

#include <timesrv/abi.h>

typedef struct {
	struct timesrv_note_info info; /* every text ends within its array */
	char *schema;                  /* (nullable): as in TIMESRV_PLUGIN_SCHEMA */
	uint64_t memory_bytes;         /* that its segments take when mapped */
} TsPluginFacts;

/**
 * ts_plugin_facts_read:
 * @fd: the file, seekable
 * @path: for messages
 *
 * Returns: (transfer full) (nullable): the facts of a shared object of this machine with whole
 * notes; its ABI is not judged. Errors: TIMESRV_ERROR_INCOMPATIBLE, with the remedy.
 */
TsPluginFacts *ts_plugin_facts_read(int fd, const char *path, GError **error);
void ts_plugin_facts_free(TsPluginFacts *facts);

/* Returns: "refclock", "service", ...; "unknown". */
const char *ts_plugin_kind_name(unsigned kind);

/* Sets @error unless this daemon can load a plugin with these facts: its ABI, its kind. */
gboolean ts_plugin_facts_check(const TsPluginFacts *facts, const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPluginFacts, ts_plugin_facts_free)
