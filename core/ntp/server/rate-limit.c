/* SPDX-License-Identifier: BSD-2-Clause */
/* rate-limit.c - see rate-limit.h */
#include "ntp/server/rate-limit.h"

#include <glib.h>
#include <math.h>

#define TICK_S ((double)(1 << TS_RATE_TICK_SHIFT) * 1e-9)

static uint32_t
mask_of(unsigned log2)
{
	return (UINT32_C(1) << MIN(log2, 31U)) - 1;
}

void
ts_rate_limit_init(TsRateLimit *limit, const TsRateLimitSettings *settings)
{
	uint32_t burst = CLAMP(settings->burst, 1U, (unsigned)TS_RATE_FULL);

	*limit = (TsRateLimit){
		.is_enabled = settings->is_enabled,
		.is_kod_enabled = settings->kod_enabled,
		.cost = TS_RATE_FULL / burst,
		.has_leak = settings->leak > 0,
		.leak_mask = mask_of(settings->leak),
		.kod_mask = mask_of(settings->kod),
	};
	/* an interval of 0 fills the bucket at once: no limit */
	limit->refill = settings->interval_s > 0 ? limit->cost * TICK_S / settings->interval_s
						 : TS_RATE_FULL;
	double poll = settings->interval_s > 0 ? ceil(log2(settings->interval_s)) : 0;
	limit->poll_log2s = (int8_t)CLAMP(poll, -4.0, 17.0);
}

/* The fraction that 16 bits can't hold becomes the chance of one more: a slow refill is right on
 * average, however often the client asks. */
static uint16_t
refill(const TsRateLimit *limit, uint16_t tokens, uint32_t elapsed_ticks, uint32_t dice)
{
	double filled = tokens + elapsed_ticks * limit->refill + dice * 0x1p-32;

	return filled >= TS_RATE_FULL ? TS_RATE_FULL : (uint16_t)filled;
}

TsRateVerdict
ts_rate_limit_decide(const TsRateLimit *limit, uint16_t *tokens, uint32_t elapsed_ticks,
		     TsFastRandom *random)
{
	if (!limit->is_enabled)
		return TS_RATE_REPLY;
	uint64_t dice = ts_fast_random_next(random);
	uint32_t low = (uint32_t)dice, high = (uint32_t)(dice >> 32);
	uint16_t filled = refill(limit, *tokens, elapsed_ticks, low);

	if (filled >= limit->cost) {
		*tokens = (uint16_t)(filled - limit->cost);
		return TS_RATE_REPLY;
	}
	*tokens = filled;
	if (limit->has_leak && (high & limit->leak_mask) == 0)
		return TS_RATE_LEAK;
	dice = ts_fast_random_next(random);
	if (limit->is_kod_enabled && ((uint32_t)dice & limit->kod_mask) == 0)
		return TS_RATE_KISS;
	return TS_RATE_DROP;
}
