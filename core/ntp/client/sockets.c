/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets.c - see sockets.h; kernel documentation: Documentation/networking/timestamping.rst */
#include "ntp/client/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "ntp/client/hwtimestamp.h"
#include "ntp/packet.h"

#define TS_LOG_COMPONENT "ntp"

/* How long a reply waits for its request's stamp. Kernel stamps are there already; hardware ones
 * come within a millisecond. */
#define STAMP_WAIT_NS (5 * TS_NS_PER_MS)

/* Carrying a kernel stamp over to the raw clock takes a paired reading of the two, good to well
 * below this. */
#define KERNEL_STAMP_ERROR_S 200e-9

typedef struct {
	TsNtpTransport head;
	TsSched *sched;
	TsClock *clock;
	GPtrArray *interfaces; /* of TsHwInterface; empty: no hardware stamps */
	/* The kernel stamps arriving packets as long as anybody wants it, and starts to only some
	 * time after it is asked: so one socket asks all the time. -1: there is none. */
	int keeps_stamping_fd;
} Sockets;

typedef struct {
	TsNtpPort head;
	Sockets *sockets;
	TsNtpPortHandler handler;
	void *user_data;
	int fd;
	TsWatch *watch;
	bool has_stamp; /* of the request, from the error queue */
	/* a reply that waits for it */
	TsTimer *wait_timer;
	TsStamp held_stamp;
	size_t held_length;
	uint8_t held[TS_NTP_MAX_SIZE];
} Port;

/* The raw clock at a kernel stamp; false if there is none, or the clock was stepped since. */
static bool
stamp_of_kernel(const Sockets *self, const struct timespec *kernel, TsStamp *stamp)
{
	int64_t real_ns = kernel->tv_sec * TS_NS_PER_S + kernel->tv_nsec;

	if (real_ns == 0 || !ts_clock_raw_of_real(self->clock, real_ns, &stamp->raw_ns))
		return false;
	stamp->source = TS_STAMP_KERNEL;
	stamp->error_s = KERNEL_STAMP_ERROR_S;
	return true;
}

/* The interface of a stamp, by index; 0 is not known: then it is clear with a single one only. */
static TsHwInterface *
find_interface(const Sockets *self, unsigned index)
{
	for (guint i = 0; i < self->interfaces->len; i++) {
		TsHwInterface *interface = g_ptr_array_index(self->interfaces, i);
		if (ts_hw_interface_index(interface) == index ||
		    (index == 0 && self->interfaces->len == 1))
			return interface;
	}
	return NULL;
}

static bool
stamp_of_hardware(const Sockets *self, const struct timespec *hardware, unsigned index,
		  TsStamp *stamp)
{
	int64_t phc_ns = hardware->tv_sec * TS_NS_PER_S + hardware->tv_nsec;
	TsHwInterface *interface = phc_ns ? find_interface(self, index) : NULL;

	if (!interface ||
	    !ts_hw_interface_raw_of(interface, phc_ns, &stamp->raw_ns, &stamp->error_s))
		return false;
	stamp->source = TS_STAMP_HARDWARE;
	return true;
}

/* The index of the interface that a packet came in or went out by. */
static void
note_interface(const struct cmsghdr *part, unsigned *index)
{
	if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPING_PKTINFO)
		*index = ((const struct scm_ts_pktinfo *)CMSG_DATA(part))->if_index;
	else if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO)
		*index = (unsigned)((const struct in_pktinfo *)CMSG_DATA(part))->ipi_ifindex;
	else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO)
		*index = ((const struct in6_pktinfo *)CMSG_DATA(part))->ipi6_ifindex;
}

/* The best stamp that came with a message. */
static bool
stamp_of_message(const Sockets *self, struct msghdr *message, TsStamp *stamp)
{
	struct scm_timestamping stamps = {0};
	unsigned index = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_TIMESTAMPING &&
		    part->cmsg_len >= CMSG_LEN(sizeof stamps))
			memcpy(&stamps, CMSG_DATA(part), sizeof stamps);
		else
			note_interface(part, &index);
	}
	return stamp_of_hardware(self, &stamps.ts[2], index, stamp) ||
	       stamp_of_kernel(self, &stamps.ts[0], stamp);
}

/* Returns: length, or -1 with errno. One iovec: simulators know no more. */
static ssize_t
receive(const Port *port, void *bytes, size_t size, int flags, TsStamp *stamp, bool *has_stamp)
{
	union {
		char bytes[512];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};

	ssize_t length = recvmsg(port->fd, &message, flags | MSG_DONTWAIT);
	if (length >= 0)
		*has_stamp = stamp_of_message(port->sockets, &message, stamp);
	return length;
}

