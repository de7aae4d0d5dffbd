/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h - the paths between a scenario's hosts
 *
 * A path is one direction between two hosts, named or any; what names both wins, then what names where it
 * leads to. A change names the keys that change and leaves the others as they were.
 */
#pragma once

#include "config/schema.h"
#include "directory.h"
#include "ntp/virtual/virtual-net.h"

typedef struct _SimLinks SimLinks;

/* @net: (nullable): where paths are set; NULL to check a scenario */
SimLinks *sim_links_new(const SimDirectory *directory, TsVirtualNet *net);
void sim_links_free(SimLinks *links);

/* Sets or changes what @map says: "from", "to", "one-way" and the path's keys. */
void sim_links_read(SimLinks *links, TsConfigReader *reader, const TsNode *map);

/* Returns: the least round trip between two hosts, s. */
double sim_links_least_rtt(const SimLinks *links, const TsAddress *a, const TsAddress *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimLinks, sim_links_free)
