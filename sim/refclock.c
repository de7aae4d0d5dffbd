/* SPDX-License-Identifier: BSD-2-Clause */
/* refclock.c - see refclock.h */
#include "refclock.h"

#include <math.h>

#include "base/error.h"
#include "base/time.h"
#include "random.h"

#define REACH_INTERVAL_NS (16 * TS_NS_PER_S) /* as plugins' sources by default */

struct _SimRefclocks {
	TsEngine *engine;
	SimRandom random;
	SimRefclockFind find;
	void *user_data;
	GPtrArray *clocks; /* of Refclock */
};

typedef struct {
	SimRefclocks *all;
	char *label;
	const SimRefclockSettings *settings;
	TsSource *source;
	TsTimer *read_timer, *reach_timer;
	int64_t next_mono_ns;
	unsigned n_good;
	uint8_t reach;
	int64_t last_reference_ns;
} Refclock;

static const TsWord leaps[] = {
	{"none", TS_LEAP_NONE},
	{"insert", TS_LEAP_INSERT},
	{"delete", TS_LEAP_DELETE},
	{"unsynchronised", TS_LEAP_UNSYNCHRONISED},
	{NULL, 0},
};

#define REFCLOCK(name, type, member, ...)                                                          \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(SimRefclockSettings, member), __VA_ARGS__                       \
	}

static const TsField fields[] = {
	REFCLOCK("interval", DURATION, interval_s, .min = 0.01, .max = 1e5),
	REFCLOCK("offset", DURATION, offset_s, .min = -1e9, .max = 1e9),
	REFCLOCK("jitter", DURATION, jitter_s, .max = 10),
	REFCLOCK("noise", DURATION, noise_s, .max = 10),
	REFCLOCK("claim", DURATION, claim_s, .max = 10),
	REFCLOCK("missing", NUMBER, missing, .max = 1),
	REFCLOCK("twice", NUMBER, twice, .max = 1),
	REFCLOCK("twice-after", DURATION, twice_s, .max = 1),
	REFCLOCK("stuck", BOOL, is_stuck),
	REFCLOCK("silent", BOOL, is_silent),
	REFCLOCK("leap", WORD, leap, .words = leaps),
};

static const TsSection section = {"a reference clock", fields, G_N_ELEMENTS(fields)};

void
sim_refclock_settings_init(SimRefclockSettings *settings)
{
	*settings = (SimRefclockSettings){
		.interval_s = 1,
		.jitter_s = 1e-6,
		.claim_s = 10e-6,
		.twice_s = 0.2,
	};
}

void
sim_refclock_settings_read(SimRefclockSettings *settings, TsConfigReader *reader, const TsNode *map)
{
	if (ts_schema_expect_map(reader, map, "a reference clock"))
		ts_schema_read(reader, &section, map, settings, NULL);
}

static void
shift_reach(Refclock *self, bool is_answered)
{
	self->n_good = 0;
	self->reach = (uint8_t)(self->reach << 1 | is_answered);
	ts_timer_arm_after(self->reach_timer, REACH_INTERVAL_NS);
	ts_source_update_reach(self->source, is_answered);
}

static void
on_reach(void *user_data)
{
	Refclock *self = user_data;

	shift_reach(self, self->n_good > 0);
}

/* Says that the clock read @reference_ns now, give or take the jitter. */
static void
give(Refclock *self, int64_t reference_ns)
{
	const SimRefclockSettings *settings = self->settings;
	TsClock *clock = ts_engine_clock(self->all->engine);
	int64_t raw_ns = ts_clock_raw_now(clock);
	TsSample sample = {
		.raw_ns = raw_ns,
		.offset_ns = reference_ns - raw_ns,
		.noise_s = fmax(settings->noise_s > 0 ? settings->noise_s : settings->jitter_s, 1e-9),
		.max_error_s = settings->claim_s,
		.refid = 0x47505300, /* "GPS" */
		.epoch = ts_clock_epoch(clock),
		.leap = (int32_t)settings->leap,
	};

	self->last_reference_ns = reference_ns;
	if (settings->leap == TS_LEAP_UNSYNCHRONISED) {
		ts_source_set_remote_state(self->source, TS_LEAP_UNSYNCHRONISED, 0, sample.refid, 0, 0);
		return;
	}
	if (self->reach == 0)
		shift_reach(self, true);
	ts_source_add_sample(self->source, &sample);
	self->n_good++;
}

