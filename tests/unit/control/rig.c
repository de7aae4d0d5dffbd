/* SPDX-License-Identifier: BSD-2-Clause */
/* rig.c - see rig.h */
#include "rig.h"

#include <check.h>
#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "config/load.h"

typedef struct {
	Rig *rig;
	char *label;
	TsSource *source;
} TestSource;

static bool
burst(void *owner, unsigned n_good, unsigned n_total, GError **error)
{
	TestSource *self = owner;
	(void)n_good;
	(void)n_total;
	(void)error;

	self->rig->n_bursts++;
	return true;
}

static void
set_online(void *owner, bool is_online)
{
	TestSource *self = owner;

	self->rig->n_offline += !is_online;
	ts_source_set_online(self->source, is_online);
}

static void
describe(void *owner, void (*add)(void *user_data, const char *name, const char *value),
	 void *user_data)
{
	(void)owner;

	add(user_data, "colour", "blue");
}

static const TsSourceOps ops = {.burst = burst, .set_online = set_online, .describe = describe};

static bool
add(void *provider, const TsSourceSettings *settings, GError **error)
{
	Rig *rig = provider;
	TestSource *self = g_new0(TestSource, 1);
	TsAddress address;
	(void)error;

	self->rig = rig;
	self->label = g_strdup(settings->label);
	if (settings->kind == TS_SOURCE_POOL) { /* one member is enough */
		g_autofree char *label = g_strconcat(settings->label, "#1", NULL);
		self->source = ts_engine_add_source(rig->engine, settings, label, settings->label,
						    &ops, self);
	} else {
		self->source = ts_engine_add_source(rig->engine, settings, NULL, NULL, &ops, self);
	}
	if (ts_address_parse(settings->name, settings->port, &address))
		ts_source_set_address(self->source, &address);
	g_ptr_array_add(rig->sources, self);
	return true;
}

static TestSource *
find(Rig *rig, const char *label)
{
	for (unsigned i = 0; i < rig->sources->len; i++) {
		TestSource *self = g_ptr_array_index(rig->sources, i);
		if (strcmp(self->label, label) == 0)
			return self;
	}
	ck_abort_msg("no source %s", label);
}

static void
remove_source(void *provider, const char *label)
{
	Rig *rig = provider;
	TestSource *self = find(rig, label);

	ts_engine_remove_source(rig->engine, self->source);
	g_ptr_array_remove(rig->sources, self);
}

static bool
update(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	(void)change;
	(void)error;

	ts_source_set_settings(find(provider, settings->label)->source, settings);
	return true;
}

static const TsSourceProvider provider = {.add = add, .remove = remove_source, .update = update};

static void
free_test_source(gpointer data)
{
	TestSource *self = data;

	g_free(self->label);
	g_free(self);
}

static TsResponder *
get_responder(void *user_data)
{
	(void)user_data;

	return NULL;
}

static TsSettings *
get_settings(void *user_data)
{
	return ((Rig *)user_data)->settings;
}

static bool
reload(void *user_data, GError **error)
{
	(void)error;

	((Rig *)user_data)->n_reloads++;
	return true;
}

static GPtrArray *
check(void *user_data)
{
	(void)user_data;

	return g_ptr_array_new();
}

static bool
keep(void *user_data, const char *label, const TsSourceSettings *settings, GError **error)
{
	Rig *rig = user_data;
	(void)settings;

	if (rig->keep_fails) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION, "read-only");
		return false;
	}
	g_free(rig->kept);
	rig->kept = g_strdup(label);
	return true;
}

Rig *
rig_new(void)
{
	Rig *rig = g_new0(Rig, 1);

	rig->sched = ts_sched_new_real(NULL);
	rig->clock = ts_clock_new_software(NULL);
	rig->metrics = ts_metrics_new();
	rig->settings = ts_settings_new();
	g_free(rig->settings->plugin_directory);
	rig->settings->plugin_directory = g_strdup("/nonexistent");
	g_clear_pointer(&rig->settings->clock.drift_file, g_free);
	rig->engine = ts_engine_new(rig->sched, rig->clock, rig->settings, rig->metrics);
	rig->plugins = ts_plugin_host_new(rig->engine, rig->metrics);
	ts_plugin_host_apply(rig->plugins, rig->settings);
	rig->roster = ts_roster_new();
	rig->sources = g_ptr_array_new_with_free_func(free_test_source);
	for (TsSourceKind kind = TS_SOURCE_SERVER; kind <= TS_SOURCE_REFCLOCK; kind++)
		ts_roster_set_provider(rig->roster, kind, &provider, rig);
	rig->subjects = (TsControlSubjects){
		.engine = rig->engine,
		.roster = rig->roster,
		.plugins = rig->plugins,
		.metrics = rig->metrics,
		.get_responder = get_responder,
		.get_settings = get_settings,
		.reload = reload,
		.check = check,
		.keep = keep,
		.user_data = rig,
	};
	rig->authoriser = (TsAuthoriser){.own_uid = 100, .has_group = true, .group = 200};
	rig->authoriser.group_name = g_strdup("keepers");
	return rig;
}

void
rig_free(Rig *rig)
{
	ts_authoriser_clear(&rig->authoriser);
	ts_engine_stop(rig->engine);
	ts_roster_free(rig->roster);
	g_ptr_array_unref(rig->sources);
	ts_plugin_host_free(rig->plugins);
	ts_engine_free(rig->engine);
	ts_settings_unref(rig->settings);
	ts_metrics_free(rig->metrics);
	ts_clock_free(rig->clock);
	ts_sched_free(rig->sched);
	g_free(rig->kept);
	g_free(rig);
}

TsSource *
rig_add_source(Rig *rig, const char *const *options)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsSourceSettings) settings = ts_config_parse_source(options, &error);

	ck_assert_msg(settings, "%s", error ? error->message : "");
	ck_assert(ts_roster_add(rig->roster, settings, &error));
	return find(rig, settings->label)->source;
}

void
rig_add_sample(Rig *rig, TsSource *source, double offset_s)
{
	int64_t raw_ns = ts_clock_raw_now(rig->clock);
	TsSample sample = {
		.raw_ns = raw_ns,
		.offset_ns = ts_clock_utc_at(rig->clock, raw_ns) - raw_ns + ts_s_to_ns(offset_s),
		.delay_ns = 1000000,
		.noise_s = 1e-6,
		.max_error_s = 0.001,
		.root_delay_s = 0.002,
		.root_dispersion_s = 0.001,
		.refid = 0x47505300, /* GPS */
		.epoch = ts_clock_epoch(rig->clock),
		.stratum = 1,
	};

	ts_source_update_reach(source, true);
	ts_source_set_remote_state(source, 0, 1, sample.refid, 0.002, 0.001);
	ts_source_add_sample(source, &sample);
}

void
rig_run_until(bool (*is_done)(void *user_data), void *user_data)
{
	while (!is_done(user_data))
		g_main_context_iteration(NULL, TRUE);
}
