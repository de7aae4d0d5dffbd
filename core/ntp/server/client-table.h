/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client-table.h - what a worker remembers of each client: rate, counts, when it was last seen
 *
 * Fixed memory, 40 octets a client, nothing is allocated after start. A client's keyed hash chooses
 * a set of eight records; in a full set the one that was silent longest makes room. One worker
 * writes; the main thread may read at any time, for all is moved in relaxed atomic words and the
 * word that says whether a record is there is written last (release) and read twice.
 *
 * A set, 5 cache lines, of which a client that is known touches four:
 *
 *   address[8]  128 bits each, IPv4 as ::ffff:a.b.c.d
 *   live[8]     | version 4, mode 4 | interval 8 | tokens 16 | last seen, ticks 32 |; 0: no record
 *   counts[8]   | dropped 32 | requests 32 |
 *   more[8]     | scope id 32 | interleaved 32 |
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/address.h"
#include "ntp/server/fast-random.h"
#include "ntp/server/rate-limit.h"

#define TS_CLIENT_RECORD_SIZE 40

typedef struct _TsClientTable TsClientTable;

/* A client as the table sees it. */
typedef struct {
	uint64_t high, low; /* the address */
	uint64_t hash;	    /* keyed: nobody outside knows who shares a set with whom */
	uint32_t scope_id;
} TsClientKey;

/* Where a client's record is; good until the next call for another client. */
typedef struct {
	uint32_t set;
	unsigned way;
} TsClientPlace;

/**
 * ts_client_table_new:
 * @bytes: what it may take; rounded down to whole sets
 *
 * The memory is taken from the kernel page by page as clients come. Returns: NULL if @bytes holds
 * no set. Thread: main.
 */
TsClientTable *ts_client_table_new(size_t bytes);
void ts_client_table_free(TsClientTable *table);

/* Returns: how many clients fit at most. Thread: any. */
size_t ts_client_table_capacity(const TsClientTable *table);

/* Thread: worker. */
void ts_client_table_key(const TsClientTable *table, const TsAddress *address, TsClientKey *key);

/* Asks for the cache lines that ts_client_table_account() will need. Thread: worker. */
void ts_client_table_prefetch(const TsClientTable *table, const TsClientKey *key);

/**
 * ts_client_table_account:
 * @now_ticks: the raw clock in units of 2^20 ns; wraps
 * @version_mode: version << 4 | mode of the request, not 0
 * @limit: decides
 * @place: (out): where the record is
 *
 * Finds or makes the client's record and books one request in it. Returns: what the rate limit
 * says. Thread: worker.
 */
TsRateVerdict ts_client_table_account(TsClientTable *table, const TsClientKey *key,
				      uint32_t now_ticks, uint8_t version_mode,
				      const TsRateLimit *limit, TsFastRandom *random,
				      TsClientPlace *place);

/* Books an interleaved reply. Thread: worker. */
void ts_client_table_count_interleaved(TsClientTable *table, TsClientPlace place);

/* One record, unpacked. */
typedef struct {
	TsAddress address;
	uint32_t last_seen_ticks;
	uint32_t n_requests, n_dropped, n_interleaved; /* they stay at their maximum */
	double interval_ticks;			       /* NAN after one request */
	uint8_t version, mode;
} TsClientRecord;

/* Calls @func for each record, in no order, while the worker goes on. Thread: main. */
typedef void (*TsClientRecordFunc)(const TsClientRecord *record, void *user_data);
void ts_client_table_foreach(const TsClientTable *table, TsClientRecordFunc func, void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsClientTable, ts_client_table_free)
