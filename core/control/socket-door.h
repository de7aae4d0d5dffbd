/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * socket-door.h - the private socket: D-Bus without a bus
 *
 * Everybody may connect (mode 0666); what he may do is decided for each call. The number of clients is
 * limited, in all and for each user, with places that only those who may change things can take.
 * Thread: main.
 */
#pragma once

#include "control/peer.h"

typedef struct _TsSocketDoor TsSocketDoor;

typedef struct {
	GDBusMessage *(*answer)(const TsCaller *caller, GDBusMessage *call, void *user_data);
	bool (*trusts)(const TsCaller *caller, void *user_data);
	void *user_data;
} TsSocketDoorHandler;

/**
 * ts_socket_door_new:
 * @path: made, with its folder; a socket that nobody listens on any more is replaced
 *
 * Errors: TIMESRV_ERROR_EXISTS when another daemon listens there or the path is no socket; what the
 * kernel says.
 */
TsSocketDoor *ts_socket_door_new(TsSched *sched, const char *path,
				 const TsSocketDoorHandler *handler, GError **error);

/* Closes all connections; removes the path if it is still ours. */
void ts_socket_door_free(TsSocketDoor *door);

bool ts_socket_door_has_peers(const TsSocketDoor *door);
void ts_socket_door_send_signal(TsSocketDoor *door, GDBusMessage *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSocketDoor, ts_socket_door_free)
