/* SPDX-License-Identifier: BSD-2-Clause */
/* socket-door.c - see socket-door.h */
#include "control/socket-door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"

#define TS_LOG_COMPONENT "control"

/* The others leave TRUSTED_PLACES free for those who may change things, whatever they do. */
#define PLACES           40
#define TRUSTED_PLACES   16
#define PLACES_OF_A_USER 8

#define BACKLOG 16

/* Out of descriptors: accept would fail again and again. */
#define ACCEPT_PAUSE_NS TS_NS_PER_S

struct _TsSocketDoor {
	TsSched *sched;
	TsSocketDoorHandler handler;
	char *path;
	struct stat made;   /* what @path is, if it is still ours */
	char *guid;
	TsFd fd;
	TsWatch *watch;     /* (nullable): during a pause */
	TsTimer *pause;
	GPtrArray *peers;
};

static bool
make_address(const char *path, struct sockaddr_un *address, GError **error)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof address->sun_path) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "socket %s: a socket's path has at most %zu bytes", path,
			    sizeof address->sun_path - 1);
		return false;
	}
	memcpy(address->sun_path, path, strlen(path));
	return true;
}

/* What lies at the path already: a dead socket is removed, everything else is a reason to stop. */
static bool
clear_path(const struct sockaddr_un *address, GError **error)
{
	const char *path = address->sun_path;
	struct stat found;

	if (lstat(path, &found) < 0)
		return errno == ENOENT || ts_set_error_errno(error, errno, "cannot look at %s", path);
	if (!S_ISSOCK(found.st_mode)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "%s is there and is no socket: remove it, or set another 'control: socket'",
			    path);
		return false;
	}
	g_auto(TsFd) probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return ts_set_error_errno(error, errno, "cannot make a unix socket");
	if (connect(probe, (const struct sockaddr *)address, sizeof *address) == 0 ||
	    errno == EAGAIN) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "another daemon listens on %s: stop it, or set another 'control: socket'",
			    path);
		return false;
	}
	if (errno != ECONNREFUSED)
		return ts_set_error_errno(error, errno, "cannot tell who has %s", path);
	ts_info("%s was left behind by a daemon that is gone: replaced", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return ts_set_error_errno(error, errno, "cannot remove the old socket %s", path);
	return true;
}

/* Binds, and gives the path its mode: the one after bind depends on the umask, which belongs to the
 * whole process. Errors name @wanted, the path that the operator knows. */
static bool
listen_at(int fd, const struct sockaddr_un *address, const char *wanted, struct stat *made,
	  GError **error)
{
	const char *path = address->sun_path;

	if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
		return ts_set_error_errno(error, errno, "cannot make the socket %s", wanted);
	if (listen(fd, BACKLOG) == 0 && chmod(path, 0666) == 0 && lstat(path, made) == 0)
		return true;
	ts_set_error_errno(error, errno, "cannot listen on %s", wanted);
	unlink(path);
	return false;
}

/* The path appears when the socket listens already: who waits for it is never refused. It is made under
 * a name beside it, no longer than its own. */
static bool
open_socket(TsSocketDoor *door, GError **error)
{
	g_autofree char *folder = g_path_get_dirname(door->path);
	struct sockaddr_un address, beside;

	if (!make_address(door->path, &address, error))
		return false;
	if (g_mkdir_with_parents(folder, 0755) < 0)
		return ts_set_error_errno(error, errno, "cannot make the folder %s", folder);
	if (!clear_path(&address, error))
		return false;
	beside = address;
	char *last = &beside.sun_path[strlen(beside.sun_path) - 1];
	*last = *last == '~' ? '#' : '~';
	if (unlink(beside.sun_path) < 0 && errno != ENOENT)
		return ts_set_error_errno(error, errno, "cannot remove %s", beside.sun_path);
	g_auto(TsFd) fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return ts_set_error_errno(error, errno, "cannot make a unix socket");
	if (!listen_at(fd, &beside, door->path, &door->made, error))
		return false;
	if (rename(beside.sun_path, door->path) < 0) {
		ts_set_error_errno(error, errno, "cannot make the socket %s", door->path);
		unlink(beside.sun_path);
		return false;
	}
	door->fd = ts_fd_steal(&fd);
	return true;
}

