/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c - the door of the clock drivers, and what the mapped ones (software, virtual) share */
#include "clock/clock.h"

#include <math.h>

#include "base/time.h"
#include "clock/driver.h"

/* A kernel stamp older than this was not taken for what is being handled now. */
#define MAX_STAMP_AGE_NS (4 * TS_NS_PER_S)

/* A stamp may seem this far in the future: the paired reading is not exact. */
#define MAX_STAMP_LEAD_NS (10 * TS_NS_PER_US)

void
ts_clock_free(TsClock *clock)
{
	if (clock)
		clock->driver->free(clock);
}

const char *
ts_clock_driver_name(const TsClock *clock)
{
	return clock->driver->name;
}

int64_t
ts_clock_raw_now(const TsClock *clock)
{
	return clock->driver->raw_now(clock);
}

int64_t
ts_clock_utc_now(const TsClock *clock)
{
	return clock->driver->utc_now(clock);
}

int64_t
ts_clock_utc_at(const TsClock *clock, int64_t raw_ns)
{
	return clock->driver->utc_at(clock, raw_ns);
}

bool
ts_clock_raw_of_real(const TsClock *clock, int64_t real_ns, int64_t *raw_ns)
{
	int64_t raw_now_ns;
	int64_t age_ns = clock->driver->real_now(clock, &raw_now_ns) - real_ns;

	if (age_ns < -MAX_STAMP_LEAD_NS || age_ns > MAX_STAMP_AGE_NS)
		return false;
	/* a packet's stamp is microseconds old, a SHM segment's up to a second: 10 ppm would be 10 us */
	double rate = clock->driver->real_rate(clock);
	*raw_ns = raw_now_ns - age_ns + (int64_t)rint((double)age_ns * rate / (1 + rate));
	return true;
}

int64_t
ts_clock_utc_minus_real(const TsClock *clock)
{
	int64_t raw_ns;

	int64_t real_ns = clock->driver->real_now(clock, &raw_ns);
	return clock->driver->utc_at(clock, raw_ns) - real_ns;
}

uint32_t
ts_clock_epoch(const TsClock *clock)
{
	return __atomic_load_n(&clock->epoch, __ATOMIC_RELAXED);
}

void
ts_clock_raise_epoch(TsClock *clock)
{
	__atomic_store_n(&clock->epoch, clock->epoch + 1, __ATOMIC_RELAXED);
}

int
ts_clock_precision_log2s(const TsClock *clock)
{
	return clock->precision_log2s;
}

bool
ts_clock_steer(TsClock *clock, double frequency, double slew_s, double slew_duration_s,
	       GError **error)
{
	return clock->driver->steer(clock, frequency, slew_s, slew_duration_s, error);
}

bool
ts_clock_step(TsClock *clock, int64_t step_ns, GError **error)
{
	return clock->driver->step(clock, step_ns, error);
}

double
ts_clock_frequency(const TsClock *clock)
{
	return clock->mapping.frequency;
}

double
ts_clock_slew_left(const TsClock *clock)
{
	return ts_clock_mapping_slew_left(&clock->mapping, ts_clock_raw_now(clock));
}

void
ts_clock_set_status(TsClock *clock, bool is_synchronised, double estimated_error_s,
		    double max_error_s, TsLeap leap)
{
	if (clock->driver->set_status)
		clock->driver->set_status(clock, is_synchronised, estimated_error_s, max_error_s,
					  leap);
}

void
ts_clock_set_tai_offset(TsClock *clock, int tai_offset_s)
{
	if (clock->driver->set_tai_offset)
		clock->driver->set_tai_offset(clock, tai_offset_s);
}

TsClockDisruption
ts_clock_check_disruption(TsClock *clock)
{
	TsClockDisruption disruption = clock->driver->check_disruption(clock);

	if (disruption.is_disrupted)
		ts_clock_raise_epoch(clock);
	return disruption;
}

TsClockMapping
ts_clock_get_mapping(const TsClock *clock)
{
	TsClockMapping mapping;

	ts_seqlock_read(&clock->lock, &mapping, &clock->mapping, sizeof mapping);
	return mapping;
}

void
ts_clock_set_mapping(TsClock *clock, const TsClockMapping *mapping)
{
	ts_seqlock_write(&clock->lock, &clock->mapping, mapping, sizeof *mapping);
}

int64_t
ts_clock_mapped_utc_at(const TsClock *clock, int64_t raw_ns)
{
	TsClockMapping mapping = ts_clock_get_mapping(clock);

	return ts_clock_mapping_utc_at(&mapping, raw_ns);
}

int64_t
ts_clock_mapped_utc_now(const TsClock *clock)
{
	return ts_clock_mapped_utc_at(clock, clock->driver->raw_now(clock));
}

void
ts_clock_mapping_set_slew(TsClockMapping *mapping, int64_t raw_ns, double frequency, double slew_s,
			  double slew_duration_s)
{
	ts_clock_mapping_advance(mapping, raw_ns);
	mapping->frequency = frequency;
	mapping->slew_rate = 0;
	mapping->slew_end_raw_ns = raw_ns;
	int64_t duration_ns = ts_s_to_ns(slew_duration_s);
	if (slew_s == 0 || duration_ns <= 0)
		return;
	mapping->slew_rate = slew_s / slew_duration_s;
	mapping->slew_end_raw_ns = raw_ns + duration_ns;
}

bool
ts_clock_mapped_steer(TsClock *clock, double frequency, double slew_s, double slew_duration_s,
		      GError **error)
{
	TsClockMapping mapping = clock->mapping;
	(void)error;

	ts_clock_mapping_set_slew(&mapping, ts_clock_raw_now(clock), frequency, slew_s,
				  slew_duration_s);
	ts_clock_set_mapping(clock, &mapping);
	return true;
}

bool
ts_clock_mapped_step(TsClock *clock, int64_t step_ns, GError **error)
{
	TsClockMapping mapping = clock->mapping;
	(void)error;

	ts_clock_mapping_set_slew(&mapping, ts_clock_raw_now(clock), mapping.frequency, 0, 0);
	mapping.anchor_utc_ns += step_ns;
	ts_clock_set_mapping(clock, &mapping);
	return true;
}
