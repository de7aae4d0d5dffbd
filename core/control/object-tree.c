/* SPDX-License-Identifier: BSD-2-Clause */
/* object-tree.c - see object.h */
#include "control/object.h"

#include <string.h>

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

struct _TsObjectTree {
	const TsControlSubjects *subjects;
	TsEmitFunc emit;
	void *user_data;
	GPtrArray *objects; /* of TsObject */
};

static void
free_object(gpointer data)
{
	TsObject *object = data;

	g_clear_pointer(&object->published, g_variant_unref);
	if (object->free_subject)
		object->free_subject(object->subject);
	g_free(object->path);
	g_free(object);
}

GVariant *
ts_object_dup_properties(const TsObject *object, const TsControlSubjects *subjects)
{
	GVariantBuilder properties;

	g_variant_builder_init(&properties, G_VARIANT_TYPE_VARDICT);
	object->interface->fill(subjects, object, &properties);
	return g_variant_ref_sink(g_variant_builder_end(&properties));
}

TsObjectTree *
ts_object_tree_new(const TsControlSubjects *subjects, TsEmitFunc emit, void *user_data)
{
	TsObjectTree *tree = g_new0(TsObjectTree, 1);

	tree->subjects = subjects;
	tree->emit = emit;
	tree->user_data = user_data;
	tree->objects = g_ptr_array_new_with_free_func(free_object);
	return tree;
}

void
ts_object_tree_free(TsObjectTree *tree)
{
	if (!tree)
		return;
	g_ptr_array_unref(tree->objects);
	g_free(tree);
}

const TsControlSubjects *
ts_object_tree_subjects(const TsObjectTree *tree)
{
	return tree->subjects;
}

TsObject *
ts_object_tree_add(TsObjectTree *tree, char *path, const TsInterface *interface, void *subject,
		   void (*free_subject)(void *subject))
{
	TsObject *object = g_new0(TsObject, 1);

	object->path = path;
	object->interface = interface;
	object->subject = subject;
	object->free_subject = free_subject;
	object->published = ts_object_dup_properties(object, tree->subjects);
	g_ptr_array_add(tree->objects, object);
	ts_object_tree_emit(tree, TS_CONTROL_ROOT, OBJECT_MANAGER, "InterfacesAdded",
			    g_variant_new("(o@a{sa{sv}})", path,
					  g_variant_new_parsed("{%s: %@a{sv}}", interface->info->name,
							       object->published)));
	return object;
}

void
ts_object_tree_remove(TsObjectTree *tree, TsObject *object)
{
	const char *interfaces[] = {object->interface->info->name, NULL};

	ts_object_tree_emit(tree, TS_CONTROL_ROOT, OBJECT_MANAGER, "InterfacesRemoved",
			    g_variant_new("(o^as)", object->path, interfaces));
	g_ptr_array_remove(tree->objects, object);
}

unsigned
ts_object_tree_size(const TsObjectTree *tree)
{
	return tree->objects->len;
}

TsObject *
ts_object_tree_at(const TsObjectTree *tree, unsigned index)
{
	return g_ptr_array_index(tree->objects, index);
}

TsObject *
ts_object_tree_find(const TsObjectTree *tree, const char *path)
{
	for (unsigned i = 0; i < tree->objects->len; i++) {
		TsObject *object = g_ptr_array_index(tree->objects, i);
		if (strcmp(object->path, path) == 0)
			return object;
	}
	return NULL;
}

TsObject *
ts_object_tree_find_subject(const TsObjectTree *tree, const void *subject)
{
	for (unsigned i = 0; i < tree->objects->len; i++) {
		TsObject *object = g_ptr_array_index(tree->objects, i);
		if (object->subject == subject)
			return object;
	}
	return NULL;
}

void
ts_object_tree_emit(TsObjectTree *tree, const char *path, const char *interface, const char *signal,
		    GVariant *parameters)
{
	g_autoptr(GVariant) sunk = g_variant_ref_sink(parameters);

	tree->emit(path, interface, signal, sunk, tree->user_data);
}
