/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * software.c - a disciplined clock kept inside the daemon over CLOCK_MONOTONIC_RAW
 *
 * The system's clock is not touched and no privilege is needed: a container serves correct time.
 */
#include <math.h>

#include <glib.h>

#include "base/time.h"
#include "clock/driver.h"
#include "clock/paired-reading.h"

typedef struct {
	TsClock head;
	double raw_frequency;     /* set before start: how wrong the oscillator shall seem */
	int64_t start_raw_ns;     /* set before start */
	/* main only: of the last check */
	int64_t slept_ns;
	int64_t checked_raw_ns, checked_real_ns;
	double real_rate;         /* atomic, written by main: of the system's clock between the last two */
} SoftwareClock;

/* Somebody set the system's clock if it gained more than this between two checks. */
#define MAX_REAL_RATE 0.1

/* The raw clock as the daemon shall see it. */
static int64_t
distort(const SoftwareClock *self, int64_t raw_ns)
{
	if (self->raw_frequency == 0)
		return raw_ns;
	return raw_ns + (int64_t)((double)(raw_ns - self->start_raw_ns) * self->raw_frequency);
}

static void
software_free(TsClock *clock)
{
	g_free(clock);
}

static int64_t
software_raw_now(const TsClock *clock)
{
	return distort((const SoftwareClock *)clock, ts_paired_raw_now());
}

static int64_t
software_real_now(const TsClock *clock, int64_t *raw_ns)
{
	int64_t undistorted_ns;
	int64_t real_ns = ts_paired_real_now(&undistorted_ns);

	*raw_ns = distort((const SoftwareClock *)clock, undistorted_ns);
	return real_ns;
}

static double
software_real_rate(const TsClock *clock)
{
	double rate;

	__atomic_load(&((const SoftwareClock *)clock)->real_rate, &rate, __ATOMIC_RELAXED);
	return rate;
}

/* Nobody tells how the system's clock is steered: it is measured. */
static void
measure_real_rate(SoftwareClock *self)
{
	int64_t raw_ns;
	int64_t real_ns = software_real_now(&self->head, &raw_ns);
	double passed_ns = (double)(raw_ns - self->checked_raw_ns);
	double gained_ns = (double)(real_ns - self->checked_real_ns) - passed_ns;

	/* over a shorter time two readings say little */
	if (passed_ns < (double)TS_NS_PER_S)
		return;
	self->checked_raw_ns = raw_ns;
	self->checked_real_ns = real_ns;
	double rate = gained_ns / passed_ns;
	if (fabs(rate) < MAX_REAL_RATE)
		__atomic_store(&self->real_rate, &rate, __ATOMIC_RELAXED);
}

static TsClockDisruption
software_check_disruption(TsClock *clock)
{
	SoftwareClock *self = (SoftwareClock *)clock;
	TsClockDisruption disruption = {0};

	measure_real_rate(self);
	int64_t slept_ns = ts_paired_slept_ns();
	int64_t more_ns = slept_ns - self->slept_ns;

	/* The raw clock stands still during suspend; what the kernel says of its length comes from the
	 * RTC and is good to a second at best: a new epoch, a better guess. Two clocks read one after
	 * the other seem to differ by microseconds. */
	if (more_ns < 100 * TS_NS_PER_MS)
		return disruption;
	self->slept_ns = slept_ns;
	disruption.is_disrupted = true;
	disruption.suspended_ns = more_ns;
	ts_clock_mapped_step(clock, more_ns, NULL);
	return disruption;
}

static const TsClockDriver software_driver = {
	.name = "software",
	.free = software_free,
	.raw_now = software_raw_now,
	.utc_now = ts_clock_mapped_utc_now,
	.utc_at = ts_clock_mapped_utc_at,
	.real_now = software_real_now,
	.real_rate = software_real_rate,
	.steer = ts_clock_mapped_steer,
	.step = ts_clock_mapped_step,
	.check_disruption = software_check_disruption,
};

TsClock *
ts_clock_new_software(const TsSoftwareClockOptions *options)
{
	SoftwareClock *self = g_new0(SoftwareClock, 1);

	self->head.driver = &software_driver;
	self->head.precision_log2s = ts_paired_precision_log2s();
	self->slept_ns = ts_paired_slept_ns();
	self->start_raw_ns = ts_paired_raw_now();
	self->raw_frequency = options ? options->raw_frequency : 0;

	TsClockMapping mapping = {0};
	self->checked_real_ns = software_real_now(&self->head, &self->checked_raw_ns);
	mapping.anchor_raw_ns = self->checked_raw_ns;
	mapping.anchor_utc_ns =
		self->checked_real_ns + (options ? options->initial_error_ns : 0);
	ts_clock_set_mapping(&self->head, &mapping);
	return &self->head;
}
