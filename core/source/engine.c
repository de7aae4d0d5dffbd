/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - the life of the engine, its sources, and those who listen */
#include "source/engine.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "source/engine-data.h"

#define TS_LOG_COMPONENT "engine"

/* How often to look at what no sample tells of. */
#define WATCH_INTERVAL_NS (4 * TS_NS_PER_S)

#define DRIFT_SAVE_INTERVAL_NS (3600 * TS_NS_PER_S)

static void on_watch(void *user_data);

static void
discipline_options(const TsClockSettings *settings, TsDisciplineOptions *options)
{
	*options = (TsDisciplineOptions){
		.step_threshold_s = settings->step_threshold_s,
		.step_first_updates = settings->step_first_updates,
		.max_slew_rate = settings->max_slew_ppm * 1e-6,
		.panic_s = settings->panic_s,
		.panic_at_start = settings->panic_at_start,
	};
}

/* What the oscillator did in earlier lives of the daemon. */
static void
load_drift(TsEngine *self)
{
	const char *path = self->settings->clock.drift_file;
	g_autoptr(GError) error = NULL;

	if (!path)
		return;
	if (!ts_drift_file_load(path, &self->drift, &error)) {
		if (!g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND))
			ts_warning("%s", error->message);
		return;
	}
	self->has_drift = true;
	ts_combiner_set_prior(self->combiner, self->drift.frequency, self->drift.frequency_sd,
			      self->drift.wander);
	if (!ts_clock_steer(self->clock, self->drift.frequency, 0, 0, &error))
		ts_warning("%s", error->message);
	ts_info("frequency %+.3f ppm +- %.3f ppm from %s", self->drift.frequency * 1e6,
		self->drift.frequency_sd * 1e6, path);
}

static void
save_drift(TsEngine *self)
{
	const char *path = self->settings->clock.drift_file;
	g_autoptr(GError) error = NULL;

	if (!path || !self->has_estimate)
		return;
	TsDrift drift = {
		.frequency = self->estimate.frequency,
		.frequency_sd = self->estimate.frequency_sd,
		.wander = self->estimate.wander,
	};
	if (!ts_drift_file_save(path, &drift, &error))
		ts_warning("%s", error->message);
	self->drift_saved_mono_ns = ts_sched_now(self->sched);
}

TsEngine *
ts_engine_new(TsSched *sched, TsClock *clock, const TsSettings *settings, TsMetrics *metrics)
{
	TsEngine *self = g_new0(TsEngine, 1);
	TsDisciplineOptions options;

	self->sched = sched;
	self->clock = clock;
	self->metrics = metrics;
	self->settings = ts_settings_ref((TsSettings *)settings);
	self->publisher = ts_system_state_publisher_new();
	self->max_rate = settings->clock.max_drift_ppm * 1e-6;
	discipline_options(&settings->clock, &options);
	self->discipline = ts_discipline_new(clock, &options);
	self->combiner = ts_combiner_new();
	self->sources = g_ptr_array_new();
	self->subscriptions = g_array_new(FALSE, FALSE, sizeof(TsSubscription));
	self->candidates = g_new0(TsCandidate, TS_SELECT_MAX_SOURCES);
	self->decisions = g_new0(TsDecision, TS_SELECT_MAX_SOURCES);
	self->selection.system_peer = -1;
	self->kind_since_mono_ns = ts_sched_now(sched);
	self->last_update_mono_ns = -1;
	self->rms_offset_s = NAN;
	self->cause = g_strdup("starting");
	load_drift(self);
	self->drift_saved_mono_ns = ts_sched_now(sched);
	self->watch_timer = ts_timer_new(sched, on_watch, self);
	ts_timer_arm_after(self->watch_timer, WATCH_INTERVAL_NS);
	ts_engine_add_metrics(self);
	ts_engine_update(self, NULL, NULL);
	return self;
}

void
ts_engine_free(TsEngine *engine)
{
	if (!engine)
		return;
	save_drift(engine);
	ts_metrics_remove_owner(engine->metrics, "clock");
	/* the clock runs on without us: the kernel must not take it for synchronised for ever */
	ts_clock_set_status(engine->clock, false, 16, 16, TS_LEAP_NONE);
	ts_timer_free(engine->watch_timer);
	g_ptr_array_foreach(engine->sources, (GFunc)(void (*)(void))ts_source_free, NULL);
	g_ptr_array_unref(engine->sources);
	g_array_unref(engine->subscriptions);
	ts_combiner_free(engine->combiner);
	ts_discipline_free(engine->discipline);
	ts_system_state_publisher_free(engine->publisher);
	ts_settings_unref(engine->settings);
	g_free(engine->candidates);
	g_free(engine->decisions);
	g_free(engine->cause);
	g_free(engine->last_failure);
	g_free(engine);
}

void
ts_engine_stop(TsEngine *engine)
{
	engine->is_stopping = true;
	ts_timer_disarm(engine->watch_timer);
}

