/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * network-watch.h - tells when addresses or routes of this host changed
 *
 * From the kernel's routing messages, gathered for a second: a link that comes up sends a dozen.
 * Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "sched/sched.h"

typedef struct _TsNetworkWatch TsNetworkWatch;

/* Something changed; what it was is for the receiver to look at. */
typedef void (*TsNetworkFunc)(void *user_data);

/**
 * ts_network_watch_new:
 * @sched: a real scheduler
 *
 * Returns: (transfer full): a watch that never calls where the kernel gives no routing messages
 * (simulators, some sandboxes).
 */
TsNetworkWatch *ts_network_watch_new(TsSched *sched, TsNetworkFunc func, void *user_data);
void ts_network_watch_free(TsNetworkWatch *watch);

/* Returns: whether the kernel sends routing messages here. */
bool ts_network_watch_is_active(const TsNetworkWatch *watch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNetworkWatch, ts_network_watch_free)
