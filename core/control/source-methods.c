/* SPDX-License-Identifier: BSD-2-Clause */
/* source-methods.c - see source-methods.h */
#include "control/source-methods.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "config/load.h"
#include "control/source-object.h"
#include "control/source-options.h"

#define TS_LOG_COMPONENT "control"

/* No more requests than this in one burst: it is somebody else's server. */
#define MAX_BURST 16

static bool
keep(const TsCall *call, const char *label, const TsSourceSettings *settings, GError **error)
{
	if (call->subjects->keep(call->subjects->user_data, label, settings, error))
		return true;
	g_prefix_error(error, "%s can't be kept, so nothing was changed: ", label);
	return false;
}

bool
ts_source_method_add(const TsCall *call, GVariant **result, GError **error)
{
	g_auto(GStrv) options = NULL;
	gboolean is_kept;

	g_variant_get(call->arguments, "(^asb)", &options, &is_kept);
	g_autoptr(TsSourceSettings) settings =
		ts_config_parse_source((const char *const *)options, error);
	if (!settings || !ts_roster_add(call->subjects->roster, settings, error))
		return false;
	if (is_kept && !keep(call, settings->label, settings, error)) {
		ts_roster_remove(call->subjects->roster, settings->label, NULL);
		return false;
	}
	ts_notice("source %s added by command%s", settings->label, is_kept ? ", to be kept" : "");
	*result = g_variant_new("(s)", settings->label);
	return true;
}

/* The entry that @name means: its label, or what a source that comes from it is called by. */
static const TsSourceSettings *
find_entry(const TsCall *call, const char *name, GError **error)
{
	const TsSourceSettings *entry = ts_roster_find(call->subjects->roster, name, NULL);
	TsSourceView view;

	if (entry)
		return entry;
	TsSource *source = ts_source_find(call->subjects->engine, name, error);
	if (!source)
		return NULL;
	ts_source_get_view(source, &view);
	if (view.pool) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "%s is a member of the pool %s: name the pool", view.label, view.pool);
		return NULL;
	}
	entry = ts_roster_find(call->subjects->roster, view.label, NULL);
	if (!entry)
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "there is no source '%s'",
			    name);
	return entry;
}

static TsSourceSettings *
parse_changed(const TsSourceSettings *entry, char *const *changes, GError **error)
{
	g_auto(GStrv) before = ts_source_options_format(entry);
	g_auto(GStrv) after = ts_source_options_merge(before, changes);
	g_autoptr(TsSourceSettings) settings =
		ts_config_parse_source((const char *const *)after, error);

	if (settings && g_strcmp0(settings->label, entry->label) != 0) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "this would rename %s to %s: remove it and add the other", entry->label,
			    settings->label);
		return NULL;
	}
	return g_steal_pointer(&settings);
}

bool
ts_source_method_set(const TsCall *call, GVariant **result, GError **error)
{
	g_auto(GStrv) changes = NULL;
	const char *name;
	gboolean is_kept;
	(void)result;

	g_variant_get(call->arguments, "(&s^asb)", &name, &changes, &is_kept);
	const TsSourceSettings *entry = find_entry(call, name, error);
	if (!entry)
		return false;
	g_autoptr(TsSourceSettings) before = ts_source_settings_copy(entry);
	g_autoptr(TsSourceSettings) after = parse_changed(before, changes, error);
	if (!after || !ts_roster_set(call->subjects->roster, after, error))
		return false;
	if (is_kept && !keep(call, after->label, after, error)) {
		ts_roster_set(call->subjects->roster, before, NULL);
		return false;
	}
	ts_notice("source %s changed by command%s", after->label, is_kept ? ", to be kept" : "");
	return true;
}

bool
ts_source_method_remove(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	gboolean is_kept;
	(void)result;

	g_variant_get(call->arguments, "(&sb)", &name, &is_kept);
	const TsSourceSettings *entry = find_entry(call, name, error);
	if (!entry)
		return false;
	g_autofree char *label = g_strdup(entry->label);
	if (is_kept && !keep(call, label, NULL, error))
		return false;
	if (!ts_roster_remove(call->subjects->roster, label, error))
		return false;
	ts_notice("source %s removed by command%s", label, is_kept ? ", to be kept so" : "");
	return true;
}

bool
ts_source_method_find(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;

	g_variant_get(call->arguments, "(&s)", &name);
	TsSource *source = ts_source_find(call->subjects->engine, name, error);
	if (!source)
		return false;
	g_autofree char *path = ts_source_object_path(source);
	*result = g_variant_new("(o)", path);
	return true;
}

static bool
is_member(const TsSource *source, const char *pool)
{
	TsSourceView view;

	ts_source_get_view(source, &view);
	return view.pool && strcmp(view.pool, pool) == 0;
}

/* The sources that @name means: all for "", the members of a pool, or one. Empty with @error set. */
static GPtrArray *
find_sources(const TsCall *call, const char *name, GError **error)
{
	TsEngine *engine = call->subjects->engine;
	GPtrArray *sources = g_ptr_array_new();

	for (unsigned i = 0; i < ts_engine_n_sources(engine); i++) {
		TsSource *source = ts_engine_source_at(engine, i);
		if (!*name || is_member(source, name))
			g_ptr_array_add(sources, source);
	}
	if (sources->len > 0 || !*name)
		return sources;
	TsSource *source = ts_source_find(engine, name, error);
	if (source)
		g_ptr_array_add(sources, source);
	return sources;
}

static bool
burst_one(TsSource *source, unsigned n_good, unsigned n_total, GError **error)
{
	void *owner;
	const TsSourceOps *ops = ts_source_ops(source, &owner);

	if (ops && ops->burst)
		return ops->burst(owner, n_good, n_total, error);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
		    "%s sends by itself and can't be asked", ts_source_label(source));
	return false;
}

/* Of all sources those are asked that can be; it fails when none could. */
bool
ts_source_method_burst(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	unsigned n_good, n_total, n_done = 0;
	g_autoptr(GError) first = NULL;
	(void)result;

	g_variant_get(call->arguments, "(&suu)", &name, &n_good, &n_total);
	if (n_total < 1 || n_total > MAX_BURST || n_good < 1 || n_good > n_total) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "a burst asks 1 to %d times for at least one good answer", MAX_BURST);
		return false;
	}
	g_autoptr(GPtrArray) sources = find_sources(call, name, &first);
	for (unsigned i = 0; i < sources->len; i++)
		if (burst_one(g_ptr_array_index(sources, i), n_good, n_total,
			      first ? NULL : &first))
			n_done++;
	if (n_done > 0)
		return true;
	if (!first)
		g_set_error(&first, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE, "there is no source");
	g_propagate_error(error, g_steal_pointer(&first));
	return false;
}

bool
ts_source_method_set_online(const TsCall *call, GVariant **result, GError **error)
{
	const char *name;
	gboolean is_online;
	g_autoptr(GError) problem = NULL;
	(void)result;

	g_variant_get(call->arguments, "(&sb)", &name, &is_online);
	g_autoptr(GPtrArray) sources = find_sources(call, name, &problem);
	for (unsigned i = 0; i < sources->len; i++) {
		TsSource *source = g_ptr_array_index(sources, i);
		void *owner;
		const TsSourceOps *ops = ts_source_ops(source, &owner);
		if (ops && ops->set_online)
			ops->set_online(owner, is_online);
		else
			ts_source_set_online(source, is_online);
	}
	if (problem) {
		g_propagate_error(error, g_steal_pointer(&problem));
		return false;
	}
	ts_notice("%s %s by command", *name ? name : "all sources", is_online ? "online" : "offline");
	return true;
}
