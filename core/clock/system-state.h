/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * system-state.h - what this host says about its own time, as one immutable struct
 *
 * The main thread publishes it after each update of the clock; server workers, exporters and the
 * control interface copy it. Root delay and dispersion derive from the hard bound, so that a client
 * of ours that adds them up is right.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "clock/leap.h"

#define TS_STRATUM_UNSYNCHRONISED 16

typedef struct {
	int64_t reference_utc_ns;     /* when the clock was last updated, on the disciplined clock */
	int64_t reference_raw_ns;     /* the moment on the raw clock that the next three are given for */
	double root_delay_s;          /* >= 0 */
	double root_dispersion_s;     /* >= 0 */
	double root_dispersion_rate;  /* s/s: how fast it grows from then on */
	uint32_t refid;               /* host byte order; an address, or four letters */
	int32_t stratum;              /* 1 to 15, or TS_STRATUM_UNSYNCHRONISED */
	int32_t leap;                 /* TsLeap */
	int32_t precision_log2s;      /* of reading the clock */
	uint32_t epoch;               /* the clock's epoch that this belongs to */
	uint32_t may_serve;           /* bool: whether time may be given to clients */
} TsSystemState;

typedef struct _TsSystemStatePublisher TsSystemStatePublisher;

/* Starts with an unsynchronised state. Thread: main. */
TsSystemStatePublisher *ts_system_state_publisher_new(void);
void ts_system_state_publisher_free(TsSystemStatePublisher *publisher);

/* Thread: main, one at a time. */
void ts_system_state_publish(TsSystemStatePublisher *publisher, const TsSystemState *state);

/* Copies the latest state. Thread: any; takes no lock. */
void ts_system_state_read(const TsSystemStatePublisher *publisher, TsSystemState *state);

/* Returns: root dispersion at @raw_ns, s: never less than at the reference. Thread: any. */
double ts_system_state_root_dispersion(const TsSystemState *state, int64_t raw_ns);
