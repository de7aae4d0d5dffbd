/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * candidates.h - the addresses that a name led to, and what became of each
 *
 * Kept in the resolver's order. An address that failed stands back behind all that did not, then
 * behind those that failed longer ago; one that denied us is never taken again. Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "base/address.h"

/* How many addresses of a name are remembered; of more, the first are used. */
#define TS_CANDIDATES_MAX 64

typedef struct _TsCandidates TsCandidates;

TsCandidates *ts_candidates_new(void);
void ts_candidates_free(TsCandidates *candidates);

/* Takes the result of a lookup: @addresses (of TsAddress) get @port; what is known of an address
 * stays, those that are not among them are forgotten unless @is_pool, whose names give another
 * choice each time. */
void ts_candidates_update(TsCandidates *candidates, const GArray *addresses, uint16_t port,
			  bool is_pool);

/* It did not answer, or not usefully. */
void ts_candidates_mark_failed(TsCandidates *candidates, const TsAddress *address, int64_t mono_ns);
void ts_candidates_mark_denied(TsCandidates *candidates, const TsAddress *address);

/* The network changed: failures of before say nothing. */
void ts_candidates_forgive(TsCandidates *candidates);

bool ts_candidates_contain(const TsCandidates *candidates, const TsAddress *address);
unsigned ts_candidates_size(const TsCandidates *candidates);
const TsAddress *ts_candidates_at(const TsCandidates *candidates, unsigned index);

/* Tells whether @address is free. */
typedef bool (*TsCandidatesFreeFunc)(const TsAddress *address, void *user_data);

/* Returns: (nullable): the best address that @is_free, among those that did not fail unless
 * @with_failed. */
const TsAddress *ts_candidates_pick(const TsCandidates *candidates, bool with_failed,
				    TsCandidatesFreeFunc is_free, void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCandidates, ts_candidates_free)
