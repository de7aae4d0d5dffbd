/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * update.c - the road from a sample to the clock: select, combine, steer
 *
 * Called by: source.c after each sample and change, engine.c every few seconds. Thread: main.
 */
#include <math.h>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "source/engine-data.h"

#define TS_LOG_COMPONENT "engine"

/* At start a source that answers first is not taken before the others had their say: until each has
 * answered (one that was asked in a burst, a few times) or has left a request unanswered, and no longer
 * than this. */
#define START_PATIENCE_NS (15 * TS_NS_PER_S)
#define LOOKUP_PATIENCE_NS (4 * TS_NS_PER_S)
#define START_SAMPLES     2

/* Samples in a row after which a source that is no use is given up for another address. */
#define USELESS_LIMIT 8

static void
select_options(const TsEngine *self, TsSelectOptions *options)
{
	const TsSelectionSettings *settings = &self->settings->selection;

	ts_select_options_init(options);
	options->min_sources = settings->min_sources;
	options->min_stratum = settings->min_stratum;
	options->max_stratum = settings->max_stratum;
	options->max_distance_s = settings->max_distance_s;
	options->max_jitter_s = settings->max_jitter_s;
	options->stratum_weight_s = settings->stratum_weight_s;
	options->reselect_distance_s = settings->reselect_distance_s;
	options->combine_limit = settings->combine_limit;
	/* eight missed answers are what "unreachable" means: no need to wait longer */
	options->stale_after_s = 0;
}

static bool
has_no_vote(TsVerdict verdict)
{
	switch (verdict) {
	case TS_VERDICT_NOSELECT:
	case TS_VERDICT_OFFLINE:
	case TS_VERDICT_STOPPED:
	case TS_VERDICT_DUPLICATE:
		return true;
	default:
		return false;
	}
}

/* Returns: whether @source, whose decision is @verdict, may still have its first say. */
static bool
is_worth_waiting(const TsSource *source, TsVerdict verdict, int64_t waited_ns)
{
	bool is_found = source->has_address || source->settings->kind == TS_SOURCE_REFCLOCK;

	if (has_no_vote(verdict) || (!is_found && waited_ns > LOOKUP_PATIENCE_NS))
		return false;
	unsigned n_wanted = source->settings->iburst ? START_SAMPLES : 1;
	return source->n_samples_total < n_wanted && source->n_misses == 0;
}

/* Returns: whether the first selection should wait for more answers. */
static bool
is_waiting_for_answers(const TsEngine *self, int64_t mono_ns)
{
	int64_t waited_ns = mono_ns - self->kind_since_mono_ns;

	if (self->last_update_mono_ns >= 0 || waited_ns > START_PATIENCE_NS)
		return false;
	for (unsigned i = 0; i < MIN(self->sources->len, TS_SELECT_MAX_SOURCES); i++)
		if (is_worth_waiting(g_ptr_array_index(self->sources, i),
				     self->decisions[i].verdict, waited_ns))
			return true;
	return false;
}

static void
run_selection(TsEngine *self, int64_t raw_ns)
{
	unsigned n = MIN(self->sources->len, TS_SELECT_MAX_SOURCES);
	TsSelectOptions options;

	select_options(self, &options);
	for (unsigned i = 0; i < n; i++)
		ts_source_fill_candidate(g_ptr_array_index(self->sources, i), raw_ns,
					 &self->candidates[i]);
	bool has_orphans = ts_engine_mark_orphans(self, n);
	ts_select(self->candidates, n, &options, raw_ns, self->decisions, &self->selection);
	if (has_orphans && self->selection.system_peer < 0 && ts_engine_admit_leader(self, n))
		ts_select(self->candidates, n, &options, raw_ns, self->decisions, &self->selection);
	if (self->selection.system_peer < 0 || !is_waiting_for_answers(self, ts_sched_now(self->sched)))
		return;
	for (unsigned i = 0; i < n; i++)
		if (ts_verdict_is_used(self->decisions[i].verdict))
			self->decisions[i].verdict = TS_VERDICT_WAITING;
	self->selection.system_peer = -1;
	self->selection.cause = "waiting for the first answers of the other sources";
}

