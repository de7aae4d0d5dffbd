/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtual.c - a clock of tests and simulations: a seeded oscillator over a virtual scheduler
 *
 * The frequency walks at random once a second of true time, follows the temperature's cycle, and is
 * constant in between. Single thread.
 */
#include <math.h>

#include <glib.h>

#include "base/time.h"
#include "clock/driver.h"

typedef struct {
	TsClock head;
	const TsSched *sched;
	int64_t start_utc_ns;    /* true time at virtual time 0 */
	/* the oscillator from segment_mono_ns on */
	int64_t segment_mono_ns;
	int64_t segment_raw_ns;
	double segment_fraction_ns;
	double frequency;        /* without the cycle */
	double wander;
	double cycle_amplitude, cycle_period_s;
	double cycle;            /* its part of the frequency in this segment */
	uint64_t random_state;
	/* what befell it */
	int64_t disturbed_ns;
	int64_t suspended_ns;
} VirtualClock;

/* splitmix64: one word of state, the same on every machine */
static uint64_t
next_random(VirtualClock *self)
{
	uint64_t z = self->random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Sum of twelve uniform numbers: normal enough for a random walk, and exact on every libm. */
static double
next_normal(VirtualClock *self)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += (double)(next_random(self) >> 11) * 0x1p-53;
	return sum;
}

/* How far the oscillator gets ahead of true time within the segment, in ns. */
static double
gain_ns(const VirtualClock *self, int64_t mono_ns)
{
	return self->segment_fraction_ns + (double)(mono_ns - self->segment_mono_ns) *
						   (self->frequency + self->cycle);
}

static void
end_segment(VirtualClock *self, int64_t mono_ns)
{
	double gained_ns = gain_ns(self, mono_ns);
	double whole_ns = floor(gained_ns);

	self->segment_raw_ns += mono_ns - self->segment_mono_ns + (int64_t)whole_ns;
	self->segment_fraction_ns = gained_ns - whole_ns;
	self->segment_mono_ns = mono_ns;
}

/* One second on: the oscillator runs at another frequency. */
static void
next_segment(VirtualClock *self)
{
	end_segment(self, self->segment_mono_ns + TS_NS_PER_S);
	if (self->wander != 0)
		self->frequency += self->wander * next_normal(self);
	if (self->cycle_period_s > 0)
		self->cycle = self->cycle_amplitude *
			      sin(2 * G_PI * ts_ns_to_s(self->segment_mono_ns) / self->cycle_period_s);
}

static int64_t
virtual_raw_now(const TsClock *clock)
{
	VirtualClock *self = (VirtualClock *)clock;
	int64_t now_ns = ts_sched_now(self->sched);

	while (now_ns - self->segment_mono_ns >= TS_NS_PER_S)
		next_segment(self);
	return self->segment_raw_ns + (now_ns - self->segment_mono_ns) +
	       (int64_t)floor(gain_ns(self, now_ns));
}

static void
virtual_free(TsClock *clock)
{
	g_free(clock);
}

/* There is no other system clock here: stamps are on the disciplined one. */
static int64_t
virtual_real_now(const TsClock *clock, int64_t *raw_ns)
{
	*raw_ns = virtual_raw_now(clock);
	return ts_clock_mapped_utc_at(clock, *raw_ns);
}

static double
virtual_real_rate(const TsClock *clock)
{
	TsClockMapping mapping = ts_clock_get_mapping(clock);
	bool is_slewing = virtual_raw_now(clock) < mapping.slew_end_raw_ns;

	return mapping.frequency + (is_slewing ? mapping.slew_rate : 0);
}

static TsClockDisruption
virtual_check_disruption(TsClock *clock)
{
	VirtualClock *self = (VirtualClock *)clock;
	TsClockDisruption disruption = {
		.is_disrupted = self->suspended_ns != 0,
		.foreign_step_ns = self->disturbed_ns,
		.suspended_ns = self->suspended_ns,
	};

	if (self->suspended_ns)
		ts_clock_mapped_step(clock, self->suspended_ns, NULL);
	self->disturbed_ns = self->suspended_ns = 0;
	return disruption;
}

static const TsClockDriver virtual_driver = {
	.name = "virtual",
	.free = virtual_free,
	.raw_now = virtual_raw_now,
	.utc_now = ts_clock_mapped_utc_now,
	.utc_at = ts_clock_mapped_utc_at,
	.real_now = virtual_real_now,
	.real_rate = virtual_real_rate,
	.steer = ts_clock_mapped_steer,
	.step = ts_clock_mapped_step,
	.check_disruption = virtual_check_disruption,
};

TsClock *
ts_clock_new_virtual(TsSched *sched, const TsOscillator *oscillator)
{
	VirtualClock *self = g_new0(VirtualClock, 1);

	self->head.driver = &virtual_driver;
	self->head.precision_log2s = -29;
	self->sched = sched;
	self->start_utc_ns = oscillator->start_utc_ns;
	self->frequency = oscillator->frequency;
	self->wander = oscillator->wander;
	self->cycle_amplitude = oscillator->cycle_amplitude;
	self->cycle_period_s = oscillator->cycle_period_s;
	self->random_state = oscillator->seed;
	self->segment_mono_ns = ts_sched_now(sched);
	/* some uptime, so that nothing leans on a raw clock that starts at 0 */
	self->segment_raw_ns = 1000 * TS_NS_PER_S;

	TsClockMapping mapping = {.anchor_raw_ns = self->segment_raw_ns};
	mapping.anchor_utc_ns = oscillator->start_utc_ns + self->segment_mono_ns +
				oscillator->initial_error_ns;
	ts_clock_set_mapping(&self->head, &mapping);
	return &self->head;
}

int64_t
ts_clock_virtual_true_utc(const TsClock *clock)
{
	const VirtualClock *self = (const VirtualClock *)clock;

	return self->start_utc_ns + ts_sched_now(self->sched);
}

void
ts_clock_virtual_disturb(TsClock *clock, int64_t step_ns)
{
	((VirtualClock *)clock)->disturbed_ns += step_ns;
	ts_clock_mapped_step(clock, step_ns, NULL);
}

void
ts_clock_virtual_suspend(TsClock *clock, int64_t duration_ns, bool is_noticed)
{
	VirtualClock *self = (VirtualClock *)clock;

	self->start_utc_ns += duration_ns;
	if (is_noticed)
		self->suspended_ns += duration_ns;
}

void
ts_clock_virtual_change_frequency(TsClock *clock, double change)
{
	VirtualClock *self = (VirtualClock *)clock;

	virtual_raw_now(clock);
	end_segment(self, ts_sched_now(self->sched));
	self->frequency += change;
}
