/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.c - CLOCK_REALTIME, steered by clock_adjtime
 *
 * The daemon owns the slew: frequency + slew rate are given to the kernel as one frequency, and a timer
 * takes the slew rate off again. The kernel's own PLL and single-shot slews are not used. The mapping
 * that we keep is what the kernel was told; where it and the clock part, somebody else moved the clock.
 */
#include <errno.h>
#include <math.h>
#include <sys/timex.h>

#include <glib.h>

#include "base/error.h"
#include "base/time.h"
#include "clock/driver.h"
#include "clock/paired-reading.h"

/* What clock_adjtime takes: a tick of 10 ms +- 10 %, and a frequency of +- 500 ppm in 2^-16 ppm. */
#define TICK_US           10000
#define TICK_RANGE_US     1000
#define MAX_FREQUENCY     500e-6
#define FREQUENCY_UNIT    (1e-6 / 65536)
#define MAX_TOTAL         0.1

/* Reality and mapping may part this far between two checks: the kernel rounds, readings jitter. */
#define MAX_PARTING_NS    (10 * TS_NS_PER_MS)

typedef struct {
	TsClock head;
	TsTimer *slew_timer;
	int64_t slept_ns;
	double rate; /* atomic words: frequency and slew rate in force, for utc_at */
} KernelClock;

static void
kernel_real_pair(TsClock *clock, int64_t *raw_ns, int64_t *real_ns)
{
	(void)clock;
	*real_ns = ts_paired_real_now(raw_ns);
}

static bool
adjust(struct timex *timex, const char *what, GError **error)
{
	if (clock_adjtime(CLOCK_REALTIME, timex) < 0)
		return ts_set_error_errno(error, errno, "cannot %s the system clock", what);
	return true;
}

/* Gives the kernel one frequency, s/s; beyond 500 ppm by the length of its tick. */
static bool
set_rate(KernelClock *self, double rate, GError **error)
{
	struct timex timex = {.modes = ADJ_TICK | ADJ_FREQUENCY};
	long tick_change_us = 0;

	if (fabs(rate) > MAX_FREQUENCY)
		tick_change_us = CLAMP(lrint(rate * TICK_US), -TICK_RANGE_US, TICK_RANGE_US);
	double rest = rate - (double)tick_change_us / TICK_US;
	timex.tick = TICK_US + tick_change_us;
	timex.freq = lrint(CLAMP(rest, -MAX_FREQUENCY, MAX_FREQUENCY) / FREQUENCY_UNIT);
	if (!adjust(&timex, "set the frequency of", error))
		return false;
	__atomic_store(&self->rate, &rate, __ATOMIC_RELAXED);
	return true;
}

/* Anchors the mapping at what the clock really reads now. */
static void
anchor(KernelClock *self, TsClockMapping *mapping)
{
	int64_t raw_ns, real_ns;

	kernel_real_pair(&self->head, &raw_ns, &real_ns);
	mapping->anchor_raw_ns = raw_ns;
	mapping->anchor_utc_ns = real_ns;
	mapping->anchor_fraction_ns = 0;
}

static void
on_slew_end(void *user_data)
{
	KernelClock *self = user_data;
	TsClockMapping mapping = self->head.mapping;
	g_autoptr(GError) error = NULL;

	if (!set_rate(self, mapping.frequency, &error)) {
		/* the slew would go on for ever: try again soon */
		ts_timer_arm_after(self->slew_timer, TS_NS_PER_S);
		return;
	}
	anchor(self, &mapping);
	mapping.slew_rate = 0;
	mapping.slew_end_raw_ns = mapping.anchor_raw_ns;
	ts_clock_set_mapping(&self->head, &mapping);
}

static int64_t
kernel_raw_now(const TsClock *clock)
{
	(void)clock;
	return ts_paired_raw_now();
}

static int64_t
kernel_utc_now(const TsClock *clock)
{
	int64_t raw_ns;
	(void)clock;

	return ts_paired_real_now(&raw_ns);
}

