/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shm-segment.h - the shared memory segment by which gpsd and others hand time to an NTP daemon
 *
 * The protocol is ntpd's driver 28. A writer fills the fields and sets valid; the reader copies
 * them and clears it. In mode 0 that is all; in mode 1 the writer counts up before and after it
 * writes, so that a reader sees that it was disturbed.
 */
#pragma once

#include <stdint.h>
#include <time.h>

/* Of unit 0, "NTP0"; unit N has this plus N. */
#define SHM_SEGMENT_KEY 0x4e545030

/* As in memory, with the compiler's padding: 96 bytes where time_t has 8. */
struct shm_segment {
	int mode;
	int count;
	time_t clock_s;       /* what the source read */
	int clock_us;
	time_t receive_s;     /* what the system's clock read then */
	int receive_us;
	int leap;
	int precision_log2s;
	int n_samples;
	int valid;
	unsigned clock_ns;    /* whole fraction again, in ns; 0 from writers that don't know it */
	unsigned receive_ns;
	int unused[8];
};

enum shm_result {
	SHM_SAMPLE,
	SHM_NOT_READY, /* no new sample */
	SHM_BAD,       /* fields that mean nothing, or another protocol */
	SHM_CLASH,     /* the writer wrote while we read */
};

struct shm_reading {
	int64_t reference_utc_ns;
	int64_t receive_real_ns;
	int leap;            /* as written */
	int precision_log2s; /* as written */
};

/* Takes a sample out of @segment, which another process may write to at any time. @reading is set
 * only with SHM_SAMPLE. */
enum shm_result shm_segment_take(struct shm_segment *segment, struct shm_reading *reading);

/**
 * shm_segment_claim:
 * @unit: of the segment
 * @precision_log2s: as written by the source
 * @noise_s: (out): 1-sigma of a reading
 * @max_error_s: (out): hard bound
 *
 * What can be taken for granted of a sample. The precision is a resolution and promises little:
 * gpsd writes -20 (1 us) for time over a serial line, too, which is late by up to half a second.
 * But it puts such time into even units and pulses into odd ones, so a fine precision counts in odd
 * units only. Writers that state none leave 0.
 */
void shm_segment_claim(int unit, int precision_log2s, double *noise_s, double *max_error_s);
