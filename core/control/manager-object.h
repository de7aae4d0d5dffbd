/* SPDX-License-Identifier: BSD-2-Clause */
/* manager-object.h - /org/timesrv1: configuration, sources at run time, plugins, metrics, log */
#pragma once

#include "control/object.h"

extern const TsInterface ts_manager_object_interface;

/* Adds the object. */
TsObject *ts_manager_object_add(TsObjectTree *tree);

/* The settings were read anew: their log level counts. */
void ts_manager_object_reloaded(TsObject *manager, const TsSettings *settings);
