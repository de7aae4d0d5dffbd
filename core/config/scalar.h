/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scalar.h - the text of a YAML scalar to a value, without YAML's traps
 *
 * Only true and false are booleans, and numbers are decimal: what some YAML reader would take for
 * something else (yes, on, 010, 0x10, 1:30, 1_000) is refused and explained. A quoted scalar is a
 * string.
 *
 * Each reader returns (transfer full) (nullable) what is wrong, to be said after the key's name, and
 * NULL if nothing is; *value is set only then. Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/node.h"

typedef enum {
	TS_QUANTITY_NUMBER,   /* a plain number */
	TS_QUANTITY_DURATION, /* "1s", "100ms", "10us", "5ns", "2m", "1h", "1d"; bare: seconds. In s */
	TS_QUANTITY_PPM,      /* "500ppm", "20ppb", "0.05%"; bare: ppm. In ppm */
	TS_QUANTITY_SIZE,     /* "512k", "4M", "1G", powers of 1024; bare: bytes. In bytes */
} TsQuantity;

char *ts_scalar_read_bool(const TsNode *node, bool *value);

/* A decimal whole number. */
char *ts_scalar_read_whole(const TsNode *node, int64_t *value);

char *ts_scalar_read_quantity(const TsNode *node, TsQuantity quantity, double *value);

/* log2 of seconds, "6", or a duration that is a power of two, "64s". */
char *ts_scalar_read_poll(const TsNode *node, int *log2s);

/* Writes @value with the unit that suits it, "62.5ms"; returns a new string. */
char *ts_quantity_format(TsQuantity quantity, double value);
