/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * responder.h - the NTP server: N workers that answer from the published system state
 *
 * Each worker thread owns its sockets (SO_REUSEPORT, spread by source address), its client table and
 * its counters. It reads two published things: the system state and, later, the plugin call table. No
 * lock, no allocation, no GLib, no log line on that way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "clock/clock.h"
#include "clock/system-state.h"
#include "config/settings.h"
#include "metrics/registry.h"

typedef struct _TsResponder TsResponder;

/**
 * ts_responder_new:
 * @settings: the server part; copied
 * @clock, @state: what is served; must outlive the responder
 * @metrics: where its counters go (owner "core", names "server_...")
 * @error: (out): an address that can't be bound though it was named, with the holder of the port where
 *   it can be found; a wildcard of a family that the kernel lacks is no error but one line of
 *   information (field case B32). With at least one socket bound the rest is a warning
 *
 * Binds and starts the workers. Empty settings->listen: nothing is bound, no thread is started.
 * Thread: main.
 */
TsResponder *ts_responder_new(const TsServerSettings *settings, const TsClock *clock,
			      const TsSystemStatePublisher *state, TsMetrics *metrics, GError **error);

/* Stops and joins the workers, closes the sockets. Thread: main. */
void ts_responder_free(TsResponder *responder);

/**
 * ts_responder_update:
 *
 * Takes changed settings: access rules and limits change in place, without a lost request; only
 * listeners that came or went are touched. On error the old ones serve on. Thread: main.
 */
bool ts_responder_update(TsResponder *responder, const TsServerSettings *settings, GError **error);

typedef struct {
	TsAddress address;
	uint64_t n_requests;    /* since the record was made */
	uint64_t n_dropped;     /* over the rate limit or denied */
	uint64_t n_interleaved; /* replies in interleaved mode */
	double interval_s;      /* between its requests, smoothed; NAN after one */
	double last_seen_s;     /* ago */
	uint8_t version, mode;
} TsClientView;

/* Calls @func for each client in the tables, latest first, at most @limit (0: all). The workers go on:
 * each record is copied by itself. Thread: main. */
typedef void (*TsClientFunc)(const TsClientView *view, void *user_data);
void ts_responder_foreach_client(TsResponder *responder, unsigned limit, TsClientFunc func,
				 void *user_data);

typedef struct {
	TsAddress address; /* bound */
	char device[16];
	bool is_bound;
	char *problem;     /* (nullable) why not */
} TsListenerView;

/* Returns: (transfer full) (element-type TsListenerView). Thread: main. */
GArray *ts_responder_listeners(TsResponder *responder);

/* Returns: number of workers that run. Thread: main. */
unsigned ts_responder_n_workers(const TsResponder *responder);

/* Returns: whether @client may ask for time, and by which rule (NULL: the default). Thread: main. */
bool ts_responder_check_access(TsResponder *responder, const TsAddress *client, TsPrefix *rule);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsResponder, ts_responder_free)
