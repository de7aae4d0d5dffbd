/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h - a daemon of a scenario: a clock, the engine, the NTP client, and replies to others
 *
 * All of it is the core's own code; only the clock, the packets' way and the names are simulated.
 */
#pragma once

#include "expect.h"
#include "meter.h"
#include "refclock.h"

typedef struct {
	char *name;
	double frequency_ppm, wander_ppm;
	double offset_s;
	double cycle_ppm, cycle_period_s; /* temperature */
	TsSettings *settings;
	GPtrArray *expectations; /* of SimExpectation */
} SimNodeSettings;

/* What an event does to a node. */
typedef struct {
	double step_s;         /* another program moves the clock */
	double frequency_ppm;  /* the oscillator jumps by this */
	double suspend_s;      /* the machine sleeps; the kernel tells */
	double freeze_s;       /* a virtual machine stands still; nobody tells */
	TsSettings *settings;  /* (nullable): a reload */
	TsSourceSettings *added; /* (nullable) */
	char *removed;         /* (nullable): label */
	bool is_stopped, is_started;
} SimNodeAction;

SimNodeSettings *sim_node_settings_new(const char *name);
void sim_node_settings_free(SimNodeSettings *settings);
void sim_node_settings_read(SimNodeSettings *settings, TsConfigReader *reader, const TsNode *map);

void sim_node_action_read(SimNodeAction *action, TsConfigReader *reader, const TsNode *map);
void sim_node_action_clear(SimNodeAction *action);

typedef struct _SimNode SimNode;
typedef struct _SimWorld SimWorld;

/* @seed: of the oscillator and the reference clocks */
SimNode *sim_node_new(SimWorld *world, const SimNodeSettings *settings, uint64_t seed);
void sim_node_free(SimNode *node);

void sim_node_start(SimNode *node);
void sim_node_stop(SimNode *node);
void sim_node_act(SimNode *node, const SimNodeAction *action);

/* Looks at the clock. */
void sim_node_look(SimNode *node);

const SimNodeSettings *sim_node_settings(const SimNode *node);
const SimMeter *sim_node_meter(const SimNode *node);

/* Returns: what it claims of its error to those who ask it, s; INFINITY if it serves nothing. */
double sim_node_claim(const SimNode *node);

void sim_node_get_figures(SimNode *node, SimFigures *figures);
