/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hwtimestamp.h - a network interface whose hardware stamps packets
 *
 * Turns the stamping on, and carries stamps from the card's clock to the raw one. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "clock/clock.h"

typedef struct _TsHwInterface TsHwInterface;

/**
 * ts_hw_interface_new:
 * @name: of the interface, "eth0"
 * @clock: outlives it
 *
 * Asks the driver what it can, tells it to stamp (every packet where it can, else none but those
 * that we send), opens the card's clock. Stays turned on afterwards: others may use it. Errors:
 * TIMESRV_ERROR_INCOMPATIBLE (no such hardware), TIMESRV_ERROR_PERMISSION, TIMESRV_ERROR_NOT_FOUND.
 */
TsHwInterface *ts_hw_interface_new(const char *name, const TsClock *clock, GError **error);
void ts_hw_interface_free(TsHwInterface *interface);

unsigned ts_hw_interface_index(const TsHwInterface *interface);

/* The raw clock when the card's clock read @phc_ns, a packet's stamp of this moment. Returns: false
 * if the card's clock can't be read or was set in between. */
bool ts_hw_interface_raw_of(TsHwInterface *interface, int64_t phc_ns, int64_t *raw_ns,
			    double *error_s);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsHwInterface, ts_hw_interface_free)
