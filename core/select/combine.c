/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * combine.c - see combine.h
 *
 * Who is in: sources that join, leave, break or turn bad. How their samples enter the pool is
 * feed.h's.
 */
#include "select/combine.h"

#include <math.h>
#include <string.h>

#include "select/feed.h"

#define BAD_MISFIT     6.0 /* mean misfit over the others' from where on a source's word isn't kept */
#define EARLY_SAMPLES  16   /* of each source: so long the pool is built anew each round */
#define RECENT_BREAK   8    /* samples of each source in which breaks count as the same event */
#define MIN_BIAS_SCALE 1e-7 /* s: even a reference clock has cables */

struct _TsCombiner {
	TsFeed feed;
	bool is_started;
	bool is_shared; /* there was more than one source since the start */
	unsigned n_samples;
};

TsCombiner *
ts_combiner_new(void)
{
	TsCombiner *self = g_new0(TsCombiner, 1);

	ts_bank_prior_init(&self->feed.prior);
	return self;
}

void
ts_combiner_free(TsCombiner *self)
{
	if (!self)
		return;
	for (unsigned i = 0; i < self->feed.n_members; i++)
		ts_estimator_free(self->feed.members[i].estimator);
	g_free(self);
}

static void
keep_wander(TsCombiner *self)
{
	if (self->n_samples < TS_NOISE_WINDOW / 2)
		return;
	self->feed.prior.wander = ts_pool_mean_wander(&self->feed.pool);
	self->feed.prior.wander_decades = TS_BANK_WANDER_DECADES_KNOWN;
}

void
ts_combiner_reset(TsCombiner *self)
{
	keep_wander(self);
	for (unsigned i = 0; i < self->feed.n_members; i++)
		ts_estimator_free(self->feed.members[i].estimator);
	self->feed.n_members = 0;
	self->is_started = false;
	self->n_samples = 0;
}

void
ts_combiner_set_prior(TsCombiner *self, double frequency, double frequency_sd, double wander)
{
	TsBankPrior *prior = &self->feed.prior;

	ts_bank_prior_set(prior, frequency, frequency_sd, wander);
	if (self->is_started)
		ts_pool_set_wander(&self->feed.pool, prior->wander, prior->wander_decades);
	for (unsigned i = 0; i < self->feed.n_members; i++)
		ts_estimator_set_prior(self->feed.members[i].estimator, frequency, frequency_sd,
				       wander);
}

static double
bias_scale(const TsEstimator *estimator, const TsSample *newest)
{
	return fmax(ts_estimator_noise(estimator)->floor_s / 2,
		    fmax(newest->noise_s, MIN_BIAS_SCALE));
}

static void
join(TsCombiner *self, TsFeedMember *member, const TsSample *newest)
{
	unsigned index = self->feed.n_members++;

	member->bias_scale_s = bias_scale(member->estimator, newest);
	self->feed.members[index] = *member;
	self->is_shared = self->is_started;
	if (!self->is_started || self->n_samples < EARLY_SAMPLES * self->feed.n_members) {
		self->is_started = true;
		ts_feed_rebuild(&self->feed);
	} else {
		ts_pool_join(&self->feed.pool, member->bias_scale_s);
		ts_feed_predict(&self->feed, newest->raw_ns);
		ts_feed_take_estimate(&self->feed, index);
	}
	ts_feed_refresh(&self->feed);
}

static void
take_up(TsCombiner *self, uint64_t id, const TsSample *history, unsigned n)
{
	TsFeedMember member = {.id = id, .misfit = 1};
	const TsBankPrior *prior = &self->feed.prior;

	if (n == 0 || self->feed.n_members == TS_COMBINE_MAX_SOURCES)
		return;
	keep_wander(self);
	member.estimator = ts_estimator_new(NULL);
	ts_estimator_set_prior(member.estimator, prior->frequency, prior->frequency_sd,
			       prior->wander_decades < TS_BANK_WANDER_DECADES ? prior->wander : 0);
	for (unsigned i = 0; i < n; i++)
		ts_estimator_add(member.estimator, &history[i], NULL);
	join(self, &member, &history[n - 1]);
}

static bool
is_bad(const TsCombiner *self, const TsFeedMember *member)
{
	return self->feed.n_members > 1 &&
	       member->misfit > BAD_MISFIT * ts_feed_usual_misfit(&self->feed);
}

