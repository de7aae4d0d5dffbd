/* SPDX-License-Identifier: BSD-2-Clause */
/* manager-object.c - see manager-object.h */
#include "control/manager-object.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "config/load.h"
#include "config/show.h"
#include "control/interface-info.h"
#include "control/plugin-object.h"
#include "control/property.h"
#include "control/source-methods.h"

#define TS_LOG_COMPONENT "control"

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

/* The subject of the object. */
typedef struct {
	TsLogLevel log_level;
} Manager;

static void
fill(const TsControlSubjects *subjects, const TsObject *object, GVariantBuilder *properties)
{
	const TsSettings *settings = subjects->get_settings(subjects->user_data);
	const Manager *manager = object->subject;
	g_autoptr(GStrvBuilder) files = g_strv_builder_new();

	ts_put_text(properties, "Version", TIMESRV_VERSION);
	ts_put_text(properties, "LogLevel", level_names[manager->log_level]);
	for (unsigned i = 0; i < settings->files->len; i++)
		g_strv_builder_add(files, g_ptr_array_index(settings->files, i));
	g_auto(GStrv) names = g_strv_builder_end(files);
	ts_put_texts(properties, "ConfigFiles", names);
}

static bool
reload(const TsCall *call, GVariant **result, GError **error)
{
	(void)result;

	return call->subjects->reload(call->subjects->user_data, error);
}

static void
put_origin(GVariantBuilder *entry, const TsOrigin *origin)
{
	if (!origin->file)
		return;
	ts_put_text(entry, "File", origin->file);
	if (origin->line) {
		ts_put_u32(entry, "Line", origin->line);
		ts_put_u32(entry, "Column", origin->column);
	}
}

static bool
check_config(const TsCall *call, GVariant **result, GError **error)
{
	g_autoptr(GPtrArray) problems = call->subjects->check(call->subjects->user_data);
	GVariantBuilder list;
	(void)error;

	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = g_ptr_array_index(problems, i);
		GVariantBuilder entry;
		g_variant_builder_init(&entry, G_VARIANT_TYPE_VARDICT);
		put_origin(&entry, &problem->origin);
		ts_put_bool(&entry, "Warning", problem->is_warning);
		ts_put_text(&entry, "Text", problem->text);
		g_variant_builder_add_value(&list, g_variant_builder_end(&entry));
	}
	*result = g_variant_new("(aa{sv})", &list);
	return true;
}

static bool
show_config(const TsCall *call, GVariant **result, GError **error)
{
	const TsSettings *settings = call->subjects->get_settings(call->subjects->user_data);
	g_autofree char *text = ts_config_show(settings);
	g_autofree char *valid_text = g_utf8_make_valid(text, -1);
	g_autoptr(GPtrArray) values = ts_config_list(settings);
	GVariantBuilder list;
	(void)error;

	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (unsigned i = 0; i < values->len; i++) {
		const TsConfigValue *value = g_ptr_array_index(values, i);
		GVariantBuilder entry;
		g_variant_builder_init(&entry, G_VARIANT_TYPE_VARDICT);
		ts_put_text(&entry, "Path", value->path);
		ts_put_text(&entry, "Value", value->value);
		put_origin(&entry, &value->origin);
		g_variant_builder_add_value(&list, g_variant_builder_end(&entry));
	}
	*result = g_variant_new("(saa{sv})", valid_text, &list);
	return true;
}

static bool
refresh(const TsCall *call, GVariant **result, GError **error)
{
	(void)result;
	(void)error;

	ts_ntp_client_refresh(call->subjects->client);
	return true;
}

static bool
list_plugins(const TsCall *call, GVariant **result, GError **error)
{
	GVariantBuilder list;
	(void)error;

	ts_plugin_objects_refresh(call->tree);
	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (unsigned i = 0; i < ts_object_tree_size(call->tree); i++) {
		TsObject *object = ts_object_tree_at(call->tree, i);
		if (object->interface != &ts_plugin_object_interface)
			continue;
		g_autoptr(GVariant) properties = ts_object_dup_properties(object, call->subjects);
		g_variant_builder_add_value(&list, properties);
	}
	*result = g_variant_new("(aa{sv})", &list);
	return true;
}

/* The daemon may open files that the caller may not: by name, everybody may ask; by path, only those who
 * could load it. */