static void
on_peer_closed(TsPeer *peer, void *user_data)
{
	TsSocketDoor *door = user_data;

	g_ptr_array_remove_fast(door->peers, peer);
}

static GDBusMessage *
answer(const TsCaller *caller, GDBusMessage *call, void *user_data)
{
	TsSocketDoor *door = user_data;

	return door->handler.answer(caller, call, door->handler.user_data);
}

static bool
is_trusted(TsSocketDoor *door, const TsCaller *caller)
{
	return door->handler.trusts(caller, door->handler.user_data);
}

static bool
has_place(TsSocketDoor *door, const TsCaller *caller)
{
	unsigned n_others = 0, n_own = 0;

	if (is_trusted(door, caller))
		return door->peers->len < PLACES;
	for (unsigned i = 0; i < door->peers->len; i++) {
		const TsCaller *other = ts_peer_caller(g_ptr_array_index(door->peers, i));
		if (is_trusted(door, other))
			continue;
		n_others++;
		n_own += other->uid == caller->uid;
	}
	return n_own < PLACES_OF_A_USER && n_others < PLACES - TRUSTED_PLACES &&
	       door->peers->len < PLACES;
}

static void
admit(TsSocketDoor *door, TsFd accepted)
{
	g_auto(TsFd) fd = accepted;
	g_auto(TsCaller) caller = {0};

	if (!ts_caller_from_socket(fd, &caller))
		return;
	if (!has_place(door, &caller)) {
		ts_debug("%s: user %u has too many connections, or all have: closed one", door->path,
			 (unsigned)caller.uid);
		return;
	}
	const TsPeerHandler handler = {
		.answer = answer,
		.closed = on_peer_closed,
		.user_data = door,
	};
	g_ptr_array_add(door->peers,
			ts_peer_new(door->sched, ts_fd_steal(&fd), &caller, door->guid, &handler));
}

static void
on_connection(int fd, GIOCondition condition, void *user_data)
{
	TsSocketDoor *door = user_data;
	(void)condition;

	int accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (accepted >= 0) {
		admit(door, accepted);
	} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
		ts_warning("%s: no connection taken: %s", door->path, g_strerror(errno));
		g_clear_pointer(&door->watch, ts_watch_free);
		ts_timer_arm_after(door->pause, ACCEPT_PAUSE_NS);
	}
}

static void
watch_socket(void *user_data)
{
	TsSocketDoor *door = user_data;

	door->watch = ts_watch_new(door->sched, door->fd, G_IO_IN, on_connection, door);
}

static void
free_peer(gpointer data)
{
	ts_peer_free(data);
}

TsSocketDoor *
ts_socket_door_new(TsSched *sched, const char *path, const TsSocketDoorHandler *handler,
		   GError **error)
{
	g_autoptr(TsSocketDoor) door = g_new0(TsSocketDoor, 1);

	door->sched = sched;
	door->handler = *handler;
	door->path = g_strdup(path);
	door->fd = -1;
	door->peers = g_ptr_array_new_with_free_func(free_peer);
	if (!open_socket(door, error))
		return NULL;
	door->guid = g_dbus_generate_guid();
	door->pause = ts_timer_new(sched, watch_socket, door);
	watch_socket(door);
	return g_steal_pointer(&door);
}

static void
remove_path(const TsSocketDoor *door)
{
	struct stat found;

	if (door->fd >= 0 && lstat(door->path, &found) == 0 && found.st_ino == door->made.st_ino &&
	    found.st_dev == door->made.st_dev)
		unlink(door->path);
}

void
ts_socket_door_free(TsSocketDoor *door)
{
	if (!door)
		return;
	g_ptr_array_unref(door->peers);
	ts_timer_free(door->pause);
	ts_watch_free(door->watch);
	remove_path(door);
	ts_fd_clear(&door->fd);
	g_free(door->guid);
	g_free(door->path);
	g_free(door);
}

bool
ts_socket_door_has_peers(const TsSocketDoor *door)
{
	return door->peers->len > 0;
}

void
ts_socket_door_send_signal(TsSocketDoor *door, GDBusMessage *signal)
{
	for (unsigned i = 0; i < door->peers->len; i++)
		ts_peer_send_signal(g_ptr_array_index(door->peers, i), signal);
}
