/* SPDX-License-Identifier: BSD-2-Clause */
/* publish.c - see publish.h */
#include "control/publish.h"

#include <string.h>

#include "base/time.h"
#include "control/clock-object.h"
#include "control/plugin-object.h"
#include "control/source-object.h"

#define INTERVAL_NS (TS_NS_PER_S / 4)

#define EMITS "org.freedesktop.DBus.Property.EmitsChangedSignal"

struct _TsPublisher {
	TsObjectTree *tree;
	bool (*has_listeners)(void *user_data);
	void *user_data;
	unsigned subscription;
	TsTimer *timer;
	int64_t last_mono_ns; /* of the last round */
};

static bool
is_told(const GDBusPropertyInfo *info)
{
	const char *emits = g_dbus_annotation_info_lookup(info->annotations, EMITS);

	return !emits || strcmp(emits, "true") == 0;
}

static bool
is_same(GVariant *a, GVariant *b)
{
	return a == b || (a && b && g_variant_equal(a, b));
}

GVariant *
ts_properties_diff(const GDBusInterfaceInfo *info, GVariant *before, GVariant *after)
{
	GVariantBuilder changed, gone;
	bool is_any = false;

	g_variant_builder_init(&changed, G_VARIANT_TYPE_VARDICT);
	g_variant_builder_init(&gone, G_VARIANT_TYPE_STRING_ARRAY);
	for (GDBusPropertyInfo **property = info->properties; property && *property; property++) {
		const char *name = (*property)->name;
		g_autoptr(GVariant) old = g_variant_lookup_value(before, name, NULL);
		g_autoptr(GVariant) new = g_variant_lookup_value(after, name, NULL);
		if (!is_told(*property) || is_same(old, new))
			continue;
		is_any = true;
		if (new)
			g_variant_builder_add(&changed, "{sv}", name, new);
		else
			g_variant_builder_add(&gone, "s", name);
	}
	if (is_any)
		return g_variant_new("(sa{sv}as)", info->name, &changed, &gone);
	g_variant_builder_clear(&changed);
	g_variant_builder_clear(&gone);
	return NULL;
}

static void
tell_changes(TsPublisher *publisher, TsObject *object)
{
	g_autoptr(GVariant) now =
		ts_object_dup_properties(object, ts_object_tree_subjects(publisher->tree));
	GVariant *diff = ts_properties_diff(object->interface->info, object->published, now);

	object->is_changed = false;
	g_variant_unref(object->published);
	object->published = g_steal_pointer(&now);
	if (diff)
		ts_object_tree_emit(publisher->tree, object->path,
				    "org.freedesktop.DBus.Properties", "PropertiesChanged", diff);
}

static TsSched *
sched_of(const TsPublisher *publisher)
{
	return ts_engine_sched(ts_object_tree_subjects(publisher->tree)->engine);
}

static void
on_round(void *user_data)
{
	TsPublisher *publisher = user_data;

	publisher->last_mono_ns = ts_sched_now(sched_of(publisher));
	if (!publisher->has_listeners(publisher->user_data))
		return;
	for (unsigned i = 0; i < ts_object_tree_size(publisher->tree); i++) {
		TsObject *object = ts_object_tree_at(publisher->tree, i);
		if (object->is_changed)
			tell_changes(publisher, object);
	}
}

/* The first change of a quiet time is told at once, those after it together. */
static void
arm(TsPublisher *publisher)
{
	if (ts_timer_due(publisher->timer) < 0)
		ts_timer_arm(publisher->timer, MAX(publisher->last_mono_ns + INTERVAL_NS,
						   ts_sched_now(sched_of(publisher))));
}

void
ts_publisher_touch(TsPublisher *publisher, TsObject *object)
{
	if (!object)
		return;
	object->is_changed = true;
	arm(publisher);
}

void
ts_publisher_touch_all(TsPublisher *publisher)
{
	for (unsigned i = 0; i < ts_object_tree_size(publisher->tree); i++)
		ts_object_tree_at(publisher->tree, i)->is_changed = true;
	arm(publisher);
}

static void
touch_clock(TsPublisher *publisher)
{
	ts_publisher_touch(publisher,
			   ts_object_tree_find(publisher->tree, TS_CONTROL_ROOT "/clock"));
}

static void
tell_clock(TsPublisher *publisher, const char *signal, const char *detail)
{
	g_autofree char *valid = g_utf8_make_valid(detail ? detail : "", -1);

	ts_object_tree_emit(publisher->tree, TS_CONTROL_ROOT "/clock",
			    ts_clock_object_interface.info->name, signal,
			    g_variant_new("(s)", valid));
	touch_clock(publisher);
}

static void
refresh_plugins(TsPublisher *publisher, TsSource *source)
{
	TsSourceView view;

	ts_source_get_view(source, &view);
	if (view.kind == TS_SOURCE_REFCLOCK)
		ts_plugin_objects_refresh(publisher->tree);
}

static void
add_source(TsPublisher *publisher, TsSource *source)
{
	ts_object_tree_add(publisher->tree, ts_source_object_path(source),
			   &ts_source_object_interface, source, NULL);
}

static void
remove_source(TsPublisher *publisher, TsSource *source)
{
	TsObject *object = ts_object_tree_find_subject(publisher->tree, source);

	if (object)
		ts_object_tree_remove(publisher->tree, object);
}

static void
on_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	TsPublisher *publisher = user_data;

	switch (event) {
	case TS_EVENT_SOURCE_ADDED:
		add_source(publisher, source);
		touch_clock(publisher);
		refresh_plugins(publisher, source);
		break;
	case TS_EVENT_SOURCE_REMOVED:
		remove_source(publisher, source);
		touch_clock(publisher);
		break;
	case TS_EVENT_SOURCE_CHANGED:
		ts_publisher_touch(publisher,
				   ts_object_tree_find_subject(publisher->tree, source));
		break;
	case TS_EVENT_SYSTEM_PEER_CHANGED:
	case TS_EVENT_CLOCK_STATE_CHANGED:
	case TS_EVENT_CLOCK_UPDATED:
		touch_clock(publisher);
		break;
	case TS_EVENT_CLOCK_STEPPED:
		tell_clock(publisher, "Stepped", detail);
		break;
	case TS_EVENT_CLOCK_DISRUPTED:
		tell_clock(publisher, "Disrupted", detail);
		break;
	case TS_EVENT_PANIC:
		tell_clock(publisher, "Panicked", detail);
		break;
	}
}

TsPublisher *
ts_publisher_new(TsObjectTree *tree, bool (*has_listeners)(void *user_data), void *user_data)
{
	TsEngine *engine = ts_object_tree_subjects(tree)->engine;
	TsPublisher *publisher = g_new0(TsPublisher, 1);

	publisher->tree = tree;
	publisher->has_listeners = has_listeners;
	publisher->user_data = user_data;
	publisher->timer = ts_timer_new(ts_engine_sched(engine), on_round, publisher);
	for (unsigned i = 0; i < ts_engine_n_sources(engine); i++)
		add_source(publisher, ts_engine_source_at(engine, i));
	publisher->subscription = ts_engine_subscribe(engine, on_event, publisher);
	return publisher;
}

void
ts_publisher_free(TsPublisher *publisher)
{
	if (!publisher)
		return;
	ts_engine_unsubscribe(ts_object_tree_subjects(publisher->tree)->engine,
			      publisher->subscription);
	ts_timer_free(publisher->timer);
	g_free(publisher);
}
