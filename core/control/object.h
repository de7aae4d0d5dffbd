/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.h - an object of the interface, and the tree of them
 *
 * An object is a path with one interface of ours. Its properties are not kept anywhere: they are made
 * from the engine's views when somebody asks, so they can't be stale, and what is not known is left
 * out. Thread: main.
 */
#pragma once

#include <stdbool.h>

#include <gio/gio.h>

#include "control/control.h"

#define TS_CONTROL_ROOT   "/org/timesrv1"
#define TS_CONTROL_PREFIX "org.timesrv1"

typedef struct _TsObject TsObject;
typedef struct _TsObjectTree TsObjectTree;

/* One call of a method, its right and its arguments' types checked. */
typedef struct {
	const TsControlSubjects *subjects;
	TsObjectTree *tree;
	TsObject *object;
	GVariant *arguments;
	bool is_trusted; /* may the caller change things? */
} TsCall;

/* @result: (out) (optional): a floating tuple; none for a method without results. */
typedef bool (*TsMethodFunc)(const TsCall *call, GVariant **result, GError **error);

typedef struct {
	const char *name;
	TsMethodFunc func;
} TsMethod;

typedef struct {
	const GDBusInterfaceInfo *info;
	/* adds the properties that have a value to an a{sv} */
	void (*fill)(const TsControlSubjects *subjects, const TsObject *object,
		     GVariantBuilder *properties);
	const TsMethod *methods; /* ends with a NULL name */
} TsInterface;

struct _TsObject {
	char *path;
	const TsInterface *interface;
	void *subject;          /* what it shows: a TsSource, a TsPluginView; NULL for single ones */
	void (*free_subject)(void *subject); /* (nullable) */
	GVariant *published;    /* (nullable): the properties that were last told to others */
	bool is_changed;        /* something happened to it since */
};

/* Returns: (transfer full): its properties, an a{sv}. */
GVariant *ts_object_dup_properties(const TsObject *object, const TsControlSubjects *subjects);

/* Tells a signal to all who listen. @parameters: a tuple, floating or not. */
typedef void (*TsEmitFunc)(const char *path, const char *interface, const char *signal,
			   GVariant *parameters, void *user_data);

/* @subjects must outlive the tree. */
TsObjectTree *ts_object_tree_new(const TsControlSubjects *subjects, TsEmitFunc emit, void *user_data);
void ts_object_tree_free(TsObjectTree *tree);

const TsControlSubjects *ts_object_tree_subjects(const TsObjectTree *tree);

/* Adds an object and says InterfacesAdded. @path: (transfer full). Returns: (transfer none). */
TsObject *ts_object_tree_add(TsObjectTree *tree, char *path, const TsInterface *interface,
			     void *subject, void (*free_subject)(void *subject));

/* Removes it and says InterfacesRemoved. */
void ts_object_tree_remove(TsObjectTree *tree, TsObject *object);

/* In the order in which they were added. */
unsigned ts_object_tree_size(const TsObjectTree *tree);
TsObject *ts_object_tree_at(const TsObjectTree *tree, unsigned index);

/* Returns: (nullable) (transfer none). */
TsObject *ts_object_tree_find(const TsObjectTree *tree, const char *path);
TsObject *ts_object_tree_find_subject(const TsObjectTree *tree, const void *subject);

void ts_object_tree_emit(TsObjectTree *tree, const char *path, const char *interface,
			 const char *signal, GVariant *parameters);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsObjectTree, ts_object_tree_free)
