/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * own-addresses.h - the addresses of this host, so that no reply goes to our own port
 *
 * A request that claims to come from our own address and port was forged, and its reply would come
 * back to us (field case B44). Immutable; taken anew when settings change and each time listeners
 * are tried again, for addresses come and go.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "base/address.h"

typedef struct _TsOwnAddresses TsOwnAddresses;

/* Thread: main. */
TsOwnAddresses *ts_own_addresses_new(void);
void ts_own_addresses_free(TsOwnAddresses *own);

/* Returns: whether both hold the same. Thread: main. */
bool ts_own_addresses_equal(const TsOwnAddresses *a, const TsOwnAddresses *b);

/* Scopes are not compared. Thread: any; no allocation. */
bool ts_own_addresses_contain(const TsOwnAddresses *own, const TsAddress *address);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsOwnAddresses, ts_own_addresses_free)
