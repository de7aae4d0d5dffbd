/* SPDX-License-Identifier: BSD-2-Clause */
/* pulse.c - see pulse.h */
#include "plugin/pulse.h"

#include "base/time.h"
#include "clock/clock.h"

/* Half a second is where two seconds are equally near; a tenth is left as a margin. */
#define MAX_DOUBT_S 0.4

/* One side of a 1-sigma error that is as good as certain. */
#define SIGMAS 3

/* Gives what @lock reads at @raw_ns, and how far that may be wrong. */
static bool
read_lock(TsEngine *engine, const TsSource *pulse, const char *lock, int64_t raw_ns,
	  int64_t *utc_ns, double *doubt_s, char **reason)
{
	const TsSource *source = ts_engine_find_source(engine, lock);
	TsEstimate estimate;

	if (!source || source == pulse) {
		*reason = g_strdup_printf(
			"a pulse has no second: there is no other source %s to lock to", lock);
		return false;
	}
	if (!ts_source_get_estimate(source, raw_ns, &estimate)) {
		*reason = g_strdup_printf("a pulse has no second: %s gave no sample yet", lock);
		return false;
	}
	*utc_ns = raw_ns + estimate.offset_ns;
	*doubt_s = SIGMAS * estimate.offset_sd_s;
	return true;
}

static bool
read_clock(TsEngine *engine, int64_t raw_ns, int64_t *utc_ns, double *doubt_s, char **reason)
{
	TsClockView view;

	ts_engine_get_clock_view(engine, &view);
	if (view.kind != TS_CLOCK_LOCKED && view.kind != TS_CLOCK_HOLDOVER) {
		*reason = g_strdup("a pulse has no second: the clock is not set yet; "
				   "add another source, or lock to one");
		return false;
	}
	*utc_ns = ts_clock_utc_at(ts_engine_clock(engine), raw_ns);
	*doubt_s = SIGMAS * view.estimated_error_s + ABS(view.slew_left_s);
	return true;
}

static int64_t
floor_second(int64_t utc_ns)
{
	int64_t rest = utc_ns % TS_NS_PER_S;

	return utc_ns - (rest < 0 ? rest + TS_NS_PER_S : rest);
}

bool
ts_pulse_number(TsEngine *engine, const TsSource *pulse, const char *lock, int64_t raw_ns,
		int64_t *reference_utc_ns, char **reason)
{
	int64_t fraction_ns = *reference_utc_ns - floor_second(*reference_utc_ns);
	int64_t utc_ns;
	double doubt_s;
	bool is_known = lock ? read_lock(engine, pulse, lock, raw_ns, &utc_ns, &doubt_s, reason)
			     : read_clock(engine, raw_ns, &utc_ns, &doubt_s, reason);

	if (!is_known)
		return false;
	/* the nearest time with that fraction */
	int64_t numbered_ns = floor_second(utc_ns - fraction_ns + TS_NS_PER_S / 2) + fraction_ns;
	double distance_s = ts_ns_to_s(ABS(numbered_ns - utc_ns));
	if (!(distance_s + doubt_s < MAX_DOUBT_S)) {
		*reason =
			g_strdup_printf("a pulse has no second: it lies %.3f s from what %s reads "
					"+-%.3f s",
					distance_s, lock ? lock : "our clock", doubt_s);
		return false;
	}
	*reference_utc_ns = numbered_ns;
	return true;
}
