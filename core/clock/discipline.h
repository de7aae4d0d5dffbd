/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discipline.h - from an estimate of UTC to what the clock is told: slew, frequency, step or nothing
 *
 * Feed forward: the estimate is already the best that the samples give, so the frequency is taken over
 * as it is and the offset is slewed away soon; no loop, no gain, nothing that can ring.
 * Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "clock/clock.h"

typedef struct {
	double step_threshold_s;
	int step_first_updates;  /* -1: at any time; 0: never */
	double max_slew_rate;    /* s/s */
	double panic_s;          /* 0: none */
	bool panic_at_start;     /* the limit holds for the first correction too */
} TsDisciplineOptions;

typedef struct {
	int64_t raw_ns;      /* the moment that the rest is given for: now */
	int64_t offset_ns;   /* UTC minus raw */
	double fraction_ns;
	double frequency;    /* s/s, of UTC against the raw clock */
	double offset_sd_s;
	double interval_s;   /* until the next update is expected */
} TsDisciplineInput;

typedef enum {
	TS_CORRECTION_SLEWED,
	TS_CORRECTION_STEPPED,
	TS_CORRECTION_PANIC,   /* beyond the panic limit: nothing was done */
	TS_CORRECTION_FAILED,  /* the driver refused: nothing was done, error is set */
} TsCorrection;

typedef struct _TsDiscipline TsDiscipline;

TsDiscipline *ts_discipline_new(TsClock *clock, const TsDisciplineOptions *options);
void ts_discipline_free(TsDiscipline *discipline);
void ts_discipline_set_options(TsDiscipline *discipline, const TsDisciplineOptions *options);

/* A new epoch or a foreign step: the rule for the first updates holds again. */
void ts_discipline_restart(TsDiscipline *discipline);

/* @correction_s: (out): the whole error that the clock had, s, > 0 when it was behind. */
TsCorrection ts_discipline_update(TsDiscipline *discipline, const TsDisciplineInput *input,
				  double *correction_s, GError **error);

/* Steps the whole offset at once, as the operator told. */
TsCorrection ts_discipline_step(TsDiscipline *discipline, const TsDisciplineInput *input,
				double *correction_s, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsDiscipline, ts_discipline_free)
