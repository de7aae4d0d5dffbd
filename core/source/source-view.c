/* SPDX-License-Identifier: BSD-2-Clause */
/* source-view.c - how a source looks to those who ask: figures, and the sentence why */
#include <math.h>

#include "base/time.h"
#include "source/engine-data.h"

static void
fill_now(const TsSource *source, TsSourceView *view)
{
	TsClock *clock = source->engine->clock;
	int64_t raw_ns = ts_clock_raw_now(clock);
	const TsSample *newest = ts_source_newest(source);

	if (newest) {
		view->has_sample = true;
		view->last_sample = *newest;
		view->last_sample_age_s = ts_ns_to_s(raw_ns - newest->raw_ns);
		view->last_residual_s = source->last_residual_s;
		view->has_estimate =
			ts_estimator_get(source->estimator, raw_ns, &view->estimate);
		view->has_bound = ts_bound_tracker_get(source->bound, raw_ns, &view->bound);
	}
	if (view->has_estimate)
		view->offset_s = ts_estimate_offset_from(&view->estimate, raw_ns,
							 ts_clock_utc_at(clock, raw_ns) - raw_ns);
}

void
ts_source_get_view(const TsSource *source, TsSourceView *view)
{
	*view = (TsSourceView){
		.id = source->id,
		.label = source->label,
		.name = source->settings->name,
		.pool = source->pool,
		.kind = source->settings->kind,
		.has_address = source->has_address,
		.address = source->address,
		.verdict = source->decision.verdict,
		.decision = source->decision,
		.reach = source->reach,
		.poll_s = source->poll_s,
		.stratum = source->remote_stratum,
		.leap = source->remote_leap,
		.refid = source->remote_refid,
		.root_delay_s = source->remote_root_delay_s,
		.root_dispersion_s = source->remote_root_dispersion_s,
		.n_samples = source->n_history,
		.n_replies = source->n_replies,
		.n_misses = source->n_misses,
		.n_samples_total = source->n_samples_total,
		.n_samples_rejected = source->n_samples_rejected,
		.stopped = source->stopped,
		.progress = source->progress,
		.duplicate_of = source->duplicate_of,
		.settings = source->settings,
	};
	fill_now(source, view);
}

/* What the selection can't know: the names behind its flags. Returns: NULL when it knows best. */
static char *
explain_by_name(const TsSource *source)
{
	switch (source->decision.verdict) {
	case TS_VERDICT_STOPPED:
		return g_strdup_printf("stopped: %s", source->stopped ? source->stopped : "?");
	case TS_VERDICT_DUPLICATE:
		return g_strdup_printf("duplicate: same address as %s, one address has one vote",
				       source->duplicate_of ? source->duplicate_of : "?");
	case TS_VERDICT_NO_SAMPLES:
		if (source->progress)
			return g_strdup_printf("no samples: %s", source->progress);
		if (source->n_replies == 0 && source->n_misses > 0)
			return g_strdup_printf("no samples: %" G_GUINT64_FORMAT
					       " requests, no usable answer",
					       source->n_misses);
		return NULL;
	case TS_VERDICT_UNSYNCHRONISED:
		if (source->remote_root_delay_s / 2 + source->remote_root_dispersion_s >= 16)
			return g_strdup_printf("unsynchronised: says root delay %.3f s, root "
					       "dispersion %.3f s; 16 s or more is no time",
					       source->remote_root_delay_s,
					       source->remote_root_dispersion_s);
		return g_strdup_printf("unsynchronised: says leap %d, stratum %d",
				       source->remote_leap, source->remote_stratum);
	default:
		return NULL;
	}
}

char *
ts_source_explain(const TsSource *source)
{
	char *named = explain_by_name(source);
	char text[512];
	TsCandidate candidate;

	if (named)
		return named;
	ts_source_fill_candidate(source, ts_clock_raw_now(source->engine->clock), &candidate);
	candidate.is_orphan = source->is_orphan;
	return g_strdup(ts_decision_explain(&source->decision, &candidate,
					    &source->engine->selection, text, sizeof text));
}
