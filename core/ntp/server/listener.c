/* SPDX-License-Identifier: BSD-2-Clause */
/* listener.c - see listener.h */
#define TS_LOG_COMPONENT "server"
#include "ntp/server/listener.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "ntp/server/port-holder.h"
#include "ntp/server/spread.h"

/* Room for what comes in while a worker is not scheduled; the kernel cuts it to net.core.rmem_max.
 */
#define RECEIVE_BUFFER_BYTES (1 << 20)

TsListener *
ts_listener_new(const TsListen *settings)
{
	TsListener *self = g_new0(TsListener, 1);

	self->settings = *settings;
	self->address = settings->address;
	return self;
}

static void
close_sockets(TsListener *listener)
{
	for (unsigned i = 0; i < listener->n_sockets; i++)
		if (listener->sockets[i].fd >= 0)
			close(listener->sockets[i].fd);
	g_clear_pointer(&listener->sockets, g_free);
	listener->n_sockets = 0;
}

void
ts_listener_free(TsListener *listener)
{
	if (!listener)
		return;
	close_sockets(listener);
	g_free(listener->problem);
	g_free(listener);
}

static bool
is_v6(const TsListener *listener)
{
	return listener->settings.address.any.sa_family == AF_INET6;
}

static bool
is_wildcard(const TsListener *listener)
{
	const TsAddress *address = &listener->settings.address;

	if (is_v6(listener))
		return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
	return address->v4.sin_addr.s_addr == INADDR_ANY;
}

static bool
set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

static bool
set_dscp(int fd, bool v6, int dscp)
{
	return v6 ? set_option(fd, IPPROTO_IPV6, IPV6_TCLASS, dscp << 2)
		  : set_option(fd, IPPROTO_IP, IP_TOS, dscp << 2);
}

/* Without these a socket would serve wrongly; each failure is the caller's errno. */
static bool
set_needed_options(const TsListener *listener, int fd, bool is_shared)
{
	const char *device = listener->settings.device;

	if (is_v6(listener) && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1))
		return false;
	if (is_shared && !set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1))
		return false;
	if (*device &&
	    setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device) + 1) != 0)
		return false;
	if (!is_wildcard(listener))
		return true;
	return is_v6(listener) ? set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
			       : set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
}

