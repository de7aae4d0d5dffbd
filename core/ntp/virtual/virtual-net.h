/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtual-net.h - links that delay, lose, double and reorder packets, on virtual time
 *
 *   client (TsNtpTransport) --- link there ---> whoever is bound to the address
 *                           <-- link back ----
 *
 * For tests and simulation: the associations run on it unchanged. Randomness is seeded: the same
 * seed gives the same packets, bit for bit. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/address.h"
#include "clock/clock.h"
#include "ntp/client/transport.h"
#include "sched/sched.h"

typedef struct _TsVirtualNet TsVirtualNet;
typedef struct _TsVirtualSocket TsVirtualSocket;

/* How the time that queues add is spread; its mean is the link's jitter_s. */
typedef enum {
	TS_JITTER_EXPONENTIAL,
	TS_JITTER_NORMAL, /* half of a normal distribution: queues only add */
	TS_JITTER_PARETO, /* a long tail: shape 1.7 */
} TsVirtualJitter;

/* One direction between two hosts. All 0: at once, nothing lost. */
typedef struct {
	int64_t delay_ns; /* the least */
	TsVirtualJitter jitter;
	double jitter_s;  /* mean of what is added; packets overtake each other by it */
	double spike;	  /* probability of a late packet */
	double spike_s;	  /* and by how much */
	double loss;	  /* probability */
	double duplicate; /* probability that it arrives twice, each with its own delay */
	int failed_errno; /* not 0: packets come back as this ICMP error: ECONNREFUSED, EHOSTUNREACH
			   */
	bool has_no_route; /* ports towards there can't be opened */
} TsVirtualLink;

/* @sched: virtual; outlives the net. */
TsVirtualNet *ts_virtual_net_new(TsSched *sched, uint64_t seed);

/* Packets under way are lost. All sockets must have been closed, all transports freed. */
void ts_virtual_net_free(TsVirtualNet *net);

TsSched *ts_virtual_net_sched(TsVirtualNet *net);

/* Returns: 64 random bits of the net's seed. */
uint64_t ts_virtual_net_random(TsVirtualNet *net);

/* How packets from host @from travel to host @to (ports are not looked at), from now on.
 * (nullable): any host; what names both hosts wins, then what names @to, then @from. */
void ts_virtual_net_set_link(TsVirtualNet *net, const TsAddress *from, const TsAddress *to,
			     const TsVirtualLink *link);

/* A packet came. @bytes are borrowed for the call. */
typedef void (*TsVirtualReceiveFunc)(const TsAddress *from, const uint8_t *bytes, size_t length,
				     void *user_data);

/* Binds host and port; what is sent to an address that nobody bound is lost. Returns: NULL if it is
 * bound already. */
TsVirtualSocket *ts_virtual_net_bind(TsVirtualNet *net, const TsAddress *local,
				     TsVirtualReceiveFunc func, void *user_data);

/* Called from within its own function too. */
void ts_virtual_socket_close(TsVirtualSocket *socket);
void ts_virtual_socket_send(TsVirtualSocket *socket, const TsAddress *to, const uint8_t *bytes,
			    size_t length);

/* Returns: how many packets were sent from host @from (nullable: any) to host @to (nullable: any).
 */
uint64_t ts_virtual_net_n_sent(const TsVirtualNet *net, const TsAddress *from, const TsAddress *to);

/**
 * ts_virtual_transport_new:
 * @host: the client's address, port not looked at
 * @clock: the client's: its raw reading at send and arrival are the stamps
 *
 * Returns: (transfer full): a client's way into @net.
 */
TsNtpTransport *ts_virtual_transport_new(TsVirtualNet *net, const TsAddress *host,
					 const TsClock *clock);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsVirtualNet, ts_virtual_net_free)
