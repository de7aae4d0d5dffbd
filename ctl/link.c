/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - see link.h */
#include "link.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUS_NAME "org.timesrv1"

/* A reload reads files and loads plugins; nothing else takes longer. */
#define CALL_LIMIT_MS 30000

G_DEFINE_QUARK(ts-link-error-quark, ts_link_error)

struct _TsLink {
	GDBusConnection *connection;
	const char *destination; /* NULL: peer to peer */
	guint subscription;
	gulong closed_handler;
	void (*changed)(void *user_data);
	void (*closed)(void *user_data);
	void *user_data;
};

static int
fail(GError **error, TsExit code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static int
fail(GError **error, TsExit code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, TS_LINK_ERROR, (int)code, text);
	return -1;
}

static int
explain_no_connection(const char *path, int cause, GError **error)
{
	switch (cause) {
	case ENOENT:
	case ENOTDIR:
		return fail(error, TS_EXIT_NOT_THERE,
			    "timesrvd is not there: no socket %s. Is it running, and with this "
			    "'control: socket'? (--socket PATH, or --bus)",
			    path);
	case ECONNREFUSED:
		return fail(error, TS_EXIT_NOT_THERE,
			    "timesrvd is not there: %s exists, but nobody listens on it", path);
	case EACCES:
	case EPERM:
		return fail(error, TS_EXIT_PERMISSION, "no permission for %s", path);
	case ENOTSOCK:
	case EPROTOTYPE:
		return fail(error, TS_EXIT_NOT_THERE, "%s is not a socket of timesrvd", path);
	case EAGAIN:
		return fail(error, TS_EXIT_NOT_THERE, "timesrvd does not take connections on %s",
			    path);
	default:
		return fail(error, TS_EXIT_NOT_THERE, "cannot connect to %s: %s", path,
			    g_strerror(cause));
	}
}

/* Returns: a connected socket, -1 on error. */
static int
connect_to(const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof address.sun_path)
		return fail(error, TS_EXIT_USAGE, "%s: a socket's path has at most %zu bytes", path,
			    sizeof address.sun_path - 1);
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return explain_no_connection(path, errno, error);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
		int cause = errno;
		close(fd);
		return explain_no_connection(path, cause, error);
	}
	return fd;
}

TsLink *
ts_link_new_socket(const char *path, GError **error)
{
	int fd = connect_to(path, error);

	if (fd < 0)
		return NULL;
	g_autoptr(GError) cause = NULL;
	g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, &cause);
	g_autoptr(GSocketConnection) stream =
		socket ? g_socket_connection_factory_create_connection(socket) : NULL;
	GDBusConnection *connection =
		stream ? g_dbus_connection_new_sync(G_IO_STREAM(stream), NULL,
						    G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT,
						    NULL, NULL, &cause)
		       : NULL;
	if (!connection) {
		fail(error, TS_EXIT_NOT_THERE,
		     "%s closed the connection at once (too many clients?): %s", path,
		     cause->message);
		return NULL;
	}
	TsLink *link = g_new0(TsLink, 1);
	link->connection = connection;
	return link;
}

TsLink *
ts_link_new_bus(GBusType type, GError **error)
{
	g_autoptr(GError) cause = NULL;
	GDBusConnection *connection = g_bus_get_sync(type, NULL, &cause);

	if (!connection) {
		fail(error, TS_EXIT_NOT_THERE, "no bus: %s", cause->message);
		return NULL;
	}
	g_dbus_connection_set_exit_on_close(connection, FALSE);
	TsLink *link = g_new0(TsLink, 1);
	link->connection = connection;
	link->destination = BUS_NAME;
	return link;
}

void
ts_link_free(TsLink *link)
{
	if (!link)
		return;
	if (link->subscription)
		g_dbus_connection_signal_unsubscribe(link->connection, link->subscription);
	g_clear_signal_handler(&link->closed_handler, link->connection);
	g_object_unref(link->connection);
	g_free(link);
}