/* Gives each source its decision and says what changed. */
static void
note_decisions(TsEngine *self)
{
	unsigned n = MIN(self->sources->len, TS_SELECT_MAX_SOURCES);

	for (unsigned i = 0; i < n; i++) {
		TsSource *source = g_ptr_array_index(self->sources, i);
		TsVerdict before = source->decision.verdict;
		source->decision = self->decisions[i];
		source->is_orphan = self->candidates[i].is_orphan;
		source->was_selected = (int)i == self->selection.system_peer;
		if (before == source->decision.verdict)
			continue;
		if (source->decision.verdict == TS_VERDICT_FALSETICKER) {
			g_autofree char *why = ts_source_explain(source);
			ts_notice("%s is a %s", source->label, why);
		}
		ts_engine_emit(self, TS_EVENT_SOURCE_CHANGED, source,
			       ts_verdict_name(source->decision.verdict));
	}
}

static void
note_system_peer(TsEngine *self)
{
	TsSource *peer = self->selection.system_peer < 0
				 ? NULL
				 : g_ptr_array_index(self->sources,
						     (unsigned)self->selection.system_peer);
	char address[TS_ADDRESS_TEXT_SIZE];

	if (peer == self->system_peer)
		return;
	self->system_peer = peer;
	if (peer && peer->has_address)
		ts_notice("selected %s (%s)", peer->label,
			  ts_address_format(&peer->address, address));
	else if (peer)
		ts_notice("selected %s", peer->label);
	ts_engine_emit(self, TS_EVENT_SYSTEM_PEER_CHANGED, peer, NULL);
}

/* Gathers the used sources, the system peer first. Returns: how many. */
static unsigned
gather_used(const TsEngine *self, TsSource **used)
{
	unsigned n = 0;

	if (self->system_peer)
		used[n++] = self->system_peer;
	for (unsigned i = 0; i < self->sources->len && n < TS_COMBINE_MAX_SOURCES; i++) {
		TsSource *source = g_ptr_array_index(self->sources, i);
		if (source != self->system_peer && ts_verdict_is_used(source->decision.verdict))
			used[n++] = source;
	}
	return n;
}

static bool
is_same_set(const TsEngine *self, TsSource *const *used, unsigned n)
{
	if (n != self->n_combined)
		return false;
	for (unsigned i = 0; i < n; i++) {
		bool is_in = false;
		for (unsigned j = 0; j < n && !is_in; j++)
			is_in = self->combined_ids[j] == used[i]->id;
		if (!is_in)
			return false;
	}
	return true;
}

/* Feeds the combiner. Returns: whether it knows more than before. */
static bool
feed_combiner(TsEngine *self, TsSource *source, const TsSample *sample)
{
	TsSource *used[TS_COMBINE_MAX_SOURCES];
	const TsSample *histories[TS_COMBINE_MAX_SOURCES];
	unsigned lengths[TS_COMBINE_MAX_SOURCES];
	unsigned n = gather_used(self, used);

	if (is_same_set(self, used, n)) {
		if (!source || !ts_verdict_is_used(source->decision.verdict))
			return false;
		ts_combiner_add(self->combiner, source->id, sample);
		return true;
	}
	for (unsigned i = 0; i < n; i++) {
		self->combined_ids[i] = used[i]->id;
		histories[i] = used[i]->history;
		lengths[i] = used[i]->n_history;
	}
	self->n_combined = n;
	/* an empty set would forget everything: after an outage the old sources come back */
	if (n > 0)
		ts_combiner_set_sources(self->combiner, self->combined_ids, n, histories, lengths);
	return n > 0;
}

