/* SPDX-License-Identifier: BSD-2-Clause */
/* source.c - the life of a source: what its owner tells, its samples on their way to the engine */
#include "source/source.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "select/poll.h"
#include "source/engine-data.h"

#define TS_LOG_COMPONENT "source"

/* How sure it has to be that the oscillator is outside its declared limit, and how far the limit is raised
 * then. */
#define SAMPLES_FOR_RATE 4
#define SIGMAS_FOR_RATE	 4
#define RATE_MARGIN	 1.5

/* What is likely: 4 sigma, a rate that changed by 1 ppm since the newest sample (as a warm room does), and
 * a few microseconds that statistics can't see (interrupts, cables). */
#define LIKELY_SIGMAS  4.0
#define LIKELY_DRIFT   1e-6
#define LIKELY_FLOOR_S 10e-6

TsSource *
ts_source_new(TsEngine *engine, const TsSourceSettings *settings, const char *label,
	      const char *pool, const TsSourceOps *ops, void *owner)
{
	TsSource *self = g_new0(TsSource, 1);
	TsEstimatorOptions options = {.min_samples = settings->min_samples,
				      .max_samples = settings->max_samples};

	self->engine = engine;
	self->id = ++engine->next_source_id;
	self->label = g_strdup(label ? label : settings->label);
	self->pool = g_strdup(pool);
	self->settings = ts_source_settings_copy(settings);
	self->ops = ops;
	self->owner = owner;
	self->is_offline = !settings->is_online;
	self->remote_leap = TS_LEAP_UNSYNCHRONISED;
	self->remote_stratum = TS_STRATUM_UNSYNCHRONISED;
	self->estimator = ts_estimator_new(&options);
	self->bound = ts_bound_tracker_new(
		engine->max_rate, engine->settings->clock.max_drift_change_ppm * 1e-6 / 60);
	self->decision.verdict = TS_VERDICT_NO_SAMPLES;
	if (engine->has_drift)
		ts_estimator_set_prior(self->estimator, engine->drift.frequency,
				       engine->drift.frequency_sd, engine->drift.wander);
	return self;
}

void
ts_source_free(TsSource *source)
{
	if (!source)
		return;
	ts_estimator_free(source->estimator);
	ts_bound_tracker_free(source->bound);
	ts_source_settings_free(source->settings);
	g_free(source->label);
	g_free(source->pool);
	g_free(source->stopped);
	g_free(source->progress);
	g_free(source->duplicate_of);
	g_free(source);
}

void
ts_source_forget_samples(TsSource *source)
{
	ts_estimator_reset(source->estimator);
	ts_bound_tracker_reset(source->bound);
	source->n_history = source->n_pending = 0;
	source->n_until_forgiven = 0;
	source->n_useless = 0;
}

const TsSample *
ts_source_newest(const TsSource *source)
{
	return source->n_history ? &source->history[source->n_history - 1] : NULL;
}

uint64_t
ts_source_id(const TsSource *source)
{
	return source->id;
}

const char *
ts_source_label(const TsSource *source)
{
	return source->label;
}

const TsSourceOps *
ts_source_ops(const TsSource *source, void **owner)
{
	*owner = source->owner;
	return source->ops;
}

static void
count(TsSource *source, TsSourceCounter counter, uint64_t *own)
{
	(*own)++;
	ts_metric_add(source->engine->counters[counter], 0, 1);
}

void
ts_source_update_reach(TsSource *source, bool is_answered)
{
	bool was_reachable = source->reach != 0;

	source->reach = (uint8_t)(source->reach << 1 | is_answered);
	if (is_answered)
		count(source, TS_COUNT_REPLIES, &source->n_replies);
	else
		count(source, TS_COUNT_MISSES, &source->n_misses);
	if (was_reachable == (source->reach != 0)) {
		/* eight in a row went unanswered, and eight more, ...: another address may do better */
		if (!source->reach && source->n_misses % 8 == 0 && source->ops->replace)
			source->ops->replace(source->owner);
		return;
	}
	ts_engine_emit(source->engine, TS_EVENT_SOURCE_CHANGED, source,
		       source->reach ? "reachable" : "unreachable");
	if (!source->reach) {
		ts_engine_update(source->engine, NULL, NULL);
		if (source->ops->replace)
			source->ops->replace(source->owner);
	}
}

void
ts_source_set_poll(TsSource *source, double interval_s)
{
	source->poll_s = interval_s;
}

void
ts_source_set_address(TsSource *source, const TsAddress *address)
{
	bool is_same = source->has_address == (address != NULL) &&
		       (!address || ts_address_equal(address, &source->address));
	if (is_same)
		return;
	source->has_address = address != NULL;
	if (address)
		source->address = *address;
	source->reach = 0;
	source->remote_leap = TS_LEAP_UNSYNCHRONISED;
	source->remote_stratum = TS_STRATUM_UNSYNCHRONISED;
	ts_source_forget_samples(source);
	ts_engine_emit(source->engine, TS_EVENT_SOURCE_CHANGED, source, "address");
	ts_engine_update(source->engine, NULL, NULL);
}

