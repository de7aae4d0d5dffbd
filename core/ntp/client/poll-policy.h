/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll-policy.h - when a server is asked next: interval, bursts, kisses
 *
 * Pure state: no clock, no randomness of its own. The interval that the source's filter wants is
 * kept within the operator's limits; misses shorten it again; a kiss RATE raises a floor under it
 * that sinks slowly. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A burst as at start: this many good replies out of at most that many requests. */
#define TS_POLL_INITIAL_GOOD  6
#define TS_POLL_INITIAL_TOTAL 8
/* The option "burst": at each poll one good reply out of four requests. */
#define TS_POLL_BURST_GOOD  1
#define TS_POLL_BURST_TOTAL 4

/* How far kisses may raise an interval whose configured maximum is shorter, log2 s: a server that
 * says "too fast" is obeyed even when the operator fixed a short interval. */
#define TS_POLL_KISS_MIN_CEILING 6

/* Good replies without a kiss after which the floor sinks by one, halving the interval. */
#define TS_POLL_GOOD_TO_RECOVER 8

typedef struct {
	int min_log2s, max_log2s;
	int current_log2s;    /* what the filter chose, within the limits */
	int kiss_floor_log2s; /* raised by kisses; at most current's minimum when there are none */
	unsigned n_good_since_kiss;
	unsigned n_missed;	 /* in a row */
	unsigned burst_good;	 /* still wanted; 0: no burst */
	unsigned burst_total;	 /* requests still allowed in it */
	unsigned burst_answered; /* good replies so far */
} TsPollPolicy;

void ts_poll_policy_init(TsPollPolicy *policy, int min_log2s, int max_log2s);

/* Changed options: the present interval is kept as far as the new limits allow. */
void ts_poll_policy_set_limits(TsPollPolicy *policy, int min_log2s, int max_log2s);

/* Asks until @n_good replies were good, @n_total times at most; a longer burst under way stays. The
 * gaps begin at 2 s and double with each good reply: what is not known yet at start is the
 * oscillator's rate, and the same few samples tell more of it the longer they span. */
void ts_poll_policy_start_burst(TsPollPolicy *policy, unsigned n_good, unsigned n_total);
void ts_poll_policy_end_burst(TsPollPolicy *policy);

/* A request goes out. */
void ts_poll_policy_on_sent(TsPollPolicy *policy);

/* A valid reply of a synchronised server came. @is_good: it passed the delay tests and became a
 * sample;
 * @wanted_log2s: the interval that the source's filter wants. */
void ts_poll_policy_on_reply(TsPollPolicy *policy, bool is_good, int wanted_log2s);

/* No usable reply came: the interval goes back by half. */
void ts_poll_policy_on_miss(TsPollPolicy *policy);

/* Kiss RATE: at least doubles the interval, ends a burst. Source: RFC 5905 section 7.4. */
void ts_poll_policy_on_kiss_rate(TsPollPolicy *policy);

/* Starts over at the shortest interval that kisses allow: the clock's epoch changed. */
void ts_poll_policy_restart(TsPollPolicy *policy);

/* Returns: the interval in force outside bursts, log2 s. */
int ts_poll_policy_interval_log2s(const TsPollPolicy *policy);

/**
 * ts_poll_policy_delay_s:
 * @round_trip_s: of the last exchange; a negative one: none yet
 * @is_reachable: a reply came within the last eight polls
 * @unit: a random number in [0, 1): spreads the interval by +-2 %, so that clients drift apart
 *
 * Returns: how long after the last request the next one goes out, s. Below a second only while the
 * server answers, and never so fast that replies would meet the next request.
 */
double ts_poll_policy_delay_s(const TsPollPolicy *policy, double round_trip_s, bool is_reachable,
			      double unit);
