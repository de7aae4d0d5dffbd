/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client-list.h - the clients that were seen last, out of the tables of all workers
 *
 * Thread of all here: main; the workers go on, and each record is copied by itself.
 */
#pragma once

#include <stdint.h>

#include <glib.h>

#include "base/address.h"
#include "ntp/server/client-table.h"

typedef struct {
	TsAddress address;
	uint64_t n_requests;	/* since the record was made */
	uint64_t n_dropped;	/* over the rate limit: not answered, or by a kiss */
	uint64_t n_interleaved; /* replies in interleaved mode */
	double interval_s;	/* between its requests, smoothed; NAN after one */
	double last_seen_s;	/* ago */
	uint8_t version, mode;
} TsClientView;

typedef struct _TsClientList TsClientList;

/* @limit: how many are wanted, 0: all. @raw_ns: now, on the raw clock: ages are counted from it. */
TsClientList *ts_client_list_new(unsigned limit, int64_t raw_ns);

void ts_client_list_add(TsClientList *list, const TsClientTable *clients);

/* Returns: (transfer full) (element-type TsClientView): the latest first. Frees @list. */
GArray *ts_client_list_finish(TsClientList *list);
