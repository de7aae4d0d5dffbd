/* SPDX-License-Identifier: BSD-2-Clause */
/* meter.h - looks at a node's clock at regular moments and remembers what it saw */
#pragma once

#include "figures.h"
#include "source/engine.h"

/* NAN where there is none. */
typedef struct {
	double error_s;  /* the clock minus true time */
	double bound_s;  /* the hard bound that the daemon claims */
	double served_s; /* root delay/2 + root dispersion that it serves */
	double floor_s;  /* the narrowest that a bound could be */
	bool is_locked;
	bool is_moved;   /* stepped since the moment before: tells nothing of its rate */
} SimMoment;

typedef struct {
	double settle_s;         /* figures of the steady state begin here */
	double interval_s;       /* between two looks */
	double converged_s;      /* the error that counts as converged */
} SimMeterOptions;

typedef struct _SimMeter SimMeter;

SimMeter *sim_meter_new(const SimMeterOptions *options);
void sim_meter_free(SimMeter *meter);

/* @engine: (nullable): the daemon is stopped. @floor_s: NAN if nothing is followed. */
void sim_meter_look(SimMeter *meter, const TsClock *clock, const TsEngine *engine, double floor_s);

/* The clock was moved from outside. */
void sim_meter_note_move(SimMeter *meter);

/* Fills in what it saw; packets, and what the events told, are the caller's. */
void sim_meter_get(const SimMeter *meter, SimFigures *figures);

/* Returns: (transfer none) (array length=n): all moments. */
const SimMoment *sim_meter_moments(const SimMeter *meter, unsigned *n);
