/* SPDX-License-Identifier: BSD-2-Clause */
/* server-io.c - see server-io.h */
#include "ntp/server/server-io.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/time.h"

/* The kernel's three timestamps (48 octets) and the address asked, with their headers; and spare.
 */
#define RECEIVE_CONTROL_SIZE 192
/* The address to leave from, and the request for a stamp. */
#define SEND_CONTROL_SIZE 96

struct _TsServerIo {
	struct mmsghdr in[TS_BATCH_SIZE], out[TS_BATCH_SIZE];
	struct iovec in_iov[TS_BATCH_SIZE], out_iov[TS_BATCH_SIZE];
	TsDatagram datagrams[TS_BATCH_SIZE];
	_Alignas(struct cmsghdr) uint8_t in_control[TS_BATCH_SIZE][RECEIVE_CONTROL_SIZE];
	_Alignas(struct cmsghdr) uint8_t out_control[TS_BATCH_SIZE][SEND_CONTROL_SIZE];
	uint8_t requests[TS_BATCH_SIZE][TS_NTP_MAX_SIZE];
	uint8_t replies[TS_BATCH_SIZE][TS_NTP_MAX_SIZE];
};

TsServerIo *
ts_server_io_new(void)
{
	TsServerIo *self = g_new0(TsServerIo, 1);

	for (int i = 0; i < TS_BATCH_SIZE; i++) {
		self->in_iov[i] = (struct iovec){self->requests[i], TS_NTP_MAX_SIZE};
		self->in[i].msg_hdr = (struct msghdr){
			.msg_name = &self->datagrams[i].client,
			.msg_iov = &self->in_iov[i],
			.msg_iovlen = 1,
			.msg_control = self->in_control[i],
		};
		self->datagrams[i].request = self->requests[i];
		self->datagrams[i].reply = self->replies[i];
	}
	return self;
}

void
ts_server_io_free(TsServerIo *io)
{
	g_free(io);
}

static void
parse_v4_local(TsDatagram *datagram, const struct in_pktinfo *info)
{
	/* the kernel gives the address that was asked, and one to answer from: they differ when
	 * many were asked at once. The reply takes the route it will, whatever way the request
	 * came. */
	datagram->is_to_many = info->ipi_addr.s_addr != info->ipi_spec_dst.s_addr;
	datagram->local.v4 = (struct in_pktinfo){.ipi_spec_dst = info->ipi_spec_dst};
	datagram->has_local = true;
}

static void
parse_v6_local(TsDatagram *datagram, const struct in6_pktinfo *info)
{
	datagram->is_to_many = IN6_IS_ADDR_MULTICAST(&info->ipi6_addr);
	datagram->local.v6 = *info;
	/* only a link-local address belongs to one interface */
	if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
		datagram->local.v6.ipi6_ifindex = 0;
	datagram->has_local = true;
}

static void
parse_control(TsDatagram *datagram, struct msghdr *message)
{
	datagram->rx_real_ns = 0;
	datagram->has_local = false;
	datagram->is_to_many = false;
	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		const void *data = CMSG_DATA(cmsg);
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    (cmsg->cmsg_type == SCM_TIMESTAMPING || cmsg->cmsg_type == SCM_TIMESTAMPNS)) {
			struct timespec software; /* the first of three, or the only one */
			memcpy(&software, data, sizeof software);
			datagram->rx_real_ns = software.tv_sec * TS_NS_PER_S + software.tv_nsec;
		} else if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, data, sizeof info);
			parse_v4_local(datagram, &info);
		} else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, data, sizeof info);
			parse_v6_local(datagram, &info);
		}
	}
}

unsigned
ts_server_io_receive(TsServerIo *io, const TsServerSocket *socket, TsDatagram **datagrams)
{
	for (int i = 0; i < TS_BATCH_SIZE; i++) {
		io->in[i].msg_hdr.msg_namelen = sizeof(TsAddress);
		io->in[i].msg_hdr.msg_controllen = RECEIVE_CONTROL_SIZE;
	}
	int n = recvmmsg(socket->fd, io->in, TS_BATCH_SIZE, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		TsDatagram *datagram = &io->datagrams[i];
		datagram->request_length = io->in[i].msg_len;
		datagram->is_cut = io->in[i].msg_hdr.msg_flags & MSG_TRUNC;
		parse_control(datagram, &io->in[i].msg_hdr);
	}
	*datagrams = io->datagrams;
	return n > 0 ? (unsigned)n : 0;
}

static struct cmsghdr *
append_local(const TsDatagram *datagram, struct cmsghdr *cmsg)
{
	size_t size;

	if (datagram->client.any.sa_family == AF_INET) {
		size = sizeof datagram->local.v4;
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		memcpy(CMSG_DATA(cmsg), &datagram->local.v4, size);
	} else {
		size = sizeof datagram->local.v6;
		cmsg->cmsg_level = IPPROTO_IPV6;
		cmsg->cmsg_type = IPV6_PKTINFO;
		memcpy(CMSG_DATA(cmsg), &datagram->local.v6, size);
	}
	cmsg->cmsg_len = CMSG_LEN(size);
	return (struct cmsghdr *)(void *)((uint8_t *)cmsg + CMSG_SPACE(size));
}

static void
prepare_message(TsServerIo *io, const TsServerSocket *socket, unsigned i, TsDatagram *datagram)
{
	struct cmsghdr *first = (struct cmsghdr *)(void *)io->out_control[i];
	struct cmsghdr *next = first;

	if (datagram->has_local)
		next = append_local(datagram, next);
	if (datagram->wants_stamp && socket->has_tx_stamps) {
		ts_tx_stamps_ask(next);
		next = (struct cmsghdr *)(void *)((uint8_t *)next + TS_TX_STAMPS_CONTROL_SIZE);
	}
	io->out_iov[i] = (struct iovec){datagram->reply, datagram->reply_length};
	io->out[i].msg_hdr = (struct msghdr){
		.msg_name = &datagram->client,
		.msg_namelen = ts_address_length(&datagram->client),
		.msg_iov = &io->out_iov[i],
		.msg_iovlen = 1,
		.msg_control = next == first ? NULL : first,
		.msg_controllen = (size_t)((uint8_t *)next - (uint8_t *)first),
	};
}

unsigned
ts_server_io_send(TsServerIo *io, const TsServerSocket *socket, TsDatagram *const *datagrams,
		  unsigned n_datagrams)
{
	unsigned i = 0, n_errors = 0;

	for (unsigned j = 0; j < n_datagrams; j++)
		prepare_message(io, socket, j, datagrams[j]);
	while (i < n_datagrams) {
		int n = sendmmsg(socket->fd, io->out + i, n_datagrams - i, MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* the first one was refused: on with the next */
			datagrams[i++]->is_sent = false;
			n_errors++;
			continue;
		}
		for (unsigned end = i + (unsigned)n; i < end; i++)
			datagrams[i]->is_sent = true;
	}
	return n_errors;
}
