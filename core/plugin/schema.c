/* SPDX-License-Identifier: BSD-2-Clause */
/* schema.c - see schema.h */
#include "plugin/schema.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "config/scalar.h"
#include "config/suggest.h"

enum { FIELD_NAME, FIELD_TYPE, FIELD_DEFAULT, FIELD_RANGE, FIELD_UNIT, FIELD_HELP, N_FIELDS };

static const char *const type_names[] = {
	[TS_SETTING_BOOL] = "bool",	[TS_SETTING_INT] = "int",
	[TS_SETTING_NUMBER] = "number", [TS_SETTING_DURATION] = "duration",
	[TS_SETTING_MODE] = "mode",	[TS_SETTING_STRING] = "string",
	[TS_SETTING_PATH] = "path",	[TS_SETTING_ENUM] = "enum",
};

const char *
ts_setting_type_name(TsSettingType type)
{
	return type_names[type];
}

static void
setting_free(gpointer data)
{
	TsDeclaredSetting *setting = data;

	g_strfreev(setting->words);
	g_free(setting->help);
	g_free(setting->unit);
	g_free(setting->range);
	g_free(setting->default_text);
	g_free(setting->name);
	g_free(setting);
}

TsPluginSchema *
ts_plugin_schema_new(void)
{
	TsPluginSchema *self = g_new0(TsPluginSchema, 1);

	self->settings = g_ptr_array_new_with_free_func(setting_free);
	return self;
}

void
ts_plugin_schema_free(TsPluginSchema *schema)
{
	if (!schema)
		return;
	g_ptr_array_unref(schema->settings);
	g_free(schema);
}

const TsDeclaredSetting *
ts_plugin_schema_find(const TsPluginSchema *schema, const char *name)
{
	for (unsigned i = 0; i < schema->settings->len; i++) {
		const TsDeclaredSetting *setting = g_ptr_array_index(schema->settings, i);
		if (g_str_equal(setting->name, name))
			return setting;
	}
	return NULL;
}

/* ---- the declaration ------------------------------------------------------------------------- */

static bool
refuse(GError **error, unsigned line, const char *what, const char *value)
{
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INCOMPATIBLE, "line %u: %s: '%s'", line,
		    what, value);
	return false;
}

static bool
parse_type(const char *text, TsSettingType *type)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(type_names); i++)
		if (g_str_equal(text, type_names[i])) {
			*type = (TsSettingType)i;
			return true;
		}
	return false;
}

static bool
has_number_range(TsSettingType type)
{
	return type == TS_SETTING_INT || type == TS_SETTING_NUMBER || type == TS_SETTING_DURATION;
}

/* One side of LOW..HIGH; an empty one is no limit. */
static bool
parse_limit(const char *text, double unlimited, double *limit)
{
	char *end;

	*limit = *text ? g_ascii_strtod(text, &end) : unlimited;
	return !*text || (*end == '\0' && !isnan(*limit));
}

static bool
parse_range(TsDeclaredSetting *setting)
{
	const char *range = setting->range;

	setting->low = -INFINITY;
	setting->high = INFINITY;
	if (setting->type == TS_SETTING_ENUM) {
		setting->words = g_strsplit(range, ",", -1);
		for (char **word = setting->words; *word; word++)
			if (!**word)
				return false;
		return *range != '\0';
	}
	if (!*range)
		return true;
	g_auto(GStrv) sides = g_strsplit(range, "..", 2);
	return has_number_range(setting->type) && sides[0] && sides[1] &&
	       parse_limit(sides[0], -INFINITY, &setting->low) &&
	       parse_limit(sides[1], INFINITY, &setting->high) && setting->low <= setting->high;
}

static char *read_value(const TsDeclaredSetting *setting, const TsNode *node,
			TsSettingValue *value);

