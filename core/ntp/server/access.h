/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * access.h - who may ask for time: prefixes, of which the longest decides
 *
 * Made once from the rules, then immutable and read by all workers. The nested prefixes are cut
 * into ranges that don't overlap, so that a look-up is one binary search however many rules there
 * are.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "base/address.h"
#include "config/settings.h"

typedef struct _TsAccess TsAccess;

/**
 * ts_access_new:
 * @rules: (element-type TsAccessRule): in the order in which they were written; of two for the same
 *   prefix the later one holds
 *
 * A rule of "all" stands for every address of both families. An address that no rule names is
 * denied. Thread: main.
 */
TsAccess *ts_access_new(const GArray *rules);
void ts_access_free(TsAccess *access);

/* Returns: whether @client may ask. Thread: any; no allocation. Cost: O(log rules). */
bool ts_access_allows(const TsAccess *access, const TsAddress *client);

/**
 * ts_access_find:
 * @rule: (out): the rule that decides
 *
 * Returns: false if none does (and the address is denied). Thread: any.
 */
bool ts_access_find(const TsAccess *access, const TsAddress *client, TsAccessRule *rule);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsAccess, ts_access_free)
