/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plugin.h - what a plugin of timesrv offers; includes the whole SDK
 *
 *   TIMESRV_PLUGIN_INFO(TIMESRV_KIND_REFCLOCK, "hello", "1.0", "MIT", "says hello", 0);
 *   TIMESRV_PLUGIN_SCHEMA("device|path|!|||serial device\n");
 *   TIMESRV_PLUGIN_DEFINE = {
 *           .struct_size = sizeof(struct timesrv_plugin), ...
 *   };
 *
 * The life of an instance, all of it on the main thread:
 *
 *   create -> start -> (callbacks) -> stop -> destroy
 *                ^----- a reload that failed ----'
 *
 * Build it with hidden visibility, and link with -Wl,-z,defs so that a missing symbol shows at
 * once.
 */
#pragma once

#include <stdint.h>

#include <timesrv/abi.h>
#include <timesrv/host.h>
#include <timesrv/refclock.h>
#include <timesrv/sample.h>

struct timesrv_plugin {
	uint32_t struct_size;
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t kind;  /* enum timesrv_kind, as in the note */
	uint32_t flags; /* as in the note */

	/* Of the kind: struct timesrv_refclock_ops; NULL for a service. */
	const void *kind_ops;

	/* Makes an instance: reads settings, allocates. Nothing that another instance would notice:
	 * no device, no socket, no thread. @host stays valid until destroy() returns. 0 and *@self,
	 * or a negative errno; the cause goes to host->log() before. Must not be NULL. */
	int (*create)(const struct timesrv_host *host, void **self);

	/* Opens devices, adds timers and watches, publishes services. 0, or a negative errno with
	 * the cause in host->log(); what was opened is closed again then, and stop() is not called.
	 * Must not be NULL. */
	int (*start)(void *self);

	/* Closes what start() opened. Timers and watches have been cancelled before, so no callback
	 * comes any more; threads of its own are joined on return. start() may follow again. May be
	 * NULL. */
	void (*stop)(void *self);

	/* Frees the instance. Must not be NULL. */
	void (*destroy)(void *self);

	/* A service that the instance asked for came (@is_present) or is about to go. May be
	 * NULL. */
	void (*on_service)(void *self, const char *interface, int is_present);

	/* The clock was disturbed: it was stepped, or the epoch was raised to @epoch. Open
	 * measurements are worthless. May be NULL. */
	void (*on_disruption)(void *self, uint32_t epoch);

	/* ---- what later minors append goes below ---- */
};

/* The only symbol that a plugin exports. Data, so that nothing of it runs before it is checked. */
#define TIMESRV_PLUGIN_SYMBOL "timesrv_plugin_1"

#ifdef __cplusplus
#define TIMESRV_PLUGIN_DEFINE                                                                      \
	extern "C" {                                                                               \
	extern TIMESRV_EXPORT const struct timesrv_plugin timesrv_plugin_1;                        \
	}                                                                                          \
	const struct timesrv_plugin timesrv_plugin_1
#else
#define TIMESRV_PLUGIN_DEFINE                                                                      \
	extern TIMESRV_EXPORT const struct timesrv_plugin timesrv_plugin_1;                        \
	const struct timesrv_plugin timesrv_plugin_1
#endif
