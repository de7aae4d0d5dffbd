/* SPDX-License-Identifier: BSD-2-Clause */
/* control.c - see control.h: joins the objects, the doors and what tells changes */
#include "control/control.h"

#include "base/log.h"
#include "control/bus-door.h"
#include "control/clock-object.h"
#include "control/dispatch.h"
#include "control/manager-object.h"
#include "control/plugin-object.h"
#include "control/publish.h"
#include "control/server-object.h"
#include "control/socket-door.h"

#define TS_LOG_COMPONENT "control"

struct _TsControl {
	TsControlSubjects subjects;
	TsAuthoriser authoriser;
	TsObjectTree *tree;       /* NULL: there is no door */
	TsObject *manager;
	TsPublisher *publisher;
	TsSocketDoor *socket;     /* (nullable) */
	TsBusDoor *bus;           /* (nullable) */
};

static GDBusMessage *
answer(const TsCaller *caller, GDBusMessage *call, void *user_data)
{
	TsControl *control = user_data;
	GDBusMessage *reply = ts_dispatch(control->tree, &control->authoriser, caller, call);

	/* after a method that may have changed anything; what has not is not told */
	if (!ts_dispatch_is_read_only(control->tree, call))
		ts_publisher_touch_all(control->publisher);
	return reply;
}

static bool
trusts(const TsCaller *caller, void *user_data)
{
	TsControl *control = user_data;

	return ts_authoriser_trusts(&control->authoriser, caller);
}

static bool
is_read_only(GDBusMessage *call, void *user_data)
{
	TsControl *control = user_data;

	return ts_dispatch_is_read_only(control->tree, call);
}

static bool
has_listeners(void *user_data)
{
	TsControl *control = user_data;

	return (control->socket && ts_socket_door_has_peers(control->socket)) ||
	       (control->bus && ts_bus_door_is_connected(control->bus));
}

static void
emit(const char *path, const char *interface, const char *signal, GVariant *parameters,
     void *user_data)
{
	TsControl *control = user_data;

	if (!has_listeners(control))
		return;
	g_autoptr(GDBusMessage) message = g_dbus_message_new_signal(path, interface, signal);
	g_dbus_message_set_body(message, parameters);
	if (control->socket)
		ts_socket_door_send_signal(control->socket, message);
	if (!control->bus)
		return;
	/* each door numbers its messages; a message that was numbered once is locked or taken */
	g_autoptr(GDBusMessage) copy = g_dbus_message_copy(message, NULL);
	if (copy)
		ts_bus_door_send_signal(control->bus, copy);
}

static void
make_objects(TsControl *control)
{
	control->tree = ts_object_tree_new(&control->subjects, emit, control);
	control->manager = ts_manager_object_add(control->tree);
	ts_object_tree_add(control->tree, g_strdup(TS_CONTROL_ROOT "/clock"),
			   &ts_clock_object_interface, NULL, NULL);
	ts_object_tree_add(control->tree, g_strdup(TS_CONTROL_ROOT "/server"),
			   &ts_server_object_interface, NULL, NULL);
	ts_plugin_objects_refresh(control->tree);
	control->publisher = ts_publisher_new(control->tree, has_listeners, control);
}

static bool
open_doors(TsControl *control, const TsControlSettings *settings, GError **error)
{
	TsSched *sched = ts_engine_sched(control->subjects.engine);
	const TsSocketDoorHandler socket_handler = {answer, trusts, control};
	const TsBusDoorHandler bus_handler = {answer, is_read_only, control};

	if (settings->socket) {
		control->socket =
			ts_socket_door_new(sched, settings->socket, &socket_handler, error);
		if (!control->socket)
			return false;
	}
	if (settings->bus != TS_BUS_NONE)
		control->bus = ts_bus_door_new(sched, settings->bus, &bus_handler);
	return true;
}

TsControl *
ts_control_new(const TsControlSubjects *subjects, const TsControlSettings *settings, GError **error)
{
	g_autoptr(TsControl) control = g_new0(TsControl, 1);

	control->subjects = *subjects;
	if (!settings->socket && settings->bus == TS_BUS_NONE)
		return g_steal_pointer(&control);
	ts_authoriser_init(&control->authoriser, settings->group);
	make_objects(control);
	if (!open_doors(control, settings, error))
		return NULL;
	return g_steal_pointer(&control);
}

void
ts_control_reloaded(TsControl *control)
{
	if (!control->tree)
		return;
	ts_manager_object_reloaded(control->manager,
				   control->subjects.get_settings(control->subjects.user_data));
	ts_plugin_objects_refresh(control->tree);
	ts_publisher_touch_all(control->publisher);
}

void
ts_control_free(TsControl *control)
{
	if (!control)
		return;
	/* the doors first: nobody asks any more; no signal is told of what goes now */
	g_clear_pointer(&control->bus, ts_bus_door_free);
	g_clear_pointer(&control->socket, ts_socket_door_free);
	ts_publisher_free(control->publisher);
	ts_object_tree_free(control->tree);
	ts_authoriser_clear(&control->authoriser);
	g_free(control);
}
