/* SPDX-License-Identifier: BSD-2-Clause */
/* settings.c - see settings.h */
#include "config/settings.h"

#define NTP_PORT 123

const char *
ts_source_kind_name(TsSourceKind kind)
{
	switch (kind) {
	case TS_SOURCE_SERVER:
		return "server";
	case TS_SOURCE_POOL:
		return "pool";
	case TS_SOURCE_REFCLOCK:
		return "refclock";
	}
	return "?";
}

TsSourceSettings *
ts_source_settings_new(TsSourceKind kind, const char *name)
{
	TsSourceSettings *source = g_new0(TsSourceSettings, 1);

	source->kind = kind;
	source->name = g_strdup(name);
	source->label = g_strdup(name);
	source->min_samples = 6;
	source->max_samples = 64;
	source->filter = 1;
	source->port = NTP_PORT;
	source->version = 4;
	source->min_poll = 6;
	source->max_poll = 10;
	source->is_online = true;
	source->max_sources = kind == TS_SOURCE_POOL ? 4 : 1;
	source->max_delay_s = 3;
	source->max_delay_dev_ratio = 10;
	return source;
}

TsSourceSettings *
ts_source_settings_copy(const TsSourceSettings *source)
{
	TsSourceSettings *copy = g_memdup2(source, sizeof *source);

	copy->name = g_strdup(source->name);
	copy->label = g_strdup(source->label);
	copy->bind_address = g_strdup(source->bind_address);
	copy->device = g_strdup(source->device);
	copy->refid = g_strdup(source->refid);
	if (source->nts)
		ts_node_ref(source->nts);
	if (source->plugin)
		ts_node_ref(source->plugin);
	return copy;
}

void
ts_source_settings_free(TsSourceSettings *source)
{
	if (!source)
		return;
	g_clear_pointer(&source->plugin, ts_node_unref);
	g_clear_pointer(&source->nts, ts_node_unref);
	g_free(source->refid);
	g_free(source->device);
	g_free(source->bind_address);
	g_free(source->label);
	g_free(source->name);
	g_free(source);
}

/* What an association or a refclock instance is made of: it can't be changed while it lives. */
static bool
is_same_association(const TsSourceSettings *a, const TsSourceSettings *b)
{
	return a->kind == b->kind && g_strcmp0(a->name, b->name) == 0 && a->port == b->port &&
	       a->version == b->version && a->family == b->family && a->key == b->key &&
	       g_strcmp0(a->bind_address, b->bind_address) == 0 &&
	       g_strcmp0(a->device, b->device) == 0 && ts_node_equal(a->nts, b->nts) &&
	       ts_node_equal(a->plugin, b->plugin);
}

static bool
is_same_selection(const TsSourceSettings *a, const TsSourceSettings *b)
{
	return a->prefer == b->prefer && a->trust == b->trust && a->require == b->require &&
	       a->noselect == b->noselect && a->offset_s == b->offset_s &&
	       a->min_samples == b->min_samples && a->max_samples == b->max_samples &&
	       a->filter == b->filter && a->max_distance_s == b->max_distance_s &&
	       a->stratum == b->stratum && g_strcmp0(a->refid, b->refid) == 0 &&
	       g_strcmp0(a->label, b->label) == 0;
}

static bool
is_same_polling(const TsSourceSettings *a, const TsSourceSettings *b)
{
	return a->min_poll == b->min_poll && a->max_poll == b->max_poll && a->iburst == b->iburst &&
	       a->burst == b->burst && a->xleave == b->xleave && a->is_online == b->is_online &&
	       a->max_sources == b->max_sources && a->max_delay_s == b->max_delay_s &&
	       a->max_delay_ratio == b->max_delay_ratio &&
	       a->max_delay_dev_ratio == b->max_delay_dev_ratio && a->dscp == b->dscp;
}

TsChange
ts_source_settings_compare(const TsSourceSettings *before, const TsSourceSettings *after)
{
	if (!is_same_association(before, after))
		return TS_CHANGE_RESTART;
	if (!is_same_selection(before, after) || !is_same_polling(before, after))
		return TS_CHANGE_OPTIONS;
	return TS_CHANGE_NONE;
}

static void
free_source(gpointer data)
{
	ts_source_settings_free(data);
}

static void
free_plugin(gpointer data)
{
	TsPluginSettings *plugin = data;

	g_clear_pointer(&plugin->settings, ts_node_unref);
	g_free(plugin->path);
	g_free(plugin->name);
	g_free(plugin);
}

static void
init_server(TsServerSettings *server)
{
	server->listen = g_array_new(FALSE, TRUE, sizeof(TsListen));
	server->access = g_array_new(FALSE, TRUE, sizeof(TsAccessRule));
	server->rate_limit = (TsRateLimitSettings){
		.interval_s = 8,
		.burst = 8,
		.leak = 2,
		.kod = 2,
		.kod_enabled = true,
	};
	server->client_table_bytes = UINT64_C(1) << 20;
	server->interleaved = true;
	server->local_stratum = 10;
}

TsSettings *
ts_settings_new(void)
{
	TsSettings *settings = g_new0(TsSettings, 1);

	g_atomic_ref_count_init(&settings->references);
	settings->sources = g_ptr_array_new_with_free_func(free_source);
	init_server(&settings->server);
	settings->clock = (TsClockSettings){
		.driver = TS_DRIVER_KERNEL,
		.step_threshold_s = 1,
		.step_first_updates = 3,
		.max_slew_ppm = 83333,
		.panic_s = 1000,
		.max_drift_ppm = 500,
		.max_drift_change_ppm = 0.2,
		.drift_file = g_strdup(TS_CONFIG_DRIFT_FILE),
		.holdover_limit_s = 1,
	};
	settings->selection = (TsSelectionSettings){
		.min_sources = 1,
		.max_stratum = 15,
		.max_distance_s = 3,
		.max_jitter_s = 1,
		.stratum_weight_s = 0.001,
		.reselect_distance_s = 0.0001,
		.combine_limit = 3,
	};
	settings->control = (TsControlSettings){
		.socket = g_strdup(TS_CONFIG_CONTROL_SOCKET),
		.bus = TS_BUS_SYSTEM,
		.group = g_strdup("timesrv"),
	};
	settings->plugins = g_ptr_array_new_with_free_func(free_plugin);
	settings->plugin_directory = g_strdup(TS_PLUGIN_DIRECTORY);
	settings->hwtimestamp = g_ptr_array_new_with_free_func(g_free);
	settings->log_level = TS_LOG_INFO;
	settings->tree = ts_node_new_map(NULL);
	settings->files = g_ptr_array_new_with_free_func(g_free);
	return settings;
}

TsSettings *
ts_settings_ref(TsSettings *settings)
{
	g_atomic_ref_count_inc(&settings->references);
	return settings;
}

void
ts_settings_unref(TsSettings *settings)
{
	if (!settings || !g_atomic_ref_count_dec(&settings->references))
		return;
	g_ptr_array_unref(settings->files);
	ts_node_unref(settings->tree);
	g_ptr_array_unref(settings->hwtimestamp);
	g_free(settings->plugin_directory);
	g_ptr_array_unref(settings->plugins);
	g_free(settings->control.group);
	g_free(settings->control.socket);
	g_free(settings->clock.drift_file);
	g_array_unref(settings->server.access);
	g_array_unref(settings->server.listen);
	g_ptr_array_unref(settings->sources);
	g_free(settings);
}
