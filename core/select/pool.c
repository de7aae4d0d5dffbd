/* SPDX-License-Identifier: BSD-2-Clause */
/* pool.c - see pool.h */
#include "select/pool.h"

#include <math.h>
#include <string.h>

/* A bias is a part of half the round trip; a path's lasts about a day. A third of it is rare. */
static const double level_share[TS_POOL_LEVELS] = {0.003, 0.03, 0.3};
static const double level_belief[TS_POOL_LEVELS] = {0, 0, -1.2}; /* logarithms */
#define BIAS_LASTS_S 86400.0

/* Evidence of the size of biases comes with the first samples and then with the days. */
#define LEVEL_MEMORY 0.9998

static unsigned
bias_of(unsigned source)
{
	return 2 + 2 * source;
}

static unsigned
share_of(unsigned source)
{
	return 3 + 2 * source;
}

static unsigned
n_states(const TsPool *pool)
{
	return 2 + 2 * pool->n_sources;
}

static double
bias_variance(const TsPool *pool, unsigned level, unsigned source)
{
	double sd_s = pool->bias_scale_s[source] * level_share[level];

	return sd_s * sd_s;
}

/* Scales logarithms of @n weights to weights that sum to @sum. */
static void
weights_of_logs(double *weights, unsigned n, double sum)
{
	double best = -INFINITY, total = 0;

	for (unsigned i = 0; i < n; i++)
		best = fmax(best, weights[i]);
	for (unsigned i = 0; i < n; i++) {
		weights[i] = exp(weights[i] - best);
		total += weights[i];
	}
	for (unsigned i = 0; i < n; i++)
		weights[i] *= sum / total;
}

static void
weigh(TsPool *pool)
{
	double levels[TS_POOL_LEVELS];

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		levels[level] = pool->level_score[level] + level_belief[level];
	weights_of_logs(levels, TS_POOL_LEVELS, 1);
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++) {
		double weights[TS_BANK_WANDERS];

		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			weights[step] = pool->filters[level][step].score + pool->belief[step];
		weights_of_logs(weights, TS_BANK_WANDERS, levels[level]);
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			pool->filters[level][step].weight = weights[step];
	}
}

void
ts_pool_set_wander(TsPool *pool, double wander, double wander_decades)
{
	ts_bank_believe(pool->belief, wander, wander_decades);
	weigh(pool);
}

void
ts_pool_init(TsPool *pool, double wander, double wander_decades)
{
	memset(pool, 0, sizeof *pool);
	ts_pool_set_wander(pool, wander, wander_decades);
}

/* The line is offset + bias: what isn't known of the bias isn't known of the offset either. */
static void
restart_filter(TsPoolFilter *filter, unsigned n, unsigned bias, const TsBankAnswer *line)
{
	double bias_variance = filter->p[ts_kalman_at(bias, bias)];

	filter->x[0] = line->offset_s - filter->x[bias];
	filter->x[1] = line->frequency;
	filter->p[ts_kalman_at(0, 0)] = line->offset_variance + bias_variance;
	filter->p[ts_kalman_at(1, 0)] = line->covariance;
	filter->p[ts_kalman_at(1, 1)] = line->frequency_variance;
	for (unsigned k = 2; k < n; k++) {
		/* The other states are bound to the offset by that bias alone. */
		filter->p[ts_kalman_at(k, 0)] = -(k >= bias ? filter->p[ts_kalman_at(k, bias)]
							    : filter->p[ts_kalman_at(bias, k)]);
		filter->p[ts_kalman_at(k, 1)] = 0;
	}
}

void
ts_pool_restart(TsPool *pool, unsigned index, const TsBankAnswer *line)
{
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			restart_filter(&pool->filters[level][step], n_states(pool), bias_of(index),
				       line);
}

/* State @k becomes @value, known to @variance and bound to no other state. */
static void
set_state(TsPoolFilter *filter, unsigned n, unsigned k, double value, double variance)
{
	filter->x[k] = value;
	for (unsigned j = 0; j < k; j++)
		filter->p[ts_kalman_at(k, j)] = 0;
	for (unsigned i = k + 1; i < n; i++)
		filter->p[ts_kalman_at(i, k)] = 0;
	filter->p[ts_kalman_at(k, k)] = variance;
}

void
ts_pool_join(TsPool *pool, double bias_scale_s)
{
	unsigned source = pool->n_sources++;
	unsigned n = n_states(pool);

	pool->bias_scale_s[source] = bias_scale_s;
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
			TsPoolFilter *filter = &pool->filters[level][step];

			set_state(filter, n, bias_of(source), 0,
				  bias_variance(pool, level, source));
			set_state(filter, n, share_of(source), 0,
				  TS_BANK_SHARE_SD * TS_BANK_SHARE_SD);
		}
}

/* Takes row and column @gone out of the state. */
static void
remove_state(TsPoolFilter *filter, unsigned n, unsigned gone)
{
	for (unsigned row = gone + 1; row < n; row++) {
		filter->x[row - 1] = filter->x[row];
		for (unsigned column = 0; column <= row; column++) {
			unsigned to = column > gone ? column - 1 : column;

			if (column != gone)
				filter->p[ts_kalman_at(row - 1, to)] =
					filter->p[ts_kalman_at(row, column)];
		}
	}
}

void
ts_pool_leave(TsPool *pool, unsigned index)
{
	unsigned n = n_states(pool);

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
			TsPoolFilter *filter = &pool->filters[level][step];

			remove_state(filter, n, share_of(index));
			remove_state(filter, n - 1, bias_of(index));
		}
	for (unsigned source = index; source + 1 < pool->n_sources; source++)
		pool->bias_scale_s[source] = pool->bias_scale_s[source + 1];
	pool->n_sources--;
}

