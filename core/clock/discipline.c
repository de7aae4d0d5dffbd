/* SPDX-License-Identifier: BSD-2-Clause */
/* discipline.c - see discipline.h */
#include "clock/discipline.h"

#include <math.h>

#include "base/time.h"

/* A slew takes this part of the time to the next update: it is over by then, and who measures short
 * intervals with the clock sees as little of it as can be. At least a second, since the timer that ends
 * it may be some milliseconds late. */
#define SLEW_PART  0.5
#define SLEW_MIN_S 1.0

struct _TsDiscipline {
	TsClock *clock;
	TsDisciplineOptions options;
	unsigned n_updates; /* since start or restart: corrections that were made */
	bool was_ever_set;
};

TsDiscipline *
ts_discipline_new(TsClock *clock, const TsDisciplineOptions *options)
{
	TsDiscipline *self = g_new0(TsDiscipline, 1);

	self->clock = clock;
	self->options = *options;
	return self;
}

void
ts_discipline_free(TsDiscipline *discipline)
{
	g_free(discipline);
}

void
ts_discipline_set_options(TsDiscipline *discipline, const TsDisciplineOptions *options)
{
	discipline->options = *options;
}

void
ts_discipline_restart(TsDiscipline *discipline)
{
	discipline->n_updates = 0;
}

/* Returns: how far the clock is behind UTC, s. */
static double
clock_error(const TsDiscipline *self, const TsDisciplineInput *input)
{
	int64_t clock_offset_ns = ts_clock_utc_at(self->clock, input->raw_ns) - input->raw_ns;

	return ((double)(input->offset_ns - clock_offset_ns) + input->fraction_ns) * 1e-9;
}

static bool
is_panic(const TsDiscipline *self, double error_s)
{
	if (self->options.panic_s <= 0 || fabs(error_s) <= self->options.panic_s)
		return false;
	return self->was_ever_set || self->options.panic_at_start;
}

static bool
may_step(const TsDiscipline *self)
{
	int limit = self->options.step_first_updates;

	return limit < 0 || self->n_updates < (unsigned)limit;
}

static TsCorrection
step(TsDiscipline *self, const TsDisciplineInput *input, double error_s, GError **error)
{
	if (!ts_clock_step(self->clock, ts_s_to_ns(error_s), error))
		return TS_CORRECTION_FAILED;
	/* the step is made, whatever becomes of the frequency: the next update sets that again */
	ts_clock_steer(self->clock, input->frequency, 0, 0, NULL);
	return TS_CORRECTION_STEPPED;
}

/* How long to take for @error_s. While a slew lasts, on average a third of its square stays as mean square
 * error. For a usual correction, no larger than the estimate's own error, that matters little; a larger one
 * takes as much less time as keeps its share, until the next update, down to what noise costs anyway:
 *
 *   error^2 / 3 * duration <= offset_sd^2 * interval
 *
 * In simulation durations from 1/50 to 9/10 of the interval differ by 5 % in the clock's error and by a
 * factor of 6 in that of its frequency. */
static double
slew_duration(const TsDisciplineInput *input, double error_s)
{
	double ratio = input->offset_sd_s / fabs(error_s);
	double duration_s = 3 * ratio * ratio * input->interval_s;

	if (!(duration_s < SLEW_PART * input->interval_s)) /* also if there is nothing to slew */
		duration_s = SLEW_PART * input->interval_s;
	return MAX(duration_s, SLEW_MIN_S);
}

static TsCorrection
slew(TsDiscipline *self, const TsDisciplineInput *input, double error_s, GError **error)
{
	double duration_s = slew_duration(input, error_s);

	duration_s = MAX(duration_s, fabs(error_s) / self->options.max_slew_rate);
	if (!ts_clock_steer(self->clock, input->frequency, error_s, duration_s, error))
		return TS_CORRECTION_FAILED;
	return TS_CORRECTION_SLEWED;
}

static TsCorrection
note_correction(TsDiscipline *self, TsCorrection correction)
{
	/* a correction that the driver refused was not made */
	if (correction != TS_CORRECTION_FAILED) {
		self->n_updates++;
		self->was_ever_set = true;
	}
	return correction;
}

TsCorrection
ts_discipline_update(TsDiscipline *discipline, const TsDisciplineInput *input, double *correction_s,
		     GError **error)
{
	double error_s = clock_error(discipline, input);

	*correction_s = error_s;
	if (is_panic(discipline, error_s))
		return TS_CORRECTION_PANIC;
	if (fabs(error_s) > discipline->options.step_threshold_s && may_step(discipline))
		return note_correction(discipline, step(discipline, input, error_s, error));
	return note_correction(discipline, slew(discipline, input, error_s, error));
}

TsCorrection
ts_discipline_step(TsDiscipline *discipline, const TsDisciplineInput *input, double *correction_s,
		   GError **error)
{
	*correction_s = clock_error(discipline, input);
	return note_correction(discipline, step(discipline, input, *correction_s, error));
}
