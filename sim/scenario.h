/* SPDX-License-Identifier: BSD-2-Clause */
/* scenario.h - a scenario's file, checked */
#pragma once

#include "directory.h"
#include "link.h"
#include "node.h"
#include "server.h"

typedef struct {
	char *name;
	SimServerSettings settings;
} SimServerEntry;

typedef struct {
	char *name;
	SimRefclockSettings settings;
} SimRefclockEntry;

/* What happens at a set time; the changes are read from the nodes again when they happen. */
typedef struct {
	double at_s;
	const TsNode *links, *servers, *refclocks, *nodes; /* (nullable) */
} SimEvent;

typedef struct {
	char *title;
	double duration_s, settle_s, interval_s, converged_s;
	double start_utc_s;
	uint32_t seed;
	unsigned n_seeds;        /* how many runs, from that seed on */
	SimDirectory *directory;
	GPtrArray *servers;      /* of SimServerEntry */
	GPtrArray *refclocks;    /* of SimRefclockEntry */
	GPtrArray *nodes;        /* of SimNodeSettings */
	GArray *events;          /* of SimEvent, by time */
	GPtrArray *expectations; /* of SimExpectation, of every node */
	/* (nullable): as written; they refer to each other by name, so they are read in a fixed order */
	struct {
		const TsNode *links, *servers, *refclocks, *pools, *nodes, *events, *expect;
	} sections;
	TsNode *tree;            /* what all these belong to */
} SimScenario;

/**
 * sim_scenario_load:
 * @overrides: (array zero-terminated=1): "path.of.keys=value", see override.h
 * @mistakes: (out) (transfer full) (nullable): all mistakes, a line each
 *
 * Returns: (transfer full) (nullable): NULL with mistakes.
 */
SimScenario *sim_scenario_load(const char *path, const char *const *overrides, char **mistakes);
void sim_scenario_free(SimScenario *scenario);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimScenario, sim_scenario_free)
