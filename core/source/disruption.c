/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disruption.c - clocks that were moved behind our back: by another program, by suspend, by a virtual
 * machine that stood still
 *
 * The kernel tells of the first two. A frozen machine shows in the sources alone: their samples
 * contradict what was certain before. One source that does so may be the one that jumped; when a
 * majority of those that agreed does, it was us. Until that is clear nothing is steered and the claimed error
 * covers the jump.
 */
#include <math.h>

#include "base/log.h"
#include "base/time.h"
#include "source/engine-data.h"

#define TS_LOG_COMPONENT "engine"

/* Contradictions below this are left to the selection: they do no harm. */
#define MIN_JUMP_S 1e-3

/* How many samples a source has to go on as expected before its jump is forgotten. */
#define SAMPLES_TO_FORGIVE 4

/* Two jumps nearer to each other than this may be none. */
#define NEAR_JUMPS_NS (3600 * TS_NS_PER_S)

/* No oscillator is worse. */
#define WORST_RATE 0.1

static void
ask_all(TsEngine *self, const TsSource *except)
{
	for (unsigned i = 0; i < self->sources->len; i++) {
		TsSource *source = g_ptr_array_index(self->sources, i);
		if (source != except && source->ops->burst && !source->is_offline)
			source->ops->burst(source->owner, 2, 4, NULL);
	}
}

void
ts_engine_forget_samples(TsEngine *engine)
{
	for (unsigned i = 0; i < engine->sources->len; i++) {
		TsSource *source = g_ptr_array_index(engine->sources, i);
		ts_source_forget_samples(source);
		if (source->ops->clock_disrupted)
			source->ops->clock_disrupted(source->owner);
	}
	ts_combiner_reset(engine->combiner);
	engine->n_combined = 0;
	engine->has_bound = false;
	engine->has_estimate = false;
	engine->suspected_jump_s = 0;
}

/* A new epoch: samples from before say nothing, the rule for the first corrections holds again. */
static void
begin_epoch(TsEngine *self, const char *cause)
{
	ts_notice("%s: samples from before are dropped", cause);
	ts_engine_forget_samples(self);
	ts_discipline_restart(self->discipline);
	self->last_update_mono_ns = -1;
	ts_engine_set_state(self, TS_CLOCK_UNSYNCHRONISED, cause);
	ts_engine_emit(self, TS_EVENT_CLOCK_DISRUPTED, NULL, cause);
	ask_all(self, NULL);
}

/* Those who agreed until now are the witnesses, in use or not. Who contradicts falls out of the selection by
 * that, so the set of a later moment says nothing. */
static void
suspect(TsEngine *self)
{
	self->n_witnesses = 0;
	for (unsigned i = 0; i < self->sources->len; i++) {
		TsSource *source = g_ptr_array_index(self->sources, i);
		source->is_witness = ts_verdict_is_truechimer(source->decision.verdict);
		source->has_jumped = source->is_steady = false;
		self->n_witnesses += source->is_witness;
	}
}

static void
note_jump(TsEngine *self, TsSource *source, double jump_s)
{
	bool is_first = self->suspected_jump_s == 0;

	if (is_first)
		suspect(self);
	source->n_until_forgiven = SAMPLES_TO_FORGIVE;
	source->has_jumped = source->is_witness;
	source->is_steady = false;
	if (!source->is_witness)
		return;
	ts_notice("%s jumped by %+.6f s beyond what was certain: it or this machine's clock",
		  source->label, jump_s);
	if (is_first)
		ask_all(self, source);
	if (fabs(jump_s) > fabs(self->suspected_jump_s))
		self->suspected_jump_s = jump_s;
}

static unsigned
count_jumped(const TsEngine *self)
{
	unsigned n = 0;

	for (unsigned i = 0; i < self->sources->len; i++) {
		const TsSource *source = g_ptr_array_index(self->sources, i);
		n += source->n_until_forgiven > 0 && source->has_jumped;
	}
	return n;
}

