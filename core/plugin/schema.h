/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.h - a plugin's settings: what its note declares, and an operator's values checked against
 * it
 *
 * Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "config/load.h"

typedef enum {
	TS_SETTING_BOOL,
	TS_SETTING_INT,
	TS_SETTING_NUMBER,
	TS_SETTING_DURATION, /* s */
	TS_SETTING_MODE,     /* file permission, octal */
	TS_SETTING_STRING,
	TS_SETTING_PATH,     /* absolute */
	TS_SETTING_ENUM,
} TsSettingType;

typedef struct {
	char *name, *default_text, *range, *unit, *help; /* default_text "": none */
	TsSettingType type;
	bool is_required;
	double low, high;  /* limits of a number, infinite where there is none */
	char **words;      /* (array zero-terminated=1) (nullable): of an enum */
} TsDeclaredSetting;

typedef struct {
	GPtrArray *settings; /* of TsDeclaredSetting */
} TsPluginSchema;

TsPluginSchema *ts_plugin_schema_new(void);
void ts_plugin_schema_free(TsPluginSchema *schema);

/* Adds the settings of @text, written as TIMESRV_PLUGIN_SCHEMA says; NULL adds none. Errors:
 * TIMESRV_ERROR_INCOMPATIBLE, naming line and field. */
bool ts_plugin_schema_add(TsPluginSchema *schema, const char *text, GError **error);

/* Returns: (nullable) (transfer none). */
const TsDeclaredSetting *ts_plugin_schema_find(const TsPluginSchema *schema, const char *name);

/* Returns: "bool", "int", ... */
const char *ts_setting_type_name(TsSettingType type);

/* One setting's value. */
typedef struct {
	TsSettingType type;
	bool is_set;
	int64_t whole;  /* bool, int, mode */
	double number;  /* number, duration */
	char *text;     /* string, path, enum */
} TsSettingValue;

/**
 * ts_plugin_schema_read:
 * @maps: (array length=n_maps): what the operator wrote; each may be NULL; the first that has a key
 *   wins
 * @where: (nullable): where it was written, for what is missing; NULL: nothing has to be there
 * @plugin: its name, for messages
 * @problems: (element-type TsConfigProblem): every mistake is appended
 *
 * Returns: (transfer full) (nullable) (element-type utf8 TsSettingValue): every setting of the
 * schema with its value or default; NULL if anything was wrong.
 */
GHashTable *ts_plugin_schema_read(const TsPluginSchema *schema, TsNode *const *maps, unsigned n_maps,
			   const TsOrigin *where, const char *plugin, GPtrArray *problems);

/* Returns: (transfer full) (element-type TsConfigProblem): an empty list that owns its entries. */
GPtrArray *ts_plugin_schema_problems_new(void);

/* Appends one, unless the same was said of the same place. @text: transfer full. */
void ts_plugin_schema_add_problem(GPtrArray *problems, const TsOrigin *origin, bool is_warning,
				  char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPluginSchema, ts_plugin_schema_free)
