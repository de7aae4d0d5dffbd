/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.h - what the daemon says, for programs
 *
 * Names are those of the interface in the form of JSON's own: RootDispersion is root_dispersion. A property
 * that is not known is null. Keys of other dictionaries (counters, details) stay as they are.
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

/* Returns: (transfer full). A number that is not finite is null. */
JsonNode *ts_json_from_variant(GVariant *value);

/* An a{sv} of properties; those of @interface that it lacks are null, and Options, "key=value" each, is an
 * object. (transfer full) */
JsonNode *ts_json_from_properties(const GDBusInterfaceInfo *interface, GVariant *properties);

/* An object with one member; both are taken over or copied. (transfer full) */
JsonNode *ts_json_object_with(const char *name, JsonNode *value);

/* Appends it with a newline; indented, or on one line. @node is taken over. */
void ts_json_append(GString *out, JsonNode *node, gboolean is_indented);

/* "RootDispersion" to "root_dispersion". (transfer full) */
char *ts_json_name(const char *name);
