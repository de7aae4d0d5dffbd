/* SPDX-License-Identifier: BSD-2-Clause */
/* bank.c - see bank.h */
#include "select/bank.h"

#include <math.h>
#include <string.h>

#define N_HYPOTHESES (TS_BANK_WANDERS * TS_NOISE_MODELS)

/* The score is that of a Student distribution with 4 degrees of freedom, so that outliers don't
 * decide; its scale is such that a filter whose variance is right for normal errors scores best. */
#define SCORE_SCALE 3.0

/* Scores forget: 100 samples. The noise of a path changes with the hour. */
#define SCORE_MEMORY 0.99

/* A residual beyond 4 sigma pulls as hard as one of 4 sigma, then less and less. */
#define OUTLIER_MISFIT 16.0

/* How fast the weights that judge outliers follow. */
#define WEIGHT_FOLLOWS 0.1

/* A frequency of before isn't known better than this: the temperature is another one. */
#define MIN_FREQUENCY_SD 1e-7

/* The share of delay that falls on one way changes slowly: by 0.03 in a day. */
#define SHARE_WANDER 1e-8

void
ts_bank_prior_init(TsBankPrior *prior)
{
	*prior = (TsBankPrior){
		.frequency_sd = TS_BANK_FREQUENCY_SD,
		.wander = TS_BANK_WANDER,
		.wander_decades = TS_BANK_WANDER_DECADES,
		.share_sd = TS_BANK_SHARE_SD,
	};
}

void
ts_bank_prior_set(TsBankPrior *prior, double frequency, double frequency_sd, double wander)
{
	prior->frequency = frequency;
	prior->frequency_sd =
		frequency_sd > 0 ? fmax(frequency_sd, MIN_FREQUENCY_SD) : TS_BANK_FREQUENCY_SD;
	if (wander > 0) {
		prior->wander = wander;
		prior->wander_decades = TS_BANK_WANDER_DECADES_KNOWN;
	}
}

double
ts_bank_wander(unsigned step)
{
	double wander = TS_BANK_WANDER_MIN;

	while (step-- > 0)
		wander *= TS_BANK_WANDER_STEP;
	return wander;
}

void
ts_bank_believe(double belief[TS_BANK_WANDERS], double wander, double wander_decades)
{
	for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
		double distance = log10(ts_bank_wander(step) / wander) / wander_decades;

		belief[step] = -0.5 * distance * distance;
	}
}

static bool
has_share(unsigned model)
{
	return model == TS_NOISE_SHARED || model == TS_NOISE_LOADED;
}

static void
weigh(TsBank *bank)
{
	double best = -INFINITY, sum = 0;

	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		TsHypothesis *hypothesis = &bank->hypotheses[i];

		hypothesis->weight = hypothesis->score + bank->belief[i / TS_NOISE_MODELS];
		if (hypothesis->weight > best)
			best = hypothesis->weight;
	}
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		double behind = bank->hypotheses[i].weight - best;

		bank->hypotheses[i].weight = behind < -40 ? 0 : exp(behind);
		sum += bank->hypotheses[i].weight;
	}
	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		bank->hypotheses[i].weight /= sum;
}

void
ts_bank_start(TsBank *bank, const TsBankPrior *prior, double value_s, const TsNoiseView *view)
{
	ts_bank_believe(bank->belief, prior->wander, prior->wander_decades);
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		unsigned model = i % TS_NOISE_MODELS;
		TsHypothesis *hypothesis = &bank->hypotheses[i];

		memset(hypothesis, 0, sizeof *hypothesis);
		hypothesis->x[0] = value_s;
		hypothesis->x[1] = prior->frequency;
		hypothesis->p[ts_kalman_at(0, 0)] = view->variance[model];
		hypothesis->p[ts_kalman_at(1, 1)] = prior->frequency_sd * prior->frequency_sd;
		if (has_share(model)) {
			double variance = prior->share_sd * prior->share_sd;
			double shared_s = view->shared_s[model];

			hypothesis->p[ts_kalman_at(2, 2)] = variance;
			hypothesis->p[ts_kalman_at(2, 0)] = -shared_s * variance;
			hypothesis->p[ts_kalman_at(0, 0)] += shared_s * shared_s * variance;
		}
	}
	weigh(bank);
	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		bank->hypotheses[i].weight_kept = bank->hypotheses[i].weight;
}

void
ts_bank_set_wander(TsBank *bank, double wander, double wander_decades)
{
	ts_bank_believe(bank->belief, wander, wander_decades);
	weigh(bank);
}

void
ts_bank_predict(TsBank *bank, double dt_s)
{
	for (unsigned step = 0; step < TS_BANK_WANDERS; step++) {
		double wander = ts_bank_wander(step);

		for (unsigned model = 0; model < TS_NOISE_MODELS; model++) {
			TsHypothesis *hypothesis =
				&bank->hypotheses[step * TS_NOISE_MODELS + model];

			ts_kalman_predict(hypothesis->x, hypothesis->p, TS_BANK_STATES, dt_s,
					  wander);
			if (has_share(model))
				hypothesis->p[ts_kalman_at(2, 2)] += SHARE_WANDER * fabs(dt_s);
		}
	}
}

static double
misfit_of(const TsInnovation *innovation)
{
	return innovation->residual * innovation->residual / innovation->variance;
}

