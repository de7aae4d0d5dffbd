/* SPDX-License-Identifier: BSD-2-Clause */
/* tx-stamps.c - see tx-stamps.h */
#include "ntp/server/tx-stamps.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

#define BATCH	     32
#define CONTROL_SIZE 256

static bool
set_flags(int fd, unsigned flags)
{
	return setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}

bool
ts_tx_stamps_enable(int fd)
{
	int on = 1;

	/* OPT_TSONLY: the stamp comes back without the packet. The receive side rides along. */
	if (set_flags(fd, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
				  SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY))
		return true;
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
	return false;
}

void
ts_tx_stamps_restart(TsTxStamps *stamps, int fd)
{
	/* the kernel's count starts anew when OPT_ID is set and was not */
	set_flags(fd, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE);
	ts_tx_stamps_enable(fd);
	memset(stamps, 0, sizeof *stamps);
}

void
ts_tx_stamps_ask(struct cmsghdr *cmsg)
{
	uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SO_TIMESTAMPING;
	cmsg->cmsg_len = CMSG_LEN(sizeof flags);
	memcpy(CMSG_DATA(cmsg), &flags, sizeof flags);
}

void
ts_tx_stamps_note(TsTxStamps *stamps, uint32_t pair, uint64_t rx_ntp64)
{
	uint32_t id = stamps->next_id++;

	stamps->ring[id % TS_TX_STAMPS_RING].id = id;
	stamps->ring[id % TS_TX_STAMPS_RING].pair = pair;
	stamps->ring[id % TS_TX_STAMPS_RING].rx_ntp64 = rx_ntp64;
}

typedef struct {
	int64_t real_ns; /* 0: none */
	bool has_id;
	uint32_t id;
} Stamp;

static Stamp
parse_control(struct msghdr *message)
{
	Stamp stamp = {0};

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level == SOL_SOCKET && cmsg->cmsg_type == SCM_TIMESTAMPING) {
			struct timespec software;
			memcpy(&software, CMSG_DATA(cmsg), sizeof software);
			stamp.real_ns = software.tv_sec * TS_NS_PER_S + software.tv_nsec;
		} else if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
			   (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
			struct sock_extended_err error;
			memcpy(&error, CMSG_DATA(cmsg), sizeof error);
			stamp.has_id = error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING;
			stamp.id = error.ee_data;
		}
	}
	return stamp;
}

static bool
refine_pair(TsTxStamps *stamps, const Stamp *stamp, TsPairTable *pairs, int64_t utc_minus_real_ns)
{
	uint32_t slot = stamp->id % TS_TX_STAMPS_RING;
	uint64_t rx_ntp64 = stamps->ring[slot].rx_ntp64;

	if (!stamp->has_id || stamp->real_ns == 0 || rx_ntp64 == 0 ||
	    stamps->ring[slot].id != stamp->id)
		return false;
	/* even, as each transmit timestamp of ours */
	uint64_t tx_ntp64 = ts_ntp64_from_utc_ns(stamp->real_ns + utc_minus_real_ns) & ~UINT64_C(1);
	ts_pair_table_refine(pairs, stamps->ring[slot].pair, rx_ntp64, tx_ntp64);
	stamps->ring[slot].rx_ntp64 = 0;
	return true;
}

unsigned
ts_tx_stamps_collect(TsTxStamps *stamps, int fd, TsPairTable *pairs, int64_t utc_minus_real_ns)
{
	_Alignas(struct cmsghdr) char control[BATCH][CONTROL_SIZE];
	struct mmsghdr messages[BATCH];
	unsigned n_used = 0;
	int n;

	do {
		for (int i = 0; i < BATCH; i++)
			messages[i] = (struct mmsghdr){.msg_hdr = {
							       .msg_control = control[i],
							       .msg_controllen = CONTROL_SIZE,
						       }};
		n = recvmmsg(fd, messages, BATCH, MSG_ERRQUEUE | MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			Stamp stamp = parse_control(&messages[i].msg_hdr);
			n_used += refine_pair(stamps, &stamp, pairs, utc_minus_real_ns);
		}
	} while (n == BATCH);
	return n_used;
}
