/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * worker.h - one thread of the server: its loop, and what it shares with the main thread
 *
 * The main thread hands new settings over as one immutable TsServing, swapped in by pointer; the
 * old one is freed when each worker has passed a quiet point (base/qsbr.h).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/qsbr.h"
#include "clock/clock.h"
#include "clock/system-state.h"
#include "ntp/server/access.h"
#include "ntp/server/client-table.h"
#include "ntp/server/listener.h"
#include "ntp/server/own-addresses.h"
#include "ntp/server/rate-limit.h"
#include "ntp/server/server-counters.h"

/* Sockets of one worker: more listeners are refused. */
#define TS_SERVER_MAX_SOCKETS 128

/* What workers need of the settings. */
typedef struct {
	uint64_t generation; /* no two have the same */
	TsAccess *access;
	TsOwnAddresses *own_addresses;
	TsRateLimit rate_limit;
	bool is_interleaved;
	bool serve_unsynchronised;
	unsigned n_sockets;	  /* of each worker */
	TsServerSocket **sockets; /* worker w has sockets[w * n_sockets] and those after it */
} TsServing;

void ts_serving_free(TsServing *serving);

/* What all workers share. */
typedef struct {
	/* set before start, then read-only */
	const TsClock *clock;
	const TsSystemStatePublisher *state;
	TsMetric *counters[TS_N_SERVER_COUNTERS];
	TsQsbr *qsbr;
	/* atomic; written by main, read by workers */
	TsServing *serving;
	uint32_t must_stop;
} TsWorkerShared;

typedef struct _TsWorker TsWorker;

/**
 * ts_worker_new:
 * @index: of its slot in counters and qsbr
 * @table_bytes: for its clients and their pairs; too few for one client: none is remembered, so
 * there is no rate limit and no interleaved mode
 * @shared: must outlive the worker; its serving is set
 *
 * Starts the thread. Errors: TIMESRV_ERROR_UNAVAILABLE. Thread: main.
 */
TsWorker *ts_worker_new(unsigned index, size_t table_bytes, TsWorkerShared *shared, GError **error);

/* Has the worker look at what is published, if it sleeps. Thread: main. */
void ts_worker_wake(TsWorker *worker);

/* Joins the thread, which ends after must_stop was set and it was woken. Thread: main. */
void ts_worker_free(TsWorker *worker);

/* Returns: (transfer none) (nullable): to be read by ts_client_table_foreach(). Thread: main. */
const TsClientTable *ts_worker_clients(const TsWorker *worker);