/* The request's stamps; the association keeps the best. The frame that comes with them is not
 * looked at: this socket sends one packet at a time. */
static void
drain_error_queue(Port *port)
{
	uint8_t frame[256];
	TsStamp stamp;
	bool has_stamp;

	while (receive(port, frame, sizeof frame, MSG_ERRQUEUE, &stamp, &has_stamp) >= 0) {
		if (!has_stamp)
			continue;
		/* with hardware that of the kernel comes first: the better one is waited for */
		port->has_stamp |=
			stamp.source == TS_STAMP_HARDWARE || port->sockets->interfaces->len == 0;
		port->handler.sent(&stamp, port->user_data);
	}
}

static void
deliver_held(Port *port)
{
	size_t length = port->held_length;

	ts_timer_disarm(port->wait_timer);
	port->held_length = 0;
	port->handler.received(port->held, length, &port->held_stamp, port->user_data);
}

static void
on_wait_over(void *user_data)
{
	Port *port = user_data;

	drain_error_queue(port);
	deliver_held(port); /* may close the port */
}

/* Fetches a pending ICMP error, else POLLERR would stay. */
static int
take_socket_error(int fd)
{
	int pending = 0;
	socklen_t length = sizeof pending;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &length) != 0)
		return 0;
	return pending;
}

static void
on_ready(int fd, GIOCondition condition, void *user_data)
{
	Port *port = user_data;
	bool has_stamp = false;

	if (condition & (G_IO_PRI | G_IO_ERR))
		drain_error_queue(port);
	if (port->held_length > 0) {
		/* what else came waits in the socket until this one is handed over: not for long */
		if (port->has_stamp || condition & G_IO_IN)
			deliver_held(port); /* may close the port */
		return;
	}
	ssize_t length =
		receive(port, port->held, sizeof port->held, 0, &port->held_stamp, &has_stamp);
	if (length < 0) {
		int saved_errno = errno;
		if (saved_errno == EAGAIN || saved_errno == EINTR)
			saved_errno = condition & G_IO_ERR ? take_socket_error(fd) : 0;
		if (saved_errno)
			port->handler.failed(saved_errno, port->user_data); /* may close the port */
		return;
	}
	if (!has_stamp)
		port->held_stamp = (TsStamp){.raw_ns = ts_clock_raw_now(port->sockets->clock)};
	drain_error_queue(port);
	port->held_length = (size_t)length;
	if (port->has_stamp || length == 0)
		deliver_held(port); /* may close the port */
	else
		ts_timer_arm_after(port->wait_timer, STAMP_WAIT_NS);
}

static int
open_socket(int family, GError **error)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 && errno == EINVAL) {
		/* a simulator that knows no flags */
		fd = socket(family, SOCK_DGRAM, 0);
		if (fd >= 0)
			fcntl(fd, F_SETFD, FD_CLOEXEC);
	}
	if (fd < 0)
		ts_set_error_errno(error, errno, "cannot open a socket");
	return fd;
}

static bool
bind_socket(int fd, const TsNtpPortOptions *options, GError **error)
{
	TsAddress address;
	char text[TS_ADDRESS_TEXT_SIZE];

	if (options->device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, options->device,
					  (socklen_t)strlen(options->device) + 1) != 0)
		return ts_set_error_errno(error, errno, "cannot bind to device %s",
					  options->device);
	if (!options->bind_address || !ts_address_parse(options->bind_address, 0, &address))
		return true;
	if (bind(fd, &address.any, ts_address_length(&address)) != 0)
		return ts_set_error_errno(error, errno, "cannot bind to %s",
					  ts_address_format(&address, text));
	return true;
}

/* What can't be had here is done without: the packets travel all the same. */
static void
ask_for_stamps(int fd, int family, bool has_hardware)
{
	int kernel = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
		     SOF_TIMESTAMPING_TX_SOFTWARE;
	int hardware = SOF_TIMESTAMPING_RAW_HARDWARE | SOF_TIMESTAMPING_RX_HARDWARE |
		       SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_OPT_PKTINFO |
		       SOF_TIMESTAMPING_OPT_TX_SWHW | SOF_TIMESTAMPING_OPT_CMSG;
	int best = kernel | SOF_TIMESTAMPING_OPT_TSONLY | (has_hardware ? hardware : 0);
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &best, sizeof best) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &kernel, sizeof kernel);
	/* names the interface of a request's stamp */
	if (has_hardware && family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
	else if (has_hardware)
		(void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
}

static void
set_traffic_class(int fd, int family, int dscp)
{
	int traffic_class = dscp << 2;

	if (dscp && family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &traffic_class,
				 sizeof traffic_class);
	else if (dscp)
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &traffic_class, sizeof traffic_class);
}