void
ts_source_set_remote_state(TsSource *source, int leap, int stratum, uint32_t refid,
			   double root_delay_s, double root_dispersion_s)
{
	bool was_synchronised = source->remote_leap != TS_LEAP_UNSYNCHRONISED;

	source->remote_leap = leap;
	source->remote_stratum = stratum;
	source->remote_refid = refid;
	source->remote_root_delay_s = root_delay_s;
	source->remote_root_dispersion_s = root_dispersion_s;
	if (was_synchronised != (leap != TS_LEAP_UNSYNCHRONISED))
		ts_engine_update(source->engine, NULL, NULL);
}

/* Replaces a text of the source; tells the engine if it came or went. */
static void
set_text(TsSource *source, char **text, const char *fresh)
{
	if (g_strcmp0(*text, fresh) == 0)
		return;
	bool has_changed = (*text == NULL) != (fresh == NULL);
	g_free(*text);
	*text = g_strdup(fresh);
	if (has_changed)
		ts_engine_update(source->engine, NULL, NULL);
}

void
ts_source_set_stopped(TsSource *source, const char *reason)
{
	set_text(source, &source->stopped, reason);
}

void
ts_source_set_duplicate(TsSource *source, const char *of)
{
	set_text(source, &source->duplicate_of, of);
}

void
ts_source_set_progress(TsSource *source, const char *progress)
{
	if (g_strcmp0(source->progress, progress) == 0)
		return;
	g_free(source->progress);
	source->progress = g_strdup(progress);
}

void
ts_source_set_online(TsSource *source, bool is_online)
{
	if (source->is_offline == !is_online)
		return;
	source->is_offline = !is_online;
	ts_engine_update(source->engine, NULL, NULL);
}

void
ts_source_set_local_address(TsSource *source, const TsAddress *address)
{
	source->has_local_refid = true;
	source->local_refid = ts_address_refid(address);
}

void
ts_source_set_loop(TsSource *source, bool is_loop)
{
	if (source->is_loop == is_loop)
		return;
	source->is_loop = is_loop;
	ts_engine_update(source->engine, NULL, NULL);
}

void
ts_source_set_settings(TsSource *source, const TsSourceSettings *settings)
{
	g_autoptr(TsSourceSettings) before = g_steal_pointer(&source->settings);

	source->settings = ts_source_settings_copy(settings);
	if (before->offset_s != settings->offset_s)
		ts_source_forget_samples(source); /* they were taken with the other offset */
	ts_engine_update(source->engine, NULL, NULL);
}

int
ts_source_decide_poll(const TsSource *source, int current_log2s)
{
	const TsSourceSettings *settings = source->settings;
	TsEstimate estimate;

	if (!ts_source_get_estimate(source, ts_clock_raw_now(source->engine->clock), &estimate))
		return CLAMP(current_log2s, settings->min_poll, settings->max_poll);
	return ts_poll_decide(&estimate, current_log2s, settings->min_poll, settings->max_poll);
}

bool
ts_source_get_estimate(const TsSource *source, int64_t raw_ns, TsEstimate *estimate)
{
	return ts_estimator_get(source->estimator, raw_ns, estimate);
}

static int
compare_offsets(const void *a, const void *b)
{
	const TsSample *first = a, *second = b;

	return first->offset_ns < second->offset_ns ? -1 : first->offset_ns > second->offset_ns;
}

/* Gathers samples until there are as many as "filter" says. Returns: whether *@sample is the median of
 * them now. */
static bool
filter_sample(TsSource *source, TsSample *sample)
{
	unsigned wanted = MIN(source->settings->filter, TS_SOURCE_MAX_HISTORY);

	if (wanted <= 1)
		return true;
	source->pending[source->n_pending++] = *sample;
	if (source->n_pending < wanted)
		return false;
	qsort(source->pending, source->n_pending, sizeof *source->pending, compare_offsets);
	TsSample median = source->pending[source->n_pending / 2];
	source->n_pending = 0;
	/* the estimator wants time to go forward: the median may be older than the newest */
	*sample = median;
	return true;
}

static void
remember(TsSource *source, const TsSample *sample)
{
	unsigned limit = CLAMP(source->settings->max_samples, 1, TS_SOURCE_MAX_HISTORY);

	if (source->n_history >= limit) {
		unsigned n_gone = source->n_history - limit + 1;
		source->n_history -= n_gone;
		memmove(source->history, source->history + n_gone,
			source->n_history * sizeof *source->history);
	}
	source->history[source->n_history++] = *sample;
}

/* How far @sample lies outside what was certain, s; 0 when it does not. */
static double
contradiction(const TsSource *source, const TsSample *sample)
{
	double half_width_s = ts_sample_hard_error_s(sample);
	TsBound bound;

	if (!isfinite(half_width_s) ||
	    !ts_bound_tracker_get(source->bound, sample->raw_ns, &bound))
		return 0;
	double above_s = (double)(sample->offset_ns - bound.latest_ns) * 1e-9 - half_width_s;
	double below_s = (double)(bound.earliest_ns - sample->offset_ns) * 1e-9 - half_width_s;
	return above_s > 0 ? above_s : below_s > 0 ? -below_s : 0;
}

