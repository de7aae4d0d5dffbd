/* SPDX-License-Identifier: BSD-2-Clause */
#include "host-world.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "clock/clock.h"

#define START_UTC_NS (INT64_C(1795000000) * TS_NS_PER_S)

void
host_world_init(HostWorld *world, int64_t initial_error_ns)
{
	TsOscillator oscillator = {
		.start_utc_ns = START_UTC_NS,
		.initial_error_ns = initial_error_ns,
		.seed = 1,
	};

	plugin_folder_init(&world->folder);
	g_setenv("RUNTIME_DIRECTORY", world->folder.copies, TRUE);
	world->settings = ts_settings_new();
	g_free(world->settings->plugin_directory);
	world->settings->plugin_directory = g_strdup(world->folder.path);
	g_clear_pointer(&world->settings->clock.drift_file, g_free);
	world->sched = ts_sched_new_virtual(0);
	world->clock = ts_clock_new_virtual(world->sched, &oscillator);
	world->metrics = ts_metrics_new();
	world->engine = ts_engine_new(world->sched, world->clock, world->settings, world->metrics);
	world->host = ts_plugin_host_new(world->engine, world->metrics);
	ts_plugin_host_apply(world->host, world->settings);
}

void
host_world_clear(HostWorld *world)
{
	ts_plugin_host_free(world->host);
	ts_engine_free(world->engine);
	ts_metrics_free(world->metrics);
	ts_clock_free(world->clock);
	ts_sched_free(world->sched);
	ts_settings_unref(world->settings);
	plugin_folder_clear(&world->folder);
}

void
host_world_run(HostWorld *world, double duration_s)
{
	ts_sched_run_until(world->sched, ts_sched_now(world->sched) + ts_s_to_ns(duration_s));
}

void
set_key(TsNode *map, const char *key, const char *value, unsigned line)
{
	TsOrigin origin = {g_intern_string("/etc/test.yaml"), line, 5};
	g_autoptr(TsNode) node = ts_node_new_scalar(value, false, &origin);

	ts_node_set(map, key, &origin, node);
}

TsSourceSettings *
host_world_source(const HostWorld *world, const char *label, const char *what)
{
	TsSourceSettings *source = ts_source_settings_new(TS_SOURCE_REFCLOCK, "fine");
	int64_t origin_ns =
		ts_clock_virtual_true_utc(world->clock) - ts_clock_raw_now(world->clock);
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, origin_ns);

	g_free(source->label);
	source->label = g_strdup(label);
	source->origin = (TsOrigin){g_intern_string("/etc/test.yaml"), 3, 5};
	source->plugin = ts_node_new_map(&source->origin);
	set_key(source->plugin, "origin", text, 4);
	set_key(source->plugin, "what", what, 5);
	return source;
}

bool
host_world_try(HostWorld *world, const TsSourceSettings *source, GError **error)
{
	return ts_plugin_host_provider.add(world->host, source, error);
}

TsSource *
host_world_add(HostWorld *world, const char *label, const char *what)
{
	g_autoptr(TsSourceSettings) source = host_world_source(world, label, what);
	g_autoptr(GError) error = NULL;

	bool is_added = host_world_try(world, source, &error);
	ck_assert_msg(is_added, "%s", error ? error->message : "");
	TsSource *added = ts_engine_find_source(world->engine, label);
	ck_assert_ptr_nonnull(added);
	return added;
}

typedef struct {
	const char *owner, *name;
	double value;
} Search;

static void
compare_metric(const TsMetricView *view, void *user_data)
{
	Search *search = user_data;

	if (strcmp(view->owner, search->owner) == 0 && strcmp(view->name, search->name) == 0)
		search->value = view->value;
}

double
host_world_metric(const HostWorld *world, const char *owner, const char *name)
{
	Search search = {owner, name, NAN};

	ts_metrics_foreach(world->metrics, compare_metric, &search);
	return search.value;
}
