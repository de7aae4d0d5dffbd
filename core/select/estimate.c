/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * estimate.c - see estimate.h
 *
 * A window of samples (noise.c) judges how noisy each one is; a bank of filters (bank.c) follows
 * offset and frequency. Here: the frame that keeps numbers small, and what happens when samples
 * stop fitting. Misfits in a row that agree with each other mean that something stepped. Then the
 * filters go back to the first of them, are told that the offset or the frequency isn't known any
 * more, and take the same samples again.
 */
#include "select/estimate.h"

#include <math.h>
#include <string.h>

#include "select/bank.h"
#include "select/noise.h"

#define OUTLIER_MISFIT                                                                             \
	18.0              /* mean normalised square of a residual, from where on it is called one */
#define MIN_JUDGED      4 /* samples before any is called an outlier */
#define RUN_OF_BREAK    3 /* misfits in a row that may mean a step */
#define RUN_OF_NONSENSE 8 /* misfits in a row that end the model even if they don't agree */
#define AGREEMENT       0.15 /* of the misfits' squares: what a step may leave unexplained */
#define EARLY_SAMPLES   16   /* so long, a new floor changes what the first samples are worth */
#define FRAME_LIMIT_S   1.0

struct _TsEstimator {
	TsEstimatorOptions options;
	TsBankPrior prior;
	TsNoise noise;
	TsBank bank;
	TsBankAnswer answer;
	int64_t raw_ns;   /* of the newest sample, and of bank */
	int64_t frame_ns; /* offset that is 0 s in bank */
	unsigned n;       /* samples since the start or the last break */
	unsigned run;     /* misfits in a row */
	bool has_broken;  /* since the start: the prior doesn't hold any more */
	/* as of the newest sample that fitted */
	TsBankAnswer good;
	int64_t good_raw_ns;
};

TsEstimator *
ts_estimator_new(const TsEstimatorOptions *options)
{
	TsEstimator *self = g_new0(TsEstimator, 1);
	unsigned capacity = TS_NOISE_WINDOW;

	if (options)
		self->options = *options;
	if (self->options.max_samples > 0 && self->options.max_samples < capacity)
		capacity = MAX(self->options.max_samples, 4);
	ts_bank_prior_init(&self->prior);
	if (self->options.asymmetry_prior > 0)
		self->prior.share_sd = self->options.asymmetry_prior;
	ts_noise_init(&self->noise, capacity);
	return self;
}

void
ts_estimator_free(TsEstimator *estimator)
{
	g_free(estimator);
}

void
ts_estimator_reset(TsEstimator *self)
{
	if (self->n >= TS_NOISE_WINDOW / 2) {
		self->prior.wander = ts_bank_mean_wander(&self->bank);
		self->prior.wander_decades = TS_BANK_WANDER_DECADES_KNOWN;
	}
	ts_noise_init(&self->noise, self->noise.capacity);
	self->n = 0;
	self->run = 0;
}

void
ts_estimator_set_prior(TsEstimator *self, double frequency, double frequency_sd, double wander)
{
	ts_bank_prior_set(&self->prior, frequency, frequency_sd, wander);
	if (self->n > 0)
		ts_bank_set_wander(&self->bank, self->prior.wander, self->prior.wander_decades);
}

double
ts_estimator_wander(const TsEstimator *self)
{
	return self->n > 0 ? ts_bank_mean_wander(&self->bank) : self->prior.wander;
}

static double
value_of(const TsEstimator *self, const TsNoiseSample *sample)
{
	return (double)(sample->offset_ns - self->frame_ns) * 1e-9;
}

/* The filters begin with the sample @age places before the newest. */
static void
start_with(TsEstimator *self, unsigned age, const TsBankPrior *prior)
{
	const TsNoiseSample *sample = ts_noise_sample(&self->noise, age);
	TsNoiseView view;

	self->frame_ns = sample->offset_ns;
	self->raw_ns = sample->raw_ns;
	ts_noise_view(&self->noise, sample, &view);
	ts_bank_start(&self->bank, prior, 0, &view);
}

/* chrony's maxsamples: what is older than this many samples fades. */
static void
fade(TsEstimator *self)
{
	if (self->options.max_samples > 0)
		ts_bank_fade(&self->bank, 1 + 1.0 / self->options.max_samples);
}

static TsBankFit
take(TsEstimator *self, const TsNoiseSample *sample, bool is_trusted)
{
	TsNoiseView view;

	ts_bank_predict(&self->bank, (double)(sample->raw_ns - self->raw_ns) * 1e-9);
	fade(self);
	self->raw_ns = sample->raw_ns;
	ts_noise_view(&self->noise, sample, &view);
	return ts_bank_update(&self->bank, value_of(self, sample), &view, is_trusted);
}

