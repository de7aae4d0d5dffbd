/* SPDX-License-Identifier: BSD-2-Clause */
/* feed.c - see feed.h */
#include "select/feed.h"

#include <math.h>

#define MISFIT_FOLLOWS 0.15 /* weight of the newest in a source's mean misfit */
#define FRAME_LIMIT_S  1.0

void
ts_feed_refresh(TsFeed *self)
{
	ts_pool_answer(&self->pool, &self->answer);
	if (fabs(self->answer.offset_s) < FRAME_LIMIT_S)
		return;
	int64_t shift_ns = (int64_t)(self->answer.offset_s * 1e9);
	self->frame_ns += shift_ns;
	ts_pool_shift(&self->pool, (double)shift_ns * 1e-9);
	ts_pool_answer(&self->pool, &self->answer);
}

static void
line_of(const TsEstimate *estimate, int64_t frame_ns, TsBankAnswer *line)
{
	*line = (TsBankAnswer){
		.offset_s = ts_estimate_offset_from(estimate, estimate->raw_ns, frame_ns),
		.frequency = estimate->frequency,
		.offset_variance = estimate->offset_sd_s * estimate->offset_sd_s,
		.covariance = estimate->covariance,
		.frequency_variance = estimate->frequency_sd * estimate->frequency_sd,
	};
}

void
ts_feed_restart(TsFeed *self, unsigned index, int64_t raw_ns)
{
	TsEstimate estimate;
	TsBankAnswer line;

	ts_estimator_get(self->members[index].estimator, raw_ns, &estimate);
	self->raw_ns = raw_ns;
	self->frame_ns = estimate.offset_ns;
	line_of(&estimate, self->frame_ns, &line);
	ts_pool_restart(&self->pool, index, &line);
}

void
ts_feed_predict(TsFeed *self, int64_t raw_ns)
{
	if (raw_ns <= self->raw_ns)
		return;
	ts_pool_predict(&self->pool, (double)(raw_ns - self->raw_ns) * 1e-9);
	self->raw_ns = raw_ns;
}

void
ts_feed_take_estimate(TsFeed *self, unsigned index)
{
	TsEstimate estimate;

	ts_estimator_get(self->members[index].estimator, self->raw_ns, &estimate);
	TsPoolSample sample = {
		.source = index,
		.value_s = ts_estimate_offset_from(&estimate, self->raw_ns, self->frame_ns),
		.variance = estimate.offset_sd_s * estimate.offset_sd_s,
	};
	ts_pool_update(&self->pool, &sample);
}

double
ts_feed_usual_misfit(const TsFeed *self)
{
	double sorted[TS_COMBINE_MAX_SOURCES];
	unsigned n = 0;

	for (; n < self->n_members; n++) {
		unsigned j = n;

		for (; j > 0 && sorted[j - 1] > self->members[n].misfit; j--)
			sorted[j] = sorted[j - 1];
		sorted[j] = self->members[n].misfit;
	}
	return fmax(sorted[(n - 1) / 2], 0.5);
}

static void
take_sample(TsFeed *self, unsigned index, const TsNoiseSample *sample)
{
	TsFeedMember *member = &self->members[index];
	TsNoiseView view;
	double trust = fmax(member->misfit / ts_feed_usual_misfit(self), 1);

	ts_noise_view(ts_estimator_noise(member->estimator), sample, &view);
	ts_feed_predict(self, sample->raw_ns);
	/* Answers overtake each other: one that is older than the pool is carried to its moment. */
	double late_s = (double)(self->raw_ns - sample->raw_ns) * 1e-9;
	TsPoolSample seen = {
		.source = index,
		.value_s = (double)(sample->offset_ns - self->frame_ns) * 1e-9 +
			   late_s * self->answer.frequency,
		/* Less certain while it isn't clear which model is right. */
		.variance = view.variance[member->model] * trust / member->model_weight,
		.shared_s = view.shared_s[member->model],
	};
	TsBankFit fit = ts_pool_update(&self->pool, &seen);
	member->misfit += MISFIT_FOLLOWS * (fmin(fit.misfit * trust, 100) - member->misfit);
}

void
ts_feed_take_newest(TsFeed *self, unsigned index)
{
	TsFeedMember *member = &self->members[index];
	TsNoiseModel model =
		ts_estimator_likely_model(member->estimator, member->model, &member->model_weight);

	if (model != member->model)
		ts_pool_forget_share(&self->pool, index);
	member->model = model;
	take_sample(self, index, ts_noise_sample(ts_estimator_noise(member->estimator), 0));
}

/* Returns: the member whose window has the oldest sample left, or -1. @left: samples left of each.
 */
static int
oldest_of(const TsFeed *self, const unsigned *left)
{
	int oldest = -1;
	int64_t oldest_raw_ns = INT64_MAX;

	for (unsigned i = 0; i < self->n_members; i++) {
		if (left[i] == 0)
			continue;
		const TsNoise *noise = ts_estimator_noise(self->members[i].estimator);
		int64_t raw_ns = ts_noise_sample(noise, left[i] - 1)->raw_ns;
		if (raw_ns < oldest_raw_ns) {
			oldest_raw_ns = raw_ns;
			oldest = (int)i;
		}
	}
	return oldest;
}

static void
start_pool(TsFeed *self, unsigned index, const TsNoiseSample *sample)
{
	TsNoiseView view;
	TsBankAnswer line = {
		.frequency = self->prior.frequency,
		.frequency_variance = self->prior.frequency_sd * self->prior.frequency_sd,
	};

	ts_noise_view(ts_estimator_noise(self->members[index].estimator), sample, &view);
	line.offset_variance = view.variance[self->members[index].model];
	self->raw_ns = sample->raw_ns;
	self->frame_ns = sample->offset_ns;
	ts_pool_restart(&self->pool, index, &line);
	ts_pool_answer(&self->pool, &self->answer);
}

void
ts_feed_rebuild(TsFeed *self)
{
	unsigned left[TS_COMBINE_MAX_SOURCES];
	bool is_first = true;

	ts_pool_init(&self->pool, self->prior.wander, self->prior.wander_decades);
	for (unsigned i = 0; i < self->n_members; i++) {
		TsFeedMember *member = &self->members[i];

		left[i] = ts_estimator_noise(member->estimator)->n_line;
		member->model = ts_estimator_likely_model(member->estimator, member->model,
							  &member->model_weight);
		member->misfit = 1;
		ts_pool_join(&self->pool, member->bias_scale_s);
	}
	for (int i; (i = oldest_of(self, left)) >= 0; is_first = false) {
		const TsNoise *noise = ts_estimator_noise(self->members[i].estimator);
		const TsNoiseSample *sample = ts_noise_sample(noise, --left[i]);

		if (is_first)
			start_pool(self, (unsigned)i, sample);
		else
			take_sample(self, (unsigned)i, sample);
	}
}
