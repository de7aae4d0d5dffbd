/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tx-stamps.h - when replies really left: the kernel's transmit timestamps of one socket
 *
 * Only replies to clients in interleaved mode are stamped (by a control message of the send): each
 * stamp costs a packet on the error queue. The kernel numbers the stamped packets of a socket; the
 * number leads back to the pair that is to be refined. A stamp that is lost costs nothing but the
 * precision of that pair, which has the time after the send until then.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ntp/server/interleave.h"

/* A power of two, some batches long: what a driver may hold back. */
#define TS_TX_STAMPS_RING 256

typedef struct {
	uint32_t next_id;
	struct {
		uint32_t id;
		uint32_t pair;
		uint64_t rx_ntp64; /* 0: none */
	} ring[TS_TX_STAMPS_RING];
} TsTxStamps;

/* Space that the control message takes. */
#define TS_TX_STAMPS_CONTROL_SIZE CMSG_SPACE(sizeof(uint32_t))

/* Has @fd report stamps and number them from 0, receive timestamps too. Where the kernel can't (it
 * may be an emulated one) it is asked for receive timestamps alone. Returns: whether replies may
 * ask for stamps. Thread: main; worker. */
bool ts_tx_stamps_enable(int fd);

/* Forgets what is under way and numbers from 0 again: after a send failed, when the kernel may or
 * may not have counted. Thread: worker. */
void ts_tx_stamps_restart(TsTxStamps *stamps, int fd);

/* Writes the control message that asks for a stamp. */
void ts_tx_stamps_ask(struct cmsghdr *cmsg);

/* Notes that a packet with the request for a stamp was sent. Thread: worker. */
void ts_tx_stamps_note(TsTxStamps *stamps, uint32_t pair, uint64_t rx_ntp64);

/**
 * ts_tx_stamps_collect:
 * @utc_minus_real_ns: what to add to the kernel's stamps
 *
 * Empties the error queue of @fd into @pairs. Returns: how many stamps were of use. Thread: worker.
 */
unsigned ts_tx_stamps_collect(TsTxStamps *stamps, int fd, TsPairTable *pairs,
			      int64_t utc_minus_real_ns);
