/* SPDX-License-Identifier: BSD-2-Clause */
/* refclock.c - see refclock.h */
#include "plugin/refclock.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "clock/clock.h"
#include "plugin/pulse.h"

#define TS_LOG_COMPONENT "plugin"

#define DRIVER_POLL_NS TS_NS_PER_S

/* A reading is at most as old as a slow serial line makes it; what is older was forgotten
 * somewhere. */
#define MAX_AGE_NS (16 * TS_NS_PER_S)

/* A stamp that was carried over from another clock may come out a little later than now. */
#define MAX_AHEAD_NS TS_NS_PER_MS

/* Nothing that is right reads a time before timesrv was written: a receiver that fell back to its
 * first epoch or a week counter that wrapped does. */
#define MIN_REFERENCE_UTC_NS (INT64_C(1577836800) * TS_NS_PER_S) /* 2020-01-01 */
#define MAX_REFERENCE_UTC_NS                                                                       \
	(INT64_C(9214646400) * TS_NS_PER_S) /* 2262-01-01: int64_t ends in April */

/* A noise or delay beyond this is no clock. */
#define MAX_ERROR_S 16.0

/* What minor 0 has; later members are asked for with TIMESRV_HAS(). */
#define MIN_SAMPLE_BYTES                                                                           \
	(offsetof(struct timesrv_sample, root_dispersion_s) +                                      \
	 sizeof(((struct timesrv_sample *)NULL)->root_dispersion_s))

#define KNOWN_FLAGS ((uint32_t)TIMESRV_SAMPLE_PULSE)

const char ts_refclock_schema[] =
	"poll|int|4|-4..10|log2 s|how often the reach register is shifted, as a power of two seconds\n"
	"lock|string||||the source that numbers the seconds of pulses; without it our own clock does\n";

typedef enum {
	COUNT_SAMPLES,
	COUNT_ABSURD,
	COUNT_STALE,
	COUNT_EPOCH,
	COUNT_UNSYNCHRONISED,
	COUNT_UNNUMBERED,
	N_COUNTS,
} Count;

static const struct {
	const char *name, *help;
} counts[N_COUNTS] = {
	[COUNT_SAMPLES] = {"refclock_samples", "Samples that the plugin gave"},
	[COUNT_ABSURD] = {"refclock_rejected_absurd",
			  "Samples dropped because a value was no number, or impossible"},
	[COUNT_STALE] = {"refclock_rejected_stale",
			 "Samples dropped because they were too old or not newer than the last"},
	[COUNT_EPOCH] = {"refclock_rejected_epoch",
			 "Samples dropped because the clock was disturbed after them"},
	[COUNT_UNSYNCHRONISED] = {"refclock_rejected_unsynchronised",
				  "Samples dropped because the source said it is unsynchronised"},
	[COUNT_UNNUMBERED] = {"refclock_rejected_unnumbered",
			      "Pulses dropped because nothing told which second they belong to"},
};

struct _TsRefclock {
	const TsPluginContext *context;
	TsInstance *instance;
	TsSource *source;
	TsSourceSettings *settings;
	const struct timesrv_refclock_ops *ops;
	char *lock;	       /* (nullable) label of the source that numbers pulses */
	TsTimer *driver_timer; /* (nullable) asks the plugin */
	TsTimer *reach_timer;
	int64_t poll_ns;
	unsigned n_good;  /* in this poll interval */
	uint8_t reach;	  /* as the source has it */
	unsigned quality; /* of the last good sample, 0: none stated */
	int poll_error;	  /* as last said */
	bool is_disabled; /* its plugin is */
	TsMetric *counts[N_COUNTS];
};

static void
count(TsRefclock *self, Count which)
{
	if (self->counts[which])
		ts_metric_add(self->counts[which], 0, 1);
}

/* ---- a sample -------------------------------------------------------------------------------- */

static bool
is_bound(double value)
{
	return value >= 0 && value <= MAX_ERROR_S; /* false for NAN */
}