static double
kernel_real_rate(const TsClock *clock)
{
	double rate;

	__atomic_load(&((const KernelClock *)clock)->rate, &rate, __ATOMIC_RELAXED);
	return rate;
}

static int64_t
kernel_utc_at(const TsClock *clock, int64_t raw_ns)
{
	int64_t raw_now_ns;

	int64_t real_ns = ts_paired_real_now(&raw_now_ns);
	int64_t ago_ns = raw_now_ns - raw_ns;
	return real_ns - ago_ns - (int64_t)rint((double)ago_ns * kernel_real_rate(clock));
}

static int64_t
kernel_real_now(const TsClock *clock, int64_t *raw_ns)
{
	(void)clock;
	return ts_paired_real_now(raw_ns);
}

static bool
kernel_steer(TsClock *clock, double frequency, double slew_s, double slew_duration_s, GError **error)
{
	KernelClock *self = (KernelClock *)clock;
	TsClockMapping mapping = clock->mapping;

	frequency = CLAMP(frequency, -MAX_TOTAL, MAX_TOTAL);
	if (slew_s != 0 && slew_duration_s > 0) {
		double room = MAX_TOTAL - fabs(frequency);
		if (fabs(slew_s / slew_duration_s) > room)
			slew_duration_s = fabs(slew_s) / MAX(room, 1e-6);
	}
	double rate = slew_s != 0 && slew_duration_s > 0 ? slew_s / slew_duration_s : 0;
	if (!set_rate(self, frequency + rate, error))
		return false;
	anchor(self, &mapping);
	ts_clock_mapping_set_slew(&mapping, mapping.anchor_raw_ns, frequency, slew_s,
				  slew_duration_s);
	ts_clock_set_mapping(clock, &mapping);
	/* timers count on CLOCK_MONOTONIC, which the kernel slews with its clock */
	if (rate != 0)
		ts_timer_arm_after(self->slew_timer,
				   ts_s_to_ns(slew_duration_s * (1 + frequency + rate)));
	else
		ts_timer_disarm(self->slew_timer);
	return true;
}

static bool
kernel_step(TsClock *clock, int64_t step_ns, GError **error)
{
	KernelClock *self = (KernelClock *)clock;
	struct timex timex = {.modes = ADJ_SETOFFSET | ADJ_NANO};

	timex.time.tv_sec = step_ns / TS_NS_PER_S;
	timex.time.tv_usec = step_ns % TS_NS_PER_S; /* ns, with ADJ_NANO; must not be negative */
	if (timex.time.tv_usec < 0) {
		timex.time.tv_usec += TS_NS_PER_S;
		timex.time.tv_sec--;
	}
	if (!adjust(&timex, "step", error))
		return false;
	/* stepped: from here on nothing may fail */
	TsClockMapping mapping = clock->mapping;
	set_rate(self, mapping.frequency, NULL);
	ts_timer_disarm(self->slew_timer);
	anchor(self, &mapping);
	mapping.slew_rate = 0;
	mapping.slew_end_raw_ns = mapping.anchor_raw_ns;
	ts_clock_set_mapping(clock, &mapping);
	return true;
}

static TsClockDisruption
kernel_check_disruption(TsClock *clock)
{
	KernelClock *self = (KernelClock *)clock;
	TsClockDisruption disruption = {0};
	TsClockMapping mapping = clock->mapping;
	int64_t raw_ns, real_ns;
	int64_t slept_ns = ts_paired_slept_ns();
	int64_t more_ns = slept_ns - self->slept_ns;

	kernel_real_pair(clock, &raw_ns, &real_ns);
	int64_t parting_ns = real_ns - ts_clock_mapping_utc_at(&mapping, raw_ns);
	if (more_ns >= 100 * TS_NS_PER_MS) {
		/* the kernel carries its clock over a suspend by itself, the raw clock stood still */
		self->slept_ns = slept_ns;
		disruption.is_disrupted = true;
		disruption.suspended_ns = more_ns;
		parting_ns -= more_ns;
	}
	if (llabs(parting_ns) > MAX_PARTING_NS && !disruption.is_disrupted)
		disruption.foreign_step_ns = parting_ns;
	/* re-anchored at each check: the kernel's roundings never add up to a false alarm */
	ts_clock_mapping_advance(&mapping, raw_ns);
	mapping.anchor_utc_ns = real_ns;
	mapping.anchor_fraction_ns = 0;
	ts_clock_set_mapping(clock, &mapping);
	return disruption;
}

