/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server-io.h - batches of datagrams from a server's socket and back: who asked, which address,
 * when
 *
 * One system call for up to 64 datagrams each way. The memory of a batch is lent until the next
 * one. Thread of all here: worker.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "ntp/server/listener.h"
#include "ntp/packet.h"

#define TS_BATCH_SIZE 64

typedef struct {
	TsAddress client;
	const uint8_t *request;
	size_t request_length;
	bool is_cut;	    /* it was longer than TS_NTP_MAX_SIZE */
	int64_t rx_real_ns; /* the kernel's stamp; 0: none */
	bool is_to_many;    /* it was sent to a broadcast or multicast address */

	uint8_t *reply; /* room for TS_NTP_MAX_SIZE */
	size_t reply_length;
	bool wants_stamp; /* the kernel shall tell when the reply left, if it can */
	bool is_sent;

	/* server-io's own */
	bool has_local; /* the reply must be told where to leave from: */
	union {
		struct in_pktinfo v4;
		struct in6_pktinfo v6;
	} local;
} TsDatagram;

typedef struct _TsServerIo TsServerIo;

TsServerIo *ts_server_io_new(void);
void ts_server_io_free(TsServerIo *io);

/* Takes what waits in @socket, without waiting. @datagrams: (out) (array) (transfer none). Returns:
 * how many. */
unsigned ts_server_io_receive(TsServerIo *io, const TsServerSocket *socket, TsDatagram **datagrams);

/**
 * ts_server_io_send:
 * @datagrams: (array length=n_datagrams): of the last batch, those that have a reply, in any order
 *
 * Sends each from the address that was asked, without waiting; sets is_sent. Returns: how many the
 * kernel did not take.
 */
unsigned ts_server_io_send(TsServerIo *io, const TsServerSocket *socket,
			   TsDatagram *const *datagrams, unsigned n_datagrams);
