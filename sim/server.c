/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - see server.h */
#include "server.h"

#include <string.h>

#include "base/time.h"

#define DRIFT_INTERVAL_NS TS_NS_PER_S

struct _SimServer {
	TsVirtualServer *server;
	TsSched *sched;
	TsTimer *drift_timer;
	SimServerSettings settings;
	int64_t offset_since_ns; /* of the scheduler: when settings.offset_s was true */
};

static const TsWord leaps[] = {
	{"none", TS_LEAP_NONE},
	{"insert", TS_LEAP_INSERT},
	{"delete", TS_LEAP_DELETE},
	{"unsynchronised", TS_LEAP_UNSYNCHRONISED},
	{NULL, 0},
};

static const TsWord no_kiss[] = {{"none", 0}, {NULL, 0}};

static char *
check_kiss(const char *text)
{
	return strlen(text) == 4 ? NULL : g_strdup("a kiss code has four letters, as RATE");
}

#define SERVER(name, type, member, ...)                                                            \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(SimServerSettings, member), __VA_ARGS__                         \
	}

static const TsField fields[] = {
	SERVER("offset", DURATION, offset_s, .min = -1e9, .max = 1e9),
	SERVER("drift", PPM, drift_ppm, .min = -1e5, .max = 1e5),
	SERVER("processing", DURATION, processing_s, .max = 1),
	SERVER("leap", WORD, leap, .words = leaps),
	SERVER("stratum", UNSIGNED, stratum, .max = 16),
	SERVER("precision", INT, precision_log2s, .min = -32, .max = 0),
	SERVER("root-delay", DURATION, root_delay_s, .max = 1000),
	SERVER("root-dispersion", DURATION, root_dispersion_s, .max = 1000),
	SERVER("kiss", TEXT, kiss, .words = no_kiss, .check = check_kiss),
	SERVER("silent", BOOL, is_silent),
	SERVER("interleaved", BOOL, is_interleaved),
};

static const TsSection section = {"a server", fields, G_N_ELEMENTS(fields)};

void
sim_server_settings_init(SimServerSettings *settings)
{
	*settings = (SimServerSettings){
		.processing_s = 10e-6,
		.stratum = 1,
		.precision_log2s = -25,
		.root_dispersion_s = 1e-3,
	};
}

void
sim_server_settings_clear(SimServerSettings *settings)
{
	g_clear_pointer(&settings->kiss, g_free);
}

void
sim_server_settings_read(SimServerSettings *settings, TsConfigReader *reader, const TsNode *map)
{
	if (ts_schema_expect_map(reader, map, "a server"))
		ts_schema_read(reader, &section, map, settings, NULL);
}

static uint32_t
kiss_code(const char *letters)
{
	uint32_t code = 0;

	for (; letters && *letters; letters++)
		code = code << 8 | (uint8_t)*letters;
	return code;
}

static double
offset_now(const SimServer *self)
{
	double age_s = ts_ns_to_s(ts_sched_now(self->sched) - self->offset_since_ns);

	return self->settings.offset_s + self->settings.drift_ppm * 1e-6 * age_s;
}

static void
apply(SimServer *self)
{
	const SimServerSettings *settings = &self->settings;
	TsVirtualServerScript *script = ts_virtual_server_script(self->server);

	script->offset_ns = ts_s_to_ns(offset_now(self));
	script->processing_ns = ts_s_to_ns(settings->processing_s);
	script->leap = (uint8_t)settings->leap;
	script->stratum = (uint8_t)settings->stratum;
	script->precision_log2s = (int8_t)settings->precision_log2s;
	script->root_delay_ntp32 = ts_ntp32_from_s(settings->root_delay_s);
	script->root_dispersion_ntp32 = ts_ntp32_from_s(settings->root_dispersion_s);
	script->kiss = kiss_code(settings->kiss);
	script->is_silent = settings->is_silent;
	script->is_interleaved = settings->is_interleaved;
	if (settings->drift_ppm != 0)
		ts_timer_arm_after(self->drift_timer, DRIFT_INTERVAL_NS);
}

static void
on_drift(void *user_data)
{
	apply(user_data);
}

SimServer *
sim_server_new(TsVirtualNet *net, const TsAddress *address, const TsClock *true_time,
	       const SimServerSettings *settings)
{
	SimServer *self = g_new0(SimServer, 1);
	TsVirtualServerScript script;

	ts_virtual_server_script_init(&script);
	self->sched = ts_virtual_net_sched(net);
	self->server = ts_virtual_server_new(net, address, true_time, &script);
	self->drift_timer = ts_timer_new(self->sched, on_drift, self);
	self->settings = *settings;
	self->settings.kiss = g_strdup(settings->kiss);
	self->offset_since_ns = ts_sched_now(self->sched);
	apply(self);
	return self;
}

void
sim_server_free(SimServer *self)
{
	if (!self)
		return;
	ts_timer_free(self->drift_timer);
	ts_virtual_server_free(self->server);
	sim_server_settings_clear(&self->settings);
	g_free(self);
}

void
sim_server_change(SimServer *self, TsConfigReader *reader, const TsNode *map)
{
	self->settings.offset_s = offset_now(self);
	self->offset_since_ns = ts_sched_now(self->sched);
	sim_server_settings_read(&self->settings, reader, map);
	apply(self);
}

double
sim_server_claim(const SimServer *self)
{
	return self->settings.root_delay_s / 2 + self->settings.root_dispersion_s;
}
