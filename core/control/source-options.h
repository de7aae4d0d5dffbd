/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source-options.h - a source's settings back to the "key=value" that made them
 *
 * What ts_config_parse_source() reads and this writes are each other's inverse: so some options of a
 * living source can be changed by writing all of it, replacing some, and reading it again.
 */
#pragma once

#include "config/settings.h"

/* Returns: (transfer full): those that differ from the defaults; first "server=NAME" or the like. */
char **ts_source_options_format(const TsSourceSettings *settings);

/* Returns: (transfer full): @options, with those of @changes put over them. "key=" takes an option out:
 * the default counts again. */
char **ts_source_options_merge(char *const *options, char *const *changes);