/* Keeps @estimate inside what is certain: a filter may be fooled, the majority's interval is not. */
static void
clamp_estimate(TsEstimate *estimate, const TsBound *bound)
{
	if (estimate->offset_ns < bound->earliest_ns) {
		estimate->offset_ns = bound->earliest_ns;
		estimate->fraction_ns = 0;
	} else if (estimate->offset_ns > bound->latest_ns) {
		estimate->offset_ns = bound->latest_ns;
		estimate->fraction_ns = 0;
	}
}

/* Each end of the interval is somebody's, and whose may change until the next selection: so it drifts at
 * any rate that one of them thinks possible. Only then do later bounds lie within it. */
static void
widen_rates(const TsEngine *self, TsBound *bound)
{
	unsigned n = MIN(self->sources->len, TS_SELECT_MAX_SOURCES);

	for (unsigned i = 0; i < n; i++) {
		const TsBound *other = &self->candidates[i].bound;
		if (!self->candidates[i].has_bound || !ts_verdict_is_truechimer(self->decisions[i].verdict))
			continue;
		bound->rate_min = fmin(bound->rate_min, other->rate_min);
		bound->rate_max = fmax(bound->rate_max, other->rate_max);
	}
}

static void
take_bound(TsEngine *self, int64_t raw_ns)
{
	const TsCandidate *peer = &self->candidates[self->selection.system_peer];

	self->has_bound = self->selection.has_interval && peer->has_bound;
	if (!self->has_bound)
		return;
	self->bound = peer->bound;
	self->bound.raw_ns = raw_ns;
	self->bound.earliest_ns = self->selection.earliest_ns;
	self->bound.latest_ns = self->selection.latest_ns;
	widen_rates(self, &self->bound);
}

static double
expected_interval(const TsEngine *self)
{
	double poll_s = self->system_peer ? self->system_peer->poll_s : 0;

	if (poll_s <= 0)
		poll_s = 1;
	return poll_s / MAX(self->n_combined, 1);
}

static void
fill_input(const TsEngine *self, const TsEstimate *estimate, TsDisciplineInput *input)
{
	*input = (TsDisciplineInput){
		.raw_ns = estimate->raw_ns,
		.offset_ns = estimate->offset_ns,
		.fraction_ns = estimate->fraction_ns,
		.frequency = estimate->frequency,
		.offset_sd_s = estimate->offset_sd_s,
		.interval_s = expected_interval(self),
	};
}

static void
note_failure(TsEngine *self, const char *message)
{
	if (g_strcmp0(self->last_failure, message) == 0)
		return;
	ts_warning("%s", message);
	g_free(self->last_failure);
	self->last_failure = g_strdup(message);
}

static void
note_correction(TsEngine *self, TsCorrection correction, double correction_s, const GError *error)
{
	double square = correction_s * correction_s;
	g_autofree char *detail = NULL;

	switch (correction) {
	case TS_CORRECTION_FAILED:
		note_failure(self, error->message);
		return;
	case TS_CORRECTION_PANIC:
		detail = g_strdup_printf("the clock is off by %.3f s, beyond the panic limit of %.3f s: "
					 "not set",
					 correction_s, self->settings->clock.panic_s);
		ts_engine_emit(self, TS_EVENT_PANIC, self->system_peer, detail);
		return;
	case TS_CORRECTION_STEPPED:
		detail = g_strdup_printf("stepped by %+.9f s", correction_s);
		ts_notice("clock %s", detail);
		self->n_steps++;
		ts_engine_emit(self, TS_EVENT_CLOCK_STEPPED, NULL, detail);
		break;
	case TS_CORRECTION_SLEWED:
		/* the first correction says how wrong we were, not how well we keep time */
		if (self->last_update_mono_ns >= 0)
			self->rms_offset_s =
				isnan(self->rms_offset_s)
					? fabs(correction_s)
					: sqrt(self->rms_offset_s * self->rms_offset_s * 0.9 +
					       square * 0.1);
		break;
	}
	g_clear_pointer(&self->last_failure, g_free);
	self->last_correction_s = correction_s;
	self->last_update_mono_ns = ts_sched_now(self->sched);
	self->n_updates++;
	ts_engine_emit(self, TS_EVENT_CLOCK_UPDATED, NULL, NULL);
}