static bool
inspect_plugin(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	GVariantBuilder properties;

	g_variant_get(call->arguments, "(&s)", &name);
	if (strchr(name, '/') && !call->is_trusted) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION,
			    "looking into a file needs the right to load it; give a plugin's name");
		return false;
	}
	g_autoptr(TsPluginView) view = ts_plugin_host_info(call->subjects->plugins, name, error);
	if (!view)
		return false;
	g_variant_builder_init(&properties, G_VARIANT_TYPE_VARDICT);
	ts_plugin_view_fill(view, &properties);
	*result = g_variant_new("(a{sv})", &properties);
	return true;
}

static bool
load_plugin(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	(void)result;

	g_variant_get(call->arguments, "(&s)", &name);
	if (!ts_plugin_host_load(call->subjects->plugins, name, error))
		return false;
	ts_plugin_objects_refresh(call->tree);
	return true;
}

static bool
unload_plugin(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	(void)result;

	g_variant_get(call->arguments, "(&s)", &name);
	if (!ts_plugin_host_unload(call->subjects->plugins, name, error))
		return false;
	ts_plugin_objects_refresh(call->tree);
	return true;
}

static void
add_metric(const TsMetricView *view, void *user_data)
{
	GVariantBuilder metric;

	g_variant_builder_init(&metric, G_VARIANT_TYPE_VARDICT);
	ts_put_text(&metric, "Owner", view->owner);
	ts_put_text(&metric, "Name", view->name);
	ts_put_text(&metric, "Kind", view->kind == TS_METRIC_COUNTER ? "counter" : "gauge");
	ts_put_text(&metric, "Unit", view->unit && *view->unit ? view->unit : NULL);
	ts_put_text(&metric, "Help", view->help);
	ts_put_double(&metric, "Value", view->value);
	g_variant_builder_add_value(user_data, g_variant_builder_end(&metric));
}

static bool
list_metrics(const TsCall *call, GVariant **result, GError **error)
{
	GVariantBuilder metrics;
	(void)error;

	g_variant_builder_init(&metrics, G_VARIANT_TYPE("aa{sv}"));
	ts_metrics_foreach(call->subjects->metrics, add_metric, &metrics);
	*result = g_variant_new("(aa{sv})", &metrics);
	return true;
}

static bool
set_log_level(const TsCall *call, GVariant **result, GError **error)
{
	Manager *manager = call->object->subject;
	const char *name;
	(void)result;

	g_variant_get(call->arguments, "(&s)", &name);
	for (unsigned i = 0; i < G_N_ELEMENTS(level_names); i++) {
		if (strcmp(level_names[i], name) != 0)
			continue;
		ts_log_setup((TsLogLevel)i);
		manager->log_level = (TsLogLevel)i;
		call->object->is_changed = true;
		ts_notice("log level %s by command", name);
		return true;
	}
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
		    "log level '%s' is none of error, warning, notice, info, debug", name);
	return false;
}

static const TsMethod methods[] = {
	{"AddSource", ts_source_method_add},
	{"Burst", ts_source_method_burst},
	{"CheckConfig", check_config},
	{"FindSource", ts_source_method_find},
	{"InspectPlugin", inspect_plugin},
	{"ListMetrics", list_metrics},
	{"ListPlugins", list_plugins},
	{"LoadPlugin", load_plugin},
	{"Refresh", refresh},
	{"Reload", reload},
	{"RemoveSource", ts_source_method_remove},
	{"SetLogLevel", set_log_level},
	{"SetOnline", ts_source_method_set_online},
	{"SetSource", ts_source_method_set},
	{"ShowConfig", show_config},
	{"UnloadPlugin", unload_plugin},
	{NULL, NULL},
};

const TsInterface ts_manager_object_interface = {
	.info = &ts_dbus_manager_interface,
	.fill = fill,
	.methods = methods,
};

TsObject *
ts_manager_object_add(TsObjectTree *tree)
{
	const TsControlSubjects *subjects = ts_object_tree_subjects(tree);
	Manager *manager = g_new0(Manager, 1);

	manager->log_level = subjects->get_settings(subjects->user_data)->log_level;
	return ts_object_tree_add(tree, g_strdup(TS_CONTROL_ROOT), &ts_manager_object_interface,
				  manager, g_free);
}

void
ts_manager_object_reloaded(TsObject *manager, const TsSettings *settings)
{
	((Manager *)manager->subject)->log_level = settings->log_level;
	manager->is_changed = true;
}