static TsNtpPort *
sockets_open(TsNtpTransport *transport, const TsAddress *remote, const TsNtpPortOptions *options,
	     const TsNtpPortHandler *handler, void *user_data, GError **error)
{
	Sockets *self = (Sockets *)transport;
	g_auto(TsFd) fd = open_socket(remote->any.sa_family, error);
	char text[TS_ADDRESS_TEXT_SIZE];

	if (fd < 0 || !bind_socket(fd, options, error))
		return NULL;
	ask_for_stamps(fd, remote->any.sa_family, self->interfaces->len > 0);
	set_traffic_class(fd, remote->any.sa_family, options->dscp);
	if (connect(fd, &remote->any, ts_address_length(remote)) != 0) {
		ts_set_error_errno(error, errno, "cannot reach %s",
				   ts_address_format(remote, text));
		return NULL;
	}

	Port *port = g_new0(Port, 1);
	port->head.transport = transport;
	port->sockets = self;
	port->handler = *handler;
	port->user_data = user_data;
	port->fd = ts_fd_steal(&fd);
	port->wait_timer = ts_timer_new(self->sched, on_wait_over, port);
	port->watch =
		ts_watch_new(self->sched, port->fd, G_IO_IN | G_IO_PRI | G_IO_ERR, on_ready, port);
	return &port->head;
}

static bool
sockets_send(TsNtpPort *head, const uint8_t *bytes, size_t length, TsStamp *sent, GError **error)
{
	Port *port = (Port *)head;

	port->has_stamp = false;
	/* read before: the wait in the kernel counts into the round trip */
	*sent = (TsStamp){.raw_ns = ts_clock_raw_now(port->sockets->clock)};
	if (send(port->fd, bytes, length, 0) != (ssize_t)length)
		return ts_set_error_errno(error, errno, "cannot send");
	return true;
}

static void
sockets_close(TsNtpPort *head)
{
	Port *port = (Port *)head;

	ts_watch_free(port->watch);
	ts_timer_free(port->wait_timer);
	close(port->fd);
	g_free(port);
}

static bool
sockets_local_address(TsNtpPort *head, TsAddress *address)
{
	socklen_t length = sizeof *address;

	return getsockname(((Port *)head)->fd, &address->any, &length) == 0 &&
	       ts_address_length(address) != 0;
}

static uint64_t
sockets_random(TsNtpTransport *transport)
{
	(void)transport;
	return ts_random_u64();
}

static void
sockets_free(TsNtpTransport *transport)
{
	Sockets *self = (Sockets *)transport;

	ts_fd_clear(&self->keeps_stamping_fd);
	g_ptr_array_unref(self->interfaces);
	g_free(self);
}

static const TsNtpTransportOps sockets_ops = {
	.free = sockets_free,
	.open = sockets_open,
	.send = sockets_send,
	.close = sockets_close,
	.local_address = sockets_local_address,
	.random = sockets_random,
};

static void
free_interface(gpointer data)
{
	ts_hw_interface_free(data);
}

static void
add_interface(Sockets *self, const char *name, bool is_wanted)
{
	g_autoptr(GError) error = NULL;
	TsHwInterface *interface = ts_hw_interface_new(name, self->clock, &error);

	if (interface)
		g_ptr_array_add(self->interfaces, interface);
	else if (is_wanted)
		ts_warning("%s: kernel timestamps are used there", error->message);
}

static void
add_every_interface(Sockets *self)
{
	struct if_nameindex *all = if_nameindex();

	for (struct if_nameindex *each = all; each && each->if_index; each++)
		add_interface(self, each->if_name, false);
	if (all)
		if_freenameindex(all);
}

TsNtpTransport *
ts_ntp_sockets_new(TsSched *sched, TsClock *clock, const GPtrArray *hwtimestamp)
{
	Sockets *self = g_new0(Sockets, 1);

	self->head.ops = &sockets_ops;
	self->sched = sched;
	self->clock = clock;
	self->interfaces = g_ptr_array_new_with_free_func(free_interface);
	for (guint i = 0; hwtimestamp && i < hwtimestamp->len; i++) {
		const char *name = hwtimestamp->pdata[i];
		if (g_str_equal(name, "*"))
			add_every_interface(self);
		else
			add_interface(self, name, true);
	}
	self->keeps_stamping_fd = open_socket(AF_INET, NULL);
	if (self->keeps_stamping_fd >= 0)
		ask_for_stamps(self->keeps_stamping_fd, AF_INET, false);
	return &self->head;
}
