/* SPDX-License-Identifier: BSD-2-Clause */
/* truth.c - see truth.h */
#include "truth.h"

#include <math.h>

void
truth_seed(TruthRandom *random, uint64_t seed)
{
	random->state[0] = seed * 7919 + 1;
	random->state[1] = UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 20; i++)
		truth_uniform(random);
}

/* xorshift128+ */
double
truth_uniform(TruthRandom *random)
{
	uint64_t a = random->state[0], b = random->state[1];

	random->state[0] = b;
	a ^= a << 23;
	random->state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
	return (double)((random->state[1] + b) >> 11) * 0x1p-53;
}

double
truth_exponential(TruthRandom *random)
{
	return -log(1 - truth_uniform(random));
}

double
truth_normal(TruthRandom *random)
{
	double radius = sqrt(2 * truth_exponential(random));

	return radius * cos(2 * M_PI * truth_uniform(random));
}

double
truth_log_uniform(TruthRandom *random, double low, double high)
{
	return low * exp(truth_uniform(random) * log(high / low));
}

void
truth_clock_init(TruthClock *clock, double frequency, double wander)
{
	*clock = (TruthClock){
		.raw_ns = INT64_C(1000000000),
		.base_ns = INT64_C(1795000000000000000),
		.frequency = frequency,
		.wander = wander,
		.thermal_period_s = 7200,
	};
}

/* Integral of the thermal swing of the frequency up to now. */
static double
thermal_offset(const TruthClock *clock)
{
	double turn = 2 * M_PI / clock->thermal_period_s;

	return -clock->thermal / turn *
	       cos(turn * ((double)clock->raw_ns * 1e-9 + clock->thermal_phase_s));
}

void
truth_clock_advance(TruthClock *clock, double dt_s, TruthRandom *random)
{
	double gain = clock->wander * sqrt(dt_s) * truth_normal(random);
	double bridge = clock->wander * sqrt(dt_s * dt_s * dt_s / 12) * truth_normal(random);
	double thermal_before = thermal_offset(clock);

	clock->raw_ns += (int64_t)rint(dt_s * 1e9);
	clock->offset_s += dt_s * (clock->frequency + gain / 2) + bridge;
	clock->offset_s += thermal_offset(clock) - thermal_before;
	clock->frequency += gain;
}

static void
queue(const TruthPath *path, TruthRandom *random, double *out_s, double *back_s)
{
	double out = 0, back = 0;

	switch (path->shape) {
	case TRUTH_EXPONENTIAL:
		out = truth_exponential(random);
		back = truth_exponential(random);
		break;
	case TRUTH_ONE_WAY:
		out = 0.02 * truth_exponential(random);
		back = truth_exponential(random);
		break;
	case TRUTH_LOADED:
		out = 0.33 * truth_exponential(random);
		back = truth_exponential(random);
		break;
	case TRUTH_GAUSSIAN:
		out = fmax(3 + truth_normal(random), 0);
		back = fmax(3 + truth_normal(random), 0);
		break;
	case TRUTH_PARETO:
		out = 0.3 * (pow(1 - truth_uniform(random), -1 / 1.7) - 1);
		back = 0.3 * (pow(1 - truth_uniform(random), -1 / 1.7) - 1);
		break;
	case TRUTH_SPIKES:
		out = truth_exponential(random);
		back = truth_exponential(random);
		if (truth_uniform(random) < 0.1)
			back += 200 * truth_exponential(random);
		break;
	case TRUTH_READING:
	case TRUTH_SHAPES:
		break;
	}
	*out_s = path->base_s + path->asymmetry_s / 2 + path->jitter_s * out;
	*back_s = path->base_s - path->asymmetry_s / 2 + path->jitter_s * back;
}

TsSample
truth_sample(const TruthClock *clock, const TruthPath *path, TruthRandom *random)
{
	double out_s, back_s;

	queue(path, random, &out_s, &back_s);
	double error_s = (out_s - back_s) / 2;
	if (path->shape == TRUTH_READING)
		error_s += path->jitter_s * truth_normal(random);
	int64_t offset_ns = clock->base_ns + (int64_t)rint((clock->offset_s + error_s) * 1e9);
	if (path->quantum_ns > 0) {
		int64_t utc_ns = clock->raw_ns + offset_ns + path->quantum_ns / 2;

		utc_ns -= utc_ns % path->quantum_ns;
		offset_ns = utc_ns - clock->raw_ns;
	}
	return (TsSample){
		.raw_ns = clock->raw_ns,
		.offset_ns = offset_ns,
		.delay_ns = (int64_t)ceil((out_s + back_s) * 1e9),
		.noise_s = path->noise_s,
		.max_error_s = path->claim_s,
		.stratum = 1,
	};
}

void
truth_case_init(TruthCase *c, uint64_t seed)
{
	TruthRandom *random = &c->random;

	truth_seed(random, seed);
	truth_clock_init(&c->clock, 2e-5 * truth_normal(random),
			 truth_log_uniform(random, 1e-10, 3e-8));
	c->path = (TruthPath){
		.shape = (TruthShape)(truth_uniform(random) * TRUTH_SHAPES),
		.base_s = truth_log_uniform(random, 1e-4, 5e-2),
		.noise_s = 1e-7,
	};
	c->path.jitter_s = c->path.base_s * truth_log_uniform(random, 0.01, 0.5);
	c->interval_s = exp2(floor(truth_uniform(random) * 14) - 3);
	if (c->path.shape == TRUTH_READING) {
		c->path.base_s = 0;
		c->path.jitter_s = truth_log_uniform(random, 3e-8, 1e-3);
		c->path.noise_s = c->path.jitter_s * truth_log_uniform(random, 0.3, 1);
		c->interval_s = exp2(floor(truth_uniform(random) * 8) - 2);
	}
	c->n_samples = (unsigned)truth_log_uniform(random, 1, 500);
}

void
truth_case_wait(TruthCase *c)
{
	double interval_s = c->interval_s * (0.8 + 0.4 * truth_uniform(&c->random));

	truth_clock_advance(&c->clock, interval_s, &c->random);
}
