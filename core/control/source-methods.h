/* SPDX-License-Identifier: BSD-2-Clause */
/* source-methods.h - the Manager's methods about sources: add, remove, change, find, ask, stop asking */
#pragma once

#include "control/object.h"

/* As TsMethodFunc. */
bool ts_source_method_add(const TsCall *call, GVariant **result, GError **error);
bool ts_source_method_set(const TsCall *call, GVariant **result, GError **error);
bool ts_source_method_remove(const TsCall *call, GVariant **result, GError **error);
bool ts_source_method_find(const TsCall *call, GVariant **result, GError **error);
bool ts_source_method_burst(const TsCall *call, GVariant **result, GError **error);
bool ts_source_method_set_online(const TsCall *call, GVariant **result, GError **error);