/* Whether half of the witnesses that can be heard go on as before. One that fell silent will never say,
 * and must not leave the word to the one that jumps. */
static bool
is_contradicted(const TsEngine *self)
{
	unsigned n_steady = 0, n_heard = 0;

	for (unsigned i = 0; i < self->sources->len; i++) {
		const TsSource *source = g_ptr_array_index(self->sources, i);
		bool is_silent = !source->reach || source->is_offline;
		n_steady += source->is_steady;
		n_heard += source->is_witness && (source->is_steady || !is_silent);
	}
	return 2 * n_steady >= n_heard;
}

/* An oscillator outside its declared limit contradicts what was certain at every poll, and a new epoch each
 * time leaves too few samples to see that. */
static void
doubt_oscillator(TsEngine *self)
{
	int64_t mono_ns = ts_sched_now(self->sched);
	bool is_near = self->has_jumped && mono_ns - self->jumped_mono_ns < NEAR_JUMPS_NS;

	self->has_jumped = true;
	self->jumped_mono_ns = mono_ns;
	if (!is_near || self->max_rate >= WORST_RATE)
		return;
	ts_warning("the clock jumped twice within an hour, or it is off by more than clock: max-drift "
		   "%.1f ppm: twice that is reckoned with from now on",
		   self->max_rate * 1e6);
	ts_engine_set_max_rate(self, 2 * self->max_rate);
}

bool
ts_engine_judge_jump(TsEngine *engine, TsSource *source, double jump_s)
{
	bool is_confirming = false;

	if (fabs(jump_s) >= MIN_JUMP_S) {
		/* the kernel may know why */
		uint32_t epoch = ts_clock_epoch(engine->clock);
		ts_engine_check_clock(engine);
		if (epoch != ts_clock_epoch(engine->clock))
			return false;
		note_jump(engine, source, jump_s);
	} else if (source->n_until_forgiven > 0) {
		source->n_until_forgiven--;
		is_confirming = source->has_jumped;
	} else {
		source->is_steady = source->is_witness;
	}
	if (engine->suspected_jump_s == 0)
		return true;
	unsigned n_jumped = count_jumped(engine);
	/* with one source there is no majority: its second sample must say the same */
	bool is_ours = 2 * n_jumped > engine->n_witnesses &&
		       (engine->n_witnesses > 1 || is_confirming);
	if (is_ours) {
		g_autofree char *cause =
			g_strdup_printf("this machine's clock jumped: %u of %u sources moved by about %+.3f s",
					n_jumped, engine->n_witnesses,
					engine->suspected_jump_s);
		ts_clock_raise_epoch(engine->clock);
		doubt_oscillator(engine);
		begin_epoch(engine, cause);
		return false;
	}
	/* half of them can't be wrong about that */
	if (n_jumped == 0 || is_contradicted(engine))
		engine->suspected_jump_s = 0;
	return engine->suspected_jump_s == 0;
}

void
ts_engine_check_clock(TsEngine *engine)
{
	TsClockDisruption disruption = ts_clock_check_disruption(engine->clock);
	g_autofree char *cause = NULL;

	if (disruption.is_disrupted) {
		cause = g_strdup_printf("the machine slept for %.3f s",
					ts_ns_to_s(disruption.suspended_ns));
		begin_epoch(engine, cause);
	} else if (disruption.foreign_step_ns) {
		/* the samples are on the raw clock and stay good: the clock is put right at once */
		cause = g_strdup_printf("another program moved the clock by %+.6f s",
					ts_ns_to_s(disruption.foreign_step_ns));
		ts_warning("%s", cause);
		engine->n_foreign_steps++;
		ts_discipline_restart(engine->discipline);
		ts_engine_emit(engine, TS_EVENT_CLOCK_DISRUPTED, NULL, cause);
		if (engine->kind == TS_CLOCK_LOCKED)
			ts_engine_steer(engine);
	}
}
