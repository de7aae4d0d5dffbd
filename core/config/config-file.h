/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * config-file.h - which files there are, and their bytes, whatever lies in their place
 *
 * A FIFO, a device, a directory or a file without end gets an answer, never a wait. An empty file, or
 * a link to /dev/null, in the operator's directory masks the vendor's file of that name.
 */
#pragma once

#include "config/problems.h"

#define TS_CONFIG_MAX_FILE_BYTES (1 << 20)

/**
 * ts_config_file_read:
 * @is_optional: that there is none is no error
 *
 * Returns: (transfer full) (nullable): the bytes; NULL if there is no such file, or it can't be read,
 * and then @problems says why. Thread: main.
 */
GBytes *ts_config_file_read(const char *path, bool is_optional, TsProblems *problems);

/**
 * ts_config_list_drop_ins:
 * @directories: (array zero-terminated=1) (nullable): a later one's file hides an earlier one's of the
 *   same name
 *
 * Returns: (transfer full): paths in the order of their file names; NULL-terminated. Only *.yaml is
 * taken; a *.yml or *.conf gets a warning, hidden files and what editors leave behind are passed over.
 * Thread: main.
 */
char **ts_config_list_drop_ins(const char *const *directories, TsProblems *problems);
