/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * combine.c - see combine.h
 *
 * Each source keeps an estimator of its own here, which learns how good its samples are; the samples,
 * corrected and weighed by it, go to one pool of filters. A source whose samples fit the pool worse than
 * the others' do counts for less, so that one that turns bad does little harm until selection drops it.
 */
#include "select/combine.h"

#include <math.h>
#include <string.h>

#include "select/pool.h"

/* As in estimate.c. */
#define DEFAULT_FREQUENCY_SD   5e-5
#define DEFAULT_WANDER         1e-18
#define DEFAULT_WANDER_DECADES 2.0
#define KNOWN_WANDER_DECADES   0.5

#define MISFIT_FOLLOWS 0.15 /* weight of the newest in a source's mean misfit */
#define BAD_MISFIT     6.0  /* mean misfit over the others' from where on a source's word isn't kept */
#define EARLY_SAMPLES  16   /* of each source: so long the pool is built anew each round */
#define RECENT_BREAK   8    /* samples of each source in which breaks count as the same event */
#define MIN_BIAS_SCALE 1e-7 /* s: even a reference clock has cables */
#define FRAME_LIMIT_S  1.0

typedef struct {
	uint64_t id;
	TsEstimator *estimator;
	double bias_scale_s;   /* as in pool.h */
	TsNoiseModel model;    /* the likely one, */
	double model_weight;   /* and how likely it is */
	double misfit;         /* mean of late, about 1 */
	unsigned recent_break; /* samples for which a break of this source is remembered */
} Member;

struct _TsCombiner {
	Member members[TS_COMBINE_MAX_SOURCES]; /* in the order of the pool */
	unsigned n_members;
	bool is_started;
	bool is_shared; /* there was more than one source since the start */
	TsPool pool;
	TsBankAnswer answer;
	int64_t raw_ns;
	int64_t frame_ns;
	unsigned n_samples;
	/* prior */
	double frequency, frequency_sd;
	double wander, wander_decades;
};

TsCombiner *
ts_combiner_new(void)
{
	TsCombiner *self = g_new0(TsCombiner, 1);

	self->frequency_sd = DEFAULT_FREQUENCY_SD;
	self->wander = DEFAULT_WANDER;
	self->wander_decades = DEFAULT_WANDER_DECADES;
	return self;
}

void
ts_combiner_free(TsCombiner *self)
{
	if (!self)
		return;
	for (unsigned i = 0; i < self->n_members; i++)
		ts_estimator_free(self->members[i].estimator);
	g_free(self);
}

static void
keep_wander(TsCombiner *self)
{
	if (self->n_samples < TS_NOISE_WINDOW / 2)
		return;
	self->wander = ts_pool_mean_wander(&self->pool);
	self->wander_decades = KNOWN_WANDER_DECADES;
}

void
ts_combiner_reset(TsCombiner *self)
{
	keep_wander(self);
	for (unsigned i = 0; i < self->n_members; i++)
		ts_estimator_free(self->members[i].estimator);
	self->n_members = 0;
	self->is_started = false;
	self->n_samples = 0;
}

void
ts_combiner_set_prior(TsCombiner *self, double frequency, double frequency_sd, double wander)
{
	self->frequency = frequency;
	self->frequency_sd = frequency_sd > 0 ? frequency_sd : DEFAULT_FREQUENCY_SD;
	if (wander > 0) {
		self->wander = wander;
		self->wander_decades = KNOWN_WANDER_DECADES;
	}
	if (self->is_started)
		ts_pool_set_wander(&self->pool, self->wander, self->wander_decades);
	for (unsigned i = 0; i < self->n_members; i++)
		ts_estimator_set_prior(self->members[i].estimator, frequency, frequency_sd, wander);
}

static void
refresh(TsCombiner *self)
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

/* The pool goes on from what member @index alone says now. */
static void
restart_from(TsCombiner *self, unsigned index, int64_t raw_ns)
{
	TsEstimate estimate;
	TsBankAnswer line;

	ts_estimator_get(self->members[index].estimator, raw_ns, &estimate);
	self->raw_ns = raw_ns;
	self->frame_ns = estimate.offset_ns;
	line_of(&estimate, self->frame_ns, &line);
	ts_pool_restart(&self->pool, index, &line);
}

static void
predict_to(TsCombiner *self, int64_t raw_ns)
{
	if (raw_ns <= self->raw_ns)
		return;
	ts_pool_predict(&self->pool, (double)(raw_ns - self->raw_ns) * 1e-9);
	self->raw_ns = raw_ns;
}

