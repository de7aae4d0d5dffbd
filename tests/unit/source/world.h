/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.h - a small world on virtual time: one engine over a wrong oscillator, and sources that tell
 * true time over jittery paths, or lie
 */
#pragma once

#include "metrics/registry.h"
#include "source/engine.h"

typedef struct _World World;

/* A source of the world; what it does can be changed at any time. */
typedef struct {
	World *world;
	TsSource *source;
	TsTimer *timer;
	double poll_s;
	double lie_s;      /* added to true time */
	double path_s;     /* one way */
	double jitter_s;   /* mean of the exponential excess on each way */
	double claim_s;    /* its root dispersion */
	int stratum;       /* 1 */
	bool is_dead;
	unsigned n_bursts, n_replaced;
} Teller;

struct _World {
	TsSched *sched;
	TsSettings *settings;
	TsClock *clock;
	TsMetrics *metrics;
	TsEngine *engine;
	GPtrArray *tellers;
	uint64_t random_state;
	unsigned n_panics, n_steps, n_disruptions;
};

/* @oscillator: how wrong the clock is. */
World *world_new(const TsOscillator *oscillator, uint64_t seed);
void world_free(World *world);

/* Asked each @poll_s from now on; jitter 100 us, path 1 ms, claims 1 ms. */
Teller *world_add_teller(World *world, const char *label, double poll_s);

void world_remove_teller(World *world, Teller *teller);

void world_run(World *world, double seconds);

/* Returns: the disciplined clock minus true time, s. */
double world_error_s(const World *world);
TsClockView world_clock(const World *world);
TsVerdict teller_verdict(const Teller *teller);
