/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bus-door.h - the same objects as org.timesrv1 on the system or session bus
 *
 * The bus may come later, go away and come again; the daemon does not depend on it. GDBus reads on a
 * thread of its own; all that is ours happens on the main thread.
 */
#pragma once

#include <gio/gio.h>

#include "config/settings.h"
#include "control/authorise.h"
#include "sched/sched.h"

#define TS_BUS_NAME "org.timesrv1"

typedef struct _TsBusDoor TsBusDoor;

typedef struct {
	/* as in TsSocketDoorHandler */
	GDBusMessage *(*answer)(const TsCaller *caller, GDBusMessage *call, void *user_data);
	/* needs the call no more than the right to read? */
	bool (*is_read_only)(GDBusMessage *call, void *user_data);
	void *user_data;
} TsBusDoorHandler;

/* @bus: not NONE. Connects in the background. */
TsBusDoor *ts_bus_door_new(TsSched *sched, TsBus bus, const TsBusDoorHandler *handler);
void ts_bus_door_free(TsBusDoor *door);

bool ts_bus_door_is_connected(const TsBusDoor *door);
void ts_bus_door_send_signal(TsBusDoor *door, GDBusMessage *signal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsBusDoor, ts_bus_door_free)
