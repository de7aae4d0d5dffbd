/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.c - see peer.h */
#include "control/peer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/time.h"
#include "control/handshake.h"

/* Our longest call is AddSource with all its options: far below this. */
#define MAX_MESSAGE_BYTES 65536

/* Signals that a client may leave unread. One second of a busy daemon is some kilobytes. */
#define MAX_UNREAD_BYTES 262144

#define READ_BYTES 4096

/* For the handshake, and for a client that reads nothing at all. */
#define PATIENCE_NS (10 * TS_NS_PER_S)

/* Length and type of a message stand in its first 16 bytes. */
#define MIN_MESSAGE_BYTES 16

struct _TsPeer {
	TsSched *sched;
	TsFd fd;
	TsCaller caller;
	TsPeerHandler handler;
	TsHandshake handshake;
	bool has_greeted;    /* the NUL byte before the handshake came */
	bool is_ready;       /* the handshake is over */
	bool is_closed;      /* closed() was called, or will be by the timer */
	guint32 serial;      /* of our last message */
	GByteArray *in;      /* read, not yet handled */
	GByteArray *out;     /* to be written */
	TsWatch *in_watch;   /* only while all that was read is handled and out is empty */
	TsWatch *out_watch;  /* only while out isn't */
	TsTimer *next;       /* armed while there is more to handle */
	TsTimer *patience;
};

static void on_readable(int fd, GIOCondition condition, void *user_data);
static void on_writable(int fd, GIOCondition condition, void *user_data);

/* Ends it from within: nothing more is read or written, and the owner is told when the stack that led
 * here is gone. */
static void
close_later(TsPeer *peer)
{
	if (peer->is_closed)
		return;
	peer->is_closed = true;
	g_clear_pointer(&peer->in_watch, ts_watch_free);
	g_clear_pointer(&peer->out_watch, ts_watch_free);
	ts_timer_disarm(peer->next);
	ts_timer_arm_after(peer->patience, 0);
}

static void
on_patience_ends(void *user_data)
{
	TsPeer *peer = user_data;

	peer->is_closed = true;
	peer->handler.closed(peer, peer->handler.user_data);
}

/* A client that takes no answers is not read from. */
static void
watch_output(TsPeer *peer)
{
	g_clear_pointer(&peer->in_watch, ts_watch_free);
	if (peer->out_watch)
		return;
	peer->out_watch = ts_watch_new(peer->sched, peer->fd, G_IO_OUT, on_writable, peer);
	if (peer->is_ready)
		ts_timer_arm_after(peer->patience, PATIENCE_NS);
}

/* Sets up what happens next: writing, handling what was read, or reading more. */
static void
go_on(TsPeer *peer, bool has_more)
{
	if (peer->is_closed || peer->out->len > 0)
		return;
	g_clear_pointer(&peer->out_watch, ts_watch_free);
	if (peer->is_ready)
		ts_timer_disarm(peer->patience);
	if (has_more) {
		g_clear_pointer(&peer->in_watch, ts_watch_free);
		ts_timer_arm_after(peer->next, 0);
	} else if (!peer->in_watch) {
		peer->in_watch = ts_watch_new(peer->sched, peer->fd, G_IO_IN, on_readable, peer);
	}
}

static void
write_output(TsPeer *peer)
{
	while (peer->out->len > 0) {
		ssize_t n = send(peer->fd, peer->out->data, peer->out->len,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			watch_output(peer);
			return;
		}
		if (n < 0) {
			close_later(peer);
			return;
		}
		g_byte_array_remove_range(peer->out, 0, (guint)n);
		if (peer->is_ready) /* it reads: it has time again */
			ts_timer_arm_after(peer->patience, PATIENCE_NS);
	}
}

