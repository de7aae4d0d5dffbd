/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs-change.c - verbs that change something in the daemon, and those of its configuration */
#include "verbs.h"

#include <string.h>

#include "render.h"
#include "values.h"

int
ts_ctl_do(TsCtl *ctl, const char *method, GVariant *arguments, GError **error)
{
	g_autoptr(GVariant) result = ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, method,
						  arguments, NULL, error);

	return result ? ts_ctl_print_done(ctl) : -1;
}

int
ts_verb_source_add(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, "AddSource",
			     g_variant_new("(^asb)", args, (gboolean)ctl->is_kept), "(s)", error);
	const char *label;

	if (!result)
		return -1;
	g_variant_get(result, "(&s)", &label);
	if (ctl->is_json)
		return ts_ctl_print_json(ts_json_object_with(
			"label", json_node_init_string(json_node_alloc(), label)));
	g_autofree char *text = g_strdup_printf("%s\n", label);
	return ts_ctl_print(text);
}

int
ts_verb_source_set(TsCtl *ctl, char **args, GError **error)
{
	return ts_ctl_do(ctl, "SetSource",
			 g_variant_new("(s^asb)", args[0], args + 1, (gboolean)ctl->is_kept), error);
}

int
ts_verb_source_remove(TsCtl *ctl, char **args, GError **error)
{
	return ts_ctl_do(ctl, "RemoveSource",
			 g_variant_new("(sb)", args[0], (gboolean)ctl->is_kept), error);
}

int
ts_verb_refresh(TsCtl *ctl, char **args, GError **error)
{
	(void)args;

	return ts_ctl_do(ctl, "Refresh", NULL, error);
}

int
ts_verb_burst(TsCtl *ctl, char **args, GError **error)
{
	return ts_ctl_do(ctl, "Burst",
			 g_variant_new("(suu)", args[0] ? args[0] : "", (guint32)ctl->good,
				       (guint32)ctl->total),
			 error);
}

static int
set_online(TsCtl *ctl, const char *name, gboolean is_online, GError **error)
{
	return ts_ctl_do(ctl, "SetOnline", g_variant_new("(sb)", name ? name : "", is_online), error);
}

int
ts_verb_online(TsCtl *ctl, char **args, GError **error)
{
	return set_online(ctl, args[0], TRUE, error);
}

int
ts_verb_offline(TsCtl *ctl, char **args, GError **error)
{
	return set_online(ctl, args[0], FALSE, error);
}

int
ts_verb_step(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(ctl->link, TS_CLOCK_PATH, TS_CLOCK, "Step", NULL, NULL, error);
	(void)args;

	return result ? ts_ctl_print_done(ctl) : -1;
}

int
ts_verb_log(TsCtl *ctl, char **args, GError **error)
{
	return ts_ctl_do(ctl, "SetLogLevel", g_variant_new("(s)", args[0]), error);
}

int
ts_verb_plugin_load(TsCtl *ctl, char **args, GError **error)
{
	g_autofree char *name = strchr(args[0], '/') ? g_canonicalize_filename(args[0], NULL)
						     : g_strdup(args[0]);

	return ts_ctl_do(ctl, "LoadPlugin", g_variant_new("(s)", name), error);
}

int
ts_verb_plugin_unload(TsCtl *ctl, char **args, GError **error)
{
	return ts_ctl_do(ctl, "UnloadPlugin", g_variant_new("(s)", args[0]), error);
}

static bool
has_errors(GVariant *problems)
{
	for (gsize i = 0; i < g_variant_n_children(problems); i++) {
		g_autoptr(GVariant) problem = g_variant_get_child_value(problems, i);
		if (!ts_value_bool(problem, "Warning"))
			return true;
	}
	return false;
}

int
ts_verb_config_check(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) result = ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, "CheckConfig",
						  NULL, "(aa{sv})", error);
	g_autoptr(GString) out = g_string_new(NULL);
	(void)args;

	if (!result)
		return -1;
	g_autoptr(GVariant) problems = g_variant_get_child_value(result, 0);
	bool is_broken = has_errors(problems);
	if (ctl->is_json) {
		ts_json_append(out, ts_json_from_variant(problems), TRUE);
	} else {
		ts_render_problems(problems, &ctl->style, out);
		if (!is_broken)
			g_string_append(out, "the configuration is good\n");
	}
	int status = ts_ctl_print(out->str);
	return is_broken ? TS_EXIT_FAILED : status;
}

int
ts_verb_config_show(TsCtl *ctl, char **args, GError **error)
{
	g_autoptr(GVariant) result = ts_link_call(ctl->link, TS_ROOT_PATH, TS_MANAGER, "ShowConfig",
						  NULL, "(saa{sv})", error);
	const char *text;
	(void)args;

	if (!result)
		return -1;
	if (ctl->is_json) {
		g_autoptr(GVariant) values = g_variant_get_child_value(result, 1);
		return ts_ctl_print_json(ts_json_from_variant(values));
	}
	g_variant_get_child(result, 0, "&s", &text);
	return ts_ctl_print(text);
}

int
ts_verb_reload(TsCtl *ctl, char **args, GError **error)
{
	int status = ts_ctl_do(ctl, "Reload", NULL, error);
	(void)args;

	if (error && *error && (*error)->code == TS_EXIT_FAILED)
		g_prefix_error(error, "not reloaded, the running configuration stays:\n");
	return status;
}
