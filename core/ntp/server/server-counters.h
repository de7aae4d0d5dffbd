/* SPDX-License-Identifier: BSD-2-Clause */
/* server-counters.h - what the server counts: one place for names, helps and indices */
#pragma once

#include <stdint.h>

#include "metrics/registry.h"

/* index, name in the registry (owner "core"), help */
#define TS_SERVER_COUNTERS(X)                                                                      \
	X(REQUESTS, "server_requests", "Datagrams that came in, of whatever kind.")                \
	X(REPLIES, "server_replies", "Replies that were sent, kisses among them.")                 \
	X(INTERLEAVED, "server_interleaved_replies", "Replies in interleaved mode.")               \
	X(UNSYNCHRONISED, "server_unsynchronised_replies",                                         \
	  "Replies that said only that this host has no time to give.")                            \
	X(MALFORMED, "server_malformed", "Datagrams that are no NTP packet: too short, broken.")   \
	X(BAD_VERSION, "server_bad_version", "Packets of a version that is not 1 to 4.")           \
	X(BAD_MODE, "server_bad_mode", "Packets that are no requests for time.")                   \
	X(BAD_ADDRESS, "server_bad_address",                                                       \
	  "Requests from port 0, from our own address and port, or sent to many hosts.")           \
	X(AUTHENTICATED, "server_unknown_key", "Requests with a MAC of a key that is not known.")  \
	X(DENIED, "server_denied", "Requests from addresses that may not ask.")                    \
	X(DROPPED_RATE, "server_dropped_rate", "Requests over the rate limit without an answer.")  \
	X(KOD_RATE, "server_kod_rate", "Requests over the rate limit answered by a kiss.")         \
	X(LEAKED_RATE, "server_leaked_rate",                                                       \
	  "Requests over the rate limit answered all the same.")                                   \
	X(SEND_ERRORS, "server_send_errors", "Replies that the kernel did not take.")              \
	X(KERNEL_RX, "server_kernel_stamps", "Requests with a receive timestamp of the kernel.")   \
	X(KERNEL_TX, "server_kernel_transmit_stamps",                                              \
	  "Replies whose transmit timestamp came from the kernel afterwards.")

#define TS_SERVER_COUNTER_INDEX(index, name, help) TS_SERVER_##index,
typedef enum { TS_SERVER_COUNTERS(TS_SERVER_COUNTER_INDEX) TS_N_SERVER_COUNTERS } TsServerCounter;

/* As many slots as there can be workers, so that a change of their number keeps the counts. */
#define TS_SERVER_MAX_WORKERS 16

/* Adds all of them to @metrics. Thread: main. */
void ts_server_counters_add(TsMetrics *metrics, TsMetric *counters[TS_N_SERVER_COUNTERS]);
void ts_server_counters_remove(TsMetrics *metrics, TsMetric *counters[TS_N_SERVER_COUNTERS]);

/* Adds a batch's counts in the worker's slot and sets them to 0. Thread: worker @slot. */
void ts_server_counters_flush(TsMetric *const counters[TS_N_SERVER_COUNTERS], unsigned slot,
			      uint32_t counts[TS_N_SERVER_COUNTERS]);
