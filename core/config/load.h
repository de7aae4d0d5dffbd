/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * load.h - the YAML files to checked settings, every mistake at once
 *
 * Order: the main file, then the drop-ins of the vendor's and the operator's conf.d by file name, a
 * file of the operator's hiding the vendor's of the same name. Maps merge, lists append, scalars
 * replace. What came from where is shown by config/show.h.
 */
#pragma once

#include <glib.h>

#include "config/settings.h"

typedef struct {
	const char *main_file;        /* (nullable): none. A file named here must exist if must_exist */
	bool main_must_exist;
	const char *const *conf_dirs; /* (array zero-terminated=1): the vendor's first, the operator's last */
	const char *plugin_directory; /* (nullable): in place of what the files say */
	/* (nullable): adds what a part of the daemon that knows more has against the settings, so that
	 * it is listed with all the rest; the settings may have other mistakes */
	void (*check)(const TsSettings *settings, GPtrArray *problems);
} TsConfigPaths;

typedef struct {
	TsOrigin origin;
	bool is_warning; /* said, but the settings are used: deprecated, of no effect */
	char *text;      /* "unknown key 'pol'; did you mean 'pool'?" */
} TsConfigProblem;

/**
 * ts_config_load:
 * @paths: which files
 * @problems: (out) (transfer full) (element-type TsConfigProblem): all mistakes, by file and line;
 *   empty if there are none; free with g_ptr_array_unref()
 *
 * Returns: (nullable) (transfer full): settings, or NULL when a problem is no mere warning.
 * Thread: main. Reads files, changes nothing.
 */
TsSettings *ts_config_load(const TsConfigPaths *paths, GPtrArray **problems);

/* The same for one file whose @length bytes are at hand; @name is what its origins say. */
TsSettings *ts_config_load_text(const char *text, gsize length, const char *name,
				GPtrArray **problems);

/* Writes each problem as "FILE:LINE:COLUMN: error: TEXT" on its own line; returns a new string. */
char *ts_config_problems_format(const GPtrArray *problems);

/**
 * ts_config_parse_source:
 * @options: (array zero-terminated=1): pairs "key=value" as timesrvctl source add takes them, one of
 *   them "server=NAME", "pool=NAME" or "refclock=NAME"; "key" alone is "key=true", and a value in braces
 *   is YAML: "nts={port: 4460}". Checked by the same rules as a file
 *
 * Returns: (transfer full) (nullable): NULL with @error set, which lists every mistake.
 */
TsSourceSettings *ts_config_parse_source(const char *const *options, GError **error);
