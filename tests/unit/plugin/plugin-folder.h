/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin-folder.h - a temporary plugin directory, filled with copies of the tests' plugins */
#pragma once

#include <glib.h>

typedef struct {
	char *path;
	char *copies; /* for the loader's copies */
} PluginFolder;

void plugin_folder_init(PluginFolder *folder);
void plugin_folder_clear(PluginFolder *folder);

/* Copies the built plugin @name. Returns: the copy's path. (transfer full) */
char *plugin_folder_add(const PluginFolder *folder, const char *name);

/* Copies it under another name. (transfer full) */
char *plugin_folder_add_as(const PluginFolder *folder, const char *name, const char *as);

/* Writes a file of any content. Returns: its path. (transfer full) */
char *plugin_folder_write(const PluginFolder *folder, const char *file, const char *content, gssize length);
