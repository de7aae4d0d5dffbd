/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state.c - unsynchronised, locked, holdover, freerun: which one, since when, why; and what is published
 *
 *   unsynchronised --first correction--> locked --no usable source--> holdover
 *        ^                                  ^                            |   |
 *        |                                  +------sources again---------+   |
 *        +------------------ claimed error beyond the limit ----------------+
 *   freerun stands in for unsynchronised where "local" says that our own time may be served.
 */
#include <math.h>

#include "base/log.h"
#include "base/time.h"
#include "source/engine-data.h"

#define TS_LOG_COMPONENT "engine"

/* 127.127.1.1: the refid by which ntpd and chronyd name a local reference. */
#define REFID_LOCAL UINT32_C(0x7f7f0101)

/* How many sigmas stand in for a bound where a refclock claims none. */
#define SIGMAS_FOR_BOUND 5

const char *
ts_clock_state_name(TsClockStateKind kind)
{
	switch (kind) {
	case TS_CLOCK_UNSYNCHRONISED:
		return "unsynchronised";
	case TS_CLOCK_LOCKED:
		return "locked";
	case TS_CLOCK_HOLDOVER:
		return "holdover";
	case TS_CLOCK_FREERUN:
		return "freerun";
	}
	return "unsynchronised";
}

/* The clock against UTC, from a statistical estimate alone. */
static double
estimated_error(const TsEngine *self, int64_t raw_ns)
{
	TsEstimate estimate = self->estimate;

	if (!self->has_estimate)
		return INFINITY;
	ts_estimate_project(&estimate, raw_ns);
	double offset_s = ts_estimate_offset_from(&estimate, raw_ns,
						  ts_clock_utc_at(self->clock, raw_ns) - raw_ns);
	return hypot(offset_s, estimate.offset_sd_s);
}

double
ts_engine_max_error(const TsEngine *engine, int64_t raw_ns)
{
	if (!engine->has_bound)
		return engine->has_estimate ? SIGMAS_FOR_BOUND * estimated_error(engine, raw_ns) +
						      fabs(engine->suspected_jump_s)
					    : INFINITY;
	TsBound bound = engine->bound;
	ts_bound_project(&bound, raw_ns);
	int64_t clock_ns = ts_clock_utc_at(engine->clock, raw_ns) - raw_ns;
	/* a slew under way moves the clock within the interval: both its ends count */
	int64_t target_ns = clock_ns + ts_s_to_ns(ts_clock_slew_left(engine->clock));
	int64_t above_ns = bound.latest_ns - MIN(clock_ns, target_ns);
	int64_t below_ns = MAX(clock_ns, target_ns) - bound.earliest_ns;
	return (double)MAX(above_ns, below_ns) * 1e-9 + fabs(engine->suspected_jump_s);
}

/* Returns: how fast the claimed error grows from now on, s/s. */
static double
max_error_rate(const TsEngine *self)
{
	double frequency = ts_clock_frequency(self->clock);

	if (!self->has_bound)
		return self->has_estimate ? SIGMAS_FOR_BOUND * self->estimate.frequency_sd
					  : self->max_rate;
	return MAX(fabs(self->bound.rate_max - frequency), fabs(self->bound.rate_min - frequency));
}

/* "local: activate": a clock that was never near the truth is not served as such. */
static bool
may_serve_local(const TsEngine *self)
{
	const TsServerSettings *server = &self->settings->server;

	return server->local_enabled && (server->local_activate_s <= 0 || self->was_close);
}

/* Holdover ends where the claim is worth nothing to a client; what comes then depends on "local". */
static TsClockStateKind
downgrade(const TsEngine *self, TsClockStateKind kind)
{
	double limit_s = self->settings->clock.holdover_limit_s;
	bool was_synchronised =
		self->kind == TS_CLOCK_LOCKED || self->kind == TS_CLOCK_HOLDOVER;

	if (kind != TS_CLOCK_HOLDOVER)
		return kind;
	if (was_synchronised &&
	    ts_engine_max_error(self, ts_clock_raw_now(self->clock)) <= limit_s)
		return TS_CLOCK_HOLDOVER;
	return may_serve_local(self) ? TS_CLOCK_FREERUN : TS_CLOCK_UNSYNCHRONISED;
}

void
ts_engine_set_state(TsEngine *engine, TsClockStateKind kind, const char *cause)
{
	TsClockStateKind before = engine->kind;

	kind = downgrade(engine, kind);
	if (g_strcmp0(engine->cause, cause) != 0) {
		g_free(engine->cause);
		engine->cause = g_strdup(cause);
	}
	if (kind == before)
		return;
	engine->kind = kind;
	engine->kind_since_mono_ns = ts_sched_now(engine->sched);
	ts_notice("clock %s: %s", ts_clock_state_name(kind), engine->cause ? engine->cause : "");
	ts_engine_emit(engine, TS_EVENT_CLOCK_STATE_CHANGED, NULL, engine->cause);
}

static uint32_t
refid_of(const TsSource *source)
{
	if (!source)
		return 0;
	if (source->has_address)
		return ts_address_refid(&source->address);
	/* a reference clock: up to four letters, left justified (RFC 5905 figure 12) */
	const char *letters = source->settings->refid ? source->settings->refid
						      : source->settings->name;
	uint32_t refid = 0;
	for (unsigned i = 0; i < 4; i++) {
		refid <<= 8;
		if (*letters)
			refid |= (uint8_t)g_ascii_toupper(*letters++);
	}
	return refid;
}