/* What is known of a source before it joined counts as one sample of it. */
static void
take_estimate(TsCombiner *self, unsigned index)
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

/* Returns: the middle of the members' mean misfits, the lower one of two. */
static double
usual_misfit(const TsCombiner *self)
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
take_sample(TsCombiner *self, unsigned index, const TsNoiseSample *sample)
{
	Member *member = &self->members[index];
	TsNoiseView view;
	double trust = fmax(member->misfit / usual_misfit(self), 1);

	ts_noise_view(ts_estimator_noise(member->estimator), sample, &view);
	predict_to(self, sample->raw_ns);
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

/* Returns: the member whose window has the oldest sample left, or -1. @left: samples left of each. */
static int
oldest_of(const TsCombiner *self, const unsigned *left)
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
start_pool(TsCombiner *self, unsigned index, const TsNoiseSample *sample)
{
	TsNoiseView view;
	TsBankAnswer line = {
		.frequency = self->frequency,
		.frequency_variance = self->frequency_sd * self->frequency_sd,
	};

	ts_noise_view(ts_estimator_noise(self->members[index].estimator), sample, &view);
	line.offset_variance = view.variance[self->members[index].model];
	self->raw_ns = sample->raw_ns;
	self->frame_ns = sample->offset_ns;
	ts_pool_restart(&self->pool, index, &line);
	ts_pool_answer(&self->pool, &self->answer);
}

/* Feeds a new pool with all that the members' windows hold, judged by what is known of each path now. */
static void
rebuild(TsCombiner *self)
{
	unsigned left[TS_COMBINE_MAX_SOURCES];
	bool is_first = true;

	ts_pool_init(&self->pool, self->wander, self->wander_decades);
	for (unsigned i = 0; i < self->n_members; i++) {
		Member *member = &self->members[i];

		left[i] = ts_estimator_noise(member->estimator)->n;
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

static double
bias_scale(const TsEstimator *estimator, const TsSample *newest)
{
	return fmax(ts_estimator_noise(estimator)->floor_s / 2, fmax(newest->noise_s, MIN_BIAS_SCALE));
}

static void
join(TsCombiner *self, Member *member, const TsSample *newest)
{
	unsigned index = self->n_members++;

	member->bias_scale_s = bias_scale(member->estimator, newest);
	self->members[index] = *member;
	self->is_shared = self->is_started;
	if (!self->is_started || self->n_samples < EARLY_SAMPLES * self->n_members) {
		self->is_started = true;
		rebuild(self);
	} else {
		ts_pool_join(&self->pool, member->bias_scale_s);
		predict_to(self, newest->raw_ns);
		take_estimate(self, index);
	}
	refresh(self);
}

static void
take_up(TsCombiner *self, uint64_t id, const TsSample *history, unsigned n)
{
	Member member = {.id = id, .misfit = 1};

	if (n == 0 || self->n_members == TS_COMBINE_MAX_SOURCES)
		return;
	keep_wander(self);
	member.estimator = ts_estimator_new(NULL);
	ts_estimator_set_prior(member.estimator, self->frequency, self->frequency_sd,
			       self->wander_decades < DEFAULT_WANDER_DECADES ? self->wander : 0);
	for (unsigned i = 0; i < n; i++)
		ts_estimator_add(member.estimator, &history[i], NULL);
	join(self, &member, &history[n - 1]);
}

static bool
is_bad(const TsCombiner *self, const Member *member)
{
	return self->n_members > 1 && member->misfit > BAD_MISFIT * usual_misfit(self);
}

static void
let_go(TsCombiner *self, unsigned index)
{
	bool was_bad = is_bad(self, &self->members[index]);

	ts_estimator_free(self->members[index].estimator);
	ts_pool_leave(&self->pool, index);
	for (unsigned i = index; i + 1 < self->n_members; i++)
		self->members[i] = self->members[i + 1];
	self->n_members--;
	if (self->n_members == 0)
		return;
	if (was_bad) {
		/* It pulled the pool along: what the others say counts. */
		rebuild(self);
	}
	refresh(self);
}

static int
find_id(const uint64_t *ids, unsigned n, uint64_t id)
{
	for (unsigned i = 0; i < n; i++)
		if (ids[i] == id)
			return (int)i;
	return -1;
}

static int
find_member(const TsCombiner *self, uint64_t id)
{
	for (unsigned i = 0; i < self->n_members; i++)
		if (self->members[i].id == id)
			return (int)i;
	return -1;
}

void
ts_combiner_set_sources(TsCombiner *self, const uint64_t *ids, unsigned n,
			const TsSample *const *histories, const unsigned *n_histories)
{
	n = MIN(n, TS_COMBINE_MAX_SOURCES);
	for (unsigned i = self->n_members; i-- > 0;)
		if (find_id(ids, n, self->members[i].id) < 0)
			let_go(self, i);
	for (unsigned i = 0; i < n; i++)
		if (find_member(self, ids[i]) < 0)
			take_up(self, ids[i], histories[i], n_histories[i]);
}

/* A step that one source alone sees is the source's, one that most see is the clock's. */
static void
on_break(TsCombiner *self, unsigned index, double residual_s)
{
	unsigned n_broken = 0;

	self->members[index].recent_break = RECENT_BREAK * self->n_members;
	for (unsigned i = 0; i < self->n_members; i++)
		n_broken += self->members[i].recent_break > 0;
	if (2 * n_broken > self->n_members) {
		restart_from(self, index, self->raw_ns);
		for (unsigned i = 0; i < self->n_members; i++) {
			self->members[i].recent_break = 0;
			self->members[i].misfit = 1;
		}
	} else {
		ts_pool_doubt(&self->pool, index, 3 * fabs(residual_s));
	}
}

static void
take_newest(TsCombiner *self, unsigned index)
{
	Member *member = &self->members[index];
	TsNoiseModel model = ts_estimator_likely_model(member->estimator, member->model,
						       &member->model_weight);

	if (model != member->model)
		ts_pool_forget_share(&self->pool, index);
	member->model = model;
	take_sample(self, index, ts_noise_sample(ts_estimator_noise(member->estimator), 0));
}

/* Once a round while floors and noise models are still being learnt. */
static bool
is_time_to_rebuild(const TsCombiner *self)
{
	return self->n_members > 1 && self->n_samples < EARLY_SAMPLES * self->n_members &&
	       self->n_samples % self->n_members == 0;
}

void
ts_combiner_add(TsCombiner *self, uint64_t id, const TsSample *sample)
{
	int index = find_member(self, id);
	double residual_s;

	if (index < 0)
		return;
	TsFit fit = ts_estimator_add(self->members[index].estimator, sample, &residual_s);
	if (fit == TS_FIT_STALE)
		return;
	for (unsigned i = 0; i < self->n_members; i++)
		if (self->members[i].recent_break > 0)
			self->members[i].recent_break--;
	if (fit == TS_FIT_BREAK) {
		predict_to(self, sample->raw_ns);
		on_break(self, (unsigned)index, residual_s);
	} else if (is_time_to_rebuild(self)) {
		rebuild(self);
	} else {
		take_newest(self, (unsigned)index);
	}
	self->n_samples++;
	refresh(self);
}

/* Jitter and delay are those of the best source. */
static void
describe_members(const TsCombiner *self, TsEstimate *estimate)
{
	for (unsigned i = 0; i < self->n_members; i++) {
		TsEstimate own;

		ts_estimator_get(self->members[i].estimator, self->raw_ns, &own);
		estimate->n_samples += own.n_samples;
		if (i == 0 || own.jitter_s < estimate->jitter_s) {
			estimate->jitter_s = own.jitter_s;
			estimate->delay_min_s = own.delay_min_s;
		}
	}
}

/* Of one source, its own bank knows more: all noise models side by side. What the others once said of its
 * bias still holds. */
static bool
get_single(const TsCombiner *self, int64_t raw_ns, TsEstimate *estimate)
{
	ts_estimator_get(self->members[0].estimator, raw_ns, estimate);
	if (self->is_shared) {
		double offset_ns = estimate->fraction_ns - ts_pool_bias(&self->pool, 0) * 1e9;
		double whole_ns = floor(offset_ns);

		estimate->offset_ns += (int64_t)whole_ns;
		estimate->fraction_ns = offset_ns - whole_ns;
	}
	return true;
}

bool
ts_combiner_get(const TsCombiner *self, int64_t raw_ns, TsEstimate *estimate)
{
	if (!self->is_started)
		return false;
	if (self->n_members == 1)
		return get_single(self, raw_ns, estimate);
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
	};
	describe_members(self, estimate);
	ts_estimate_project(estimate, raw_ns);
	return true;
}
