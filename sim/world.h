/* SPDX-License-Identifier: BSD-2-Clause */
/* world.h - everything of a scenario on one virtual time line */
#pragma once

#include "link.h"
#include "node.h"
#include "scenario.h"
#include "server.h"

/* @scenario: outlives the world */
SimWorld *sim_world_new(const SimScenario *scenario, uint64_t seed);
void sim_world_free(SimWorld *world);

/* Runs the scenario to its end, once. */
void sim_world_run(SimWorld *world);

unsigned sim_world_n_nodes(const SimWorld *world);
SimNode *sim_world_node_at(const SimWorld *world, unsigned index);

/* ---- for the nodes --------------------------------------------------------------------------- */

TsSched *sim_world_sched(SimWorld *world);
TsVirtualNet *sim_world_net(SimWorld *world);
const SimScenario *sim_world_scenario(const SimWorld *world);
const SimRefclockSettings *sim_world_find_refclock(const SimWorld *world, const char *name);

/* Lets true time go on for everybody but @sleeper: it is the only node. */
void sim_world_sleep(SimWorld *world, int64_t duration_ns);

/* Returns: what the host at @address claims of its own error, s; NAN: nobody is there. */
double sim_world_claim_of(const SimWorld *world, const TsAddress *address);

/* Returns: the least round trip between two hosts, s. */
double sim_world_least_rtt(const SimWorld *world, const TsAddress *a, const TsAddress *b);