static void
fill_synchronised(const TsEngine *self, int64_t raw_ns, TsSystemState *state)
{
	double max_error_s = ts_engine_max_error(self, raw_ns);

	state->root_delay_s = self->has_bound ? MAX(self->bound.root_delay_s, 0) : 0;
	state->root_dispersion_s = MAX(max_error_s - state->root_delay_s / 2, 0);
	state->root_dispersion_rate = max_error_rate(self);
	state->may_serve = self->settings->clock.driver != TS_DRIVER_NONE;
}

static void
fill_local(const TsEngine *self, TsSystemState *state)
{
	state->stratum = self->settings->server.local_stratum;
	state->leap = TS_LEAP_NONE;
	state->refid = REFID_LOCAL;
	state->root_dispersion_rate = 0;
	state->may_serve = self->settings->clock.driver != TS_DRIVER_NONE;
}

void
ts_engine_publish(TsEngine *engine)
{
	int64_t raw_ns = ts_clock_raw_now(engine->clock);
	TsSystemState before, state = {
		.reference_raw_ns = raw_ns,
		.reference_utc_ns = ts_clock_utc_at(engine->clock, raw_ns),
		.precision_log2s = ts_clock_precision_log2s(engine->clock),
		.epoch = ts_clock_epoch(engine->clock),
		.stratum = TS_STRATUM_UNSYNCHRONISED,
		.leap = TS_LEAP_UNSYNCHRONISED,
		.may_serve = engine->settings->server.serve_unsynchronised,
	};

	if (engine->settings->clock.precision_log2s)
		state.precision_log2s = engine->settings->clock.precision_log2s;
	ts_system_state_read(engine->publisher, &before);
	switch (engine->kind) {
	case TS_CLOCK_LOCKED:
		engine->was_close |= ts_engine_max_error(engine, raw_ns) <=
				     engine->settings->server.local_activate_s;
		state.stratum = engine->system_peer ? engine->system_peer->remote_stratum + 1
						    : before.stratum;
		state.leap = engine->selection.leap;
		state.refid = refid_of(engine->system_peer);
		fill_synchronised(engine, raw_ns, &state);
		break;
	case TS_CLOCK_HOLDOVER:
		state.stratum = before.stratum;
		state.leap = before.leap;
		state.refid = before.refid;
		fill_synchronised(engine, raw_ns, &state);
		break;
	case TS_CLOCK_FREERUN:
		fill_local(engine, &state);
		break;
	case TS_CLOCK_UNSYNCHRONISED:
		break;
	}
	ts_debug("%s at %" G_GINT64_FORMAT ".%09d: root delay %.9f s, root dispersion %.9f s",
		 ts_clock_state_name(engine->kind), state.reference_utc_ns / TS_NS_PER_S,
		 (int)(state.reference_utc_ns % TS_NS_PER_S), state.root_delay_s,
		 state.root_dispersion_s);
	/* the reference time on the wire is when the clock was last corrected */
	if (engine->last_update_mono_ns >= 0 && engine->kind != TS_CLOCK_FREERUN)
		state.reference_utc_ns -=
			ts_sched_now(engine->sched) - engine->last_update_mono_ns;
	ts_system_state_publish(engine->publisher, &state);
	ts_clock_set_status(engine->clock, state.stratum < TS_STRATUM_UNSYNCHRONISED,
			    engine->has_estimate ? estimated_error(engine, raw_ns) : 16,
			    state.stratum < TS_STRATUM_UNSYNCHRONISED
				    ? state.root_delay_s / 2 + state.root_dispersion_s
				    : 16,
			    (TsLeap)state.leap);
}

void
ts_engine_get_clock_view(const TsEngine *engine, TsClockView *view)
{
	int64_t raw_ns = ts_clock_raw_now(engine->clock);
	int64_t mono_ns = ts_sched_now(engine->sched);

	*view = (TsClockView){
		.kind = engine->kind,
		.since_s = ts_ns_to_s(mono_ns - engine->kind_since_mono_ns),
		.cause = engine->cause,
		.system_peer = engine->system_peer,
		.offset_s = engine->last_correction_s,
		.offset_sd_s = engine->has_estimate ? engine->estimate.offset_sd_s : NAN,
		.slew_left_s = ts_clock_slew_left(engine->clock),
		.frequency = ts_clock_frequency(engine->clock),
		.frequency_sd = engine->has_estimate ? engine->estimate.frequency_sd : NAN,
		.max_error_s = ts_engine_max_error(engine, raw_ns),
		.estimated_error_s = estimated_error(engine, raw_ns),
		.last_update_age_s = engine->last_update_mono_ns < 0
					     ? NAN
					     : ts_ns_to_s(mono_ns - engine->last_update_mono_ns),
		.rms_offset_s = engine->rms_offset_s,
		.n_updates = engine->n_updates,
		.n_steps = engine->n_steps,
		.n_foreign_steps = engine->n_foreign_steps,
		.n_sources = engine->sources->len,
		.n_selectable = engine->selection.n_truechimers,
		.epoch = ts_clock_epoch(engine->clock),
		.wander = engine->has_estimate ? engine->estimate.wander : 0,
		.has_bound = engine->has_bound,
		.bound = engine->bound,
	};
	if (view->has_bound)
		ts_bound_project(&view->bound, raw_ns);
	ts_system_state_read(engine->publisher, &view->system);
	view->system.root_dispersion_s = ts_system_state_root_dispersion(&view->system, raw_ns);
	view->system.reference_raw_ns = raw_ns;
}
