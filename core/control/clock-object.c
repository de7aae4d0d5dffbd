/* SPDX-License-Identifier: BSD-2-Clause */
/* clock-object.c - see clock-object.h */
#include "control/clock-object.h"

#include <math.h>

#include "control/interface-info.h"
#include "control/property.h"
#include "control/source-object.h"

#define PPM 1e6

/* locked, or in holdover within its limit. Freerun is the operator's word, not a synchronised clock. */
static bool
is_synchronised(const TsClockView *view)
{
	return (view->kind == TS_CLOCK_LOCKED || view->kind == TS_CLOCK_HOLDOVER) &&
	       view->system.leap != TS_LEAP_UNSYNCHRONISED;
}

static void
fill_reference(const TsClockView *view, GVariantBuilder *properties)
{
	g_autofree char *refid = ts_refid_format(view->system.refid, view->system.stratum);

	if (view->system.refid != 0)
		ts_put_text(properties, "Refid", refid);
	if (!view->system_peer)
		return;
	g_autofree char *path = ts_source_object_path(view->system_peer);
	ts_put_text(properties, "SystemPeer", ts_source_label(view->system_peer));
	ts_put(properties, "SystemPeerPath", g_variant_new_object_path(path));
}

/* Figures that mean nothing before the clock was steered once or serves by itself. */
static void
fill_quality(const TsClockView *view, int64_t raw_ns, GVariantBuilder *properties)
{
	bool has_update = isfinite(view->last_update_age_s);

	if (!has_update && view->kind != TS_CLOCK_FREERUN)
		return;
	ts_put_double(properties, "RootDelay", view->system.root_delay_s);
	ts_put_double(properties, "RootDispersion",
		      ts_system_state_root_dispersion(&view->system, raw_ns));
	ts_put_double(properties, "MaxError", view->max_error_s);
	ts_put_double(properties, "EstimatedError", view->estimated_error_s);
	if (!has_update)
		return;
	ts_put(properties, "ReferenceTime", g_variant_new_int64(view->system.reference_utc_ns));
	ts_put_double(properties, "LastUpdateAge", view->last_update_age_s);
	ts_put_double(properties, "Offset", view->offset_s);
	ts_put_double(properties, "OffsetSd", view->offset_sd_s);
	ts_put_double(properties, "RmsOffset", view->rms_offset_s);
	ts_put_double(properties, "FrequencySdPpm", view->frequency_sd * PPM);
}

static void
fill_counters(const TsClockView *view, GVariantBuilder *properties)
{
	ts_put_u64(properties, "Updates", view->n_updates);
	ts_put_u64(properties, "Steps", view->n_steps);
	ts_put_u64(properties, "ForeignSteps", view->n_foreign_steps);
	ts_put_u32(properties, "Epoch", view->epoch);
	ts_put_u32(properties, "Sources", view->n_sources);
	ts_put_u32(properties, "SelectableSources", view->n_selectable);
}

static void
fill(const TsControlSubjects *subjects, const TsObject *object, GVariantBuilder *properties)
{
	TsClock *clock = ts_engine_clock(subjects->engine);
	TsClockView view;
	(void)object;

	ts_engine_get_clock_view(subjects->engine, &view);
	ts_put_text(properties, "State", ts_clock_state_name(view.kind));
	ts_put_bool(properties, "Synchronised", is_synchronised(&view));
	ts_put_text(properties, "Cause", view.cause);
	ts_put_double(properties, "StateAge", view.since_s);
	ts_put_text(properties, "Driver", ts_clock_driver_name(clock));
	ts_put_u32(properties, "Stratum", (uint32_t)view.system.stratum);
	ts_put_text(properties, "Leap", ts_leap_name((TsLeap)view.system.leap));
	fill_reference(&view, properties);
	fill_quality(&view, ts_clock_raw_now(clock), properties);
	ts_put_double(properties, "SlewLeft", view.slew_left_s);
	ts_put_double(properties, "FrequencyPpm", view.frequency * PPM);
	ts_put(properties, "Precision", g_variant_new_int32(ts_clock_precision_log2s(clock)));
	fill_counters(&view, properties);
}

static bool
step(const TsCall *call, GVariant **result, GError **error)
{
	(void)result;

	return ts_engine_step_now(call->subjects->engine, error);
}

static const TsMethod methods[] = {
	{"Step", step},
	{NULL, NULL},
};

const TsInterface ts_clock_object_interface = {
	.info = &ts_dbus_clock_interface,
	.fill = fill,
	.methods = methods,
};
