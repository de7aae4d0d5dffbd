/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.h - up to 64 requests of one socket on their way to their replies
 *
 *   receive -> parse, access -> rate and client table -> fill -> send -> save pairs
 *
 * Each stage goes over the whole batch before the next begins: one system call for 64 datagrams,
 * one reading of clock and state, cache misses of the client table that overlap. A plugin that
 * authenticates will be called between those stages with the whole batch; what it needs of a packet
 * is in TsExchange. Thread of all here: worker. No lock, no allocation, no log line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ntp/server/interleave.h"
#include "ntp/server/reply.h"
#include "ntp/server/server-io.h"
#include "ntp/server/worker.h"

/* One request and its reply, between the socket's two sides. */
typedef struct {
	TsDatagram *datagram;
	TsRequest request;
	TsReplyFields fields;
	TsClientKey key;
	TsClientPlace place;
	bool is_interleaved;
} TsExchange;

typedef struct _TsBatch TsBatch;

/* Memory and what belongs to one worker. The batch borrows all that it is given. */
TsBatch *ts_batch_new(const TsWorkerShared *shared, TsClientTable *clients, TsPairTable *pairs);
void ts_batch_free(TsBatch *batch);

/**
 * ts_batch_serve:
 *
 * Receives what waits in @socket, at most TS_BATCH_SIZE, answers it, and takes in the transmit
 * timestamps. Returns: how many datagrams came.
 */
unsigned ts_batch_serve(TsBatch *batch, const TsServing *serving, TsServerSocket *socket,
			uint32_t counts[TS_N_SERVER_COUNTERS]);

/* Takes in transmit timestamps that came later. */
void ts_batch_collect_stamps(TsBatch *batch, TsServerSocket *socket,
			     uint32_t counts[TS_N_SERVER_COUNTERS]);
