/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry.c - see registry.h
 *
 * A sorted array: metrics come and go with plugins, seldom, and are listed in order often.
 */
#include "metrics/registry.h"

#include <math.h>
#include <string.h>

/* Two workers never write to the same line; 64: x86-64 and most of arm64. */
#define CACHE_LINE_BYTES 64

typedef struct {
	_Alignas(CACHE_LINE_BYTES) int64_t count; /* written by the slot's owner, read by main */
} Slot;

struct _TsMetric {
	/* set when it is made, then read-only */
	char *owner, *name, *unit, *help;
	TsMetricKind kind;
	TsGaugeFunc read;
	void *user_data;
	unsigned n_slots; /* 0 for a gauge */
	Slot *slots;
	/* main only */
	double value;
};

struct _TsMetrics {
	GPtrArray *sorted; /* of TsMetric, owned */
};

static void
metric_free(TsMetric *metric)
{
	g_aligned_free(metric->slots);
	g_free(metric->help);
	g_free(metric->unit);
	g_free(metric->name);
	g_free(metric->owner);
	g_free(metric);
}

TsMetrics *
ts_metrics_new(void)
{
	TsMetrics *self = g_new0(TsMetrics, 1);

	self->sorted = g_ptr_array_new_with_free_func((GDestroyNotify)metric_free);
	return self;
}

void
ts_metrics_free(TsMetrics *metrics)
{
	if (!metrics)
		return;
	g_ptr_array_unref(metrics->sorted);
	g_free(metrics);
}

static bool
is_made_of(const char *text, const char *punctuation)
{
	for (; *text; text++)
		if (!g_ascii_islower(*text) && !g_ascii_isdigit(*text) &&
		    !strchr(punctuation, *text))
			return false;
	return true;
}

static bool
is_help(const char *text)
{
	if (!*text || !g_utf8_validate(text, -1, NULL))
		return false;
	for (; *text; text++)
		if (g_ascii_iscntrl(*text))
			return false;
	return true;
}

/* Plugins choose these texts and every exporter prints them: nothing odd gets in here. */
static bool
is_valid(const char *owner, const char *name, const char *unit, const char *help)
{
	return owner && name && unit && help && *owner && is_made_of(owner, "_-") && *name &&
	       is_made_of(name, "_") && !g_str_has_prefix(name, "timesrv_") &&
	       !g_str_has_suffix(name, "_total") && is_made_of(unit, "_") && is_help(help);
}

static int
compare(const TsMetric *metric, const char *owner, const char *name)
{
	int order = strcmp(metric->owner, owner);

	return order ? order : strcmp(metric->name, name);
}

/* Returns: where @owner's @name stands or would stand. */
static unsigned
find_position(const TsMetrics *metrics, const char *owner, const char *name)
{
	unsigned low = 0, high = metrics->sorted->len;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		if (compare(metrics->sorted->pdata[middle], owner, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static TsMetric *
add_metric(TsMetrics *metrics, TsMetricKind kind, const char *owner, const char *name,
	   const char *unit, const char *help)
{
	if (!is_valid(owner, name, unit, help))
		return NULL;
	unsigned position = find_position(metrics, owner, name);
	if (position < metrics->sorted->len &&
	    compare(metrics->sorted->pdata[position], owner, name) == 0)
		return NULL;

	TsMetric *metric = g_new0(TsMetric, 1);
	metric->kind = kind;
	metric->owner = g_strdup(owner);
	metric->name = g_strdup(name);
	metric->unit = g_strdup(unit);
	metric->help = g_strdup(help);
	metric->value = (double)NAN;
	g_ptr_array_insert(metrics->sorted, (int)position, metric);
	return metric;
}

TsMetric *
ts_metrics_add_counter(TsMetrics *metrics, const char *owner, const char *name, const char *help,
		       unsigned n_slots)
{
	if (n_slots == 0)
		return NULL;
	TsMetric *metric = add_metric(metrics, TS_METRIC_COUNTER, owner, name, "", help);
	if (!metric)
		return NULL;
	metric->slots = g_aligned_alloc0(n_slots, sizeof *metric->slots, CACHE_LINE_BYTES);
	metric->n_slots = n_slots;
	return metric;
}

TsMetric *
ts_metrics_add_gauge(TsMetrics *metrics, const char *owner, const char *name, const char *unit,
		     const char *help)
{
	return add_metric(metrics, TS_METRIC_GAUGE, owner, name, unit, help);
}

TsMetric *
ts_metrics_add_gauge_func(TsMetrics *metrics, const char *owner, const char *name, const char *unit,
			  const char *help, TsGaugeFunc read, void *user_data)
{
	TsMetric *metric = add_metric(metrics, TS_METRIC_GAUGE, owner, name, unit, help);

	if (!metric)
		return NULL;
	metric->read = read;
	metric->user_data = user_data;
	return metric;
}

void
ts_metrics_remove(TsMetrics *metrics, TsMetric *metric)
{
	g_ptr_array_remove(metrics->sorted, metric);
}

void
ts_metrics_remove_owner(TsMetrics *metrics, const char *owner)
{
	unsigned first = find_position(metrics, owner, "");
	unsigned end = first;

	while (end < metrics->sorted->len) {
		const TsMetric *metric = metrics->sorted->pdata[end];
		if (!g_str_equal(metric->owner, owner))
			break;
		end++;
	}
	if (end > first)
		g_ptr_array_remove_range(metrics->sorted, first, end - first);
}

void
ts_metric_add(TsMetric *metric, unsigned slot, int64_t by)
{
	if (slot >= metric->n_slots || by < 0)
		return;
	/* one writer a slot: load and store need no bus lock; relaxed partner: ts_metric_value() */
	int64_t *count = &metric->slots[slot].count;
	int64_t present = __atomic_load_n(count, __ATOMIC_RELAXED);
	__atomic_store_n(count, (int64_t)((uint64_t)present + (uint64_t)by), __ATOMIC_RELAXED);
}

void
ts_metric_set(TsMetric *metric, double value)
{
	if (metric->kind == TS_METRIC_GAUGE && !metric->read)
		metric->value = value;
}

double
ts_metric_value(const TsMetric *metric)
{
	uint64_t sum = 0;

	if (metric->read)
		return metric->read(metric->user_data);
	if (metric->kind == TS_METRIC_GAUGE)
		return metric->value;
	for (unsigned i = 0; i < metric->n_slots; i++)
		sum += (uint64_t)__atomic_load_n(&metric->slots[i].count, __ATOMIC_RELAXED);
	return (double)sum;
}

void
ts_metrics_foreach(TsMetrics *metrics, TsMetricsFunc func, void *user_data)
{
	for (unsigned i = 0; i < metrics->sorted->len; i++) {
		const TsMetric *metric = metrics->sorted->pdata[i];
		TsMetricView view = {
			.owner = metric->owner,
			.name = metric->name,
			.unit = metric->unit,
			.help = metric->help,
			.kind = metric->kind,
			.value = ts_metric_value(metric),
		};
		if (!isnan(view.value))
			func(&view, user_data);
	}
}
