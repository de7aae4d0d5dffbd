/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peer.h - one client on the private socket: handshake, messages in, messages out
 *
 * Why not GDBusConnection: it reads messages of up to 128 MiB, queues without limit for a client that
 * does not read, and brings a thread. Here a client has small fixed limits, and one that doesn't read
 * its answers isn't read from. The messages themselves are GDBusMessage. Thread: main.
 */
#pragma once

#include <gio/gio.h>

#include "control/authorise.h"
#include "sched/sched.h"

typedef struct _TsPeer TsPeer;

typedef struct {
	/* Returns: (transfer full) (nullable): the answer */
	GDBusMessage *(*answer)(const TsCaller *caller, GDBusMessage *call, void *user_data);
	/* it is gone, or was thrown out: free it */
	void (*closed)(TsPeer *peer, void *user_data);
	void *user_data;
} TsPeerHandler;

/* @fd: non-blocking, taken over. @caller: taken over. @guid: must outlive the peer. */
TsPeer *ts_peer_new(TsSched *sched, int fd, TsCaller *caller, const char *guid,
		    const TsPeerHandler *handler);
void ts_peer_free(TsPeer *peer);

const TsCaller *ts_peer_caller(const TsPeer *peer);

/* Sends a signal, unless the handshake isn't over. A peer that has left too many unread is closed.
 * @signal: not changed but for its serial. */
void ts_peer_send_signal(TsPeer *peer, GDBusMessage *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPeer, ts_peer_free)
