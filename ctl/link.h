/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.h - the way to the daemon: its private socket, or a bus
 *
 * Every failure comes with the exit status that scripts look at.
 */
#pragma once

#include <gio/gio.h>

/* Exit statuses; timesrvctl(1) documents them. */
typedef enum {
	TS_EXIT_OK = 0,
	TS_EXIT_FAILED = 1,           /* the daemon refused, or could not */
	TS_EXIT_USAGE = 2,
	TS_EXIT_NOT_THERE = 3,        /* no daemon */
	TS_EXIT_NOT_SYNCHRONISED = 4, /* status --check, wait */
	TS_EXIT_PERMISSION = 5,
} TsExit;

/* The code of an error is the TsExit that it leads to. */
#define TS_LINK_ERROR (ts_link_error_quark())
GQuark ts_link_error_quark(void);

#define TS_ROOT_PATH   "/org/timesrv1"
#define TS_CLOCK_PATH  TS_ROOT_PATH "/clock"
#define TS_SERVER_PATH TS_ROOT_PATH "/server"

#define TS_MANAGER    "org.timesrv1.Manager"
#define TS_CLOCK      "org.timesrv1.Clock"
#define TS_SERVER     "org.timesrv1.Server"
#define TS_SOURCE     "org.timesrv1.Source"
#define TS_PLUGIN     "org.timesrv1.Plugin"
#define TS_PROPERTIES "org.freedesktop.DBus.Properties"

typedef struct _TsLink TsLink;

/* Connects to the private socket at @path, saying exactly what is wrong if it can't. */
TsLink *ts_link_new_socket(const char *path, GError **error);
TsLink *ts_link_new_bus(GBusType type, GError **error);
void ts_link_free(TsLink *link);

/* Calls a method. @arguments: floating or NULL. @type: of the result, as "(s)"; NULL: none is looked at.
 * Returns: (transfer full) (nullable). */
GVariant *ts_link_call(TsLink *link, const char *path, const char *interface, const char *method,
		       GVariant *arguments, const char *type, GError **error);

/* Returns: (transfer full) (nullable): all properties, an a{sv}. */
GVariant *ts_link_get_all(TsLink *link, const char *path, const char *interface, GError **error);

/* Returns: (transfer full) (nullable) (element-type GVariant): the properties of every object with
 * @interface, all of one moment. */
GPtrArray *ts_link_get_objects(TsLink *link, const char *interface, GError **error);

/* Calls @changed on every signal of the daemon and @closed when the connection ends, on the default main
 * context, as long as the link lives. */
void ts_link_subscribe(TsLink *link, void (*changed)(void *user_data),
		       void (*closed)(void *user_data), void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsLink, ts_link_free)
