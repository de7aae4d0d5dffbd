/* SPDX-License-Identifier: BSD-2-Clause */
/* show.h - the merged tree for a person and for programs */
#pragma once

#include <glib.h>

#include "config/settings.h"

/* One value of the merged tree. */
typedef struct {
	char *path;       /* "sources[0].min-poll", "server.listen[1]" */
	char *value;      /* as written, without quotes; "" for an empty one, "[]", "{}" */
	TsOrigin origin;
} TsConfigValue;

/**
 * ts_config_show:
 *
 * Returns: (transfer full): what the files come to, as YAML that can be read again, each value followed
 * by a comment with the file and line that set it. Defaults are not in it. Thread: main.
 */
char *ts_config_show(const TsSettings *settings);

/* Returns: (transfer full) (element-type TsConfigValue): the same as a list, in the same order; free
 * with g_ptr_array_unref(). Thread: main. */
GPtrArray *ts_config_list(const TsSettings *settings);