void
ts_pool_doubt(TsPool *pool, unsigned index, double sd_s)
{
	unsigned k = bias_of(index);

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			pool->filters[level][step].p[ts_kalman_at(k, k)] += sd_s * sd_s;
}

void
ts_pool_forget_share(TsPool *pool, unsigned index)
{
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			set_state(&pool->filters[level][step], n_states(pool), share_of(index), 0,
				  TS_BANK_SHARE_SD * TS_BANK_SHARE_SD);
}

/* A bias wears off, and its variance goes back to what was believed. */
static void
wear_off(TsPoolFilter *filter, unsigned n, unsigned k, double stays, double believed)
{
	filter->x[k] *= stays;
	for (unsigned j = 0; j < k; j++)
		filter->p[ts_kalman_at(k, j)] *= stays;
	for (unsigned i = k + 1; i < n; i++)
		filter->p[ts_kalman_at(i, k)] *= stays;
	double *variance = &filter->p[ts_kalman_at(k, k)];
	*variance = *variance * stays * stays + believed * (1 - stays * stays);
}

void
ts_pool_predict(TsPool *pool, double dt_s)
{
	double stays = exp(-dt_s / BIAS_LASTS_S);
	unsigned n = n_states(pool);

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
			TsPoolFilter *filter = &pool->filters[level][step];

			ts_kalman_predict(filter->x, filter->p, n, dt_s, ts_bank_wander(step));
			for (unsigned source = 0; source < pool->n_sources; source++)
				wear_off(filter, n, bias_of(source), stays,
					 bias_variance(pool, level, source));
		}
}

TsBankFit
ts_pool_update(TsPool *pool, const TsPoolSample *sample)
{
	TsBankFit fit = {0};
	double squares = 0, expected = 0;

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++) {
		double evidence = 0, weights = 0;

		for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
			TsPoolFilter *filter = &pool->filters[level][step];
			TsKalmanSample seen = {
				.value = sample->value_s,
				.variance = sample->variance,
				.n_others = 2,
				.state = {bias_of(sample->source), share_of(sample->source)},
				.gain = {1, sample->shared_s},
			};
			TsInnovation innovation = ts_kalman_innovation(filter->x, filter->p, &seen);
			double score = ts_bank_score(0, &innovation);

			fit.residual_s += filter->weight * innovation.residual;
			squares += filter->weight * innovation.residual * innovation.residual;
			expected += filter->weight * innovation.variance;
			evidence += filter->weight * score;
			weights += filter->weight;
			filter->score = ts_bank_score(filter->score, &innovation);
			seen.variance = ts_bank_robust_variance(&seen, &innovation);
			ts_kalman_update(filter->x, filter->p, n_states(pool), &seen);
		}
		pool->level_score[level] = pool->level_score[level] * LEVEL_MEMORY +
					   (weights > 0 ? evidence / weights : 0);
	}
	fit.misfit = squares / expected;
	weigh(pool);
	return fit;
}

void
ts_pool_shift(TsPool *pool, double shift_s)
{
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			pool->filters[level][step].x[0] -= shift_s;
}

static void
read_filter(const TsPoolFilter *filter, TsBankAnswer *line)
{
	line->offset_s = filter->x[0];
	line->frequency = filter->x[1];
	line->offset_variance = filter->p[ts_kalman_at(0, 0)];
	line->covariance = filter->p[ts_kalman_at(1, 0)];
	line->frequency_variance = filter->p[ts_kalman_at(1, 1)];
}

static void
add_mean(TsBankAnswer *answer, double weight, double wander, const TsBankAnswer *line)
{
	answer->offset_s += weight * line->offset_s;
	answer->frequency += weight * line->frequency;
	answer->wander += weight * wander;
}

static void
add_variance(TsBankAnswer *answer, double weight, const TsBankAnswer *line)
{
	double offset_s = line->offset_s - answer->offset_s;
	double frequency = line->frequency - answer->frequency;

	answer->offset_variance += weight * (line->offset_variance + offset_s * offset_s);
	answer->covariance += weight * (line->covariance + offset_s * frequency);
	answer->frequency_variance += weight * (line->frequency_variance + frequency * frequency);
}

void
ts_pool_answer(const TsPool *pool, TsBankAnswer *answer)
{
	TsBankAnswer lines[TS_POOL_LEVELS][TS_BANK_WANDERS];

	memset(answer, 0, sizeof *answer);
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
			const TsPoolFilter *filter = &pool->filters[level][step];

			read_filter(filter, &lines[level][step]);
			add_mean(answer, filter->weight, ts_bank_wander(step), &lines[level][step]);
		}
	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			add_variance(answer, pool->filters[level][step].weight,
				     &lines[level][step]);
}

double
ts_pool_bias(const TsPool *pool, unsigned index)
{
	double bias_s = 0;

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			bias_s += pool->filters[level][step].weight *
				  pool->filters[level][step].x[bias_of(index)];
	return bias_s;
}

double
ts_pool_mean_wander(const TsPool *pool)
{
	double steps = 0;

	for (unsigned level = 0; level < TS_POOL_LEVELS; level++)
		for (unsigned step = 0; step < TS_BANK_WANDERS; step++)
			steps += pool->filters[level][step].weight * step;
	return TS_BANK_WANDER_MIN * pow(TS_BANK_WANDER_STEP, steps);
}
