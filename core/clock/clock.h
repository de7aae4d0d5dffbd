/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the clock that timesrv keeps: reading it, steering it
 *
 * Two timescales. The raw one is never touched: samples and estimates live on it. The disciplined
 * one (utc) is what is served. The driver owns the mapping between them:
 *
 *   kernel    CLOCK_REALTIME, steered by clock_adjtime
 *   software  kept inside the daemon over CLOCK_MONOTONIC_RAW; the system's clock is not touched
 *   virtual   an oscillator model over a virtual scheduler (tests, simulation)
 *
 * What the daemon decides (offset, frequency, when to step) is clock/discipline's; here it is done.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "clock/leap.h"
#include "sched/sched.h"

typedef struct _TsClock TsClock;

/* How a virtual clock's oscillator behaves. */
typedef struct {
	int64_t start_utc_ns;    /* true time when virtual time is 0 */
	double frequency;        /* s/s: how much faster than true time the raw clock runs */
	double wander;           /* random walk of the frequency: standard deviation after 1 s, s/s */
	double cycle_amplitude;  /* s/s: temperature swings the frequency by this, as a sine from 0 up */
	double cycle_period_s;   /* 0: no cycle */
	uint64_t seed;
	int64_t initial_error_ns; /* of the disciplined clock against true time at start */
} TsOscillator;

/* How a software clock starts; all 0 for "as the system's clock". The errors are for tests: a wrong
 * clock over a wrong oscillator, without touching the system's. */
typedef struct {
	int64_t initial_error_ns; /* of the disciplined clock against the system's at start */
	double raw_frequency;     /* s/s: how much faster than CLOCK_MONOTONIC_RAW the raw clock shall run */
} TsSoftwareClockOptions;

/* @options: (nullable). Thread: main. */
TsClock *ts_clock_new_software(const TsSoftwareClockOptions *options);

/* Errors: TIMESRV_ERROR_PERMISSION when the clock may not be set. */
TsClock *ts_clock_new_kernel(TsSched *sched, GError **error);
TsClock *ts_clock_new_virtual(TsSched *sched, const TsOscillator *oscillator);
void ts_clock_free(TsClock *clock);

/* Returns: "kernel", "software" or "virtual". */
const char *ts_clock_driver_name(const TsClock *clock);

/* Returns: the undisciplined clock. Thread: any. */
int64_t ts_clock_raw_now(const TsClock *clock);

/* Returns: the disciplined clock. Thread: any; takes no lock. */
int64_t ts_clock_utc_now(const TsClock *clock);

/* Returns: the disciplined clock when the raw one reads (or read, not long ago) @raw_ns.
 * Thread: any; takes no lock. */
int64_t ts_clock_utc_at(const TsClock *clock, int64_t raw_ns);

/**
 * ts_clock_raw_of_real:
 * @real_ns: a stamp that the kernel took on CLOCK_REALTIME not long ago (a packet's, a SHM segment's)
 * @raw_ns: (out): the raw clock at that moment
 *
 * Carries a stamp over to the raw clock by a paired reading of both now. Returns: false when the
 * stamp lies in the future or more than 4 s back: then the clock was stepped in between.
 * Thread: any.
 */
bool ts_clock_raw_of_real(const TsClock *clock, int64_t real_ns, int64_t *raw_ns);

/* A reading that server workers make once a batch: what to add to a stamp on CLOCK_REALTIME to have
 * disciplined time. 0 for the kernel driver. Thread: any. */
int64_t ts_clock_utc_minus_real(const TsClock *clock);

/* Returns: the epoch: raised by suspend, a foreign step, a cloned machine; samples of an older one
 * are worthless. Thread: any. */
uint32_t ts_clock_epoch(const TsClock *clock);

/* Returns: log2 of the seconds that one reading of the clock takes or resolves. Thread: any. */
int ts_clock_precision_log2s(const TsClock *clock);

/**
 * ts_clock_steer:
 * @frequency: s/s by which the disciplined clock shall run faster than the raw one
 * @slew_s: seconds to gain (or lose) besides, spread evenly over @slew_duration_s
 *
 * Replaces frequency and slew of before; what was left of that slew is dropped. The driver may need
 * longer for the slew than asked where its rate is limited (kernel: 10 %).
 * Errors: TIMESRV_ERROR_PERMISSION, TIMESRV_ERROR_UNAVAILABLE; then nothing was changed.
 * Thread: main.
 */
bool ts_clock_steer(TsClock *clock, double frequency, double slew_s, double slew_duration_s,
		    GError **error);

/* Jumps by @step_ns, ends a slew. Errors: as above; then the clock did not move. Thread: main. */
bool ts_clock_step(TsClock *clock, int64_t step_ns, GError **error);

/* Returns: the frequency in force, s/s, without a slew. Thread: main. */
double ts_clock_frequency(const TsClock *clock);

/* Returns: what is left of the slew at this moment, s. Thread: main. */
double ts_clock_slew_left(const TsClock *clock);

/* Tells the kernel how good the clock is (STA_UNSYNC, maxerror, esterror, leap flags); other drivers
 * ignore it. Thread: main. */
void ts_clock_set_status(TsClock *clock, bool is_synchronised, double estimated_error_s,
			 double max_error_s, TsLeap leap);

typedef struct {
	bool is_disrupted;       /* the epoch was raised by this check */
	int64_t foreign_step_ns; /* by how much somebody else moved the clock, 0 if nobody did */
	int64_t suspended_ns;    /* how long the machine slept, 0 if it did not */
} TsClockDisruption;

/* Compares the clocks with what we made of them: a clock stepped by another program, a machine that
 * was suspended. Call a few times a minute and after each wake. Thread: main. */
TsClockDisruption ts_clock_check_disruption(TsClock *clock);

/* Starts a new epoch for a cause that only others see (all sources jumped at once: a frozen virtual
 * machine). Thread: main. */
void ts_clock_raise_epoch(TsClock *clock);

/* kernel: sets TAI - UTC, s; other drivers ignore it. Thread: main. */
void ts_clock_set_tai_offset(TsClock *clock, int tai_offset_s);

/* The next four are for a virtual clock. Thread: main. */

/* Returns: true time now, ns since 1970. */
int64_t ts_clock_virtual_true_utc(const TsClock *clock);

/* Steps the disciplined clock as another program would. */
void ts_clock_virtual_disturb(TsClock *clock, int64_t step_ns);

/* Lets true time go on by @duration_ns while the machine sleeps. @is_noticed: the kernel tells of it
 * (suspend); else nothing but the sources can (a frozen virtual machine). */
void ts_clock_virtual_suspend(TsClock *clock, int64_t duration_ns, bool is_noticed);

/* Changes the oscillator's frequency at once by @change, s/s. */
void ts_clock_virtual_change_frequency(TsClock *clock, double change);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsClock, ts_clock_free)
