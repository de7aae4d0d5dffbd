/* SPDX-License-Identifier: BSD-2-Clause */
/* shm-segment.c - see shm-segment.h */
#include "shm-segment.h"

#include <math.h>
#include <string.h>

#define NS_PER_S  INT64_C(1000000000)
#define US_PER_S  1000000
#define NS_PER_US 1000

/* The year 2262: what int64_t holds in ns. */
#define MAX_S INT64_C(9214646400)

/* A reading is never as noisy as a coarse precision claims: that says how late the source may be.
 * What scatter there is the daemon finds in the samples. */
#define MAX_NOISE_S 1e-3
#define MIN_NOISE_S 1e-8

/* A pulse whose writer states no precision is as good as a microsecond stamp, and as late as a
 * program that is not asked to hurry. */
#define UNSTATED_NOISE_S     1e-6
#define UNSTATED_MAX_ERROR_S 1e-3
#define MIN_MAX_ERROR_S	     1e-6

/* The sentences of a second are out before the next one's half. */
#define SERIAL_MAX_ERROR_S 0.5

/* One of the two times: microseconds as the protocol always had them, nanoseconds if they agree. */
static int
join_time(time_t seconds, int us, unsigned ns, int may_use_ns, int64_t *time_ns)
{
	if (seconds < 0 || (int64_t)seconds > MAX_S || us < 0 || us >= US_PER_S)
		return 0;
	*time_ns =
		(int64_t)seconds * NS_PER_S + (may_use_ns ? (int64_t)ns : (int64_t)us * NS_PER_US);
	return 1;
}

/* A writer that knows nothing of the ns fields leaves anything there: they count if both say the
 * same as the microseconds, cut off. */
static int
has_nanoseconds(const struct shm_segment *copy)
{
	return copy->clock_ns - (unsigned)copy->clock_us * NS_PER_US < NS_PER_US &&
	       copy->receive_ns - (unsigned)copy->receive_us * NS_PER_US < NS_PER_US;
}

static enum shm_result
read_copy(const struct shm_segment *copy, struct shm_reading *reading)
{
	int may_use_ns = has_nanoseconds(copy);
	struct shm_reading found = {
		.leap = copy->leap,
		.precision_log2s = copy->precision_log2s,
	};

	if (!join_time(copy->clock_s, copy->clock_us, copy->clock_ns, may_use_ns,
		       &found.reference_utc_ns) ||
	    !join_time(copy->receive_s, copy->receive_us, copy->receive_ns, may_use_ns,
		       &found.receive_real_ns))
		return SHM_BAD;
	*reading = found;
	return SHM_SAMPLE;
}

enum shm_result
shm_segment_take(struct shm_segment *segment, struct shm_reading *reading)
{
	struct shm_segment copy;

	if (!__atomic_load_n(&segment->valid, __ATOMIC_ACQUIRE))
		return SHM_NOT_READY;
	int count = __atomic_load_n(&segment->count, __ATOMIC_ACQUIRE);
	memcpy(&copy, segment, sizeof copy);
	/* it is taken, whatever it is worth: the same bad one shall not be counted each second */
	__atomic_store_n(&segment->valid, 0, __ATOMIC_SEQ_CST);
	if (copy.mode != 0 && copy.mode != 1)
		return SHM_BAD;
	if (copy.mode == 1 && __atomic_load_n(&segment->count, __ATOMIC_SEQ_CST) != count)
		return SHM_CLASH;
	return read_copy(&copy, reading);
}

void
shm_segment_claim(int unit, int precision_log2s, double *noise_s, double *max_error_s)
{
	int is_stated = precision_log2s < 0 && precision_log2s >= -60;
	double precision_s = ldexp(1, is_stated ? precision_log2s : 0);

	*noise_s = is_stated ? fmin(fmax(precision_s, MIN_NOISE_S), MAX_NOISE_S) : UNSTATED_NOISE_S;
	*max_error_s = is_stated ? fmax(precision_s, MIN_MAX_ERROR_S) : UNSTATED_MAX_ERROR_S;
	if (unit % 2 == 0)
		*max_error_s = fmax(*max_error_s, SERIAL_MAX_ERROR_S);
}
