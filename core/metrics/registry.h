/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - every counter, gauge and histogram of core and plugins in one place
 *
 * The exporters (OpenMetrics, mode 6, statistics files, D-Bus) are views of it and can't disagree.
 * A counter has one slot a worker, each on a cache line of its own: adding is a plain relaxed store by
 * the owner, reading sums the slots. Gauges may be computed when they are read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

typedef enum {
	TS_METRIC_COUNTER,
	TS_METRIC_GAUGE,
} TsMetricKind;

typedef struct _TsMetrics TsMetrics;
typedef struct _TsMetric TsMetric;

TsMetrics *ts_metrics_new(void);
void ts_metrics_free(TsMetrics *metrics);

/**
 * ts_metrics_add_counter:
 * @owner: who it vanishes with: "core", or the plugin's name
 * @name: [a-z0-9_]+, without the "timesrv_" prefix and the "_total" suffix
 * @help: one sentence
 * @n_slots: one for each thread that adds (worker number), at least 1
 *
 * Returns: (transfer none): the counter; NULL if @owner has that name already. Thread: main.
 */
TsMetric *ts_metrics_add_counter(TsMetrics *metrics, const char *owner, const char *name,
				 const char *help, unsigned n_slots);

/* A gauge that is set; unit: "", "seconds", "bytes", "ratio". Starts as NAN: not shown. Thread: main. */
TsMetric *ts_metrics_add_gauge(TsMetrics *metrics, const char *owner, const char *name,
			       const char *unit, const char *help);

/* A gauge that is asked for when it is read; NAN: not shown. Thread of @read: main. */
typedef double (*TsGaugeFunc)(void *user_data);
TsMetric *ts_metrics_add_gauge_func(TsMetrics *metrics, const char *owner, const char *name,
				    const char *unit, const char *help, TsGaugeFunc read,
				    void *user_data);

void ts_metrics_remove(TsMetrics *metrics, TsMetric *metric);
void ts_metrics_remove_owner(TsMetrics *metrics, const char *owner);

/* Adds @by (>= 0 for a counter) in slot @slot. Thread: that slot's owner; no lock, no allocation. */
void ts_metric_add(TsMetric *metric, unsigned slot, int64_t by);

/* Thread: main. */
void ts_metric_set(TsMetric *metric, double value);

/* Returns: sum of a counter's slots, or a gauge's value. Thread: main. */
double ts_metric_value(const TsMetric *metric);

typedef struct {
	const char *owner, *name, *unit, *help;
	TsMetricKind kind;
	double value;
} TsMetricView;

/* Calls @func for each metric, ordered by owner and name. Thread: main. */
typedef void (*TsMetricsFunc)(const TsMetricView *view, void *user_data);
void ts_metrics_foreach(TsMetrics *metrics, TsMetricsFunc func, void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsMetrics, ts_metrics_free)
