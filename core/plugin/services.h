/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services.h - how plugins meet: by the name of an interface, never by linking
 *
 * A use pins the provider: withdrawing waits until the last pin is gone. A name outlives its
 * providers, so that a reference stays good while its provider is replaced.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef struct _TsServices TsServices;
typedef struct _TsServiceRef TsServiceRef;

/* @is_present: it came, or (before it goes) it is about to go. Thread: main. */
typedef void (*TsServiceFunc)(const char *interface, bool is_present, void *user_data);

TsServices *ts_services_new(void);

/* Every reference was released and every service withdrawn before. */
void ts_services_free(TsServices *services);

/* @owner: who withdraws it. Returns: false if another offers @interface. Thread: main. */
bool ts_services_publish(TsServices *services, const void *owner, const char *interface,
			 uint32_t version, const void *table, void *object);

/**
 * ts_services_withdraw:
 * @owner: whose services go
 * @limit_us: how long to wait for those that use them
 *
 * From here on ts_service_use() gives NULL. Returns: false if somebody still uses one of them after
 * @limit_us: then its code and data must stay. Thread: main.
 */
bool ts_services_withdraw(TsServices *services, const void *owner, int64_t limit_us);

/* Returns: (transfer full): ends with ts_services_release(). @func: (nullable). Thread: main. */
TsServiceRef *ts_services_acquire(TsServices *services, const char *interface, uint32_t min_version,
				  TsServiceFunc func, void *user_data);
void ts_services_release(TsServices *services, TsServiceRef *ref);

/* Returns: (nullable): the table, pinned until ts_service_done(); NULL pins nothing. Thread: any
 * but server workers: it takes a lock. */
const void *ts_service_use(TsServiceRef *ref, void **object);
void ts_service_done(TsServiceRef *ref);
