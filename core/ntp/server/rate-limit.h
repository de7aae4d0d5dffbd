/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate-limit.h - how many replies a client address gets: a bucket of tokens that leaks
 *
 * A full bucket holds "burst" tokens; each reply takes one, and one comes back each "interval".
 * Over the limit a random request in 2^leak is answered all the same: somebody who sends in a
 * victim's name can empty the victim's bucket, but not silence the victim, who asks again. Of the
 * others a random one in 2^kod is answered with the kiss RATE.
 *
 * IPv6 is counted by address, as chrony does: a /64 is one host at one place and a thousand at
 * another, and a table of fixed size takes no harm from many addresses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"
#include "ntp/server/fast-random.h"

/* A full bucket; the table keeps what is left in 16 bits. */
#define TS_RATE_FULL UINT16_MAX

/* The table's unit of time: 2^20 ns, so that ns are converted by a shift. */
#define TS_RATE_TICK_SHIFT 20

typedef struct {
	bool is_enabled;
	bool is_kod_enabled;
	uint32_t cost; /* of a reply, in parts of a full bucket */
	double refill; /* parts a tick */
	bool has_leak;
	uint32_t leak_mask, kod_mask;
	int8_t poll_log2s; /* the poll interval that keeps the limit: told with a kiss */
} TsRateLimit;

typedef enum {
	TS_RATE_REPLY,
	TS_RATE_LEAK, /* over the limit, and answered all the same */
	TS_RATE_KISS,
	TS_RATE_DROP,
} TsRateVerdict;

void ts_rate_limit_init(TsRateLimit *limit, const TsRateLimitSettings *settings);

/**
 * ts_rate_limit_decide:
 * @tokens: (inout): what the client's bucket held
 * @elapsed_ticks: since it held that
 * @random: the worker's
 *
 * Thread: worker.
 */
TsRateVerdict ts_rate_limit_decide(const TsRateLimit *limit, uint16_t *tokens,
				   uint32_t elapsed_ticks, TsFastRandom *random);