static bool
is_possible(const struct timesrv_sample *sample)
{
	bool has_errors = sample->noise_s > 0 && sample->noise_s <= MAX_ERROR_S &&
			  sample->max_error_s >= 0 && is_bound(sample->delay_s) &&
			  is_bound(sample->root_delay_s) && is_bound(sample->root_dispersion_s);
	bool has_state = sample->leap <= TIMESRV_LEAP_UNSYNCHRONISED && sample->stratum <= 15 &&
			 sample->quality <= 100;
	int64_t width_ns;

	return has_errors && has_state && sample->reference_utc_ns >= MIN_REFERENCE_UTC_NS &&
	       sample->reference_utc_ns <= MAX_REFERENCE_UTC_NS &&
	       !__builtin_sub_overflow(sample->raw_after_ns, sample->raw_before_ns, &width_ns) &&
	       width_ns >= 0 && width_ns <= MAX_AGE_NS;
}

/* A pulse has no second yet: its own check is of the fraction, which any value has. */
static bool
is_possible_pulse(const struct timesrv_sample *sample)
{
	struct timesrv_sample dated = *sample;

	dated.reference_utc_ns = MIN_REFERENCE_UTC_NS;
	return is_possible(&dated);
}

/* Returns: 0, or what to answer, counted. */
static int
judge(TsRefclock *self, const struct timesrv_sample *sample)
{
	TsClock *clock = ts_engine_clock(self->context->engine);
	bool is_pulse = sample->flags & TIMESRV_SAMPLE_PULSE;

	if (sample->flags & ~KNOWN_FLAGS)
		return -ENOTSUP;
	if (!(is_pulse ? is_possible_pulse(sample) : is_possible(sample))) {
		count(self, COUNT_ABSURD);
		return -EINVAL;
	}
	if (sample->epoch != ts_clock_epoch(clock)) {
		count(self, COUNT_EPOCH);
		return -ESTALE;
	}
	int64_t now_raw_ns = ts_clock_raw_now(clock);
	if (sample->raw_after_ns > now_raw_ns + MAX_AHEAD_NS ||
	    sample->raw_before_ns < now_raw_ns - MAX_AGE_NS) {
		count(self, COUNT_STALE);
		return -ESTALE;
	}
	return 0;
}

static uint32_t
refid_of(const TsSourceSettings *settings)
{
	uint32_t refid = 0;
	const char *letters = settings->refid;

	for (unsigned i = 0; i < 4; i++)
		refid = refid << 8 | (*letters ? (uint8_t)*letters++ : 0);
	return refid;
}

static TsSample
convert(const TsRefclock *self, const struct timesrv_sample *sample, int64_t reference_utc_ns)
{
	int64_t width_ns = sample->raw_after_ns - sample->raw_before_ns;
	int64_t raw_ns = sample->raw_before_ns + width_ns / 2;

	return (TsSample){
		.raw_ns = raw_ns,
		.offset_ns = reference_utc_ns - raw_ns,
		/* where between the two the reading fell is not known, as on a way there and
		 * back */
		.delay_ns = ts_s_to_ns(sample->delay_s) + width_ns,
		.noise_s = sample->noise_s,
		.max_error_s =
			sample->max_error_s + sample->root_delay_s / 2 + sample->root_dispersion_s,
		.root_delay_s = sample->root_delay_s,
		.root_dispersion_s = sample->root_dispersion_s,
		.refid = refid_of(self->settings),
		.epoch = sample->epoch,
		.stratum = sample->stratum ? (int32_t)sample->stratum : self->settings->stratum,
		.leap = (int32_t)sample->leap,
	};
}

static void
shift_reach(TsRefclock *self, bool is_answered)
{
	self->n_good = 0;
	self->reach = (uint8_t)(self->reach << 1 | is_answered);
	ts_timer_arm_after(self->reach_timer, self->poll_ns);
	ts_source_update_reach(self->source, is_answered);
}

