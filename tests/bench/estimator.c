/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimator.c - how far the estimators are off the truth, beside what others reach
 *
 * A random-walk oscillator, perfect steering, the error read once a second, also between samples;
 * RMS over seeds, in ns. "claim" is the RMS of error over claimed 1-sigma: 1 is honest, above is
 * too bold. "chrony" is a real chronyd in a network simulator at the same interval or at its own
 * choice of it (it also slews, so compare orders); "first" is the first prototype of the bank of
 * filters; "known" a filter that is told the wander and takes the better one of constant and
 * excess-delay noise. Prints, judges nothing.
 *
 *   bench-estimator [SEEDS]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "select/combine.h"
#include "select/estimate.h"
#include "select/kalman.h"
#include "select/noise.h"
#include "../unit/select/truth.h"

#define MAX_SOURCES 4

typedef struct {
	const char *name;
	TruthShape shape;
	double jitter_s, wander;
	double interval_s;
	double chrony_ns, first_ns;
	double thermal;
	unsigned n_sources;
	unsigned until_s, settle_s;
	double route_change_s;
} Case;

static const Case cases[] = {
	{"lan, 64 s", TRUTH_EXPONENTIAL, 1e-5, 1e-9, 64, 5676, 2962, .n_sources = 1},
	{"internet, 64 s", TRUTH_EXPONENTIAL, 1e-3, 1e-9, 64, 98388, 72249, .n_sources = 1},
	{"internet, 256 s", TRUTH_EXPONENTIAL, 1e-3, 1e-9, 256, 461590, 139637, .n_sources = 1},
	{"wifi, 256 s", TRUTH_EXPONENTIAL, 1e-2, 1e-9, 256, 1509188, 803835, .n_sources = 1},
	{"spikes, 256 s", TRUTH_SPIKES, 1e-4, 1e-9, 256, 121879, 43875, .n_sources = 1},
	{"wander, 276 s", TRUTH_EXPONENTIAL, 1e-4, 1e-8, 276, 192442, 65936, .n_sources = 1},
	{"thermal, 145 s", TRUTH_EXPONENTIAL, 1e-4, 1e-9, 145, 160567, 52433, .thermal = 1e-6,
	 .n_sources = 1},
	{"one way, 64 s", TRUTH_ONE_WAY, 1e-3, 1e-9, 64, 0, 18928, .n_sources = 1},
	{"Gaussian, 64 s", TRUTH_GAUSSIAN, 1e-3, 1e-9, 64, 0, 152005, .n_sources = 1},
	{"Pareto, 64 s", TRUTH_PARETO, 1e-3, 1e-9, 64, 0, 24007, .n_sources = 1},
	{"load 3:1, 64 s", TRUTH_LOADED, 1e-3, 1e-9, 64, 0, 56952, .n_sources = 1},
	{"route change, 64 s", TRUTH_EXPONENTIAL, 1e-3, 1e-9, 64, 0, 73092, .n_sources = 1,
	 .route_change_s = 3e-3},
	{"shm, 1 s", TRUTH_READING, 1e-6, 1e-9, 1, 396, 0, .n_sources = 1, .until_s = 20000,
	 .settle_s = 5000},
	{"phc, 1 s", TRUTH_READING, 1e-7, 1e-9, 1, 71, 0, .n_sources = 1, .until_s = 20000,
	 .settle_s = 5000},
	{"3 sources, 256 s", TRUTH_EXPONENTIAL, 1e-3, 1e-9, 256, 554342, 77133, .n_sources = 3},
	{"3 loaded, 64 s", TRUTH_LOADED, 1e-3, 1e-9, 64, 0, 0, .n_sources = 3},
};

/* Filters that are told the wander: one for each of two noise models. */
typedef struct {
	TsNoise noise;
	int64_t raw_ns, base_ns;
	double x[2][2], p[2][TS_KALMAN_PACKED(2)];
	double error[2]; /* sums of squares */
} Known;

