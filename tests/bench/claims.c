/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * claims.c - are the claimed errors of estimates right? By class of random cases
 *
 * "offset" and "frequency": the RMS of error over claimed 1-sigma, half an interval after the last
 * sample. 1 is honest, above is too bold. "5 %" is the share of cases beyond 2 sigma (5 % if
 * normal). Prints, judges nothing.
 *
 *   bench-claims [CASES]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "select/estimate.h"
#include "../unit/select/truth.h"

#define MAX_CLASSES 10

typedef struct {
	const char *name;
	double low, high;
} Class;

/* Cases are sorted in five ways. */
enum { ALL, SHAPE, COUNT, WANDER, INTERVAL, TABLES };

static const Class classes[TABLES][MAX_CLASSES] = {
	[ALL] = {{"all", 0, 0}},
	[SHAPE] = {{"exponential", 0, 0},
		   {"one way", 1, 1},
		   {"loaded", 2, 2},
		   {"Gaussian", 3, 3},
		   {"Pareto", 4, 4},
		   {"spikes", 5, 5},
		   {"reading", 6, 6}},
	[COUNT] = {{"1 sample", 1, 1},
		   {"2", 2, 2},
		   {"3", 3, 3},
		   {"4", 4, 4},
		   {"5-8", 5, 8},
		   {"9-16", 9, 16},
		   {"17-32", 17, 32},
		   {"33-64", 33, 64},
		   {"65-256", 65, 256},
		   {"257-1000", 257, 1000}},
	[WANDER] = {{"wander < 3e-10", 0, 3e-10},
		    {"< 1e-9", 3e-10, 1e-9},
		    {"< 3e-9", 1e-9, 3e-9},
		    {"< 1e-8", 3e-9, 1e-8},
		    {"< 3e-8", 1e-8, 3e-8}},
	[INTERVAL] = {{"interval < 1 s", 0, 0.9},
		      {"1-7 s", 0.9, 7},
		      {"8-63 s", 7, 63},
		      {"64-511 s", 63, 511},
		      {"512-4096 s", 511, 131072}},
};

typedef struct {
	double offset, frequency; /* sums of squares */
	unsigned n, n_beyond;
} Sum;

typedef struct {
	Sum sums[TABLES][MAX_CLASSES];
} Report;

static void
note(Report *report, unsigned table, double key, double offset, double frequency)
{
	for (unsigned i = 0; i < MAX_CLASSES && classes[table][i].name; i++) {
		Sum *sum = &report->sums[table][i];

		if (key < classes[table][i].low || key > classes[table][i].high)
			continue;
		sum->offset += offset * offset;
		sum->frequency += frequency * frequency;
		sum->n_beyond += fabs(offset) > 2;
		sum->n++;
		return;
	}
}

static void
print(const Report *report, unsigned table)
{
	for (unsigned i = 0; i < MAX_CLASSES && classes[table][i].name; i++) {
		const Sum *sum = &report->sums[table][i];

		if (sum->n > 0)
			printf("%-16s%8u%10.2f%10.2f%10.1f\n", classes[table][i].name, sum->n,
			       sqrt(sum->offset / sum->n), sqrt(sum->frequency / sum->n),
			       100.0 * sum->n_beyond / sum->n);
	}
	putchar('\n');
}

static void
run_case(unsigned seed, Report *report)
{
	TruthCase c;
	TsEstimate estimate;
	g_autoptr(TsEstimator) estimator = ts_estimator_new(NULL);

	truth_case_init(&c, seed);
	for (unsigned i = 0; i < c.n_samples; i++) {
		if (i > 0)
			truth_case_wait(&c);
		TsSample sample = truth_sample(&c.clock, &c.path, &c.random);
		ts_estimator_add(estimator, &sample, NULL);
	}
	truth_clock_advance(&c.clock, c.interval_s / 2, &c.random);
	ts_estimator_get(estimator, c.clock.raw_ns, &estimate);
	double offset = (ts_estimate_offset_from(&estimate, c.clock.raw_ns, c.clock.base_ns) -
			 c.clock.offset_s) /
			estimate.offset_sd_s;
	double frequency = (estimate.frequency - c.clock.frequency) / estimate.frequency_sd;
	note(report, ALL, 0, offset, frequency);
	note(report, SHAPE, c.path.shape, offset, frequency);
	note(report, COUNT, c.n_samples, offset, frequency);
	note(report, WANDER, c.clock.wander, offset, frequency);
	note(report, INTERVAL, c.interval_s, offset, frequency);
	if (fabs(offset) > 6 && getenv("CLAIMS_VERBOSE"))
		printf("# seed %u shape %u n %u interval %g wander %g jitter %g base %g: %.1f (sd "
		       "%g)\n",
		       seed, c.path.shape, c.n_samples, c.interval_s, c.clock.wander,
		       c.path.jitter_s, c.path.base_s, offset, estimate.offset_sd_s);
}

int
main(int argc, char **argv)
{
	Report report = {0};
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 20000;

	for (unsigned seed = 1; seed <= n; seed++)
		run_case(seed, &report);
	printf("%-16s%8s%10s%10s%10s\n", "", "cases", "offset", "frequency", "> 2 sd %");
	for (unsigned table = 0; table < TABLES; table++)
		print(&report, table);
	return 0;
}
