/* SPDX-License-Identifier: BSD-2-Clause */
/* source-object.c - see source-object.h */
#include "control/source-object.h"

#include <string.h>

#include "base/error.h"
#include "base/time.h"
#include "control/interface-info.h"
#include "control/property.h"
#include "control/source-options.h"

#define PPM 1e6

char *
ts_source_object_path(const TsSource *source)
{
	return g_strdup_printf(TS_CONTROL_ROOT "/source/%" G_GUINT64_FORMAT, ts_source_id(source));
}

/* The entry of the roster that a source comes from: its pool's, or its own. */
static bool
is_runtime(const TsRoster *roster, const TsSourceView *view)
{
	bool is_runtime = false;

	return ts_roster_find(roster, view->pool ? view->pool : view->label, &is_runtime) &&
	       is_runtime;
}

static void
fill_identity(const TsRoster *roster, const TsSourceView *view, GVariantBuilder *properties)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	ts_put_u64(properties, "Id", view->id);
	ts_put_text(properties, "Label", view->label);
	ts_put_text(properties, "Name", view->name);
	ts_put_text(properties, "Pool", view->pool);
	ts_put_text(properties, "Kind", ts_source_kind_name(view->kind));
	if (view->has_address) {
		ts_put_text(properties, "Address", ts_address_format(&view->address, text));
		ts_put(properties, "Port", g_variant_new_uint16(ts_address_port(&view->address)));
	}
	ts_put_bool(properties, "Runtime", roster && is_runtime(roster, view));
}

static void
fill_verdict(const TsSource *source, const TsSourceView *view, GVariantBuilder *properties)
{
	g_autofree char *reason = ts_source_explain(source);
	char tally[] = {ts_verdict_tally(view->verdict), 0};

	ts_put_text(properties, "Verdict", ts_verdict_name(view->verdict));
	ts_put_text(properties, "Tally", tally);
	ts_put_bool(properties, "Used", ts_verdict_is_used(view->verdict));
	ts_put_text(properties, "Reason", reason);
	ts_put_text(properties, "Stopped", view->stopped);
	ts_put_text(properties, "Progress", view->progress);
	ts_put_text(properties, "DuplicateOf", view->duplicate_of);
}

/* What the source says of itself; nothing before it spoke. */
static void
fill_remote(const TsSourceView *view, GVariantBuilder *properties)
{
	if (view->n_replies == 0 && !view->has_sample)
		return;
	g_autofree char *refid = ts_refid_format(view->refid, view->stratum);
	ts_put_u32(properties, "Stratum", (uint32_t)view->stratum);
	ts_put_text(properties, "Leap", ts_leap_name((TsLeap)view->leap));
	if (view->refid != 0)
		ts_put_text(properties, "Refid", refid);
	ts_put_double(properties, "RootDelay", view->root_delay_s);
	ts_put_double(properties, "RootDispersion", view->root_dispersion_s);
}

static void
fill_samples(const TsSourceView *view, GVariantBuilder *properties)
{
	ts_put_byte(properties, "Reach", view->reach);
	if (view->poll_s > 0)
		ts_put_double(properties, "Poll", view->poll_s);
	if (view->has_sample) {
		ts_put_double(properties, "LastSampleAge", view->last_sample_age_s);
		ts_put_double(properties, "LastDelay", ts_ns_to_s(view->last_sample.delay_ns));
		ts_put_double(properties, "LastResidual", view->last_residual_s);
	}
	ts_put_u32(properties, "Samples", view->n_samples);
	ts_put_u64(properties, "Replies", view->n_replies);
	ts_put_u64(properties, "Misses", view->n_misses);
	ts_put_u64(properties, "SamplesTotal", view->n_samples_total);
	ts_put_u64(properties, "SamplesRejected", view->n_samples_rejected);
}

static void
fill_estimate(const TsSourceView *view, GVariantBuilder *properties)
{
	if (view->has_estimate) {
		ts_put_double(properties, "Offset", view->offset_s);
		ts_put_double(properties, "OffsetSd", view->estimate.offset_sd_s);
		ts_put_double(properties, "FrequencyPpm", view->estimate.frequency * PPM);
		ts_put_double(properties, "FrequencySdPpm", view->estimate.frequency_sd * PPM);
		ts_put_double(properties, "Jitter", view->estimate.jitter_s);
		ts_put_double(properties, "MinDelay", view->estimate.delay_min_s);
	}
	if (view->has_bound)
		ts_put_double(
			properties, "RootDistance",
			ts_ns_to_s(view->bound.latest_ns - view->bound.earliest_ns) / 2);
}

static void
add_detail(void *user_data, const char *name, const char *value)
{
	g_autofree char *valid_name = g_utf8_make_valid(name, -1);
	g_autofree char *valid_value = g_utf8_make_valid(value, -1);

	g_variant_builder_add(user_data, "{ss}", valid_name, valid_value);
}

static void
fill_details(const TsSource *source, GVariantBuilder *properties)
{
	GVariantBuilder details;
	void *owner;
	const TsSourceOps *ops = ts_source_ops(source, &owner);

	if (!ops || !ops->describe)
		return;
	g_variant_builder_init(&details, G_VARIANT_TYPE("a{ss}"));
	ops->describe(owner, add_detail, &details);
	ts_put(properties, "Details", g_variant_builder_end(&details));
}

static void
fill(const TsControlSubjects *subjects, const TsObject *object, GVariantBuilder *properties)
{
	const TsSource *source = object->subject;
	TsSourceView view;

	ts_source_get_view(source, &view);
	fill_identity(subjects->roster, &view, properties);
	fill_verdict(source, &view, properties);
	fill_remote(&view, properties);
	fill_samples(&view, properties);
	fill_estimate(&view, properties);
	if (view.settings) {
		g_auto(GStrv) options = ts_source_options_format(view.settings);
		ts_put_texts(properties, "Options", options);
	}
	fill_details(source, properties);
}

const TsInterface ts_source_object_interface = {
	.info = &ts_dbus_source_interface,
	.fill = fill,
};

static bool
begins_with(const TsSource *source, const char *name)
{
	char text[TS_ADDRESS_TEXT_SIZE];
	TsSourceView view;

	ts_source_get_view(source, &view);
	return g_str_has_prefix(view.label, name) || g_str_has_prefix(view.name, name) ||
	       (view.has_address &&
		g_str_has_prefix(ts_address_format(&view.address, text), name));
}

TsSource *
ts_source_find(TsEngine *engine, const char *name, GError **error)
{
	TsSource *found = ts_engine_find_source(engine, name);

	if (found)
		return found;
	for (unsigned i = 0; *name && i < ts_engine_n_sources(engine); i++) {
		TsSource *source = ts_engine_source_at(engine, i);
		if (!begins_with(source, name))
			continue;
		if (found) {
			g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND,
				    "several sources begin with '%s': %s, %s ...", name,
				    ts_source_label(found), ts_source_label(source));
			return NULL;
		}
		found = source;
	}
	if (!found)
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "there is no source '%s'",
			    name);
	return found;
}
