/* SPDX-License-Identifier: BSD-2-Clause */
/* engine-metrics.c - the clock's figures in the registry: read when they are asked for */
#include <math.h>

#include "source/engine-data.h"

static TsClockView
view(void *user_data)
{
	TsClockView now;

	ts_engine_get_clock_view(user_data, &now);
	return now;
}

static double
read_state(void *user_data)
{
	return view(user_data).kind == TS_CLOCK_LOCKED;
}

static double
read_stratum(void *user_data)
{
	return view(user_data).system.stratum;
}

static double
read_root_delay(void *user_data)
{
	TsClockView now = view(user_data);

	return now.system.stratum < TS_STRATUM_UNSYNCHRONISED ? now.system.root_delay_s : NAN;
}

static double
read_root_dispersion(void *user_data)
{
	TsClockView now = view(user_data);

	return now.system.stratum < TS_STRATUM_UNSYNCHRONISED ? now.system.root_dispersion_s : NAN;
}

static double
read_max_error(void *user_data)
{
	double max_error_s = view(user_data).max_error_s;

	return isfinite(max_error_s) ? max_error_s : NAN;
}

static double
read_offset(void *user_data)
{
	TsClockView now = view(user_data);

	return now.n_updates ? now.offset_s : NAN;
}

static double
read_frequency(void *user_data)
{
	return view(user_data).frequency;
}

static double
read_updates(void *user_data)
{
	return (double)view(user_data).n_updates;
}

static double
read_steps(void *user_data)
{
	return (double)view(user_data).n_steps;
}

static double
read_sources(void *user_data)
{
	return view(user_data).n_sources;
}

static double
read_truechimers(void *user_data)
{
	return view(user_data).n_selectable;
}

static const struct {
	const char *name, *unit, *help;
	TsGaugeFunc read;
} gauges[] = {
	{"clock_locked", "", "1 while the clock follows its sources.", read_state},
	{"clock_stratum", "", "The stratum that is served; 16 when unsynchronised.", read_stratum},
	{"clock_root_delay_seconds", "seconds", "Root delay that is served.", read_root_delay},
	{"clock_root_dispersion_seconds", "seconds", "Root dispersion that is served.",
	 read_root_dispersion},
	{"clock_max_error_seconds", "seconds", "Hard bound of the clock's error.", read_max_error},
	{"clock_offset_seconds", "seconds", "The last correction of the clock.", read_offset},
	{"clock_frequency_ratio", "ratio", "Frequency correction of the raw clock.", read_frequency},
	{"clock_updates", "", "Corrections made since the start.", read_updates},
	{"clock_steps", "", "Steps made since the start.", read_steps},
	{"sources", "", "Sources configured or found.", read_sources},
	{"sources_truechimers", "", "Sources that the majority agrees with.", read_truechimers},
};

static const struct {
	const char *name, *help;
} counters[TS_N_SOURCE_COUNTERS] = {
	[TS_COUNT_REPLIES] = {"source_replies", "Answers of sources that counted for their reach."},
	[TS_COUNT_MISSES] = {"source_misses", "Requests to sources without an answer of use."},
	[TS_COUNT_SAMPLES] = {"source_samples", "Samples that sources gave."},
	[TS_COUNT_REJECTED] = {"source_samples_rejected",
			       "Samples that were not taken: of an older epoch, or not newer."},
};

void
ts_engine_add_metrics(TsEngine *engine)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(gauges); i++)
		ts_metrics_add_gauge_func(engine->metrics, "clock", gauges[i].name, gauges[i].unit,
					  gauges[i].help, gauges[i].read, engine);
	for (unsigned i = 0; i < TS_N_SOURCE_COUNTERS; i++)
		engine->counters[i] = ts_metrics_add_counter(engine->metrics, "clock",
							     counters[i].name, counters[i].help, 1);
}
