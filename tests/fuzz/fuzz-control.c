/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-control.c - what a stranger sends to the private socket: handshake, messages, calls
 *
 * An input that begins as a message does ('l' or 'B') follows a good handshake, any other is all that the
 * client says. Whatever it is, the connection ends when the client has ended, and nothing was changed.
 */
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/clock-object.h"
#include "control/dispatch.h"
#include "control/manager-object.h"
#include "control/peer.h"
#include "control/server-object.h"
#include "rig.h"

#define STRANGER 1000

/* More than the buffer of a socket takes would wait for us to read. */
#define MOST_BYTES 65536

typedef struct {
	Rig *rig;
	TsObjectTree *tree;
	bool is_closed;
} Target;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static GDBusMessage *
answer(const TsCaller *caller, GDBusMessage *call, void *user_data)
{
	Target *target = user_data;

	return ts_dispatch(target->tree, &target->rig->authoriser, caller, call);
}

static void
on_closed(TsPeer *peer, void *user_data)
{
	(void)peer;

	((Target *)user_data)->is_closed = true;
}

static void
emit(const char *path, const char *interface, const char *signal, GVariant *parameters,
     void *user_data)
{
	(void)path, (void)interface, (void)signal, (void)parameters, (void)user_data;
}

static void
make_objects(Target *target)
{
	target->tree = ts_object_tree_new(&target->rig->subjects, emit, NULL);
	ts_manager_object_add(target->tree);
	ts_object_tree_add(target->tree, g_strdup(TS_CONTROL_ROOT "/clock"),
			   &ts_clock_object_interface, NULL, NULL);
	ts_object_tree_add(target->tree, g_strdup(TS_CONTROL_ROOT "/server"),
			   &ts_server_object_interface, NULL, NULL);
}

static void
put(int fd, const void *data, size_t size)
{
	g_assert_cmpint(send(fd, data, size, MSG_NOSIGNAL), ==, (ssize_t)size);
}

static void
say(int fd, const uint8_t *data, size_t size)
{
	static const char greeting[] = "\0AUTH EXTERNAL 31303030\r\nBEGIN\r\n";

	if (size > 0 && (data[0] == 'l' || data[0] == 'B'))
		put(fd, greeting, sizeof greeting - 1);
	if (size > 0)
		put(fd, data, size);
	shutdown(fd, SHUT_WR);
}

static void
run_until_closed(Target *target, int fd)
{
	char buffer[65536];

	while (!target->is_closed) {
		while (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) > 0)
			;
		g_main_context_iteration(NULL, TRUE);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Target target = {.rig = rig_new()};
	TsCaller caller = {.uid = STRANGER};
	const TsPeerHandler handler = {answer, on_closed, &target};
	int fds[2];

	/* what GLib calls a programmer's mistake must not be in a stranger's power */
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
	make_objects(&target);
	g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
	TsPeer *peer = ts_peer_new(target.rig->sched, fds[0], &caller,
				   "0123456789abcdef0123456789abcdef", &handler);
	say(fds[1], data, MIN(size, MOST_BYTES));
	run_until_closed(&target, fds[1]);

	g_assert_cmpuint(target.rig->n_reloads + target.rig->n_bursts + target.rig->n_offline, ==, 0);
	g_assert_cmpuint(ts_roster_size(target.rig->roster), ==, 0);
	ts_peer_free(peer);
	close(fds[1]);
	ts_object_tree_free(target.tree);
	rig_free(target.rig);
	return 0;
}