static void
on_signal(GDBusConnection *connection, const char *sender, const char *path, const char *interface,
	  const char *signal, GVariant *parameters, gpointer user_data)
{
	TsLink *link = user_data;
	(void)connection, (void)sender, (void)path, (void)interface, (void)signal, (void)parameters;

	link->changed(link->user_data);
}

static void
on_closed(GDBusConnection *connection, gboolean is_vanished, GError *error, gpointer user_data)
{
	TsLink *link = user_data;
	(void)connection, (void)is_vanished, (void)error;

	link->closed(link->user_data);
}

void
ts_link_subscribe(TsLink *link, void (*changed)(void *user_data), void (*closed)(void *user_data),
		  void *user_data)
{
	link->changed = changed;
	link->closed = closed;
	link->user_data = user_data;
	link->subscription = g_dbus_connection_signal_subscribe(
		link->connection, link->destination, NULL, NULL, NULL, NULL,
		G_DBUS_SIGNAL_FLAGS_NONE, on_signal, link, NULL);
	link->closed_handler =
		g_signal_connect(link->connection, "closed", G_CALLBACK(on_closed), link);
}

static TsExit
exit_of(const GError *cause)
{
	g_autofree char *name = g_dbus_error_get_remote_error(cause);

	if (g_strcmp0(name, "org.timesrv1.Error.Permission") == 0 ||
	    g_error_matches(cause, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
		return TS_EXIT_PERMISSION;
	if (g_error_matches(cause, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	    g_error_matches(cause, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	    g_error_matches(cause, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
		return TS_EXIT_NOT_THERE;
	/* what GIO itself says is about the connection */
	if (cause->domain == G_IO_ERROR && !g_dbus_error_is_remote_error(cause))
		return TS_EXIT_NOT_THERE;
	return TS_EXIT_FAILED;
}

/* An error that came over the link, in words of ours. */
static void
convert_error(GError *cause, GError **error)
{
	TsExit code = exit_of(cause);
	bool is_of_io = cause->domain == G_IO_ERROR && !g_dbus_error_is_remote_error(cause);

	g_dbus_error_strip_remote_error(cause);
	if (is_of_io)
		fail(error, code, "timesrvd went away: %s", cause->message);
	else if (code == TS_EXIT_NOT_THERE)
		fail(error, code, "timesrvd is not there: %s", cause->message);
	else
		fail(error, code, "%s", cause->message);
}

GVariant *
ts_link_call(TsLink *link, const char *path, const char *interface, const char *method,
	     GVariant *arguments, const char *type, GError **error)
{
	g_autoptr(GError) cause = NULL;
	GVariant *result = g_dbus_connection_call_sync(
		link->connection, link->destination, path, interface, method, arguments,
		type ? G_VARIANT_TYPE(type) : NULL, G_DBUS_CALL_FLAGS_NONE, CALL_LIMIT_MS, NULL,
		&cause);

	if (!result)
		convert_error(cause, error);
	return result;
}

GVariant *
ts_link_get_all(TsLink *link, const char *path, const char *interface, GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(link, path, TS_PROPERTIES, "GetAll", g_variant_new("(s)", interface),
			     "(a{sv})", error);

	return result ? g_variant_get_child_value(result, 0) : NULL;
}

GPtrArray *
ts_link_get_objects(TsLink *link, const char *interface, GError **error)
{
	g_autoptr(GVariant) result =
		ts_link_call(link, TS_ROOT_PATH, "org.freedesktop.DBus.ObjectManager",
			     "GetManagedObjects", NULL, "(a{oa{sa{sv}}})", error);

	if (!result)
		return NULL;
	GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	g_autoptr(GVariant) all = g_variant_get_child_value(result, 0);
	for (gsize i = 0; i < g_variant_n_children(all); i++) {
		g_autoptr(GVariant) object = g_variant_get_child_value(all, i);
		g_autoptr(GVariant) interfaces = g_variant_get_child_value(object, 1);
		GVariant *properties = g_variant_lookup_value(interfaces, interface, NULL);
		if (properties)
			g_ptr_array_add(objects, properties);
	}
	return objects;
}
