/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * phc.h - from the clock of a network card (PTP hardware clock) to our raw clock
 *
 * The card stamps packets on a clock of its own. Now and then both clocks are read at one moment;
 * between and near those readings a straight line is close enough. Pure arithmetic. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TS_PHC_READINGS 8

/* A stamp further than this from the nearest reading is not carried over. */
#define TS_PHC_REACH_NS INT64_C(4000000000)

/* The card's clock read phc_ns when the raw clock read raw_ns, +- error_s. */
typedef struct {
	int64_t phc_ns;
	int64_t raw_ns;
	double error_s;
} TsPhcReading;

/* All 0: no reading yet. */
typedef struct {
	TsPhcReading readings[TS_PHC_READINGS]; /* oldest first */
	unsigned n;
} TsPhcTracker;

/* Adds a reading, newer than those before. One that is off the line by more than any rate explains
 * (somebody set the card's clock) makes the tracker start anew. */
void ts_phc_tracker_add(TsPhcTracker *tracker, const TsPhcReading *reading);

/* Returns: how much faster than the raw clock the card's runs, s/s; 0 while that is not known. */
double ts_phc_tracker_rate(const TsPhcTracker *tracker);

/* Returns: false if no reading is near @phc_ns. @error_s: (out): hard, of @raw_ns. */
bool ts_phc_tracker_raw_of(const TsPhcTracker *tracker, int64_t phc_ns, int64_t *raw_ns,
			   double *error_s);

/* The three stamps of one reading: system, card, system. Returns: the tightest of @n as a reading
 * on the system's clock (raw_ns holds it), its error being half the gap. */
TsPhcReading ts_phc_pick_tightest(const int64_t (*stamps_ns)[3], unsigned n);
