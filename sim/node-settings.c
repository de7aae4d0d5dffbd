/* SPDX-License-Identifier: BSD-2-Clause */
/* node-settings.c - what a scenario says of a node, and what its events do to one (node.h) */
#include "node.h"

#include "config/sections.h"

#define NODE(name, type, member, ...)                                                              \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(SimNodeSettings, member), __VA_ARGS__                           \
	}
#define ACTION(name, type, member, ...)                                                            \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type, .offset = offsetof(SimNodeAction, member),   \
		__VA_ARGS__                                                                        \
	}
#define CUSTOM(name, function)                                                                     \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_CUSTOM, .read = function                             \
	}

/* ---- the oscillator -------------------------------------------------------------------------- */

static const TsField temperature_fields[] = {
	NODE("amplitude", PPM, cycle_ppm, .min = -1000, .max = 1000),
	NODE("period", DURATION, cycle_period_s, .min = 10, .max = 1e8),
};

static const TsSection temperature_section = {"temperature", temperature_fields,
					      G_N_ELEMENTS(temperature_fields)};

static void
read_temperature(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &temperature_section, value, object, NULL);
}

static const TsField clock_fields[] = {
	NODE("offset", DURATION, offset_s, .min = -1e9, .max = 1e9),
	NODE("frequency", PPM, frequency_ppm, .min = -1e4, .max = 1e4),
	NODE("wander", PPM, wander_ppm, .max = 100),
	CUSTOM("temperature", read_temperature),
};

static const TsSection clock_section = {"a node's clock", clock_fields, G_N_ELEMENTS(clock_fields)};

static void
read_clock(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &clock_section, value, object, NULL);
}

/* ---- the daemon's settings ------------------------------------------------------------------- */

/* The same keys as in timesrv.yaml. */
static TsSettings *
read_settings(TsConfigReader *reader, const TsNode *value)
{
	TsSettings *settings = ts_settings_new();
	TsConfigReader inner = {
		.problems = reader->problems,
		.settings = settings,
		.is_merged = true,
	};

	ts_node_unref(settings->tree);
	settings->tree = ts_node_ref((TsNode *)value);
	if (ts_schema_expect_map(&inner, value, "config"))
		ts_schema_read(&inner, &ts_section_root, value, settings, NULL);
	ts_config_check_sources(&inner);
	/* what one run learns is no business of the next */
	g_clear_pointer(&settings->clock.drift_file, g_free);
	return settings;
}

static void
read_config(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	SimNodeSettings *settings = object;
	(void)field;

	ts_settings_unref(settings->settings);
	settings->settings = read_settings(reader, value);
}

static void
read_expect(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		sim_expectations_read(((SimNodeSettings *)object)->expectations, reader->problems,
				      value);
}

static const TsField node_fields[] = {
	CUSTOM("clock", read_clock),
	CUSTOM("config", read_config),
	CUSTOM("expect", read_expect),
};

static const TsSection node_section = {"a node", node_fields, G_N_ELEMENTS(node_fields)};

SimNodeSettings *
sim_node_settings_new(const char *name)
{
	SimNodeSettings *settings = g_new0(SimNodeSettings, 1);

	settings->name = g_strdup(name);
	settings->settings = ts_settings_new();
	g_clear_pointer(&settings->settings->clock.drift_file, g_free);
	settings->expectations = sim_expectations_new();
	return settings;
}

void
sim_node_settings_free(SimNodeSettings *settings)
{
	if (!settings)
		return;
	g_free(settings->name);
	ts_settings_unref(settings->settings);
	g_ptr_array_unref(settings->expectations);
	g_free(settings);
}

void
sim_node_settings_read(SimNodeSettings *settings, TsConfigReader *reader, const TsNode *map)
{
	if (ts_schema_expect_map(reader, map, "a node"))
		ts_schema_read(reader, &node_section, map, settings, NULL);
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
read_reload(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	SimNodeAction *action = object;
	(void)field;

	ts_settings_unref(action->settings);
	action->settings = read_settings(reader, value);
}

static void
read_add(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	SimNodeAction *action = object;

	if (!ts_schema_expect_map(reader, value, field->key))
		return;
	ts_source_settings_free(action->added);
	action->added = ts_section_read_source(reader, value);
}

static const TsField action_fields[] = {
	ACTION("step", DURATION, step_s, .min = -1e9, .max = 1e9),
	ACTION("frequency-jump", PPM, frequency_ppm, .min = -1e4, .max = 1e4),
	ACTION("suspend", DURATION, suspend_s, .max = 1e8),
	ACTION("freeze", DURATION, freeze_s, .max = 1e8),
	CUSTOM("reload", read_reload),
	CUSTOM("add-source", read_add),
	ACTION("remove-source", TEXT, removed),
	ACTION("stop", BOOL, is_stopped),
	ACTION("start", BOOL, is_started),
};

static const TsSection action_section = {"what happens to a node", action_fields,
					 G_N_ELEMENTS(action_fields)};

void
sim_node_action_read(SimNodeAction *action, TsConfigReader *reader, const TsNode *map)
{
	if (ts_schema_expect_map(reader, map, "what happens to a node"))
		ts_schema_read(reader, &action_section, map, action, NULL);
}

void
sim_node_action_clear(SimNodeAction *action)
{
	ts_settings_unref(action->settings);
	if (action->added)
		ts_source_settings_free(action->added);
	g_free(action->removed);
	*action = (SimNodeAction){0};
}
