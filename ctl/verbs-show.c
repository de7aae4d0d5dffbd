/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs-show.c - verbs that only look */
#include "verbs.h"

#include <stdio.h>
#include <string.h>

#include "control/interface-info.h"
#include "render.h"
#include "values.h"

int
ts_ctl_print(const char *text)
{
	fputs(text, stdout);
	return fflush(stdout) == 0 ? TS_EXIT_OK : TS_EXIT_FAILED;
}

int
ts_ctl_print_json(JsonNode *node)
{
	g_autoptr(GString) out = g_string_new(NULL);

	ts_json_append(out, node, TRUE);
	return ts_ctl_print(out->str);
}

int
ts_ctl_print_done(const TsCtl *ctl)
{
	if (!ctl->is_json)
		return TS_EXIT_OK;
	return ts_ctl_print_json(
		ts_json_object_with("ok", json_node_init_boolean(json_node_alloc(), TRUE)));
}

JsonNode *
ts_ctl_status_json(GVariant *manager, GVariant *clock)
{
	JsonNode *status = ts_json_from_properties(&ts_dbus_manager_interface, manager);

	json_object_set_member(json_node_get_object(status), "clock",
			       ts_json_from_properties(&ts_dbus_clock_interface, clock));
	return status;
}

JsonNode *
ts_ctl_sources_json(GPtrArray *sources)
{
	g_autoptr(JsonArray) array = json_array_new();

	for (unsigned i = 0; i < sources->len; i++)
		json_array_add_element(array,
				       ts_json_from_properties(&ts_dbus_source_interface,
							       g_ptr_array_index(sources, i)));
	return json_node_init_array(json_node_alloc(), array);
}

int
ts_verb_status(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) manager = ts_link_get_all(ctl->link, TS_ROOT_PATH, TS_MANAGER, error);
	g_autoptr(GVariant) clock =
		manager ? ts_link_get_all(ctl->link, TS_CLOCK_PATH, TS_CLOCK, error) : NULL;
	g_autoptr(GString) out = g_string_new(NULL);
	(void)args;

	if (!clock)
		return -1;
	if (ctl->is_json)
		ts_json_append(out, ts_ctl_status_json(manager, clock), TRUE);
	else
		ts_render_status(manager, clock, &ctl->style, out);
	int status = ts_ctl_print(out->str);
	if (status == TS_EXIT_OK && ctl->is_check && !ts_value_bool(clock, "Synchronised"))
		return TS_EXIT_NOT_SYNCHRONISED;
	return status;
}

int
ts_verb_sources(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GPtrArray) sources = ts_link_get_objects(ctl->link, TS_SOURCE, error);
	g_autoptr(GString) out = g_string_new(NULL);
	(void)args;

	if (!sources)
		return -1;
	if (ctl->is_json)
		return ts_ctl_print_json(ts_ctl_sources_json(sources));
	ts_render_sources(sources, &ctl->style, out);
	return ts_ctl_print(out->str);
}

/* Returns: (transfer full) (nullable): the properties of the source that @name means. */
static GVariant *
get_source(TsCtl *ctl, const char *name, GError **error)
{
	g_autoptr(GVariant) found = ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, "FindSource",
						 g_variant_new("(s)", name), "(o)", error);
	const char *path;

	if (!found)
		return NULL;
	g_variant_get(found, "(&o)", &path);
	return ts_link_get_all(ctl->link, path, TS_SOURCE, error);
}

int
ts_verb_source(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) source = get_source(ctl, args[0], error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!source)
		return -1;
	if (ctl->is_json)
		return ts_ctl_print_json(ts_json_from_properties(&ts_dbus_source_interface, source));
	ts_render_source(source, &ctl->style, out);
	return ts_ctl_print(out->str);
}

static JsonNode *
reason_json(GVariant *source)
{
	g_autoptr(JsonObject) object = json_object_new();

	json_object_set_string_member(object, "label", ts_value_text_or(source, "Label", ""));
	json_object_set_string_member(object, "verdict", ts_value_text_or(source, "Verdict", ""));
	json_object_set_boolean_member(object, "used", ts_value_bool(source, "Used"));
	json_object_set_string_member(object, "reason", ts_value_text_or(source, "Reason", ""));
	return json_node_init_object(json_node_alloc(), object);
}

