/* SPDX-License-Identifier: BSD-2-Clause */
/* fake-engine.c - see fake-engine.h */
#include "fake-engine.h"

#include <check.h>

struct _TsSource {
	FakeSource inside;
};

struct _TsEngine {
	TsSched *sched;
	TsClock *clock;
	GPtrArray *sources;
	TsSystemStatePublisher *state;
};

static void
free_source(gpointer data)
{
	FakeSource *source = &((TsSource *)data)->inside;

	g_array_unref(source->samples);
	ts_source_settings_free(source->settings);
	g_free(source->label);
	g_free(source->pool);
	g_free(source->stopped);
	g_free(source->progress);
	g_free(source->duplicate_of);
	g_free(data);
}

TsEngine *
fake_engine_new(TsSched *sched, TsClock *clock)
{
	TsEngine *self = g_new0(TsEngine, 1);

	self->sched = sched;
	self->clock = clock;
	self->sources = g_ptr_array_new_with_free_func(free_source);
	self->state = ts_system_state_publisher_new();
	return self;
}

void
ts_engine_free(TsEngine *self)
{
	if (!self)
		return;
	g_ptr_array_unref(self->sources);
	ts_system_state_publisher_free(self->state);
	g_free(self);
}

void
fake_engine_set_state(TsEngine *self, const TsSystemState *state)
{
	ts_system_state_publish(self->state, state);
}

FakeSource *
fake_source_inside(TsSource *source)
{
	return &source->inside;
}

FakeSource *
fake_source(TsEngine *self, const char *label)
{
	TsSource *source = ts_engine_find_source(self, label);

	ck_assert_msg(source != NULL, "no source %s", label);
	return &source->inside;
}

TsClock *
ts_engine_clock(TsEngine *self)
{
	return self->clock;
}

TsSched *
ts_engine_sched(TsEngine *self)
{
	return self->sched;
}

const TsSystemStatePublisher *
ts_engine_state(TsEngine *self)
{
	return self->state;
}

TsSource *
ts_engine_add_source(TsEngine *self, const TsSourceSettings *settings, const char *label,
		     const char *pool, const TsSourceOps *ops, void *owner)
{
	TsSource *source = g_new0(TsSource, 1);

	ck_assert_msg(!ts_engine_find_source(self, label), "two sources %s", label);
	source->inside = (FakeSource){
		.settings = ts_source_settings_copy(settings),
		.label = g_strdup(label ? label : settings->label),
		.pool = g_strdup(pool),
		.ops = ops,
		.owner = owner,
		.samples = g_array_new(FALSE, FALSE, sizeof(TsSample)),
		.leap = TS_LEAP_UNSYNCHRONISED,
		.stratum = TS_STRATUM_UNSYNCHRONISED,
		.is_online = true,
		.wanted_log2s = settings->min_poll,
	};
	g_ptr_array_add(self->sources, source);
	return source;
}

void
ts_engine_remove_source(TsEngine *self, TsSource *source)
{
	ck_assert(g_ptr_array_remove(self->sources, source));
}

unsigned
ts_engine_n_sources(const TsEngine *self)
{
	return self->sources->len;
}

TsSource *
ts_engine_source_at(const TsEngine *self, unsigned index)
{
	return g_ptr_array_index(self->sources, index);
}

TsSource *
ts_engine_find_source(const TsEngine *self, const char *label)
{
	for (guint i = 0; i < self->sources->len; i++) {
		TsSource *source = g_ptr_array_index(self->sources, i);
		if (g_strcmp0(source->inside.label, label) == 0)
			return source;
	}
	return NULL;
}

const char *
ts_source_label(const TsSource *source)
{
	return source->inside.label;
}

void
ts_source_update_reach(TsSource *source, bool is_answered)
{
	source->inside.reach = (uint8_t)(source->inside.reach << 1 | is_answered);
	source->inside.n_reach_updates++;
}

TsFit
ts_source_add_sample(TsSource *source, const TsSample *sample)
{
	g_array_append_val(source->inside.samples, *sample);
	if (source->inside.on_sample)
		source->inside.on_sample(source, source->inside.on_sample_data);
	return TS_FIT_USED;
}

void
ts_source_set_poll(TsSource *source, double interval_s)
{
	source->inside.poll_s = interval_s;
}

void
ts_source_set_address(TsSource *source, const TsAddress *address)
{
	source->inside.has_address = address != NULL;
	if (address)
		source->inside.address = *address;
	source->inside.n_addresses++;
}

void
ts_source_set_remote_state(TsSource *source, int leap, int stratum, uint32_t refid,
			   double root_delay_s, double root_dispersion_s)
{
	(void)refid;

	source->inside.leap = leap;
	source->inside.stratum = stratum;
	source->inside.root_delay_s = root_delay_s;
	source->inside.root_dispersion_s = root_dispersion_s;
}

static void
replace_text(char **text, const char *fresh)
{
	g_free(*text);
	*text = g_strdup(fresh);
}

void
ts_source_set_stopped(TsSource *source, const char *reason)
{
	replace_text(&source->inside.stopped, reason);
}

void
ts_source_set_progress(TsSource *source, const char *progress)
{
	replace_text(&source->inside.progress, progress);
}

void
ts_source_set_duplicate(TsSource *source, const char *of)
{
	replace_text(&source->inside.duplicate_of, of);
}

void
ts_source_set_online(TsSource *source, bool is_online)
{
	source->inside.is_online = is_online;
}

void
ts_source_set_local_address(TsSource *source, const TsAddress *address)
{
	(void)source;
	(void)address;
}

void
ts_source_set_loop(TsSource *source, bool is_loop)
{
	source->inside.is_loop = is_loop;
}

void
ts_source_set_settings(TsSource *source, const TsSourceSettings *settings)
{
	ts_source_settings_free(source->inside.settings);
	source->inside.settings = ts_source_settings_copy(settings);
}

int
ts_source_decide_poll(const TsSource *source, int current_log2s)
{
	(void)current_log2s;
	return source->inside.wanted_log2s;
}

bool
ts_source_get_estimate(const TsSource *source, int64_t raw_ns, TsEstimate *estimate)
{
	(void)raw_ns;
	*estimate = source->inside.estimate;
	return source->inside.has_estimate;
}
