/* SPDX-License-Identifier: BSD-2-Clause */
/* bus-door.c - see bus-door.h */
#include "control/bus-door.h"

#include "base/log.h"
#include "base/time.h"

#define TS_LOG_COMPONENT "control"

#define RETRY_NS (30 * TS_NS_PER_S)

/* Calls on their way to the main thread; above this the caller is told to come again. */
#define MAX_WAITING 128

#define CREDENTIALS_LIMIT_MS 5000

/* What GDBus's thread and asynchronous calls hold on to: the door may be gone when they end. */
typedef struct {
	gatomicrefcount references;
	gint n_waiting;        /* atomic */
	GMainContext *context; /* set before start, then read-only */
	TsBusDoor *door;       /* main thread only; NULL: gone */
} Link;

struct _TsBusDoor {
	TsBus bus;
	TsBusDoorHandler handler;
	Link *link;
	GCancellable *cancellable;
	GDBusConnection *connection; /* NULL: not connected */
	guint filter;
	guint name;
	gulong closed;
	TsTimer *retry;
	bool has_said_why_not;
};

/* A call on its way. */
typedef struct {
	Link *link;
	GDBusConnection *connection;
	GDBusMessage *call;
} Waiting;

static Link *
ref_link(Link *link)
{
	g_atomic_ref_count_inc(&link->references);
	return link;
}

static void
unref_link(gpointer data)
{
	Link *link = data;

	if (!g_atomic_ref_count_dec(&link->references))
		return;
	g_main_context_unref(link->context);
	g_free(link);
}

static void
free_waiting(gpointer data)
{
	Waiting *waiting = data;

	g_atomic_int_add(&waiting->link->n_waiting, -1);
	g_object_unref(waiting->call);
	g_object_unref(waiting->connection);
	unref_link(waiting->link);
	g_free(waiting);
}

static const char *
bus_name(const TsBusDoor *door)
{
	return door->bus == TS_BUS_SYSTEM ? "system bus" : "session bus";
}

static void
answer(Waiting *waiting, const TsCaller *caller)
{
	TsBusDoor *door = waiting->link->door;

	if (!door)
		return;
	g_autoptr(GDBusMessage) reply =
		door->handler.answer(caller, waiting->call, door->handler.user_data);
	if (reply)
		g_dbus_connection_send_message(waiting->connection, reply,
					       G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}

static void
on_credentials(GObject *connection, GAsyncResult *result, gpointer user_data)
{
	Waiting *waiting = user_data;
	g_auto(TsCaller) caller = {.uid = (uid_t)-1};
	g_autoptr(GVariant) reply =
		g_dbus_connection_call_finish(G_DBUS_CONNECTION(connection), result, NULL);

	if (reply) {
		g_autoptr(GVariant) credentials = g_variant_get_child_value(reply, 0);
		ts_caller_from_credentials(credentials, &caller);
	}
	answer(waiting, &caller);
	free_waiting(waiting);
}

/* The bus knows who the caller is; it is asked only where that matters. */
static gboolean
on_call(gpointer user_data)
{
	Waiting *waiting = user_data;
	TsBusDoor *door = waiting->link->door;
	const TsCaller nobody = {.uid = (uid_t)-1};

	if (door && !door->handler.is_read_only(waiting->call, door->handler.user_data)) {
		g_dbus_connection_call(waiting->connection, "org.freedesktop.DBus",
				       "/org/freedesktop/DBus", "org.freedesktop.DBus",
				       "GetConnectionCredentials",
				       g_variant_new("(s)",
						     g_dbus_message_get_sender(waiting->call)),
				       G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NO_AUTO_START,
				       CREDENTIALS_LIMIT_MS, door->cancellable, on_credentials,
				       waiting);
		return G_SOURCE_REMOVE;
	}
	answer(waiting, &nobody);
	free_waiting(waiting);
	return G_SOURCE_REMOVE;
}

static void
refuse(GDBusConnection *connection, GDBusMessage *call)
{
	g_autoptr(GDBusMessage) reply = g_dbus_message_new_method_error_literal(
		call, "org.freedesktop.DBus.Error.LimitsExceeded", "too many calls at once");

	g_dbus_connection_send_message(connection, reply, G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL,
				       NULL);
}

/* Thread: GDBus's. Takes all method calls out of its hands and over to the main thread. */
static GDBusMessage *
on_message(GDBusConnection *connection, GDBusMessage *message, gboolean is_incoming,
	   gpointer user_data)
{
	Link *link = user_data;

	if (!is_incoming ||
	    g_dbus_message_get_message_type(message) != G_DBUS_MESSAGE_TYPE_METHOD_CALL ||
	    !g_dbus_message_get_path(message) || !g_dbus_message_get_member(message))
		return message;
	if (g_atomic_int_get(&link->n_waiting) >= MAX_WAITING) {
		refuse(connection, message);
		g_object_unref(message);
		return NULL;
	}
	g_atomic_int_inc(&link->n_waiting);
	Waiting *waiting = g_new0(Waiting, 1);
	waiting->link = ref_link(link);
	waiting->connection = g_object_ref(connection);
	waiting->call = message;
	/* not g_main_context_invoke: that may run it here */
	g_autoptr(GSource) source = g_idle_source_new();
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, on_call, waiting, NULL);
	g_source_attach(source, link->context);
	return NULL;
}