/* Takes the newest @n samples of the window. */
static void
take_again(TsEstimator *self, unsigned n, bool is_trusted)
{
	while (n > 0)
		take(self, ts_noise_sample(&self->noise, --n), is_trusted);
}

static void
keep_frame_near(TsEstimator *self)
{
	ts_bank_answer(&self->bank, &self->answer);
	if (fabs(self->answer.offset_s) < FRAME_LIMIT_S)
		return;
	int64_t shift_ns = (int64_t)(self->answer.offset_s * 1e9);
	self->frame_ns += shift_ns;
	ts_bank_shift(&self->bank, (double)shift_ns * 1e-9);
	self->good.offset_s -= (double)shift_ns * 1e-9;
	ts_bank_answer(&self->bank, &self->answer);
}

/* What a run of misfits looks like, seen from the line before it. */
typedef struct {
	double step_s;    /* a step of the offset by this much, */
	double step_rest; /* leaving this sum of squares, */
	double slope;     /* or of the frequency, */
	double slope_rest;
	double sum;   /* of the squares that neither explains */
	double drift; /* slope of the misfits themselves, whatever their mean */
} Misfits;

static void
look_at_misfits(const TsEstimator *self, Misfits *misfits)
{
	unsigned n = self->run;
	double sum_r = 0, sum_t = 0, sum_tt = 0, sum_tr = 0, sum_rr = 0;

	for (unsigned age = 0; age < n; age++) {
		const TsNoiseSample *sample = ts_noise_sample(&self->noise, age);
		double t = (double)(sample->raw_ns - self->good_raw_ns) * 1e-9;
		double r =
			value_of(self, sample) - (self->good.offset_s + t * self->good.frequency);

		sum_r += r;
		sum_t += t;
		sum_tt += t * t;
		sum_tr += t * r;
		sum_rr += r * r;
	}
	misfits->step_s = sum_r / n;
	misfits->step_rest = sum_rr - sum_r * sum_r / n;
	misfits->slope = sum_tr / sum_tt;
	misfits->slope_rest = sum_rr - sum_tr * sum_tr / sum_tt;
	misfits->sum = sum_rr;
	misfits->drift = (sum_tr - sum_t * sum_r / n) / (sum_tt - sum_t * sum_t / n);
}

/* Back to the last good sample, with what the step made unknown, and through the misfits again. */
static void
begin_after_step(TsEstimator *self, const Misfits *misfits)
{
	TsBankAnswer line = self->good;

	if (misfits->step_rest < misfits->slope_rest) {
		line.offset_variance += 4 * misfits->step_s * misfits->step_s;
		/* It may have been the frequency all the same, its first sample lost in noise. */
		line.frequency_variance += 4 * misfits->drift * misfits->drift;
	} else {
		line.offset_variance += misfits->slope_rest / self->run;
		line.frequency_variance += 4 * misfits->slope * misfits->slope;
	}
	ts_bank_restart(&self->bank, &line);
	self->raw_ns = self->good_raw_ns;
	take_again(self, self->run, true);
}

/* With nothing of before but the belief in the frequency. */
static void
begin_anew(TsEstimator *self, unsigned n)
{
	TsBankPrior prior = self->prior;

	prior.frequency = self->good.frequency;
	prior.frequency_sd = TS_BANK_FREQUENCY_SD;
	start_with(self, n - 1, &prior);
	take_again(self, n - 1, true);
}

/* Returns: whether the misfits in a row mean a step, and then has begun again. */
static bool
break_model(TsEstimator *self)
{
	Misfits misfits;
	unsigned least = MIN(self->options.min_samples, self->noise.n);

	if (self->run < RUN_OF_BREAK)
		return false;
	look_at_misfits(self, &misfits);
	bool is_step = MIN(misfits.step_rest, misfits.slope_rest) < AGREEMENT * misfits.sum;
	if (!is_step && self->run < RUN_OF_NONSENSE)
		return false;

	self->has_broken = true;
	ts_bank_restore_scores(&self->bank);
	if (is_step && least <= self->run)
		begin_after_step(self, &misfits);
	else
		begin_anew(self, MAX(self->run, least));
	self->n = MAX(self->run, least);
	ts_noise_step(&self->noise, self->n);
	return true;
}

static void
remember_good(TsEstimator *self)
{
	self->run = 0;
	self->good = self->answer;
	self->good_raw_ns = self->raw_ns;
	ts_bank_keep_scores(&self->bank);
}

