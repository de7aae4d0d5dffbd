/* SPDX-License-Identifier: BSD-2-Clause */
/* driver.h - what a clock driver gives; seen by the files of clock/ alone */
#pragma once

#include "base/seqlock.h"
#include "clock/clock.h"
#include "clock/mapping.h"

typedef struct {
	const char *name;
	void (*free)(TsClock *clock);
	int64_t (*raw_now)(const TsClock *clock);  /* any thread */
	int64_t (*utc_now)(const TsClock *clock);  /* any thread */
	int64_t (*utc_at)(const TsClock *clock, int64_t raw_ns); /* any thread */
	int64_t (*real_now)(const TsClock *clock, int64_t *raw_ns); /* paired with raw; any thread */
	double (*real_rate)(const TsClock *clock); /* s/s by which real_now gains on raw now; any thread */
	bool (*steer)(TsClock *clock, double frequency, double slew_s, double slew_duration_s,
		      GError **error);
	bool (*step)(TsClock *clock, int64_t step_ns, GError **error);
	TsClockDisruption (*check_disruption)(TsClock *clock);
	void (*set_status)(TsClock *clock, bool is_synchronised, double estimated_error_s,
			   double max_error_s, TsLeap leap); /* NULL: nobody to tell */
	void (*set_tai_offset)(TsClock *clock, int tai_offset_s); /* NULL: nobody to tell */
} TsClockDriver;

/* The head of each driver's clock. */
struct _TsClock {
	const TsClockDriver *driver;
	uint32_t epoch;         /* atomic: written by main */
	int precision_log2s;    /* set before start */
	TsSeqlock lock;
	TsClockMapping mapping; /* written by main under the lock, read by any */
};

/* Copies the mapping. Thread: any. */
TsClockMapping ts_clock_get_mapping(const TsClock *clock);

/* Publishes @mapping. Thread: main. */
void ts_clock_set_mapping(TsClock *clock, const TsClockMapping *mapping);

/* utc_now and utc_at of a clock that is its mapping (software, virtual). Thread: any. */
int64_t ts_clock_mapped_utc_now(const TsClock *clock);
int64_t ts_clock_mapped_utc_at(const TsClock *clock, int64_t raw_ns);

/* steer and step of such a clock. Thread: main. */
bool ts_clock_mapped_steer(TsClock *clock, double frequency, double slew_s, double slew_duration_s,
			   GError **error);
bool ts_clock_mapped_step(TsClock *clock, int64_t step_ns, GError **error);

/* Sets frequency and slew of @mapping from @raw_ns on. */
void ts_clock_mapping_set_slew(TsClockMapping *mapping, int64_t raw_ns, double frequency,
			       double slew_s, double slew_duration_s);
