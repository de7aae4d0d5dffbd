/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * responder.h - the NTP server: N workers that answer from the published system state
 *
 * Each worker thread owns its sockets (SO_REUSEPORT, spread by source address), its client table
 * and its counters. It reads two published things: the system state and, later, the plugin call
 * table. No lock, no allocation, no GLib, no log line on that way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "clock/clock.h"
#include "clock/system-state.h"
#include "config/settings.h"
#include "metrics/registry.h"
#include "ntp/server/client-list.h"

typedef struct _TsResponder TsResponder;

/**
 * ts_responder_new:
 * @settings: the server part; copied
 * @clock, @state: what is served; must outlive the responder
 * @metrics: where its counters go (owner "core", names "server_...", see server-counters.h); must
 * outlive it
 *
 * Binds and starts the workers. Empty settings->listen: nothing is bound, no thread is started. An
 * address that can't be bound is no error: it is one warning, with the holder of the port where
 * /proc shows it (field case B47), or one line of information for a wildcard of a family that the
 * kernel lacks (B32); ts_responder_listeners() tells it too, and ts_responder_retry() tries again.
 * Errors: TIMESRV_ERROR_UNAVAILABLE: a worker can't be started. Thread: main.
 */
TsResponder *ts_responder_new(const TsServerSettings *settings, const TsClock *clock,
			      const TsSystemStatePublisher *state, TsMetrics *metrics,
			      GError **error);

/* Stops and joins the workers, closes the sockets. Thread: main. */
void ts_responder_free(TsResponder *responder);

/**
 * ts_responder_update:
 *
 * Takes changed settings: access rules and limits change in place, without a lost request; only
 * listeners that came or went are touched. Another number of workers or size of the client table
 * means new threads and sockets: what waits in the old sockets then is lost, and the table is
 * empty. Errors: as of ts_responder_new(); then nothing is served until an update succeeds. Thread:
 * main.
 */
bool ts_responder_update(TsResponder *responder, const TsServerSettings *settings, GError **error);

/* Tries again to bind what could not be bound, and looks which addresses this host has now. Call
 * when addresses change, or each 30 s. Thread: main. */
void ts_responder_retry(TsResponder *responder);

/* Calls @func for each client in the tables, latest first, at most @limit (0: all). The workers go
 * on: each record is copied by itself. Thread: main. */
typedef void (*TsClientFunc)(const TsClientView *view, void *user_data);
void ts_responder_foreach_client(TsResponder *responder, unsigned limit, TsClientFunc func,
				 void *user_data);

typedef struct {
	TsAddress address; /* bound */
	char device[16];
	bool is_bound;
	char *problem; /* (nullable) why not */
} TsListenerView;

/* Returns: (transfer full) (element-type TsListenerView). Thread: main. */
GArray *ts_responder_listeners(TsResponder *responder);

/* Returns: number of workers that run. Thread: main. */
unsigned ts_responder_n_workers(const TsResponder *responder);

/**
 * ts_responder_check_access:
 * @rule: (out) (optional): the rule that decides; its family is AF_UNSPEC if none names the client,
 * who is denied then
 *
 * Returns: whether @client may ask for time. Thread: main.
 */
bool ts_responder_check_access(TsResponder *responder, const TsAddress *client, TsPrefix *rule);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsResponder, ts_responder_free)