static void
queue_message(TsPeer *peer, GDBusMessage *message)
{
	gsize size;

	g_dbus_message_set_serial(message, ++peer->serial ? peer->serial : ++peer->serial);
	g_autofree guchar *blob =
		g_dbus_message_to_blob(message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
	if (blob)
		g_byte_array_append(peer->out, blob, (guint)size);
}

static void
handle_message(TsPeer *peer, GDBusMessage *message)
{
	if (g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL)
		return;
	/* there is no bus that vouches for it, and it may be no name at all */
	g_dbus_message_set_sender(message, NULL);
	g_autoptr(GDBusMessage) reply =
		peer->handler.answer(&peer->caller, message, peer->handler.user_data);
	if (reply)
		queue_message(peer, reply);
}

/* GLib's parser lets pass what the specification forbids: a serial of 0, to which no answer could refer,
 * and header fields of another type than theirs, which then are NULL here. */
static bool
is_valid(GDBusMessage *message)
{
	if (g_dbus_message_get_serial(message) == 0)
		return false;
	return g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
	       (g_dbus_message_get_path(message) && g_dbus_message_get_member(message));
}

/* Takes one message off the input. Returns: false if there is no whole one, or it is none. */
static bool
take_message(TsPeer *peer)
{
	if (peer->in->len < MIN_MESSAGE_BYTES)
		return false;
	gssize size = g_dbus_message_bytes_needed(peer->in->data, peer->in->len, NULL);
	if (size < MIN_MESSAGE_BYTES || size > MAX_MESSAGE_BYTES) {
		close_later(peer);
		return false;
	}
	if (peer->in->len < (gsize)size)
		return false;
	g_autoptr(GDBusMessage) message = g_dbus_message_new_from_blob(
		peer->in->data, (gsize)size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
	g_byte_array_remove_range(peer->in, 0, (guint)size);
	if (!message || !is_valid(message)) {
		close_later(peer);
		return false;
	}
	handle_message(peer, message);
	return true;
}

/* Takes one line of the handshake off the input. Returns: false if there is no whole one. */
static bool
take_line(TsPeer *peer)
{
	const guint8 *data = peer->in->data;
	const guint8 *end = peer->in->len ? memmem(data, peer->in->len, "\r\n", 2) : NULL;

	if (!end) {
		if (peer->in->len >= TS_HANDSHAKE_MAX_LINE)
			close_later(peer);
		return false;
	}
	gsize length = (gsize)(end - data);
	if (length >= TS_HANDSHAKE_MAX_LINE || memchr(data, 0, length)) {
		close_later(peer);
		return false;
	}
	g_autofree char *line = g_strndup((const char *)data, length);
	g_autoptr(GString) reply = g_string_new(NULL);
	TsHandshakeStatus status = ts_handshake_feed(&peer->handshake, line, reply);
	g_byte_array_remove_range(peer->in, 0, (guint)length + 2);
	g_byte_array_append(peer->out, (const guint8 *)reply->str, (guint)reply->len);
	peer->is_ready = status == TS_HANDSHAKE_DONE;
	if (status == TS_HANDSHAKE_FAILED)
		close_later(peer);
	return true;
}

static bool
take_greeting(TsPeer *peer)
{
	if (peer->in->len == 0)
		return false;
	peer->has_greeted = peer->in->data[0] == 0;
	g_byte_array_remove_index(peer->in, 0);
	if (!peer->has_greeted)
		close_later(peer);
	return true;
}

static bool
take_any(TsPeer *peer)
{
	if (!peer->has_greeted)
		return take_greeting(peer);
	return peer->is_ready ? take_message(peer) : take_line(peer);
}

/* One line or message at a time, so that one client's many calls don't hold up the clock. */
static void
handle_input(void *user_data)
{
	TsPeer *peer = user_data;
	bool has_more = !peer->is_closed && take_any(peer);

	if (!peer->is_closed)
		write_output(peer);
	go_on(peer, has_more);
}

static void
on_readable(int fd, GIOCondition condition, void *user_data)
{
	TsPeer *peer = user_data;
	guint8 buffer[READ_BYTES];
	(void)condition;

	ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (n <= 0) {
		close_later(peer);
		return;
	}
	g_byte_array_append(peer->in, buffer, (guint)n);
	handle_input(peer);
}

static void
on_writable(int fd, GIOCondition condition, void *user_data)
{
	TsPeer *peer = user_data;
	(void)fd;
	(void)condition;

	write_output(peer);
	go_on(peer, true);
}

TsPeer *
ts_peer_new(TsSched *sched, int fd, TsCaller *caller, const char *guid, const TsPeerHandler *handler)
{
	TsPeer *peer = g_new0(TsPeer, 1);

	peer->sched = sched;
	peer->fd = fd;
	peer->caller = *caller;
	*caller = (TsCaller){0};
	peer->handler = *handler;
	peer->handshake = (TsHandshake){.uid = peer->caller.uid, .guid = guid};
	peer->in = g_byte_array_new();
	peer->out = g_byte_array_new();
	peer->next = ts_timer_new(sched, handle_input, peer);
	peer->patience = ts_timer_new(sched, on_patience_ends, peer);
	ts_timer_arm_after(peer->patience, PATIENCE_NS);
	go_on(peer, false);
	return peer;
}

void
ts_peer_free(TsPeer *peer)
{
	if (!peer)
		return;
	ts_timer_free(peer->patience);
	ts_timer_free(peer->next);
	ts_watch_free(peer->out_watch);
	ts_watch_free(peer->in_watch);
	g_byte_array_unref(peer->out);
	g_byte_array_unref(peer->in);
	ts_caller_clear(&peer->caller);
	ts_fd_clear(&peer->fd);
	g_free(peer);
}

const TsCaller *
ts_peer_caller(const TsPeer *peer)
{
	return &peer->caller;
}

void
ts_peer_send_signal(TsPeer *peer, GDBusMessage *signal)
{
	if (!peer->is_ready || peer->is_closed)
		return;
	if (peer->out->len > MAX_UNREAD_BYTES) {
		close_later(peer);
		return;
	}
	bool was_idle = peer->out->len == 0;
	queue_message(peer, signal);
	if (was_idle)
		write_output(peer);
}