double
ts_bank_score(double score, const TsInnovation *innovation)
{
	double tail = 1 + fmin(misfit_of(innovation), 1e12) / SCORE_SCALE;

	/* -log(sqrt(S)) - 2.5 log(tail) in one logarithm */
	return score * SCORE_MEMORY -
	       0.5 * log(innovation->variance * tail * tail * tail * tail * tail);
}

double
ts_bank_robust_variance(const TsKalmanSample *sample, const TsInnovation *innovation)
{
	double misfit = misfit_of(innovation);

	if (misfit <= OUTLIER_MISFIT)
		return sample->variance;
	return sample->variance + innovation->variance * (misfit / OUTLIER_MISFIT - 1);
}

TsBankFit
ts_bank_update(TsBank *bank, double value_s, const TsNoiseView *view, bool is_trusted)
{
	TsBankFit fit = {0};
	double squares = 0, expected = 0;

	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		unsigned model = i % TS_NOISE_MODELS;
		TsHypothesis *hypothesis = &bank->hypotheses[i];
		TsKalmanSample sample = {.value = value_s, .variance = view->variance[model]};

		if (has_share(model)) {
			sample.n_others = 1;
			sample.state[0] = 2;
			sample.gain[0] = view->shared_s[model];
		}
		fit.residual_s += hypothesis->weight * (value_s - hypothesis->x[0]);
		TsInnovation innovation =
			ts_kalman_innovation(hypothesis->x, hypothesis->p, &sample);
		squares += hypothesis->weight_kept * innovation.residual * innovation.residual;
		expected += hypothesis->weight_kept * innovation.variance;
		hypothesis->score = ts_bank_score(hypothesis->score, &innovation);
		if (!is_trusted)
			sample.variance = ts_bank_robust_variance(&sample, &innovation);
		ts_kalman_update(hypothesis->x, hypothesis->p, TS_BANK_STATES, &sample);
	}
	fit.misfit = squares / expected;
	weigh(bank);
	return fit;
}

void
ts_bank_keep_scores(TsBank *bank)
{
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		TsHypothesis *hypothesis = &bank->hypotheses[i];

		hypothesis->score_kept = hypothesis->score;
		hypothesis->weight_kept +=
			WEIGHT_FOLLOWS * (hypothesis->weight - hypothesis->weight_kept);
	}
}

void
ts_bank_restore_scores(TsBank *bank)
{
	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		bank->hypotheses[i].score = bank->hypotheses[i].score_kept;
	weigh(bank);
}

void
ts_bank_restart(TsBank *bank, const TsBankAnswer *line)
{
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		TsHypothesis *hypothesis = &bank->hypotheses[i];

		hypothesis->x[0] = line->offset_s;
		hypothesis->x[1] = line->frequency;
		hypothesis->p[ts_kalman_at(0, 0)] = line->offset_variance;
		hypothesis->p[ts_kalman_at(1, 0)] = line->covariance;
		hypothesis->p[ts_kalman_at(1, 1)] = line->frequency_variance;
		hypothesis->p[ts_kalman_at(2, 0)] = 0;
		hypothesis->p[ts_kalman_at(2, 1)] = 0;
	}
}

void
ts_bank_fade(TsBank *bank, double factor)
{
	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		for (unsigned k = 0; k < TS_KALMAN_PACKED(TS_BANK_STATES); k++)
			bank->hypotheses[i].p[k] *= factor;
}

void
ts_bank_shift(TsBank *bank, double shift_s)
{
	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		bank->hypotheses[i].x[0] -= shift_s;
}

void
ts_bank_answer(const TsBank *bank, TsBankAnswer *answer)
{
	memset(answer, 0, sizeof *answer);
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		const TsHypothesis *hypothesis = &bank->hypotheses[i];

		answer->offset_s += hypothesis->weight * hypothesis->x[0];
		answer->frequency += hypothesis->weight * hypothesis->x[1];
		answer->wander += hypothesis->weight * ts_bank_wander(i / TS_NOISE_MODELS);
	}
	for (unsigned i = 0; i < N_HYPOTHESES; i++) {
		const TsHypothesis *hypothesis = &bank->hypotheses[i];
		double offset_s = hypothesis->x[0] - answer->offset_s;
		double frequency = hypothesis->x[1] - answer->frequency;
		double weight = hypothesis->weight;

		answer->offset_variance += weight * (hypothesis->p[0] + offset_s * offset_s);
		answer->covariance += weight * (hypothesis->p[1] + offset_s * frequency);
		answer->frequency_variance += weight * (hypothesis->p[2] + frequency * frequency);
	}
}

TsNoiseModel
ts_bank_likely_model(const TsBank *bank, TsNoiseModel present, double *weight)
{
	double weights[TS_NOISE_MODELS] = {0};
	unsigned likely = present;

	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		weights[i % TS_NOISE_MODELS] += bank->hypotheses[i].weight;
	for (unsigned model = 0; model < TS_NOISE_MODELS; model++)
		if (weights[model] > weights[likely] && weights[model] > 2 * weights[present])
			likely = model;
	*weight = weights[likely];
	return (TsNoiseModel)likely;
}

double
ts_bank_mean_wander(const TsBank *bank)
{
	double steps = 0;

	for (unsigned i = 0; i < N_HYPOTHESES; i++)
		steps += bank->hypotheses[i].weight * (i / TS_NOISE_MODELS);
	return TS_BANK_WANDER_MIN * pow(TS_BANK_WANDER_STEP, steps);
}