typedef struct {
	double error, claim; /* sums of squares */
	double cpu_s;
	unsigned long n, n_samples;
} Sum;

static void
measure(const TruthClock *clock, const TsEstimate *estimate, Sum *sum)
{
	double error =
		ts_estimate_offset_from(estimate, clock->raw_ns, clock->base_ns) - clock->offset_s;

	sum->error += error * error;
	sum->claim += error * error / (estimate->offset_sd_s * estimate->offset_sd_s);
	sum->n++;
}

static void
known_init(Known *known, const TruthClock *clock)
{
	ts_noise_init(&known->noise, TS_NOISE_WINDOW);
	known->raw_ns = clock->raw_ns;
	known->base_ns = clock->base_ns;
	for (unsigned model = 0; model < 2; model++) {
		known->x[model][0] = known->x[model][1] = 0;
		known->p[model][0] = 1;
		known->p[model][1] = 0;
		known->p[model][2] = 1e-6;
	}
}

static void
known_add(Known *known, const TsSample *sample, double wander)
{
	TsNoiseView view;
	double dt_s = (double)(sample->raw_ns - known->raw_ns) * 1e-9;

	ts_noise_add(&known->noise, sample);
	ts_noise_view(&known->noise, ts_noise_sample(&known->noise, 0), &view);
	known->raw_ns = sample->raw_ns;
	for (unsigned model = TS_NOISE_CONSTANT; model <= TS_NOISE_EVEN; model++) {
		TsKalmanSample seen = {
			.value = (double)(sample->offset_ns - known->base_ns) * 1e-9,
			.variance = view.variance[model],
		};
		ts_kalman_predict(known->x[model], known->p[model], 2, dt_s, wander * wander);
		ts_kalman_update(known->x[model], known->p[model], 2, &seen);
	}
}

static void
known_measure(Known *known, const TruthClock *clock)
{
	double dt_s = (double)(clock->raw_ns - known->raw_ns) * 1e-9;

	for (unsigned model = 0; model < 2; model++) {
		double error = known->x[model][0] + dt_s * known->x[model][1] - clock->offset_s;

		known->error[model] += error * error;
	}
}

/* What one would do with finished estimates: their mean, weighted by variance. */
static void
mix(const TsEstimate *estimates, unsigned n, TsEstimate *mixed)
{
	double weights = 0, offset_s = 0;
	int64_t base_ns = estimates[0].offset_ns;

	*mixed = estimates[0];
	for (unsigned i = 0; i < n; i++) {
		double weight = 1 / (estimates[i].offset_sd_s * estimates[i].offset_sd_s);

		weights += weight;
		offset_s += weight * ts_estimate_offset_from(&estimates[i], mixed->raw_ns, base_ns);
	}
	mixed->fraction_ns = offset_s / weights * 1e9;
	mixed->offset_sd_s = sqrt(1 / weights);
}

static double
cpu_now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

typedef struct {
	TruthRandom random;
	TruthClock clock;
	TruthPath path;
	TsEstimator *estimators[MAX_SOURCES];
	TsCombiner *combiner;
	Known *known;
} Run;

static void
sample_all(const Case *c, Run *run, unsigned long t, Sum *single, Sum *pooled)
{
	static const uint64_t ids[MAX_SOURCES] = {1, 2, 3, 4};
	unsigned interval_s = (unsigned)c->interval_s;
	TsSample sample;
	const TsSample *histories[MAX_SOURCES] = {&sample, &sample, &sample, &sample};
	const unsigned n_histories[MAX_SOURCES] = {1, 1, 1, 1};

	for (unsigned i = 0; i < c->n_sources; i++) {
		if (t % interval_s != i * interval_s / c->n_sources)
			continue;
		sample = truth_sample(&run->clock, &run->path, &run->random);
		/* A swing is like a random walk for about 10 minutes. */
		if (i == 0)
			known_add(run->known, &sample,
				  fmax(c->wander,
				       c->thermal * 2 * M_PI / 7200 / sqrt(2) * sqrt(600)));
		double start_s = cpu_now_s();
		ts_estimator_add(run->estimators[i], &sample, NULL);
		double middle_s = cpu_now_s();
		if (t < interval_s)
			ts_combiner_set_sources(run->combiner, ids, i + 1, histories, n_histories);
		else
			ts_combiner_add(run->combiner, ids[i], &sample);
		single->cpu_s += middle_s - start_s;
		single->n_samples++;
		pooled->cpu_s += cpu_now_s() - middle_s;
		pooled->n_samples++;
	}
}

