/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - what a scenario expects of its nodes: "rms: <50us", "outside: 0", "state: locked"
 *
 * Of each run, or, as "rms: median <50us", of the median of all seeds: one run's accuracy is a matter of luck.
 */
#pragma once

#include "config/node.h"
#include "config/problems.h"
#include "figures.h"

typedef struct {
	const SimFigure *figure;
	char *text;      /* as written */
	bool is_of_median;
	char relation;   /* '=', '<', '>', 'l' for "<=", 'g' for ">=" */
	double value;
	char *word;      /* (nullable): of a state or a leap */
	TsOrigin origin;
} SimExpectation;

/* Adds what @map expects to @list, of SimExpectation. A value may be a list: all of it must hold. */
void sim_expectations_read(GPtrArray *list, TsProblems *problems, const TsNode *map);

/* Returns: (transfer full): an empty list. */
GPtrArray *sim_expectations_new(void);

/**
 * sim_expectations_check:
 * @own: of the node; hides what @common says of the same figure
 * @are_medians: whether @figures are the medians of all runs, or one run's
 * @complain: told of each that does not hold
 *
 * Returns: how many do not hold.
 */
unsigned sim_expectations_check(const GPtrArray *common, const GPtrArray *own,
				const SimFigures *figures, bool are_medians,
				void (*complain)(void *user_data, const SimExpectation *expectation,
						 double value),
				void *user_data);
