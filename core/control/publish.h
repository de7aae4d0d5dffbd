/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * publish.h - what happens in the engine, told as D-Bus signals
 *
 * Sources come and go as objects. Changed properties are collected and told at most four times a
 * second; nothing is computed while nobody listens. Thread: main.
 */
#pragma once

#include "control/object.h"

typedef struct _TsPublisher TsPublisher;

/* @has_listeners: does anybody hear signals now? Adds the objects of the sources that there are. */
TsPublisher *ts_publisher_new(TsObjectTree *tree, bool (*has_listeners)(void *user_data),
			      void *user_data);
void ts_publisher_free(TsPublisher *publisher);

/* Something of @object may have changed. */
void ts_publisher_touch(TsPublisher *publisher, TsObject *object);

/* The same for all. */
void ts_publisher_touch_all(TsPublisher *publisher);

/* What of @after is to be told to those who know @before (both a{sv}): the arguments of
 * PropertiesChanged, floating, or NULL when nothing is. Properties annotated EmitsChangedSignal=false
 * or const are left out. */
GVariant *ts_properties_diff(const GDBusInterfaceInfo *info, GVariant *before, GVariant *after);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPublisher, ts_publisher_free)
