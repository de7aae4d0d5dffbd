/* SPDX-License-Identifier: BSD-2-Clause */
/* keep.h - a source that was added at run time, kept in a drop-in of its own */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "config/settings.h"

/**
 * ts_config_keep_source:
 * @directory: the operator's drop-ins
 * @label: of the source
 * @settings: (nullable): what to keep, every value that is no default; NULL removes the drop-in
 *
 * Writes DIRECTORY/90-kept-LABEL.yaml as a whole or not at all. Errors: TIMESRV_ERROR_NOT_FOUND when
 * there is none to remove (the source stands in another file), PERMISSION, UNAVAILABLE. Thread: main.
 */
bool ts_config_keep_source(const char *directory, const char *label,
			   const TsSourceSettings *settings, GError **error);