static void
on_watch(void *user_data)
{
	TsEngine *self = user_data;

	ts_timer_arm_after(self->watch_timer, WATCH_INTERVAL_NS);
	ts_engine_check_clock(self);
	ts_engine_update(self, NULL, NULL);
	if (ts_sched_now(self->sched) - self->drift_saved_mono_ns >= DRIFT_SAVE_INTERVAL_NS)
		save_drift(self);
}

TsClock *
ts_engine_clock(TsEngine *engine)
{
	return engine->clock;
}

TsSched *
ts_engine_sched(TsEngine *engine)
{
	return engine->sched;
}

const TsSystemStatePublisher *
ts_engine_state(TsEngine *engine)
{
	return engine->publisher;
}

void
ts_engine_set_max_rate(TsEngine *engine, double max_rate)
{
	engine->max_rate = max_rate;
	engine->has_bound = false;
	for (unsigned i = 0; i < engine->sources->len; i++) {
		TsSource *source = g_ptr_array_index(engine->sources, i);
		ts_bound_tracker_set_max_rate(source->bound, max_rate);
	}
}

void
ts_engine_set_settings(TsEngine *engine, const TsSettings *settings)
{
	TsDisciplineOptions options;

	if (settings->clock.max_drift_ppm != engine->settings->clock.max_drift_ppm)
		ts_engine_set_max_rate(engine, settings->clock.max_drift_ppm * 1e-6);
	ts_settings_ref((TsSettings *)settings);
	ts_settings_unref(engine->settings);
	engine->settings = (TsSettings *)settings;
	discipline_options(&settings->clock, &options);
	ts_discipline_set_options(engine->discipline, &options);
	ts_engine_update(engine, NULL, NULL);
}

TsSource *
ts_engine_add_source(TsEngine *engine, const TsSourceSettings *settings, const char *label,
		     const char *pool, const TsSourceOps *ops, void *owner)
{
	TsSource *source = ts_source_new(engine, settings, label, pool, ops, owner);

	g_ptr_array_add(engine->sources, source);
	ts_engine_emit(engine, TS_EVENT_SOURCE_ADDED, source, NULL);
	ts_engine_update(engine, NULL, NULL);
	return source;
}

void
ts_engine_remove_source(TsEngine *engine, TsSource *source)
{
	ts_engine_emit(engine, TS_EVENT_SOURCE_REMOVED, source, NULL);
	g_ptr_array_remove(engine->sources, source);
	if (engine->system_peer == source)
		engine->system_peer = NULL;
	ts_source_free(source);
	ts_engine_update(engine, NULL, NULL);
}

unsigned
ts_engine_n_sources(const TsEngine *engine)
{
	return engine->sources->len;
}

TsSource *
ts_engine_source_at(const TsEngine *engine, unsigned index)
{
	return g_ptr_array_index(engine->sources, index);
}

static bool
is_called(const TsSource *source, const char *label, int how)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	switch (how) {
	case 0:
		return g_str_equal(source->label, label);
	case 1:
		return g_str_equal(source->settings->name, label);
	default:
		return source->has_address &&
		       (g_str_equal(ts_address_format(&source->address, text), label) ||
			g_str_equal(ts_address_format_port(&source->address, text), label));
	}
}

TsSource *
ts_engine_find_source(const TsEngine *engine, const char *label)
{
	for (int how = 0; how < 3; how++)
		for (unsigned i = 0; i < engine->sources->len; i++)
			if (is_called(ts_engine_source_at(engine, i), label, how))
				return ts_engine_source_at(engine, i);
	return NULL;
}

TsSource *
ts_engine_find_address(const TsEngine *engine, const TsAddress *address, const TsSource *except)
{
	for (unsigned i = 0; i < engine->sources->len; i++) {
		TsSource *source = ts_engine_source_at(engine, i);
		if (source != except && source->has_address &&
		    ts_address_equal(&source->address, address))
			return source;
	}
	return NULL;
}

unsigned
ts_engine_subscribe(TsEngine *engine, TsEventFunc func, void *user_data)
{
	TsSubscription subscription = {++engine->next_subscription_id, func, user_data};

	g_array_append_val(engine->subscriptions, subscription);
	return subscription.id;
}

void
ts_engine_unsubscribe(TsEngine *engine, unsigned id)
{
	for (unsigned i = 0; i < engine->subscriptions->len; i++)
		if (g_array_index(engine->subscriptions, TsSubscription, i).id == id) {
			g_array_remove_index(engine->subscriptions, i);
			return;
		}
}

void
ts_engine_emit(TsEngine *engine, TsEvent event, TsSource *source, const char *detail)
{
	for (unsigned i = 0; i < engine->subscriptions->len; i++) {
		TsSubscription *subscription =
			&g_array_index(engine->subscriptions, TsSubscription, i);
		subscription->func(event, source, detail, subscription->user_data);
	}
}
