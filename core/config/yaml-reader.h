/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * yaml-reader.h - the bytes of one YAML file to nodes that know their places
 *
 * Anchors, aliases and merge keys ("<<") work as in YAML 1.1. Everything that YAML allows and a
 * settings file has no use for is refused in words: a second document, keys that are no scalars,
 * duplicate keys, tags other than the standard ones, aliases that contain themselves or multiply.
 */
#pragma once

#include <stddef.h>

#include "config/node.h"
#include "config/problems.h"

#define TS_YAML_MAX_DEPTH  32
#define TS_YAML_MAX_VALUES 200000 /* with every alias expanded */
#define TS_YAML_MAX_SCALAR 4096   /* bytes */

/**
 * ts_yaml_read:
 * @bytes: (array length=length): the file; need not end in a NUL
 * @file: its name, for origins
 *
 * Returns: (transfer full) (nullable): the document's root, a null node for an empty one; NULL if the
 * file can't be read to its end, and then @problems has the error. Lesser errors (a duplicate key)
 * are added to @problems and reading goes on. Thread: main.
 */
TsNode *ts_yaml_read(const char *bytes, size_t length, const char *file, TsProblems *problems);