static int
submit(void *user_data, const struct timesrv_sample *given)
{
	TsRefclock *self = user_data;
	struct timesrv_sample sample = {0};

	if (!given || given->struct_size < MIN_SAMPLE_BYTES)
		return -EINVAL;
	memcpy(&sample, given, MIN(sizeof sample, given->struct_size));
	count(self, COUNT_SAMPLES);
	int result = judge(self, &sample);
	if (result != 0)
		return result;
	if (sample.leap == TIMESRV_LEAP_UNSYNCHRONISED) {
		count(self, COUNT_UNSYNCHRONISED);
		ts_source_set_remote_state(self->source, TS_LEAP_UNSYNCHRONISED,
					   self->settings->stratum, refid_of(self->settings),
					   sample.root_delay_s, sample.root_dispersion_s);
		return -EAGAIN;
	}
	int64_t reference_utc_ns = sample.reference_utc_ns;
	if (sample.flags & TIMESRV_SAMPLE_PULSE) {
		g_autofree char *reason = NULL;
		int64_t raw_ns =
			sample.raw_before_ns + (sample.raw_after_ns - sample.raw_before_ns) / 2;
		if (!ts_pulse_number(self->context->engine, self->source, self->lock, raw_ns,
				     &reference_utc_ns, &reason)) {
			count(self, COUNT_UNNUMBERED);
			ts_source_set_progress(self->source, reason);
			return -EAGAIN;
		}
	}
	ts_source_set_progress(self->source, NULL);
	TsSample converted = convert(self, &sample, reference_utc_ns);
	self->quality = sample.quality;
	/* who was silent is usable with its first sample, not only when the interval is over */
	if (self->reach == 0)
		shift_reach(self, true);
	if (ts_source_add_sample(self->source, &converted) == TS_FIT_STALE) {
		count(self, COUNT_STALE);
		return -ESTALE;
	}
	self->n_good++;
	return 0;
}

