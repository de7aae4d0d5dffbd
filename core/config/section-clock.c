/* SPDX-License-Identifier: BSD-2-Clause */
/* section-clock.c - the keys of "clock" and "selection" */
#include "config/sections.h"

#include <string.h>

#define CLOCK(name, type, member, ...)                                                             \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type, .offset = offsetof(TsClockSettings, member), \
		__VA_ARGS__                                                                        \
	}
#define SELECTION(name, type, member, ...)                                                         \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(TsSelectionSettings, member), __VA_ARGS__                       \
	}

static const TsWord driver_words[] = {
	{"kernel", TS_DRIVER_KERNEL},
	{"software", TS_DRIVER_SOFTWARE},
	{"none", TS_DRIVER_NONE},
	{NULL, 0},
};
static const TsWord first_updates_words[] = {{"always", -1}, {"never", 0}, {NULL, 0}};
static const TsWord none_words[] = {{"none", 0}, {NULL, 0}};
static const TsWord measured_words[] = {{"measured", 0}, {NULL, 0}};

static const TsField step_fields[] = {
	CLOCK("threshold", DURATION, step_threshold_s, .min = 1e-6, .max = 1e9),
	CLOCK("first-updates", INT, step_first_updates, .max = 1e6, .words = first_updates_words),
};

const TsSection ts_section_step = {"step", step_fields, G_N_ELEMENTS(step_fields)};

static void
read_step(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &ts_section_step, value, object, NULL);
}

static const TsField software_fields[] = {
	CLOCK("initial-offset", DURATION, software_initial_offset_s, .min = -1e9, .max = 1e9),
	CLOCK("initial-frequency", PPM, software_initial_frequency_ppm, .min = -1000, .max = 1000),
};

const TsSection ts_section_software = {"software", software_fields, G_N_ELEMENTS(software_fields)};

static void
read_software(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &ts_section_software, value, object, NULL);
}

static const TsField clock_fields[] = {
	CLOCK("driver", WORD, driver, .words = driver_words),
	{.key = "step", .kind = TS_FIELD_CUSTOM, .read = read_step},
	{.key = "software", .kind = TS_FIELD_CUSTOM, .read = read_software},
	CLOCK("max-slew", PPM, max_slew_ppm, .min = 1, .max = 100000),
	CLOCK("panic", DURATION, panic_s, .min = 0.001, .max = 1e9, .words = none_words),
	CLOCK("panic-at-start", BOOL, panic_at_start),
	CLOCK("max-drift", PPM, max_drift_ppm, .min = 1, .max = 100000),
	CLOCK("max-drift-change", PPM, max_drift_change_ppm, .min = 1e-6, .max = 1000),
	CLOCK("drift-file", TEXT, drift_file, .words = none_words, .check = ts_check_absolute_path),
	CLOCK("holdover-limit", DURATION, holdover_limit_s, .min = 1e-6, .max = 1e6),
	CLOCK("precision", INT, precision_log2s, .min = -32, .max = -1, .words = measured_words),
};

const TsSection ts_section_clock = {"clock", clock_fields, G_N_ELEMENTS(clock_fields)};

void
ts_section_read_clock(TsConfigReader *reader, const TsField *field, const TsNode *value,
		      void *object)
{
	TsSettings *settings = object;

	if (!ts_schema_expect_map(reader, value, field->key))
		return;
	uint64_t set = ts_schema_read(reader, &ts_section_clock, value, &settings->clock, NULL);
	/* Only the kernel's clock has one drift on this machine: a file is shared by nobody else.
	 */
	if (settings->clock.driver != TS_DRIVER_KERNEL &&
	    !(set & ts_schema_bit(&ts_section_clock, "drift-file")))
		g_clear_pointer(&settings->clock.drift_file, g_free);
}

static const TsField selection_fields[] = {
	SELECTION("min-sources", UNSIGNED, min_sources, .min = 1, .max = TS_CONFIG_MAX_SOURCES),
	SELECTION("min-stratum", INT, min_stratum, .min = 0, .max = 15),
	SELECTION("max-stratum", INT, max_stratum, .min = 0, .max = 15),
	SELECTION("max-distance", DURATION, max_distance_s, .min = 1e-6, .max = 1e4),
	SELECTION("max-jitter", DURATION, max_jitter_s, .min = 1e-9, .max = 1e4),
	SELECTION("stratum-weight", DURATION, stratum_weight_s, .min = 0, .max = 1e3),
	SELECTION("reselect-distance", DURATION, reselect_distance_s, .min = 0, .max = 1e3),
	SELECTION("combine-limit", NUMBER, combine_limit, .min = 0, .max = 1e6),
};

const TsSection ts_section_selection = {"selection", selection_fields,
					G_N_ELEMENTS(selection_fields)};

void
ts_section_read_selection(TsConfigReader *reader, const TsField *field, const TsNode *value,
			  void *object)
{
	TsSelectionSettings *selection = &((TsSettings *)object)->selection;

	if (!ts_schema_expect_map(reader, value, field->key))
		return;
	ts_schema_read(reader, &ts_section_selection, value, selection, NULL);
	if (reader->is_merged && selection->min_stratum > selection->max_stratum)
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "min-stratum %d is above max-stratum %d", selection->min_stratum,
				  selection->max_stratum);
}
