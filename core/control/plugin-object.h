/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin-object.h - /org/timesrv1/plugin/NAME: one plugin. Its subject is a TsPluginView of its own */
#pragma once

#include "control/object.h"

extern const TsInterface ts_plugin_object_interface;

/* Brings the plugin objects in line with what the host has and finds, saying what came, went and
 * changed. */
void ts_plugin_objects_refresh(TsObjectTree *tree);

/* Adds the properties of @view. */
void ts_plugin_view_fill(const TsPluginView *view, GVariantBuilder *properties);
