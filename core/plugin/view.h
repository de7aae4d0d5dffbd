/* SPDX-License-Identifier: BSD-2-Clause */
/* view.h - what is shown of a plugin (host.h has the struct) */
#pragma once

#include "plugin/host.h"
#include "plugin/loader.h"

/* Returns: (transfer full): of a module, mapped or only looked at. */
TsPluginView *ts_plugin_view_new(const TsModule *module);

/* Returns: (transfer full): of a file that can't be one; what is wrong stands in lint. */
TsPluginView *ts_plugin_view_new_broken(const char *path, const char *cause);