static void
on_read(void *user_data)
{
	Refclock *self = user_data;
	const SimRefclockSettings *settings = self->settings;
	SimRandom *random = &self->all->random;
	bool is_second = ts_sched_now(ts_engine_sched(self->all->engine)) < self->next_mono_ns;
	/* drawn each time, so that what is lost does not move what comes later */
	double jitter_s = settings->jitter_s * sim_random_normal(random);
	bool is_missing = sim_random_unit(random) <= settings->missing;
	bool comes_twice = !is_second && sim_random_unit(random) <= settings->twice;

	if (!is_second)
		self->next_mono_ns += ts_s_to_ns(settings->interval_s);
	if (comes_twice)
		ts_timer_arm_after(self->read_timer, ts_s_to_ns(settings->twice_s));
	else
		ts_timer_arm(self->read_timer, self->next_mono_ns);
	if (settings->is_silent || (is_missing && !is_second))
		return;
	int64_t true_ns = ts_clock_virtual_true_utc(ts_engine_clock(self->all->engine));
	bool is_old = (settings->is_stuck || is_second) && self->last_reference_ns != 0;
	give(self, is_old ? self->last_reference_ns
			  : true_ns + ts_s_to_ns(settings->offset_s + jitter_s));
}

static void
free_clock(gpointer data)
{
	Refclock *self = data;

	ts_timer_free(self->read_timer);
	ts_timer_free(self->reach_timer);
	ts_engine_remove_source(self->all->engine, self->source);
	g_free(self->label);
	g_free(self);
}

static const TsSourceOps source_ops = {0};

static bool
add(void *provider, const TsSourceSettings *settings, GError **error)
{
	SimRefclocks *all = provider;
	const SimRefclockSettings *found = all->find(all->user_data, settings->name);
	TsSched *sched = ts_engine_sched(all->engine);

	if (!found) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND,
			    "no reference clock %s in this scenario", settings->name);
		return false;
	}
	Refclock *self = g_new0(Refclock, 1);
	self->all = all;
	self->label = g_strdup(settings->label);
	self->settings = found;
	self->source = ts_engine_add_source(all->engine, settings, NULL, NULL, &source_ops, self);
	self->read_timer = ts_timer_new(sched, on_read, self);
	self->reach_timer = ts_timer_new(sched, on_reach, self);
	ts_timer_arm_after(self->reach_timer, REACH_INTERVAL_NS);
	self->next_mono_ns = ts_sched_now(sched) + ts_s_to_ns(sim_random_unit(&all->random));
	ts_timer_arm(self->read_timer, self->next_mono_ns);
	g_ptr_array_add(all->clocks, self);
	return true;
}

static void
remove_clock(void *provider, const char *label)
{
	SimRefclocks *all = provider;

	for (unsigned i = 0; i < all->clocks->len; i++) {
		const Refclock *clock = g_ptr_array_index(all->clocks, i);
		if (!g_str_equal(clock->label, label))
			continue;
		g_ptr_array_remove_index(all->clocks, i);
		return;
	}
}

static bool
update(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	SimRefclocks *all = provider;

	if (change == TS_CHANGE_RESTART) {
		remove_clock(provider, settings->label);
		return add(provider, settings, error);
	}
	for (unsigned i = 0; i < all->clocks->len; i++) {
		const Refclock *clock = g_ptr_array_index(all->clocks, i);
		if (g_str_equal(clock->label, settings->label))
			ts_source_set_settings(clock->source, settings);
	}
	return true;
}

const TsSourceProvider sim_refclocks_provider = {
	.add = add,
	.remove = remove_clock,
	.update = update,
};

SimRefclocks *
sim_refclocks_new(TsEngine *engine, uint64_t seed, SimRefclockFind find, void *user_data)
{
	SimRefclocks *self = g_new0(SimRefclocks, 1);

	self->engine = engine;
	self->random.state = seed;
	self->find = find;
	self->user_data = user_data;
	self->clocks = g_ptr_array_new_with_free_func(free_clock);
	return self;
}

void
sim_refclocks_free(SimRefclocks *self)
{
	if (!self)
		return;
	g_ptr_array_unref(self->clocks);
	g_free(self);
}