static void
value_clear(TsSettingValue *value)
{
	g_clear_pointer(&value->text, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsSettingValue, value_clear)

static bool
check_default(const TsDeclaredSetting *setting, unsigned line, GError **error)
{
	if (!*setting->default_text)
		return true;
	g_autoptr(TsNode) node = ts_node_new_scalar(setting->default_text, false, NULL);
	g_auto(TsSettingValue) value = {0};
	g_autofree char *refusal = read_value(setting, node, &value);
	return !refusal || refuse(error, line, "the default is no value of its own type and range",
				  setting->default_text);
}

static bool
add_line(TsPluginSchema *schema, const char *text, unsigned line, GError **error)
{
	g_auto(GStrv) fields = g_strsplit(text, "|", N_FIELDS);

	if (g_strv_length(fields) != N_FIELDS)
		return refuse(error, line,
			      "has not the six fields name|type|default|range|unit|help", text);
	const char *name = fields[FIELD_NAME];
	if (!*name || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(name))
		return refuse(error, line, "no name of [a-z0-9-]", name);
	if (ts_plugin_schema_find(schema, name))
		return refuse(error, line, "there is a setting of that name already", name);
	TsDeclaredSetting *setting = g_new0(TsDeclaredSetting, 1);
	g_ptr_array_add(schema->settings, setting);
	setting->name = g_strdup(name);
	setting->is_required = g_str_equal(fields[FIELD_DEFAULT], "!");
	setting->default_text = g_strdup(setting->is_required ? "" : fields[FIELD_DEFAULT]);
	setting->range = g_strdup(fields[FIELD_RANGE]);
	setting->unit = g_strdup(fields[FIELD_UNIT]);
	setting->help = g_strdup(fields[FIELD_HELP]);
	if (!parse_type(fields[FIELD_TYPE], &setting->type))
		return refuse(error, line, "no type", fields[FIELD_TYPE]);
	if (!parse_range(setting))
		return refuse(error, line, "no range of its type", setting->range);
	return check_default(setting, line, error);
}

bool
ts_plugin_schema_add(TsPluginSchema *schema, const char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (unsigned i = 0; lines[i]; i++)
		if (*lines[i] && !add_line(schema, lines[i], i + 1, error))
			return false;
	return true;
}

/* ---- an operator's values -------------------------------------------------------------------- */

static char *
check_limits(const TsDeclaredSetting *setting, double number)
{
	if (number >= setting->low && number <= setting->high)
		return NULL;
	const char *unit = setting->type == TS_SETTING_DURATION ? "s" : setting->unit;
	return g_strdup_printf("is out of range: %s%s%s", setting->range, *unit ? " " : "", unit);
}

static char *
read_mode(const TsNode *node, int64_t *mode)
{
	const char *text = ts_node_kind(node) == TS_NODE_SCALAR ? ts_node_text(node) : "";
	size_t length = strlen(text);

	if (length < 3 || length > 4 || strspn(text, "01234567") != length)
		return g_strdup("takes an octal file permission like 0660");
	*mode = g_ascii_strtoll(text, NULL, 8);
	return NULL;
}

static char *
read_text(const TsDeclaredSetting *setting, const TsNode *node, char **text)
{
	if (ts_node_kind(node) != TS_NODE_SCALAR)
		return g_strdup("takes a text, not a list, a map or nothing");
	const char *given = ts_node_text(node);
	if (setting->type == TS_SETTING_PATH && !g_path_is_absolute(given))
		return g_strdup("takes an absolute path, one that begins with '/'");
	if (setting->type == TS_SETTING_ENUM &&
	    !g_strv_contains((const char *const *)setting->words, given)) {
		g_autofree char *words = g_strjoinv(", ", setting->words);
		return g_strdup_printf("takes one of: %s", words);
	}
	*text = g_strdup(given);
	return NULL;
}

static char *
read_number(const TsDeclaredSetting *setting, const TsNode *node, TsQuantity quantity,
	    double *number)
{
	char *refusal = ts_scalar_read_quantity(node, quantity, number);

	return refusal ? refusal : check_limits(setting, *number);
}

/* Returns: (nullable) (transfer full): what is wrong, to be said after the name. */
static char *
read_value(const TsDeclaredSetting *setting, const TsNode *node, TsSettingValue *value)
{
	bool flag = false;
	char *refusal = NULL;

	value->type = setting->type;
	value->is_set = true;
	switch (setting->type) {
	case TS_SETTING_BOOL:
		refusal = ts_scalar_read_bool(node, &flag);
		value->whole = flag;
		return refusal;
	case TS_SETTING_INT:
		refusal = ts_scalar_read_whole(node, &value->whole);
		return refusal ? refusal : check_limits(setting, (double)value->whole);
	case TS_SETTING_NUMBER:
		return read_number(setting, node, TS_QUANTITY_NUMBER, &value->number);
	case TS_SETTING_DURATION:
		return read_number(setting, node, TS_QUANTITY_DURATION, &value->number);
	case TS_SETTING_MODE:
		return read_mode(node, &value->whole);
	case TS_SETTING_STRING:
	case TS_SETTING_PATH:
	case TS_SETTING_ENUM:
		return read_text(setting, node, &value->text);
	}
	return NULL;
}

static void
problem_free(gpointer data)
{
	TsConfigProblem *problem = data;

	g_free(problem->text);
	g_free(problem);
}

GPtrArray *
ts_plugin_schema_problems_new(void)
{
	return g_ptr_array_new_with_free_func(problem_free);
}

static bool
is_same_place(const TsOrigin *a, const TsOrigin *b)
{
	return g_strcmp0(a->file, b->file) == 0 && a->line == b->line && a->column == b->column;
}

void
ts_plugin_schema_add_problem(GPtrArray *problems, const TsOrigin *origin, bool is_warning,
			     char *text)
{
	static const TsOrigin nowhere;
	TsConfigProblem *problem = g_new0(TsConfigProblem, 1);

	problem->origin = origin ? *origin : nowhere;
	problem->is_warning = is_warning;
	problem->text = text;
	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *other = g_ptr_array_index(problems, i);
		if (is_same_place(&other->origin, &problem->origin) &&
		    g_str_equal(other->text, text)) {
			problem_free(problem);
			return;
		}
	}
	g_ptr_array_add(problems, problem);
}