static void
set_progress(void *user_data, const char *text)
{
	TsRefclock *self = user_data;

	if (self->source)
		ts_source_set_progress(self->source, text);
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void
on_driver_poll(void *user_data)
{
	TsRefclock *self = user_data;

	ts_timer_arm_after(self->driver_timer, DRIVER_POLL_NS);
	int result = self->ops->poll(self->instance->self);
	if (result == self->poll_error)
		return;
	self->poll_error = result;
	if (result < 0)
		ts_warning("%s: polling fails: %s", self->instance->name, g_strerror(-result));
	else
		ts_info("%s: polling works again", self->instance->name);
}

static void
on_reach(void *user_data)
{
	TsRefclock *self = user_data;

	shift_reach(self, self->n_good > 0);
}

static bool
run(TsRefclock *self, GError **error)
{
	if (self->instance->is_started)
		return true;
	if (!ts_instance_start(self->instance, error))
		return false;
	self->n_good = 0;
	self->poll_error = 0;
	ts_timer_arm_after(self->reach_timer, self->poll_ns);
	if (self->ops->poll)
		ts_timer_arm_after(self->driver_timer, 0);
	return true;
}

static void
halt(TsRefclock *self)
{
	ts_timer_disarm(self->driver_timer);
	ts_timer_disarm(self->reach_timer);
	ts_instance_stop(self->instance);
}

/* Brings the instance in line with what the operator wants. */
static void
settle(TsRefclock *self)
{
	g_autoptr(GError) error = NULL;
	const char *reason = self->is_disabled ? "its plugin is not enabled" : NULL;

	if (self->is_disabled || !self->settings->is_online)
		halt(self);
	else if (!run(self, &error))
		reason = error->message;
	if (error)
		ts_warning("%s", error->message);
	ts_source_set_stopped(self->source, reason);
	ts_source_set_online(self->source, self->settings->is_online);
}

/* ---- what the engine asks ---------------------------------------------------------------------- */

static void
set_online(void *owner, bool is_online)
{
	TsRefclock *self = owner;

	self->settings->is_online = is_online;
	settle(self);
}

typedef struct {
	const TsRefclock *self;
	void (*add)(void *user_data, const char *name, const char *value);
	void *user_data;
} Description;

static void
describe_metric(const TsMetricView *view, void *user_data)
{
	const Description *description = user_data;
	char text[32];

	if (!g_str_equal(view->owner, description->self->instance->name))
		return;
	g_snprintf(text, sizeof text, "%.10g", view->value);
	description->add(description->user_data, view->name, text);
}

static void
describe(void *owner, void (*add)(void *user_data, const char *name, const char *value),
	 void *user_data)
{
	const TsRefclock *self = owner;
	const struct timesrv_note_info *info = &self->instance->module->facts->info;
	Description description = {self, add, user_data};

	g_autofree char *plugin = g_strdup_printf("%s %s", info->name, info->version);
	add(user_data, "plugin", plugin);
	if (self->quality) {
		g_autofree char *quality = g_strdup_printf("%u", self->quality);
		add(user_data, "quality", quality);
	}
	ts_metrics_foreach(self->context->metrics, describe_metric, &description);
}

static const TsSourceOps source_ops = {
	.set_online = set_online,
	.describe = describe,
};

/* ---- life -------------------------------------------------------------------------------------- */

/* "refclock-shm" is "SHM" to those who ask what we follow. */
static char *
default_refid(const TsModule *module)
{
	const char *name = module->facts->info.name;
	const char *prefix = "refclock-";

	if (g_str_has_prefix(name, prefix) && name[strlen(prefix)])
		name += strlen(prefix);
	g_autofree char *letters = g_strndup(name, 4);
	return g_ascii_strup(letters, -1);
}

static TsSourceSettings *
complete_settings(const TsSourceSettings *settings, const TsModule *module)
{
	TsSourceSettings *complete = ts_source_settings_copy(settings);

	if (!complete->refid)
		complete->refid = default_refid(module);
	return complete;
}

static void
take_own_settings(TsRefclock *self, GHashTable *values)
{
	const TsSettingValue *poll = g_hash_table_lookup(values, "poll");
	const TsSettingValue *lock = g_hash_table_lookup(values, "lock");

	self->poll_ns = ts_log2s_to_ns((int)poll->whole);
	self->lock = g_strdup(lock->text);
}

static void
add_counts(TsRefclock *self)
{
	for (unsigned i = 0; i < N_COUNTS; i++)
		self->counts[i] =
			ts_metrics_add_counter(self->context->metrics, self->instance->name,
					       counts[i].name, counts[i].help, 1);
}

static void
remove_counts(TsRefclock *self)
{
	for (unsigned i = 0; i < N_COUNTS; i++)
		if (self->counts[i])
			ts_metrics_remove(self->context->metrics, self->counts[i]);
}

TsRefclock *
ts_refclock_new(const TsPluginContext *context, const TsModule *module,
		const TsSourceSettings *settings, const char *instance_name, GHashTable *values,
		GError **error)
{
	TsRefclock *self = g_new0(TsRefclock, 1);
	TsSampleSink sink = {submit, set_progress, self};
	TsSched *sched = ts_engine_sched(context->engine);

	self->context = context;
	self->settings = complete_settings(settings, module);
	self->ops = module->plugin->kind_ops;
	take_own_settings(self, values);
	self->driver_timer = ts_timer_new(sched, on_driver_poll, self);
	self->reach_timer = ts_timer_new(sched, on_reach, self);
	self->instance = ts_instance_new(context, module, instance_name, values, &sink, error);
	if (!self->instance) {
		ts_refclock_free(self);
		return NULL;
	}
	add_counts(self);
	self->source = ts_engine_add_source(context->engine, self->settings, NULL, NULL,
					    &source_ops, self);
	ts_source_set_poll(self->source, ts_ns_to_s(self->poll_ns));
	if (settings->is_online && !run(self, error)) {
		ts_refclock_free(self);
		return NULL;
	}
	return self;
}

bool
ts_refclock_free(TsRefclock *refclock)
{
	if (!refclock)
		return true;
	ts_timer_free(refclock->reach_timer);
	ts_timer_free(refclock->driver_timer);
	remove_counts(refclock);
	/* the plugin may say something while it stops: its source is still there */
	if (refclock->instance)
		ts_instance_stop(refclock->instance);
	if (refclock->source)
		ts_engine_remove_source(refclock->context->engine, refclock->source);
	refclock->source = NULL;
	bool is_gone = ts_instance_free(refclock->instance);
	ts_source_settings_free(refclock->settings);
	g_free(refclock->lock);
	g_free(refclock);
	return is_gone;
}

const char *
ts_refclock_instance_name(const TsRefclock *refclock)
{
	return refclock->instance->name;
}

void
ts_refclock_set_settings(TsRefclock *refclock, const TsSourceSettings *settings)
{
	bool is_changed = refclock->settings->is_online != settings->is_online;

	ts_source_settings_free(refclock->settings);
	refclock->settings = complete_settings(settings, refclock->instance->module);
	ts_source_set_settings(refclock->source, refclock->settings);
	if (is_changed)
		settle(refclock);
}

void
ts_refclock_set_enabled(TsRefclock *refclock, bool is_enabled)
{
	if (refclock->is_disabled != is_enabled)
		return;
	refclock->is_disabled = !is_enabled;
	settle(refclock);
}

void
ts_refclock_tell_disruption(TsRefclock *refclock)
{
	TsInstance *instance = refclock->instance;
	const struct timesrv_plugin *plugin = instance->module->plugin;

	if (instance->is_started && plugin->on_disruption)
		plugin->on_disruption(instance->self, instance->table.epoch(instance));
}