static void
on_name_acquired(GDBusConnection *connection, const char *name, gpointer user_data)
{
	(void)connection;

	ts_info("on the %s as %s", bus_name(user_data), name);
}

static void
on_name_lost(GDBusConnection *connection, const char *name, gpointer user_data)
{
	if (connection && !g_dbus_connection_is_closed(connection))
		ts_warning("the %s does not give us the name %s: another daemon has it, or the "
			   "policy %s.conf is not installed",
			   bus_name(user_data), name, name);
}

static void
disconnect(TsBusDoor *door)
{
	if (!door->connection)
		return;
	g_clear_handle_id(&door->name, g_bus_unown_name);
	g_clear_signal_handler(&door->closed, door->connection);
	g_dbus_connection_remove_filter(door->connection, door->filter);
	if (!g_dbus_connection_is_closed(door->connection)) {
		g_dbus_connection_flush_sync(door->connection, NULL, NULL);
		g_dbus_connection_close(door->connection, NULL, NULL, NULL);
	}
	g_clear_object(&door->connection);
}

static void
on_closed(GDBusConnection *connection, gboolean is_vanished, GError *error, gpointer user_data)
{
	TsBusDoor *door = user_data;
	(void)connection;
	(void)is_vanished;

	ts_info("the %s is gone%s%s", bus_name(door), error ? ": " : "",
		error ? error->message : "");
	disconnect(door);
	ts_timer_arm_after(door->retry, RETRY_NS);
}

static void
on_connected(GObject *unused, GAsyncResult *result, gpointer user_data)
{
	Link *link = user_data;
	TsBusDoor *door = link->door;
	g_autoptr(GError) error = NULL;
	g_autoptr(GDBusConnection) connection =
		g_dbus_connection_new_for_address_finish(result, &error);
	(void)unused;

	if (!door) {
		unref_link(link);
		return;
	}
	if (connection) {
		door->has_said_why_not = false;
		door->connection = g_steal_pointer(&connection);
		door->closed = g_signal_connect(door->connection, "closed", G_CALLBACK(on_closed), door);
		door->filter = g_dbus_connection_add_filter(door->connection, on_message,
							    ref_link(link), unref_link);
		door->name = g_bus_own_name_on_connection(
			door->connection, TS_BUS_NAME, G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE,
			on_name_acquired, on_name_lost, door, NULL);
	} else {
		if (!door->has_said_why_not)
			ts_info("no %s: %s; it is looked for again every %d s", bus_name(door),
				error->message, (int)(RETRY_NS / TS_NS_PER_S));
		door->has_said_why_not = true;
		ts_timer_arm_after(door->retry, RETRY_NS);
	}
	unref_link(link);
}

static void
connect_to_bus(void *user_data)
{
	TsBusDoor *door = user_data;
	g_autoptr(GError) error = NULL;
	GBusType type = door->bus == TS_BUS_SYSTEM ? G_BUS_TYPE_SYSTEM : G_BUS_TYPE_SESSION;
	g_autofree char *address = g_dbus_address_get_for_bus_sync(type, NULL, &error);

	if (!address) {
		ts_info("no %s: %s", bus_name(door), error->message);
		return;
	}
	/* not g_bus_get: its connection ends the program with the bus */
	g_dbus_connection_new_for_address(address,
					  G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
						  G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
					  NULL, door->cancellable, on_connected,
					  ref_link(door->link));
}

TsBusDoor *
ts_bus_door_new(TsSched *sched, TsBus bus, const TsBusDoorHandler *handler)
{
	TsBusDoor *door = g_new0(TsBusDoor, 1);

	door->bus = bus;
	door->handler = *handler;
	door->link = g_new0(Link, 1);
	g_atomic_ref_count_init(&door->link->references);
	door->link->context = g_main_context_ref_thread_default();
	door->link->door = door;
	door->cancellable = g_cancellable_new();
	door->retry = ts_timer_new(sched, connect_to_bus, door);
	connect_to_bus(door);
	return door;
}

void
ts_bus_door_free(TsBusDoor *door)
{
	if (!door)
		return;
	door->link->door = NULL;
	g_cancellable_cancel(door->cancellable);
	disconnect(door);
	ts_timer_free(door->retry);
	g_object_unref(door->cancellable);
	unref_link(door->link);
	g_free(door);
}

bool
ts_bus_door_is_connected(const TsBusDoor *door)
{
	return door->connection != NULL;
}

void
ts_bus_door_send_signal(TsBusDoor *door, GDBusMessage *signal)
{
	if (door->connection)
		g_dbus_connection_send_message(door->connection, signal,
					       G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
}