static void
find_unknown_keys(const TsPluginSchema *schema, const TsNode *map, const char *plugin,
		  GPtrArray *problems)
{
	g_autofree const char **known = g_new0(const char *, schema->settings->len + 1);

	for (unsigned i = 0; i < schema->settings->len; i++)
		known[i] = ((TsDeclaredSetting *)g_ptr_array_index(schema->settings, i))->name;
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		const char *key = ts_node_key_at(map, i);
		if (ts_plugin_schema_find(schema, key))
			continue;
		const char *nearest = ts_suggest(key, known, schema->settings->len);
		g_autofree char *names = g_strjoinv(", ", (char **)known);
		ts_plugin_schema_add_problem(
			problems, ts_node_key_origin_at(map, i), false,
			nearest ? g_strdup_printf("plugin %s: unknown key '%s'; did you mean '%s'?",
						  plugin, key, nearest)
				: g_strdup_printf("plugin %s: unknown key '%s'; it has: %s", plugin,
						  key, *names ? names : "no settings"));
	}
}

static TsNode *
find_value(TsNode *const *maps, unsigned n_maps, const char *name)
{
	for (unsigned i = 0; i < n_maps; i++) {
		TsNode *value = maps[i] ? ts_node_find(maps[i], name) : NULL;
		if (value)
			return value;
	}
	return NULL;
}

static void
value_free(gpointer data)
{
	TsSettingValue *value = data;

	value_clear(value);
	g_free(value);
}

static TsSettingValue *
read_setting(const TsDeclaredSetting *setting, TsNode *const *maps, unsigned n_maps,
	     const TsOrigin *where, const char *plugin, GPtrArray *problems)
{
	TsSettingValue *value = g_new0(TsSettingValue, 1);
	TsNode *given = find_value(maps, n_maps, setting->name);
	g_autoptr(TsNode) node = given ? ts_node_ref(given)
				 : *setting->default_text
					 ? ts_node_new_scalar(setting->default_text, false, NULL)
					 : NULL;

	value->type = setting->type;
	if (node) {
		g_autofree char *refusal = read_value(setting, node, value);
		if (refusal)
			ts_plugin_schema_add_problem(problems, ts_node_origin(node), false,
						     g_strdup_printf("plugin %s: %s %s", plugin,
								     setting->name, refusal));
	} else if (setting->is_required && where) {
		ts_plugin_schema_add_problem(problems, where, false,
					     g_strdup_printf("plugin %s: needs '%s': %s", plugin,
							     setting->name, setting->help));
	}
	return value;
}

GHashTable *
ts_plugin_schema_read(const TsPluginSchema *schema, TsNode *const *maps, unsigned n_maps,
		      const TsOrigin *where, const char *plugin, GPtrArray *problems)
{
	g_autoptr(GHashTable) values =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, value_free);
	unsigned n_before = problems->len;

	for (unsigned i = 0; i < n_maps; i++)
		if (maps[i])
			find_unknown_keys(schema, maps[i], plugin, problems);
	for (unsigned i = 0; i < schema->settings->len; i++) {
		const TsDeclaredSetting *setting = g_ptr_array_index(schema->settings, i);
		TsSettingValue *value =
			read_setting(setting, maps, n_maps, where, plugin, problems);
		g_hash_table_insert(values, g_strdup(setting->name), value);
	}
	return problems->len == n_before ? g_steal_pointer(&values) : NULL;
}
