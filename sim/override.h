/* SPDX-License-Identifier: BSD-2-Clause */
/* override.h - single values of a scenario from the command line */
#pragma once

#include "config/node.h"
#include "config/problems.h"

/**
 * sim_override:
 * @overrides: (array zero-terminated=1): "nodes.client.clock.wander=1ppb", "links.0.jitter=2ms"; numbers
 *   count the entries of a list; the value is YAML
 *
 * Returns: (transfer full): @root with the values replaced or added.
 */
TsNode *sim_override(TsNode *root, const char *const *overrides, TsProblems *problems);
