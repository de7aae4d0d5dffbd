/* SPDX-License-Identifier: BSD-2-Clause */
/* pool.c - see pool.h */
#include "select/pool.h"

#include <math.h>
#include <string.h>

#define N_FILTERS (TS_BANK_WANDERS * TS_POOL_BIASES)

/* A bias is a part of half the round trip; a path's lasts about a day. */
static const double bias_share[TS_POOL_BIASES] = {0.003, 0.03, 0.3};
#define BIAS_LASTS_S 86400.0

static double
bias_variance(const TsPool *pool, unsigned filter, unsigned source)
{
	double sd_s = pool->bias_scale_s[source] * bias_share[filter % TS_POOL_BIASES];

	return sd_s * sd_s;
}

static void
weigh(TsPool *pool)
{
	double best = -INFINITY, sum = 0;

	for (unsigned i = 0; i < N_FILTERS; i++) {
		TsPoolFilter *filter = &pool->filters[i];

		filter->weight = filter->score + pool->belief[i / TS_POOL_BIASES];
		best = fmax(best, filter->weight);
	}
	for (unsigned i = 0; i < N_FILTERS; i++) {
		pool->filters[i].weight = exp(pool->filters[i].weight - best);
		sum += pool->filters[i].weight;
	}
	for (unsigned i = 0; i < N_FILTERS; i++)
		pool->filters[i].weight /= sum;
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

void
ts_pool_restart(TsPool *pool, const TsBankAnswer *line)
{
	for (unsigned i = 0; i < N_FILTERS; i++) {
		TsPoolFilter *filter = &pool->filters[i];

		filter->x[0] = line->offset_s;
		filter->x[1] = line->frequency;
		filter->p[ts_kalman_at(0, 0)] = line->offset_variance;
		filter->p[ts_kalman_at(1, 0)] = line->covariance;
		filter->p[ts_kalman_at(1, 1)] = line->frequency_variance;
		for (unsigned k = 2; k < 2 + pool->n_sources; k++) {
			filter->p[ts_kalman_at(k, 0)] = 0;
			filter->p[ts_kalman_at(k, 1)] = 0;
		}
	}
}

void
ts_pool_join(TsPool *pool, double bias_scale_s)
{
	unsigned source = pool->n_sources++;
	unsigned k = 2 + source;

	pool->bias_scale_s[source] = bias_scale_s;
	for (unsigned i = 0; i < N_FILTERS; i++) {
		TsPoolFilter *filter = &pool->filters[i];

		filter->x[k] = 0;
		for (unsigned j = 0; j < k; j++)
			filter->p[ts_kalman_at(k, j)] = 0;
		filter->p[ts_kalman_at(k, k)] = bias_variance(pool, i, source);
	}
}

void
ts_pool_leave(TsPool *pool, unsigned index)
{
	unsigned n = 2 + pool->n_sources, gone = 2 + index;

	for (unsigned i = 0; i < N_FILTERS; i++) {
		TsPoolFilter *filter = &pool->filters[i];

		for (unsigned row = gone + 1; row < n; row++) {
			filter->x[row - 1] = filter->x[row];
			for (unsigned column = 0; column <= row; column++) {
				if (column == gone)
					continue;
				unsigned to = column > gone ? column - 1 : column;
				filter->p[ts_kalman_at(row - 1, to)] =
					filter->p[ts_kalman_at(row, column)];
			}
		}
	}
	for (unsigned source = index; source + 1 < pool->n_sources; source++)
		pool->bias_scale_s[source] = pool->bias_scale_s[source + 1];
	pool->n_sources--;
}

void
ts_pool_doubt(TsPool *pool, unsigned index, double sd_s)
{
	unsigned k = 2 + index;

	for (unsigned i = 0; i < N_FILTERS; i++)
		pool->filters[i].p[ts_kalman_at(k, k)] += sd_s * sd_s;
}

/* A bias wears off while its variance goes back to what was believed. */
static void
wear_off(TsPool *pool, unsigned index, double stays)
{
	TsPoolFilter *filter = &pool->filters[index];

	for (unsigned source = 0; source < pool->n_sources; source++) {
		unsigned k = 2 + source;

		filter->x[k] *= stays;
		for (unsigned j = 0; j < 2; j++)
			filter->p[ts_kalman_at(k, j)] *= stays;
		for (unsigned j = 2; j <= k; j++)
			filter->p[ts_kalman_at(k, j)] *= stays * stays;
		filter->p[ts_kalman_at(k, k)] +=
			bias_variance(pool, index, source) * (1 - stays * stays);
	}
}

void
ts_pool_predict(TsPool *pool, double dt_s)
{
	double stays = exp(-dt_s / BIAS_LASTS_S);

	for (unsigned i = 0; i < N_FILTERS; i++) {
		ts_kalman_predict(pool->filters[i].x, pool->filters[i].p, 2 + pool->n_sources, dt_s,
				  ts_bank_wander(i / TS_POOL_BIASES));
		wear_off(pool, i, stays);
	}
}

TsBankFit
ts_pool_update(TsPool *pool, unsigned index, double value_s, double variance)
{
	TsBankFit fit = {0};
	unsigned n = 2 + pool->n_sources;

	for (unsigned i = 0; i < N_FILTERS; i++) {
		TsPoolFilter *filter = &pool->filters[i];
		TsKalmanSample sample = {
			.value = value_s, .variance = variance, .state = 2 + index, .gain = 1};
		TsInnovation innovation = ts_kalman_innovation(filter->x, filter->p, &sample);
		double misfit = innovation.residual * innovation.residual / innovation.variance;

		fit.residual_s += filter->weight * innovation.residual;
		fit.misfit += filter->weight * fmin(misfit, 1e6);
		filter->score = ts_bank_score(filter->score, &innovation);
		sample.variance = ts_bank_robust_variance(&sample, &innovation);
		ts_kalman_update(filter->x, filter->p, n, &sample);
	}
	weigh(pool);
	return fit;
}

void
ts_pool_shift(TsPool *pool, double shift_s)
{
	for (unsigned i = 0; i < N_FILTERS; i++)
		pool->filters[i].x[0] -= shift_s;
}

/* Offset with its errors of one filter: that of UTC, or that of the only source. */
static void
read_filter(const TsPool *pool, const TsPoolFilter *filter, TsBankAnswer *line)
{
	line->offset_s = filter->x[0];
	line->frequency = filter->x[1];
	line->offset_variance = filter->p[ts_kalman_at(0, 0)];
	line->covariance = filter->p[ts_kalman_at(1, 0)];
	line->frequency_variance = filter->p[ts_kalman_at(1, 1)];
	if (pool->n_sources == 1) {
		line->offset_s += filter->x[2];
		line->offset_variance +=
			2 * filter->p[ts_kalman_at(2, 0)] + filter->p[ts_kalman_at(2, 2)];
		line->covariance += filter->p[ts_kalman_at(2, 1)];
	}
}

void
ts_pool_answer(const TsPool *pool, TsBankAnswer *answer)
{
	TsBankAnswer line;

	memset(answer, 0, sizeof *answer);
	for (unsigned i = 0; i < N_FILTERS; i++) {
		double weight = pool->filters[i].weight;

		read_filter(pool, &pool->filters[i], &line);
		answer->offset_s += weight * line.offset_s;
		answer->frequency += weight * line.frequency;
		answer->wander += weight * ts_bank_wander(i / TS_POOL_BIASES);
	}
	for (unsigned i = 0; i < N_FILTERS; i++) {
		double weight = pool->filters[i].weight;

		read_filter(pool, &pool->filters[i], &line);
		double offset_s = line.offset_s - answer->offset_s;
		double frequency = line.frequency - answer->frequency;

		answer->offset_variance += weight * (line.offset_variance + offset_s * offset_s);
		answer->covariance += weight * (line.covariance + offset_s * frequency);
		answer->frequency_variance +=
			weight * (line.frequency_variance + frequency * frequency);
	}
}

double
ts_pool_mean_wander(const TsPool *pool)
{
	double steps = 0;

	for (unsigned i = 0; i < N_FILTERS; i++)
		steps += pool->filters[i].weight * (i / TS_POOL_BIASES);
	return TS_BANK_WANDER_MIN * pow(TS_BANK_WANDER_STEP, steps);
}