static void
run_case(const Case *c, unsigned seed, Known *known, Sum *single, Sum *pooled)
{
	Run run = {.known = known,
		   .path = {.shape = c->shape,
			    .base_s = 1e-2,
			    .jitter_s = c->jitter_s,
			    .noise_s = 2e-8}};
	unsigned long until_s = c->until_s ? c->until_s : 100000;
	unsigned long settle_s = c->settle_s ? c->settle_s : 30000;

	if (c->shape == TRUTH_READING)
		run.path.base_s = 0;
	truth_seed(&run.random, seed);
	truth_clock_init(&run.clock, 1e-5, c->wander);
	run.clock.thermal = c->thermal;
	for (unsigned i = 0; i < c->n_sources; i++)
		run.estimators[i] = ts_estimator_new(NULL);
	run.combiner = ts_combiner_new();
	known_init(known, &run.clock);
	for (unsigned long t = 0; t < until_s; t++) {
		truth_clock_advance(&run.clock, 1, &run.random);
		if (t == 60000)
			run.path.base_s += c->route_change_s;
		sample_all(c, &run, t, single, pooled);
		if (t < settle_s)
			continue;
		TsEstimate own[MAX_SOURCES], mixed, combined;
		for (unsigned i = 0; i < c->n_sources; i++)
			ts_estimator_get(run.estimators[i], run.clock.raw_ns, &own[i]);
		mix(own, c->n_sources, &mixed);
		measure(&run.clock, &mixed, single);
		known_measure(known, &run.clock);
		ts_combiner_get(run.combiner, run.clock.raw_ns, &combined);
		measure(&run.clock, &combined, pooled);
	}
	for (unsigned i = 0; i < c->n_sources; i++)
		ts_estimator_free(run.estimators[i]);
	ts_combiner_free(run.combiner);
}

int
main(int argc, char **argv)
{
	unsigned seeds = argc > 1 ? (unsigned)atoi(argv[1]) : 8;

	printf("%-20s%9s%9s%9s |%9s%7s%7s%7s |%9s%7s%7s%7s\n", "", "chrony", "first", "known",
	       "own mean", "/first", "claim", "us", "pooled", "/own", "claim", "us");
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		Sum single = {0}, pooled = {0};
		Known known = {0};

		for (unsigned seed = 1; seed <= seeds; seed++)
			run_case(&cases[i], seed * 100 + i, &known, &single, &pooled);
		double own_ns = 1e9 * sqrt(single.error / (double)single.n);
		double pooled_ns = 1e9 * sqrt(pooled.error / (double)pooled.n);
		printf("%-20s%9.0f%9.0f%9.0f |%9.0f%7.2f%7.2f%7.1f |%9.0f%7.2f%7.2f%7.1f\n",
		       cases[i].name, cases[i].chrony_ns, cases[i].first_ns,
		       1e9 * sqrt(fmin(known.error[0], known.error[1]) / (double)single.n), own_ns,
		       cases[i].first_ns > 0 ? own_ns / cases[i].first_ns : 0,
		       sqrt(single.claim / (double)single.n),
		       1e6 * single.cpu_s / (double)single.n_samples, pooled_ns, pooled_ns / own_ns,
		       sqrt(pooled.claim / (double)pooled.n),
		       1e6 * pooled.cpu_s / (double)pooled.n_samples);
		fflush(stdout);
	}
	return 0;
}
