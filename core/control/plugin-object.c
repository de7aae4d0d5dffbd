/* SPDX-License-Identifier: BSD-2-Clause */
/* plugin-object.c - see plugin-object.h */
#include "control/plugin-object.h"

#include "control/interface-info.h"
#include "control/property.h"

static void
fill_settings(const GPtrArray *settings, GVariantBuilder *properties)
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("aa{sv}"));
	for (unsigned i = 0; settings && i < settings->len; i++) {
		const TsPluginSetting *setting = g_ptr_array_index(settings, i);
		GVariantBuilder entry;
		g_variant_builder_init(&entry, G_VARIANT_TYPE_VARDICT);
		ts_put_text(&entry, "Name", setting->name);
		ts_put_text(&entry, "Type", setting->type);
		ts_put_text(&entry, "Default", setting->default_text);
		ts_put_text(&entry, "Range", setting->range);
		ts_put_text(&entry, "Unit", setting->unit);
		ts_put_text(&entry, "Help", setting->help);
		ts_put_bool(&entry, "Required", setting->is_required);
		g_variant_builder_add_value(&list, g_variant_builder_end(&entry));
	}
	ts_put(properties, "Settings", g_variant_builder_end(&list));
}

static void
fill_findings(const GPtrArray *lint, GVariantBuilder *properties)
{
	g_autoptr(GStrvBuilder) findings = g_strv_builder_new();

	for (unsigned i = 0; lint && i < lint->len; i++)
		g_strv_builder_add(findings, g_ptr_array_index(lint, i));
	g_auto(GStrv) texts = g_strv_builder_end(findings);
	ts_put_texts(properties, "Findings", texts);
}

void
ts_plugin_view_fill(const TsPluginView *view, GVariantBuilder *properties)
{
	g_autofree char *abi = g_strdup_printf("%u.%u", view->abi_major, view->abi_minor);
	g_autofree char *abi_min = g_strdup_printf("%u.%u", view->abi_major, view->abi_minor_min);

	ts_put_text(properties, "Name", view->name);
	ts_put_text(properties, "Version", view->version);
	ts_put_text(properties, "Kind", view->kind);
	ts_put_text(properties, "License", view->license);
	ts_put_text(properties, "Summary", view->summary);
	ts_put_text(properties, "Path", view->path);
	if (view->abi_major) { /* else the file has no notes that could be read */
		ts_put_text(properties, "Abi", abi);
		ts_put_text(properties, "AbiMin", abi_min);
	}
	ts_put_bool(properties, "Loaded", view->is_loaded);
	ts_put_u32(properties, "Instances", view->n_instances);
	if (view->is_loaded)
		ts_put_u64(properties, "Memory", view->memory_bytes);
	fill_settings(view->settings, properties);
	fill_findings(view->lint, properties);
}

static void
fill(const TsControlSubjects *subjects, const TsObject *object, GVariantBuilder *properties)
{
	(void)subjects;

	ts_plugin_view_fill(object->subject, properties);
}

const TsInterface ts_plugin_object_interface = {
	.info = &ts_dbus_plugin_interface,
	.fill = fill,
};

static void
free_view(void *view)
{
	ts_plugin_view_free(view);
}

/* A path element takes letters, digits and '_'; everything else becomes _XX. Returns: (transfer full). */
static char *
plugin_path(const char *name)
{
	GString *path = g_string_new(TS_CONTROL_ROOT "/plugin/");

	for (; *name; name++)
		if (g_ascii_isalnum(*name))
			g_string_append_c(path, *name);
		else
			g_string_append_printf(path, "_%02x", (guint8)*name);
	return g_string_free(path, FALSE);
}

static TsPluginView *
steal_view(GPtrArray *plugins, const char *path)
{
	for (unsigned i = 0; i < plugins->len; i++) {
		TsPluginView *view = g_ptr_array_index(plugins, i);
		g_autofree char *view_path = plugin_path(view->name);
		if (g_str_equal(view_path, path))
			return g_ptr_array_steal_index(plugins, i);
	}
	return NULL;
}

void
ts_plugin_objects_refresh(TsObjectTree *tree)
{
	const TsControlSubjects *subjects = ts_object_tree_subjects(tree);
	g_autoptr(GPtrArray) plugins =
		subjects->plugins ? ts_plugin_host_list(subjects->plugins) : g_ptr_array_new();

	for (unsigned i = ts_object_tree_size(tree); i-- > 0;) {
		TsObject *object = ts_object_tree_at(tree, i);
		if (object->interface != &ts_plugin_object_interface)
			continue;
		TsPluginView *view = steal_view(plugins, object->path);
		if (!view) {
			ts_object_tree_remove(tree, object);
			continue;
		}
		ts_plugin_view_free(object->subject);
		object->subject = view;
		object->is_changed = true;
	}
	while (plugins->len > 0) {
		g_autoptr(TsPluginView) view = g_ptr_array_steal_index(plugins, 0);
		g_autofree char *path = plugin_path(view->name);
		if (!ts_object_tree_find(tree, path)) /* two files of one name: the first counts */
			ts_object_tree_add(tree, g_steal_pointer(&path),
					   &ts_plugin_object_interface, g_steal_pointer(&view),
					   free_view);
	}
}