static void
let_go(TsCombiner *self, unsigned index)
{
	bool was_bad = is_bad(self, &self->feed.members[index]);

	ts_estimator_free(self->feed.members[index].estimator);
	ts_pool_leave(&self->feed.pool, index);
	for (unsigned i = index; i + 1 < self->feed.n_members; i++)
		self->feed.members[i] = self->feed.members[i + 1];
	self->feed.n_members--;
	if (self->feed.n_members == 0)
		return;
	if (was_bad) {
		/* It pulled the pool along: what the others say counts. */
		ts_feed_rebuild(&self->feed);
	}
	ts_feed_refresh(&self->feed);
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
	for (unsigned i = 0; i < self->feed.n_members; i++)
		if (self->feed.members[i].id == id)
			return (int)i;
	return -1;
}

void
ts_combiner_set_sources(TsCombiner *self, const uint64_t *ids, unsigned n,
			const TsSample *const *histories, const unsigned *n_histories)
{
	n = MIN(n, TS_COMBINE_MAX_SOURCES);
	for (unsigned i = self->feed.n_members; i-- > 0;)
		if (find_id(ids, n, self->feed.members[i].id) < 0)
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

	self->feed.members[index].recent_break = RECENT_BREAK * self->feed.n_members;
	for (unsigned i = 0; i < self->feed.n_members; i++)
		n_broken += self->feed.members[i].recent_break > 0;
	if (2 * n_broken > self->feed.n_members) {
		ts_feed_restart(&self->feed, index, self->feed.raw_ns);
		for (unsigned i = 0; i < self->feed.n_members; i++) {
			self->feed.members[i].recent_break = 0;
			self->feed.members[i].misfit = 1;
		}
	} else {
		ts_pool_doubt(&self->feed.pool, index, 3 * fabs(residual_s));
	}
}

/* Once a round while floors and noise models are still being learnt. */
static bool
is_time_to_rebuild(const TsCombiner *self)
{
	return self->feed.n_members > 1 && self->n_samples < EARLY_SAMPLES * self->feed.n_members &&
	       self->n_samples % self->feed.n_members == 0;
}

void
ts_combiner_add(TsCombiner *self, uint64_t id, const TsSample *sample)
{
	int index = find_member(self, id);
	double residual_s;

	if (index < 0)
		return;
	TsFit fit = ts_estimator_add(self->feed.members[index].estimator, sample, &residual_s);
	if (fit == TS_FIT_STALE)
		return;
	for (unsigned i = 0; i < self->feed.n_members; i++)
		if (self->feed.members[i].recent_break > 0)
			self->feed.members[i].recent_break--;
	if (fit == TS_FIT_BREAK) {
		ts_feed_predict(&self->feed, sample->raw_ns);
		on_break(self, (unsigned)index, residual_s);
	} else if (is_time_to_rebuild(self)) {
		ts_feed_rebuild(&self->feed);
	} else {
		ts_feed_take_newest(&self->feed, (unsigned)index);
	}
	self->n_samples++;
	ts_feed_refresh(&self->feed);
}

/* Jitter and delay are those of the best source. */
static void
describe_members(const TsCombiner *self, TsEstimate *estimate)
{
	for (unsigned i = 0; i < self->feed.n_members; i++) {
		TsEstimate own;

		ts_estimator_get(self->feed.members[i].estimator, self->feed.raw_ns, &own);
		estimate->n_samples += own.n_samples;
		if (i == 0 || own.jitter_s < estimate->jitter_s) {
			estimate->jitter_s = own.jitter_s;
			estimate->delay_min_s = own.delay_min_s;
		}
	}
}

/* Of one source, its own bank knows more: all noise models side by side. What the others once said
 * of its bias still holds. */
static bool
get_single(const TsCombiner *self, int64_t raw_ns, TsEstimate *estimate)
{
	ts_estimator_get(self->feed.members[0].estimator, raw_ns, estimate);
	if (self->is_shared) {
		double offset_ns = estimate->fraction_ns - ts_pool_bias(&self->feed.pool, 0) * 1e9;
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
	if (self->feed.n_members == 1)
		return get_single(self, raw_ns, estimate);
	double offset_ns = self->feed.answer.offset_s * 1e9;
	double whole_ns = floor(offset_ns);

	*estimate = (TsEstimate){
		.raw_ns = self->feed.raw_ns,
		.offset_ns = self->feed.frame_ns + (int64_t)whole_ns,
		.fraction_ns = offset_ns - whole_ns,
		.frequency = self->feed.answer.frequency,
		.offset_sd_s = sqrt(self->feed.answer.offset_variance),
		.frequency_sd = sqrt(self->feed.answer.frequency_variance),
		.covariance = self->feed.answer.covariance,
		.wander = self->feed.answer.wander,
	};
	describe_members(self, estimate);
	ts_estimate_project(estimate, raw_ns);
	return true;
}