static int
print_reasons(const TsCtl *ctl, GPtrArray *sources)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(JsonArray) array = json_array_new();

	for (unsigned i = 0; i < sources->len; i++) {
		GVariant *source = g_ptr_array_index(sources, i);
		ts_render_reason(source, &ctl->style, out);
		json_array_add_element(array, reason_json(source));
	}
	if (ctl->is_json)
		return ts_ctl_print_json(json_node_init_array(json_node_alloc(), array));
	return ts_ctl_print(sources->len ? out->str : "no sources\n");
}

int
ts_verb_why(TsCtl *ctl, char **args, GError **error)
{
	if (!args[0]) {
		g_autoptr(GPtrArray) all = ts_link_get_objects(ctl->link, TS_SOURCE, error);
		return all ? print_reasons(ctl, all) : -1;
	}
	g_autoptr(GVariant) source = get_source(ctl, args[0], error);
	g_autoptr(GString) out = g_string_new(NULL);
	if (!source)
		return -1;
	if (ctl->is_json)
		return ts_ctl_print_json(reason_json(source));
	ts_render_reason(source, &ctl->style, out);
	return ts_ctl_print(out->str);
}

/* A verb that shows the list which one method gives. */
static int
show_list(TsCtl *ctl, const char *path, const char *interface, const char *method,
	  GVariant *arguments, void (*render)(GVariant *, const TsStyle *, GString *), GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(ctl->link, path, interface, method, arguments, "(aa{sv})", error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!result)
		return -1;
	g_autoptr(GVariant) list = g_variant_get_child_value(result, 0);
	if (ctl->is_json)
		return ts_ctl_print_json(ts_json_from_variant(list));
	render(list, &ctl->style, out);
	return ts_ctl_print(out->str);
}

int
ts_verb_clients(TsCtl *ctl, char **args, GError **error)
{
	(void)args;

	return show_list(ctl, TS_SERVER_PATH, TS_SERVER, "ListClients",
			 g_variant_new("(u)", (guint32)ctl->limit), ts_render_clients, error);
}

int
ts_verb_metrics(TsCtl *ctl, char **args, GError **error)
{
	(void)args;

	return show_list(ctl, TS_ROOT_PATH, TS_MANAGER, "ListMetrics", NULL, ts_render_metrics, error);
}

int
ts_verb_plugin_list(TsCtl *ctl, char **args, GError **error)
{
	(void)args;

	return show_list(ctl, TS_ROOT_PATH, TS_MANAGER, "ListPlugins", NULL, ts_render_plugins, error);
}

int
ts_verb_server(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) server = ts_link_get_all(ctl->link, TS_SERVER_PATH, TS_SERVER, error);
	g_autoptr(GString) out = g_string_new(NULL);
	(void)args;

	if (!server)
		return -1;
	if (ctl->is_json)
		return ts_ctl_print_json(ts_json_from_properties(&ts_dbus_server_interface, server));
	ts_render_server(server, &ctl->style, out);
	return ts_ctl_print(out->str);
}

int
ts_verb_access(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(ctl->link, TS_SERVER_PATH, TS_SERVER, "CheckAccess",
			     g_variant_new("(s)", args[0]), "(bs)", error);
	gboolean is_allowed;
	const char *rule;

	if (!result)
		return -1;
	g_variant_get(result, "(b&s)", &is_allowed, &rule);
	if (ctl->is_json) {
		g_autoptr(JsonObject) object = json_object_new();
		json_object_set_boolean_member(object, "allowed", is_allowed);
		if (*rule)
			json_object_set_string_member(object, "rule", rule);
		else
			json_object_set_null_member(object, "rule");
		return ts_ctl_print_json(json_node_init_object(json_node_alloc(), object));
	}
	g_autofree char *text = g_strdup_printf("%s: %s by %s\n", args[0],
						is_allowed ? "allowed" : "denied",
						*rule ? rule : "default: no rule names it");
	return ts_ctl_print(text);
}

int
ts_verb_plugin_info(TsCtl *ctl, char **args, GError **error)
{
	/* a file is meant as seen from here, the daemon has another working directory */
	g_autofree char *name = strchr(args[0], '/') ? g_canonicalize_filename(args[0], NULL)
						     : g_strdup(args[0]);
	g_autoptr(GVariant) result =
		ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, "InspectPlugin",
			     g_variant_new("(s)", name), "(a{sv})", error);
	g_autoptr(GString) out = g_string_new(NULL);

	if (!result)
		return -1;
	g_autoptr(GVariant) plugin = g_variant_get_child_value(result, 0);
	if (ctl->is_json)
		return ts_ctl_print_json(ts_json_from_properties(&ts_dbus_plugin_interface, plugin));
	ts_render_plugin(plugin, &ctl->style, out);
	return ts_ctl_print(out->str);
}
