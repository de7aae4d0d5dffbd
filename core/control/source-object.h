/* SPDX-License-Identifier: BSD-2-Clause */
/* source-object.h - /org/timesrv1/source/N: one source. Its subject is the TsSource */
#pragma once

#include "control/object.h"

extern const TsInterface ts_source_object_interface;

/* Returns: (transfer full): the object path of @source. */
char *ts_source_object_path(const TsSource *source);

/**
 * ts_source_find:
 * @name: label, name, address, or the beginning of one of these
 *
 * Returns: (transfer none) (nullable): NULL with @error set when there is none, or several begin so.
 */
TsSource *ts_source_find(TsEngine *engine, const char *name, GError **error);
