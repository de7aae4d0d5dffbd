/* SPDX-License-Identifier: BSD-2-Clause */
/* report.h - the figures of one or many runs, as a table and as JSON */
#pragma once

#include "scenario.h"

/* The figures of all nodes in one run, in the scenario's order. */
typedef struct {
	uint64_t seed;
	SimFigures *figures; /* (array) */
} SimRun;

/* Prints a column a node; of many runs the median and the spread, [least..most]. */
void sim_report_table(const SimScenario *scenario, const SimRun *runs, unsigned n_runs);

/* Prints every figure of every run in SI units (ppm where the name says so), null for none. */
void sim_report_json(const SimScenario *scenario, const SimRun *runs, unsigned n_runs);

/* Tells stderr of every expectation that does not hold. Returns: how many. */
unsigned sim_report_broken(const SimScenario *scenario, const SimRun *runs, unsigned n_runs);
