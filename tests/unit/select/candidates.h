/* SPDX-License-Identifier: BSD-2-Clause */
/* candidates.h - makes candidates and random numbers for the tests of select/ */
#pragma once

#include <string.h>

#include "base/time.h"
#include "select/select.h"

/* UTC minus raw of a machine that booted lately: doubles would lose 256 ns at this size. */
#define NEAR_NS INT64_C(1795000000000000000)
#define NOW_NS	(INT64_C(7200) * TS_NS_PER_S)

/* A good server at stratum 2: @offset_s off NEAR_NS, hard interval +- @distance_s. */
static inline TsCandidate
server_at(double offset_s, double distance_s)
{
	int64_t offset_ns = NEAR_NS + ts_s_to_ns(offset_s), half_ns = ts_s_to_ns(distance_s);

	return (TsCandidate){
		.has_estimate = true,
		.has_bound = true,
		.is_reachable = true,
		.stratum = 2,
		.n_samples = 8,
		.newest_raw_ns = NOW_NS - 16 * TS_NS_PER_S,
		.estimate = {.raw_ns = NOW_NS,
			     .offset_ns = offset_ns,
			     .offset_sd_s = 20e-6,
			     .jitter_s = 100e-6,
			     .n_samples = 8},
		.bound = {.raw_ns = NOW_NS,
			  .earliest_ns = offset_ns - half_ns,
			  .latest_ns = offset_ns + half_ns,
			  .root_delay_s = distance_s,
			  .root_dispersion_s = distance_s / 2},
	};
}

/* A reference clock that claims nothing. */
static inline TsCandidate
unclaimed_clock_at(double offset_s, double jitter_s)
{
	TsCandidate clock = server_at(offset_s, 0);

	clock.has_bound = false;
	clock.is_reference_clock = true;
	clock.stratum = 0;
	clock.estimate.offset_sd_s = jitter_s / 4;
	clock.estimate.jitter_s = jitter_s;
	memset(&clock.bound, 0, sizeof clock.bound);
	return clock;
}

/* xorshift64*: the same on every machine; @state is the seed and not 0. */
static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * UINT64_C(2685821657736338717);
}

static inline unsigned
random_below(uint64_t *state, unsigned limit)
{
	return (unsigned)(next_random(state) >> 32) % limit;
}

/* Evenly over [-1, 1). */
static inline double
random_signed_unit(uint64_t *state)
{
	return (double)(next_random(state) >> 11) * 0x1p-52 - 1;
}
