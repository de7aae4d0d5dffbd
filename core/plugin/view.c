/* SPDX-License-Identifier: BSD-2-Clause */
/* view.c - see view.h */
#include "plugin/view.h"

#include "plugin/plugin-files.h"

static void
setting_free(gpointer data)
{
	TsPluginSetting *setting = data;

	g_free(setting->help);
	g_free(setting->unit);
	g_free(setting->range);
	g_free(setting->default_text);
	g_free(setting->type);
	g_free(setting->name);
	g_free(setting);
}

static TsPluginSetting *
setting_new(const TsDeclaredSetting *declared)
{
	TsPluginSetting *setting = g_new0(TsPluginSetting, 1);

	setting->name = g_strdup(declared->name);
	setting->type = g_strdup(ts_setting_type_name(declared->type));
	setting->default_text = g_strdup(declared->default_text);
	setting->range = g_strdup(declared->range);
	setting->unit = g_strdup(declared->unit);
	setting->help = g_strdup(declared->help);
	setting->is_required = declared->is_required;
	return setting;
}

static TsPluginView *
view_new(const char *path)
{
	TsPluginView *view = g_new0(TsPluginView, 1);

	view->path = g_strdup(path);
	view->settings = g_ptr_array_new_with_free_func(setting_free);
	view->lint = g_ptr_array_new_with_free_func(g_free);
	return view;
}

TsPluginView *
ts_plugin_view_new(const TsModule *module)
{
	TsPluginView *view = view_new(module->path);
	const struct timesrv_note_info *info = &module->facts->info;

	view->name = g_strdup(info->name);
	view->version = g_strdup(info->version);
	view->kind = g_strdup(ts_plugin_kind_name(info->kind));
	view->license = g_strdup(info->license);
	view->summary = g_strdup(info->summary);
	view->abi_major = info->abi_major;
	view->abi_minor = info->abi_minor;
	view->abi_minor_min = info->abi_minor_min;
	view->memory_bytes = module->facts->memory_bytes;
	view->is_resident = info->flags & TIMESRV_PLUGIN_RESIDENT;
	view->is_loaded = module->handle != NULL;
	for (unsigned i = 0; i < module->schema->settings->len; i++)
		g_ptr_array_add(view->settings,
				setting_new(g_ptr_array_index(module->schema->settings, i)));
	for (unsigned i = 0; i < module->lint->len; i++)
		g_ptr_array_add(view->lint, g_strdup(g_ptr_array_index(module->lint, i)));
	return view;
}

TsPluginView *
ts_plugin_view_new_broken(const char *path, const char *cause)
{
	TsPluginView *view = view_new(path);

	view->name = ts_plugin_files_name(path);
	view->version = g_strdup("");
	view->kind = g_strdup("unknown");
	view->license = g_strdup("");
	view->summary = g_strdup("");
	g_ptr_array_add(view->lint, g_strdup(cause));
	return view;
}

void
ts_plugin_view_free(TsPluginView *view)
{
	if (!view)
		return;
	g_ptr_array_unref(view->lint);
	g_ptr_array_unref(view->settings);
	g_free(view->path);
	g_free(view->summary);
	g_free(view->license);
	g_free(view->kind);
	g_free(view->version);
	g_free(view->name);
	g_free(view);
}
