/* SPDX-License-Identifier: BSD-2-Clause */
/* notify.c - see notify.h */
#include "control/notify.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <glib.h>

#include "base/fd.h"

static void
notify(const char *message)
{
	const char *path = g_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = path ? strlen(path) : 0;

	if (length < 2 || length >= sizeof address.sun_path || !strchr("/@", path[0]))
		return;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@') /* the abstract namespace */
		address.sun_path[0] = 0;
	g_auto(TsFd) fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
		       (const struct sockaddr *)&address,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
}

void
ts_notify_ready(const char *status)
{
	g_autofree char *message =
		status ? g_strdup_printf("READY=1\nSTATUS=%s", status) : g_strdup("READY=1");

	notify(message);
}

void
ts_notify_reloading(void)
{
	struct timespec now;

	/* the manager's clock, not ours */
	clock_gettime(CLOCK_MONOTONIC, &now);
	g_autofree char *message =
		g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT,
				(gint64)now.tv_sec * 1000000 + now.tv_nsec / 1000);
	notify(message);
}

void
ts_notify_stopping(void)
{
	notify("STOPPING=1");
}

void
ts_notify_status(const char *status)
{
	g_autofree char *message = g_strdup_printf("STATUS=%s", status);

	notify(message);
}
