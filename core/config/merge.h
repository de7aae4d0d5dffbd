/* SPDX-License-Identifier: BSD-2-Clause */
/* merge.h - one file's tree over another's: maps merge, lists append, scalars replace */
#pragma once

#include "config/node.h"
#include "config/problems.h"

/* An empty value (null) of @over leaves what @base has. Returns: (transfer full); neither of the two
 * changes. Thread: any. */
TsNode *ts_node_merge(TsNode *base, TsNode *over);

/**
 * ts_config_merge:
 * @base: (transfer none): the root map so far
 * @over: (transfer none): the root map of the next file
 *
 * As ts_node_merge(), but a server, pool or named refclock that both list becomes one source: the later
 * file wins option by option, and a warning says so. Returns: (transfer full).
 */
TsNode *ts_config_merge(TsNode *base, TsNode *over, TsProblems *problems);

/**
 * ts_source_identity:
 * @entry: of the list "sources"
 *
 * Returns: (transfer full) (nullable): what makes two entries the same source: kind, name and port, of
 * a refclock its label; NULL if it has none (yet).
 */
char *ts_source_identity(const TsNode *entry);
