/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.h - every counter and gauge of core and plugins in one place
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
 * @owner: who it vanishes with: "core", or the plugin's name; [a-z0-9_-]+
 * @name: [a-z0-9_]+, without the "timesrv_" prefix and the "_total" suffix
 * @help: one sentence: UTF-8 without control characters
 * @n_slots: one for each thread that adds (worker number), at least 1
 *
 * All texts are copied. Returns: (transfer none): the counter; NULL if @owner has that name already
 * or one of the arguments is not as said here. Thread: main.
 */
TsMetric *ts_metrics_add_counter(TsMetrics *metrics, const char *owner, const char *name,
				 const char *help, unsigned n_slots);

/* A gauge that is set; unit: "", "seconds", "bytes", "ratio" (any of [a-z_]*). Starts as NAN: not
 * shown. Returns: as above. Thread: main. */
TsMetric *ts_metrics_add_gauge(TsMetrics *metrics, const char *owner, const char *name,
			       const char *unit, const char *help);

/* A gauge that is asked for when it is read; NAN: not shown. Thread of @read: main. */
typedef double (*TsGaugeFunc)(void *user_data);
TsMetric *ts_metrics_add_gauge_func(TsMetrics *metrics, const char *owner, const char *name,
				    const char *unit, const char *help, TsGaugeFunc read,
				    void *user_data);

/* Frees @metric: its threads must have stopped adding before. Not from a foreach. Thread: main. */
void ts_metrics_remove(TsMetrics *metrics, TsMetric *metric);

/* The same for all that @owner has. Thread: main. */
void ts_metrics_remove_owner(TsMetrics *metrics, const char *owner);

/* Adds @by >= 0 to a counter in slot @slot; a negative @by, a slot that is not there and a gauge are
 * left alone, for plugins call this. Thread: that slot's owner; no lock, no allocation. */
void ts_metric_add(TsMetric *metric, unsigned slot, int64_t by);

/* Sets a gauge; a counter and a gauge with a function are left alone. Thread: main. */
void ts_metric_set(TsMetric *metric, double value);

/* Returns: sum of a counter's slots, or a gauge's value. Thread: main. */
double ts_metric_value(const TsMetric *metric);

typedef struct {
	const char *owner, *name, *unit, *help;
	TsMetricKind kind;
	double value;
} TsMetricView;

/* Calls @func for each metric that has a value (is not NAN), ordered by owner and name. Thread: main. */
typedef void (*TsMetricsFunc)(const TsMetricView *view, void *user_data);
void ts_metrics_foreach(TsMetrics *metrics, TsMetricsFunc func, void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsMetrics, ts_metrics_free)
