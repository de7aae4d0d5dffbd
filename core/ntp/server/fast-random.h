/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fast-random.h - a worker's own generator, for timestamps' low bits and for dice
 *
 * xoshiro256++ (D. Blackman, S. Vigna), seeded from the kernel. Not for secrets: what is drawn from
 * it tells, given enough of it, what comes next. That is enough for bits below the clock's
 * precision and for which request over the limit is answered.
 */
#pragma once

#include <stdint.h>

#include "base/random.h"

typedef struct {
	uint64_t word[4];
} TsFastRandom;

static inline void
ts_fast_random_seed(TsFastRandom *random)
{
	ts_random_bytes(random, sizeof *random);
	random->word[0] |= 1; /* all zero is the one state that it can't leave */
}

static inline uint64_t
ts_fast_random_rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

/* Returns: 64 random bits. Thread: owner's. */
static inline uint64_t
ts_fast_random_next(TsFastRandom *random)
{
	uint64_t *word = random->word;
	uint64_t result = ts_fast_random_rotate(word[0] + word[3], 23) + word[0];
	uint64_t shifted = word[1] << 17;

	word[2] ^= word[0];
	word[3] ^= word[1];
	word[1] ^= word[2];
	word[0] ^= word[3];
	word[2] ^= shifted;
	word[3] = ts_fast_random_rotate(word[3], 45);
	return result;
}
