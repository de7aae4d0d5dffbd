/* SPDX-License-Identifier: BSD-2-Clause */
/* server-counters.c - see server-counters.h */
#include "ntp/server/server-counters.h"

#define TS_SERVER_COUNTER_TEXT(index, name, help) {name, help},
static const struct {
	const char *name, *help;
} texts[TS_N_SERVER_COUNTERS] = {TS_SERVER_COUNTERS(TS_SERVER_COUNTER_TEXT)};

void
ts_server_counters_add(TsMetrics *metrics, TsMetric *counters[TS_N_SERVER_COUNTERS])
{
	for (int i = 0; i < TS_N_SERVER_COUNTERS; i++)
		counters[i] = ts_metrics_add_counter(metrics, "core", texts[i].name, texts[i].help,
						     TS_SERVER_MAX_WORKERS);
}

void
ts_server_counters_remove(TsMetrics *metrics, TsMetric *counters[TS_N_SERVER_COUNTERS])
{
	for (int i = 0; i < TS_N_SERVER_COUNTERS; i++)
		if (counters[i])
			ts_metrics_remove(metrics, counters[i]);
}

void
ts_server_counters_flush(TsMetric *const counters[TS_N_SERVER_COUNTERS], unsigned slot,
			 uint32_t counts[TS_N_SERVER_COUNTERS])
{
	for (int i = 0; i < TS_N_SERVER_COUNTERS; i++) {
		if (counts[i] == 0)
			continue;
		if (counters[i])
			ts_metric_add(counters[i], slot, counts[i]);
		counts[i] = 0;
	}
}