/* An oscillator outside its declared limit makes honest sources contradict each other and themselves. What a
 * source that agrees with the others tells of it is believed, and the limit raised. */
static void
check_oscillator(const TsSource *source, int64_t raw_ns)
{
	TsEngine *engine = source->engine;
	TsEstimate estimate;

	if (!ts_verdict_is_truechimer(source->decision.verdict) ||
	    !ts_estimator_get(source->estimator, raw_ns, &estimate) ||
	    estimate.n_samples < SAMPLES_FOR_RATE ||
	    fabs(estimate.frequency) - SIGMAS_FOR_RATE * estimate.frequency_sd <= engine->max_rate)
		return;
	double max_rate = RATE_MARGIN * fabs(estimate.frequency);
	ts_warning("%s shows this machine's clock to be off by %+.1f ppm, outside of clock: max-drift "
		   "%.1f ppm; %.1f ppm is reckoned with from now on",
		   source->label, -estimate.frequency * 1e6, engine->max_rate * 1e6, max_rate * 1e6);
	ts_engine_set_max_rate(engine, max_rate);
}

TsFit
ts_source_add_sample(TsSource *source, const TsSample *sample)
{
	TsEngine *engine = source->engine;
	TsSample used = *sample;

	count(source, TS_COUNT_SAMPLES, &source->n_samples_total);
	if (sample->epoch != ts_clock_epoch(engine->clock)) {
		count(source, TS_COUNT_REJECTED, &source->n_samples_rejected);
		return TS_FIT_STALE;
	}
	used.offset_ns += ts_s_to_ns(source->settings->offset_s);
	source->remote_leap = sample->leap;
	source->remote_stratum = sample->stratum;
	source->remote_refid = sample->refid;
	source->remote_root_delay_s = sample->root_delay_s;
	source->remote_root_dispersion_s = sample->root_dispersion_s;
	if (!filter_sample(source, &used))
		return TS_FIT_USED;
	const TsSample *newest = ts_source_newest(source);
	if (newest && used.raw_ns <= newest->raw_ns) {
		count(source, TS_COUNT_REJECTED, &source->n_samples_rejected);
		return TS_FIT_STALE;
	}

	TsFit fit = ts_estimator_add(source->estimator, &used, &source->last_residual_s);
	check_oscillator(source, used.raw_ns);
	double jump_s = contradiction(source, &used);
	ts_bound_tracker_add(source->bound, &used);
	if (fit == TS_FIT_BREAK || jump_s != 0)
		source->n_history = 0; /* those before say nothing about what comes */
	remember(source, &used);
	uint32_t epoch = sample->epoch;
	bool may_steer = ts_engine_judge_jump(engine, source, jump_s);
	if (epoch != ts_clock_epoch(engine->clock))
		return TS_FIT_BREAK; /* all samples went, this one too */
	ts_engine_update(engine, may_steer ? source : NULL, &used);
	return fit;
}

/* Where its time is believed to be: within the path's asymmetry and what the source claims, plus what
 * statistics leave open. @estimate: now. */
static double
likely_error(const TsSource *source, const TsCandidate *candidate)
{
	double age_s = ts_ns_to_s(candidate->estimate.raw_ns - candidate->newest_raw_ns);

	return candidate->bound.root_delay_s / 2 + source->remote_root_dispersion_s +
	       LIKELY_SIGMAS * candidate->estimate.offset_sd_s + LIKELY_DRIFT * MAX(age_s, 0) +
	       LIKELY_FLOOR_S;
}

void
ts_source_fill_candidate(const TsSource *source, int64_t raw_ns, TsCandidate *candidate)
{
	const TsSourceSettings *settings = source->settings;
	const TsSample *newest = ts_source_newest(source);

	*candidate = (TsCandidate){
		.is_noselect = settings->noselect,
		.is_offline = source->is_offline,
		.is_stopped = source->stopped != NULL,
		.is_duplicate = source->duplicate_of != NULL,
		.is_preferred = settings->prefer,
		.is_trusted = settings->trust,
		.is_required = settings->require,
		.is_reference_clock = settings->kind == TS_SOURCE_REFCLOCK,
		.is_reachable = source->reach != 0,
		.is_loop = source->is_loop,
		.was_selected = source->was_selected,
		.was_used = ts_verdict_is_used(source->decision.verdict),
		.leap = source->remote_leap,
		.stratum = source->remote_stratum,
		.n_samples = source->n_history,
		.newest_raw_ns = newest ? newest->raw_ns : 0,
	};
	candidate->has_estimate =
		newest && ts_estimator_get(source->estimator, raw_ns, &candidate->estimate);
	candidate->has_bound =
		newest && ts_bound_tracker_get(source->bound, raw_ns, &candidate->bound);
	if (candidate->has_estimate && candidate->has_bound)
		candidate->likely_s = likely_error(source, candidate);
}
