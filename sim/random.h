/* SPDX-License-Identifier: BSD-2-Clause */
/* random.h - a scenario's dice: splitmix64, one word of state, the same on every machine */
#pragma once

#include <stdint.h>

typedef struct {
	uint64_t state;
} SimRandom;

static inline uint64_t
sim_random_next(SimRandom *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Returns: a number in (0, 1]. */
static inline double
sim_random_unit(SimRandom *random)
{
	return (double)((sim_random_next(random) >> 11) + 1) * 0x1p-53;
}

/* Returns: a sum of twelve: normal enough, never beyond 6 sigma, and without libm. */
static inline double
sim_random_normal(SimRandom *random)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += sim_random_unit(random);
	return sum;
}