static bool
take_estimate(TsEngine *self)
{
	TsEstimate estimate;

	if (!ts_combiner_get(self->combiner, ts_clock_raw_now(self->clock), &estimate))
		return false;
	if (self->has_bound) {
		TsBound bound = self->bound;
		ts_bound_project(&bound, estimate.raw_ns);
		clamp_estimate(&estimate, &bound);
	}
	self->estimate = estimate;
	self->has_estimate = true;
	return true;
}

void
ts_engine_steer(TsEngine *engine)
{
	g_autoptr(GError) error = NULL;
	TsDisciplineInput input;
	double correction_s;

	if (!take_estimate(engine))
		return;
	fill_input(engine, &engine->estimate, &input);
	TsCorrection correction =
		ts_discipline_update(engine->discipline, &input, &correction_s, &error);
	ts_debug("offset %+.9f s +- %.9f s, frequency %+.6f ppm +- %.6f ppm, wander %.3g, %u samples",
		 correction_s, input.offset_sd_s, input.frequency * 1e6,
		 engine->estimate.frequency_sd * 1e6, engine->estimate.wander,
		 engine->estimate.n_samples);
	note_correction(engine, correction, correction_s, error);
}

bool
ts_engine_step_now(TsEngine *engine, GError **error)
{
	g_autoptr(GError) cause = NULL;
	TsDisciplineInput input;
	double correction_s;

	if (engine->kind != TS_CLOCK_LOCKED || !take_estimate(engine)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "no time to step to: the clock is %s, %s",
			    ts_clock_state_name(engine->kind), engine->cause);
		return false;
	}
	fill_input(engine, &engine->estimate, &input);
	TsCorrection correction =
		ts_discipline_step(engine->discipline, &input, &correction_s, &cause);
	note_correction(engine, correction, correction_s, cause);
	ts_engine_publish(engine);
	if (cause)
		g_propagate_error(error, g_steal_pointer(&cause));
	return correction != TS_CORRECTION_FAILED;
}

/* A source whose own sample comes to nothing again and again is given up for another address. */
static void
note_usefulness(TsSource *source)
{
	switch (source->decision.verdict) {
	case TS_VERDICT_FALSETICKER:
	case TS_VERDICT_UNSYNCHRONISED:
	case TS_VERDICT_TOO_DISTANT:
	case TS_VERDICT_TOO_JITTERY:
	case TS_VERDICT_BAD_STRATUM:
	case TS_VERDICT_LOOP:
		source->n_useless++;
		break;
	default:
		source->n_useless = 0;
		break;
	}
	if (source->n_useless < USELESS_LIMIT)
		return;
	source->n_useless = 0;
	if (source->ops->replace)
		source->ops->replace(source->owner);
}

static void
set_locked(TsEngine *self)
{
	g_autofree char *cause = g_strdup_printf("follows %u of %u sources", self->selection.n_used,
						 self->sources->len);

	ts_engine_set_state(self, TS_CLOCK_LOCKED, cause);
}

void
ts_engine_update(TsEngine *engine, TsSource *source, const TsSample *sample)
{
	int64_t raw_ns = ts_clock_raw_now(engine->clock);

	if (engine->is_stopping)
		return;
	run_selection(engine, raw_ns);
	note_decisions(engine);
	note_system_peer(engine);
	bool is_wiser = feed_combiner(engine, source, sample);
	if (engine->selection.system_peer >= 0) {
		take_bound(engine, raw_ns);
		if (is_wiser && engine->suspected_jump_s == 0)
			ts_engine_steer(engine);
		if (engine->last_update_mono_ns >= 0)
			set_locked(engine);
	} else {
		ts_engine_set_state(engine, TS_CLOCK_HOLDOVER, engine->selection.cause);
	}
	ts_engine_publish(engine);
	if (source)
		note_usefulness(source);
}