/* A misfit that queueing explains is an outlier, but no sign of a step. */
static bool
is_beyond_queueing(const TsEstimator *self, double residual_s)
{
	TsNoiseView view;

	ts_noise_view(&self->noise, ts_noise_sample(&self->noise, 0), &view);
	return fabs(residual_s) > view.excess_s / 2;
}

static TsFit
judge(TsEstimator *self, const TsBankFit *fit)
{
	bool is_misfit = self->n >= MIN_JUDGED && fit->misfit > OUTLIER_MISFIT;

	if (is_misfit && (self->run > 0 || is_beyond_queueing(self, fit->residual_s)))
		self->run++;
	if (is_misfit && break_model(self)) {
		keep_frame_near(self);
		remember_good(self);
		return TS_FIT_BREAK;
	}
	keep_frame_near(self);
	if (is_misfit)
		return TS_FIT_OUTLIER;
	remember_good(self);
	return TS_FIT_USED;
}

static TsFit
add_first(TsEstimator *self)
{
	start_with(self, 0, &self->prior);
	self->n = 1;
	self->has_broken = false;
	keep_frame_near(self);
	remember_good(self);
	return TS_FIT_USED;
}

TsFit
ts_estimator_add(TsEstimator *self, const TsSample *sample, double *residual_s)
{
	double floor_s = self->noise.floor_s;

	if (residual_s)
		*residual_s = 0;
	if (self->n > 0 && sample->raw_ns <= self->raw_ns)
		return TS_FIT_STALE;
	ts_noise_add(&self->noise, sample);
	if (self->n == 0)
		return add_first(self);

	TsBankFit fit = take(self, ts_noise_sample(&self->noise, 0), false);
	self->n++;
	if (residual_s)
		*residual_s = fit.residual_s;
	if (!self->has_broken && self->n <= EARLY_SAMPLES && self->noise.n == self->n &&
	    self->noise.floor_s < floor_s) {
		/* The first samples were worth less than was thought when they came. */
		start_with(self, self->n - 1, &self->prior);
		take_again(self, self->n - 1, false);
	}
	return judge(self, &fit);
}

const TsNoise *
ts_estimator_noise(const TsEstimator *self)
{
	return &self->noise;
}

TsNoiseModel
ts_estimator_likely_model(const TsEstimator *self, TsNoiseModel present, double *weight)
{
	return ts_bank_likely_model(&self->bank, present, weight);
}

bool
ts_estimator_get(const TsEstimator *self, int64_t raw_ns, TsEstimate *estimate)
{
	if (self->n == 0)
		return false;
	double offset_ns = self->answer.offset_s * 1e9;
	double whole_ns = floor(offset_ns);

	*estimate = (TsEstimate){
		.raw_ns = self->raw_ns,
		.offset_ns = self->frame_ns + (int64_t)whole_ns,
		.fraction_ns = offset_ns - whole_ns,
		.frequency = self->answer.frequency,
		.offset_sd_s = sqrt(self->answer.offset_variance),
		.frequency_sd = sqrt(self->answer.frequency_variance),
		.covariance = self->answer.covariance,
		.wander = self->answer.wander,
		.jitter_s = self->noise.scatter_s,
		.delay_min_s = self->noise.floor_s,
		.n_samples = self->noise.n_line,
	};
	ts_estimate_project(estimate, raw_ns);
	return true;
}

void
ts_estimate_project(TsEstimate *estimate, int64_t raw_ns)
{
	double dt = (double)(raw_ns - estimate->raw_ns) * 1e-9;
	double age = fabs(dt);
	double variance = estimate->frequency_sd * estimate->frequency_sd;
	double moved_ns = estimate->fraction_ns + estimate->frequency * dt * 1e9;
	double whole_ns = floor(moved_ns);
	double offset_variance = estimate->offset_sd_s * estimate->offset_sd_s +
				 dt * (2 * estimate->covariance + dt * variance) +
				 estimate->wander * age * age * age / 3;

	estimate->raw_ns = raw_ns;
	estimate->offset_ns += (int64_t)whole_ns;
	estimate->fraction_ns = moved_ns - whole_ns;
	estimate->offset_sd_s = sqrt(fmax(offset_variance, 0));
	estimate->covariance += dt * variance + estimate->wander * age * dt / 2;
	estimate->frequency_sd = sqrt(variance + estimate->wander * age);
}

double
ts_estimate_offset_from(const TsEstimate *estimate, int64_t raw_ns, int64_t offset_ns)
{
	double dt = (double)(raw_ns - estimate->raw_ns) * 1e-9;

	return ((double)(estimate->offset_ns - offset_ns) + estimate->fraction_ns) * 1e-9 +
	       estimate->frequency * dt;
}
