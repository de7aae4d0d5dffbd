/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * listener.h - one address that is listened on: a socket for each worker
 *
 * Wildcard sockets are told by the kernel which address was asked, so that the reply leaves from
 * it; the others are bound to it. All here is the main thread's; a worker uses its sockets
 * meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "config/settings.h"
#include "ntp/server/tx-stamps.h"

typedef struct {
	/* set before start, then read-only */
	int fd;
	bool is_v6;
	bool is_wildcard;
	bool has_tx_stamps; /* the kernel can say when replies left */
	uint16_t port;
	/* worker only */
	TsTxStamps stamps;
} TsServerSocket;

typedef struct {
	TsListen settings;
	TsAddress address;  /* as bound: the port that the kernel chose for port 0 */
	unsigned n_sockets; /* one a worker, or 0: not bound */
	TsServerSocket *sockets;
	char *problem; /* (nullable) why it is not bound */
} TsListener;

typedef struct {
	unsigned n_workers;
	uint32_t spread_multiplier; /* see spread.h */
	int dscp;
} TsListenerOptions;

TsListener *ts_listener_new(const TsListen *settings);

/* Closes the sockets: no worker may use them any more (base/qsbr.h). */
void ts_listener_free(TsListener *listener);

/**
 * ts_listener_open:
 *
 * Binds. May be tried again after it failed; says a problem when it is new, as a warning, or as an
 * information if it is only that the kernel has no IPv6 for a wildcard. Returns: whether it is
 * bound now.
 */
bool ts_listener_open(TsListener *listener, const TsListenerOptions *options);

/* Changes the mark of the packets that are sent from now on. */
void ts_listener_set_dscp(TsListener *listener, int dscp);

/* Returns: whether both ask for the same address and device. */
bool ts_listener_is_for(const TsListener *listener, const TsListen *settings);
