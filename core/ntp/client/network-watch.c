/* SPDX-License-Identifier: BSD-2-Clause */
/* network-watch.c - see network-watch.h */
#include "ntp/client/network-watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/time.h"

/* How long messages are gathered before they are told of. */
#define GATHER_NS TS_NS_PER_S

struct _TsNetworkWatch {
	TsNetworkFunc func;
	void *user_data;
	int fd; /* -1: no routing messages here */
	TsWatch *watch;
	TsTimer *timer;
};

static void
on_gathered(void *user_data)
{
	TsNetworkWatch *self = user_data;

	self->func(self->user_data);
}

static void
on_message(int fd, GIOCondition condition, void *user_data)
{
	TsNetworkWatch *self = user_data;
	char messages[4096];
	(void)condition;

	/* What they say does not matter. A queue that ran over (ENOBUFS) is news too. */
	while (recv(fd, messages, sizeof messages, MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
	if (ts_timer_due(self->timer) < 0)
		ts_timer_arm_after(self->timer, GATHER_NS);
}

static int
open_routing_socket(void)
{
	struct sockaddr_nl address = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
			     RTMGRP_IPV6_ROUTE,
	};
	g_auto(TsFd) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0)
		return -1;
	return ts_fd_steal(&fd);
}

TsNetworkWatch *
ts_network_watch_new(TsSched *sched, TsNetworkFunc func, void *user_data)
{
	TsNetworkWatch *self = g_new0(TsNetworkWatch, 1);

	self->func = func;
	self->user_data = user_data;
	self->timer = ts_timer_new(sched, on_gathered, self);
	self->fd = open_routing_socket();
	if (self->fd >= 0)
		self->watch = ts_watch_new(sched, self->fd, G_IO_IN, on_message, self);
	return self;
}

void
ts_network_watch_free(TsNetworkWatch *self)
{
	if (!self)
		return;
	ts_watch_free(self->watch);
	ts_timer_free(self->timer);
	ts_fd_clear(&self->fd);
	g_free(self);
}

bool
ts_network_watch_is_active(const TsNetworkWatch *self)
{
	return self->fd >= 0;
}