static void
kernel_set_status(TsClock *clock, bool is_synchronised, double estimated_error_s, double max_error_s,
		  TsLeap leap)
{
	struct timex timex = {.modes = ADJ_STATUS | ADJ_ESTERROR | ADJ_MAXERROR};
	(void)clock;

	/* 16 s is what the kernel itself takes for "unsynchronised" (NTP_PHASE_LIMIT) */
	timex.esterror = (long)ceil(CLAMP(estimated_error_s, 0, 16) * 1e6);
	timex.maxerror = (long)ceil(CLAMP(max_error_s, 0, 16) * 1e6);
	if (!is_synchronised)
		timex.status |= STA_UNSYNC;
	else if (leap == TS_LEAP_INSERT)
		timex.status |= STA_INS;
	else if (leap == TS_LEAP_DELETE)
		timex.status |= STA_DEL;
	adjust(&timex, "set the status of", NULL);
}

static void
kernel_set_tai_offset(TsClock *clock, int tai_offset_s)
{
	struct timex timex = {.modes = ADJ_TAI, .constant = tai_offset_s};
	(void)clock;

	adjust(&timex, "set the TAI offset of", NULL);
}

static void
kernel_free(TsClock *clock)
{
	KernelClock *self = (KernelClock *)clock;

	/* leaves the clock with its frequency and without a slew that nobody would end */
	if (ts_timer_due(self->slew_timer) >= 0)
		set_rate(self, clock->mapping.frequency, NULL);
	ts_timer_free(self->slew_timer);
	g_free(self);
}

static const TsClockDriver kernel_driver = {
	.name = "kernel",
	.free = kernel_free,
	.raw_now = kernel_raw_now,
	.utc_now = kernel_utc_now,
	.utc_at = kernel_utc_at,
	.real_now = kernel_real_now,
	.real_rate = kernel_real_rate,
	.steer = kernel_steer,
	.step = kernel_step,
	.check_disruption = kernel_check_disruption,
	.set_status = kernel_set_status,
	.set_tai_offset = kernel_set_tai_offset,
};

TsClock *
ts_clock_new_kernel(TsSched *sched, GError **error)
{
	struct timex timex = {0};
	if (!adjust(&timex, "read", error))
		return NULL;
	double frequency = (double)timex.freq * FREQUENCY_UNIT;
	double rate = frequency + (double)(timex.tick - TICK_US) / TICK_US;

	KernelClock *self = g_new0(KernelClock, 1);
	self->head.driver = &kernel_driver;
	self->head.precision_log2s = ts_paired_precision_log2s();
	self->slept_ns = ts_paired_slept_ns();
	self->rate = rate;
	self->slew_timer = ts_timer_new(sched, on_slew_end, self);
	TsClockMapping mapping = {.frequency = rate};
	anchor(self, &mapping);
	mapping.slew_end_raw_ns = mapping.anchor_raw_ns;
	ts_clock_set_mapping(&self->head, &mapping);
	/* Takes over what the clock has: frequency as it is, PLL and single shot slews of others off.
	 * This also tells at once whether we may set the clock at all. */
	timex = (struct timex){.modes = ADJ_STATUS | ADJ_OFFSET, .status = STA_UNSYNC};
	if (!adjust(&timex, "take over", error) || !set_rate(self, rate, error)) {
		g_prefix_error(error, "clock driver kernel (needs CAP_SYS_TIME; driver: software does not): ");
		ts_timer_free(self->slew_timer);
		g_free(self);
		return NULL;
	}
	return &self->head;
}
