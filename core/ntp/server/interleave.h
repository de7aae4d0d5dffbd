/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * interleave.h - which reply left when, for clients in interleaved mode (RFC 9769)
 *
 * A client in this mode puts into its request the receive timestamp of our last reply; we answer
 * with the time at which that reply really left, which is known better than the one written into
 * it. So pairs (receive, transmit) are kept, and found again by the receive timestamp. Many clients
 * behind one address don't disturb each other.
 *
 * Most clients never ask for that, and to save their pairs would push out those that are needed. So
 * the lowest bit of what we send tells the two kinds of requests apart: it is 1 in each receive
 * timestamp of ours and 0 in each transmit timestamp. A client in basic mode returns our transmit
 * timestamp, or nothing, as origin; only an origin with a 1 may be a receive timestamp, and only
 * then is a pair looked up and saved. The price: one more exchange before the first interleaved
 * reply.
 *
 * Buckets of one cache line with four pairs each. A pair may lie in either of two buckets; where
 * both are full, the oldest makes room. (One bucket of four lost 4 % of the pairs at a third of the
 * room used.) 16 octets a pair.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

typedef struct _TsPairTable TsPairTable;

/* Returns: NULL if @bytes holds no bucket. Thread: main. */
TsPairTable *ts_pair_table_new(size_t bytes);
void ts_pair_table_free(TsPairTable *table);

/* Asks for the cache lines that ts_pair_table_take() will need. Thread: worker. */
void ts_pair_table_prefetch(const TsPairTable *table, uint64_t rx_ntp64);

/**
 * ts_pair_table_take:
 * @rx_ntp64: the origin timestamp of a request
 * @client_tag: from the client's address, so that nobody gets another's
 * @tx_ntp64: (out): when the reply with that receive timestamp left
 *
 * Finds a pair and forgets it: one is used once (RFC 9769 section 2). Thread: worker.
 */
bool ts_pair_table_take(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag,
			uint64_t *tx_ntp64);

/**
 * ts_pair_table_save:
 *
 * Keeps a pair; if the reply left a second or more after the request came, none is kept. Returns: a
 * handle for ts_pair_table_refine(). Thread: worker.
 */
uint32_t ts_pair_table_save(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag,
			    uint64_t tx_ntp64);

/* Replaces the transmit timestamp of a pair that is still there by a better one. Thread: worker. */
void ts_pair_table_refine(TsPairTable *table, uint32_t handle, uint64_t rx_ntp64,
			  uint64_t tx_ntp64);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPairTable, ts_pair_table_free)