/* Without these it serves less well. */
static void
set_wanted_options(const TsListener *listener, int fd, int dscp)
{
	set_option(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
	/* Don't fragment, and believe no ICMP about the path: a forged one can't make us send
	 * fragments (which others can complete) or drop replies. A reply is as short as the request
	 * that got through. It also saves the kernel a fragment id for each packet, 3 % of the
	 * whole reply. */
	if (!is_v6(listener))
		set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
	if (dscp && !set_dscp(fd, is_v6(listener), dscp))
		ts_warning("cannot set dscp %d: %s", dscp, g_strerror(errno));
}

/* Returns: the socket, or -1 with errno set. */
static int
bind_socket(const TsListener *listener, const TsAddress *address, bool is_shared, int dscp)
{
	g_auto(TsFd) fd =
		socket(address->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || !set_needed_options(listener, fd, is_shared) ||
	    bind(fd, &address->any, ts_address_length(address)) != 0)
		return -1;
	set_wanted_options(listener, fd, dscp);
	return ts_fd_steal(&fd);
}

/*
 * Sockets that share a port would also share it with another process of the same user, and each of
 * the two would get a part of the requests. One that doesn't share finds that out. If the port is
 * held by a wildcard socket of our own, all is well.
 */
static bool
is_free_of_others(const TsListener *listener)
{
	TsPortHolder holder;
	g_auto(TsFd) probe = bind_socket(listener, &listener->settings.address, false, 0);

	if (probe >= 0)
		return true;
	int saved_errno = errno;
	bool is_own = saved_errno == EADDRINUSE &&
		      ts_port_holder_find(&listener->settings.address, &holder) &&
		      holder.pid == getpid();
	errno = saved_errno;
	return is_own;
}

static bool
open_sockets(TsListener *listener, const TsListenerOptions *options)
{
	if (ts_address_port(&listener->settings.address) != 0 && !is_free_of_others(listener))
		return false;
	listener->address = listener->settings.address;
	listener->sockets = g_new0(TsServerSocket, options->n_workers);
	for (unsigned i = 0; i < options->n_workers; i++) {
		TsServerSocket *self = &listener->sockets[i];
		self->fd = bind_socket(listener, &listener->address, true, options->dscp);
		listener->n_sockets = i + 1;
		if (self->fd < 0)
			return false;
		self->is_v6 = is_v6(listener);
		self->is_wildcard = is_wildcard(listener);
		self->has_tx_stamps = ts_tx_stamps_enable(self->fd);
		/* the first one learns the port that the others share */
		socklen_t length = sizeof listener->address;
		if (i == 0)
			getsockname(self->fd, &listener->address.any, &length);
		self->port = ts_address_port(&listener->address);
	}
	return true;
}

static char *
describe_problem(const TsListener *listener, int saved_errno)
{
	char text[TS_ADDRESS_TEXT_SIZE];
	TsPortHolder holder;
	const char *device = listener->settings.device;
	GString *problem = g_string_new(NULL);

	ts_address_format_port(&listener->settings.address, text);
	g_string_printf(problem, "cannot listen on %s%s%s: %s", text, *device ? " of " : "", device,
			g_strerror(saved_errno));
	if (saved_errno == EADDRINUSE &&
	    ts_port_holder_find(&listener->settings.address, &holder)) {
		if (holder.pid)
			g_string_append_printf(problem, ": held by %s (process %d)", holder.name,
					       (int)holder.pid);
		else
			g_string_append(problem, ": held by a process of another user");
	}
	if (saved_errno == EACCES && ts_address_port(&listener->settings.address) < 1024)
		g_string_append(problem, ": a port below 1024 needs CAP_NET_BIND_SERVICE");
	return g_string_free(problem, FALSE);
}

static void
report_problem(TsListener *listener, int saved_errno)
{
	char *problem = describe_problem(listener, saved_errno);
	bool is_new = g_strcmp0(problem, listener->problem) != 0;

	g_free(listener->problem);
	listener->problem = problem;
	if (!is_new)
		return;
	if (saved_errno == EAFNOSUPPORT && is_wildcard(listener))
		ts_info("%s: served on the other family only", problem);
	else
		ts_warning("%s; tried again from time to time", problem);
}

static void
spread_over_workers(const TsListener *listener, const TsListenerOptions *options)
{
	if (options->n_workers > 1 &&
	    !ts_spread_attach(listener->sockets[0].fd, is_v6(listener), options->n_workers,
			      options->spread_multiplier))
		ts_warning("cannot spread clients over workers by address: %s: their limits and "
			   "interleaved mode suffer",
			   g_strerror(errno));
}

bool
ts_listener_open(TsListener *listener, const TsListenerOptions *options)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	if (!open_sockets(listener, options)) {
		int saved_errno = errno;
		close_sockets(listener);
		report_problem(listener, saved_errno);
		return false;
	}
	spread_over_workers(listener, options);
	g_clear_pointer(&listener->problem, g_free);
	ts_info("listening on %s%s%s", ts_address_format_port(&listener->address, text),
		*listener->settings.device ? " of " : "", listener->settings.device);
	return true;
}

void
ts_listener_set_dscp(TsListener *listener, int dscp)
{
	for (unsigned i = 0; i < listener->n_sockets; i++)
		if (!set_dscp(listener->sockets[i].fd, is_v6(listener), dscp))
			ts_warning("cannot set dscp %d: %s", dscp, g_strerror(errno));
}

bool
ts_listener_is_for(const TsListener *listener, const TsListen *settings)
{
	/* as asked for, or as bound: they differ for port 0 */
	return (ts_address_equal(&listener->settings.address, &settings->address) ||
		ts_address_equal(&listener->address, &settings->address)) &&
	       strcmp(listener->settings.device, settings->device) == 0;
}
