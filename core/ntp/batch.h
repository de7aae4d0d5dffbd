/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch.h - up to 64 requests of one socket on their way to their replies
 *
 *   receive -> parse, access -> rate and client table -> fill -> send -> save pairs
 *
 * Each stage goes over the whole batch before the next begins: one system call for 64 datagrams, one
 * reading of clock and state, cache misses of the client table that overlap. A plugin that
 * authenticates will be called between those stages with the whole batch; what it needs of a packet is in
 * TsExchange. Thread of all here: worker. No lock, no allocation, no log line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ntp/interleave.h"
#include "ntp/reply.h"
#include "ntp/worker.h"

#define TS_BATCH_SIZE 64

/* One request and its reply. */
typedef struct {
	TsAddress *client;
	const uint8_t *request_bytes;
	size_t request_length;
	uint8_t *reply_bytes; /* room for TS_NTP_MAX_SIZE; never longer than the request */
	size_t reply_length;
	TsRequest request;
	TsReplyFields fields;
	int64_t rx_real_ns;   /* the kernel's stamp; 0: none */
	bool is_to_many;      /* it was sent to a broadcast or multicast address */
	bool has_local;       /* the reply must be told where to leave from: */
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	} local;
	TsClientKey key;
	TsClientPlace place;
	bool is_interleaved;
	bool must_save_pair;
	bool is_sent;
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
