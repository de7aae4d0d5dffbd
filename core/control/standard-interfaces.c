/* SPDX-License-Identifier: BSD-2-Clause */
/* standard-interfaces.c - see standard-interfaces.h */
#include "control/standard-interfaces.h"

#include <string.h>

#define NOT_KNOWN TS_CONTROL_PREFIX ".Error.NotKnown"

/* The parts of introspection data that are the same for all; GIO writes ours. */
static const char introspection_head[] =
	"<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
	" \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
	"<node>\n"
	"  <interface name=\"org.freedesktop.DBus.Peer\">\n"
	"    <method name=\"Ping\"/>\n"
	"    <method name=\"GetMachineId\">\n"
	"      <arg type=\"s\" name=\"machine_uuid\" direction=\"out\"/>\n"
	"    </method>\n"
	"  </interface>\n"
	"  <interface name=\"org.freedesktop.DBus.Introspectable\">\n"
	"    <method name=\"Introspect\">\n"
	"      <arg type=\"s\" name=\"xml_data\" direction=\"out\"/>\n"
	"    </method>\n"
	"  </interface>\n";

static const char introspection_properties[] =
	"  <interface name=\"org.freedesktop.DBus.Properties\">\n"
	"    <method name=\"Get\">\n"
	"      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
	"      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
	"      <arg type=\"v\" name=\"value\" direction=\"out\"/>\n"
	"    </method>\n"
	"    <method name=\"GetAll\">\n"
	"      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
	"      <arg type=\"a{sv}\" name=\"properties\" direction=\"out\"/>\n"
	"    </method>\n"
	"    <method name=\"Set\">\n"
	"      <arg type=\"s\" name=\"interface_name\" direction=\"in\"/>\n"
	"      <arg type=\"s\" name=\"property_name\" direction=\"in\"/>\n"
	"      <arg type=\"v\" name=\"value\" direction=\"in\"/>\n"
	"    </method>\n"
	"    <signal name=\"PropertiesChanged\">\n"
	"      <arg type=\"s\" name=\"interface_name\"/>\n"
	"      <arg type=\"a{sv}\" name=\"changed_properties\"/>\n"
	"      <arg type=\"as\" name=\"invalidated_properties\"/>\n"
	"    </signal>\n"
	"  </interface>\n";

static const char introspection_object_manager[] =
	"  <interface name=\"org.freedesktop.DBus.ObjectManager\">\n"
	"    <method name=\"GetManagedObjects\">\n"
	"      <arg type=\"a{oa{sa{sv}}}\" name=\"objects\" direction=\"out\"/>\n"
	"    </method>\n"
	"    <signal name=\"InterfacesAdded\">\n"
	"      <arg type=\"o\" name=\"object_path\"/>\n"
	"      <arg type=\"a{sa{sv}}\" name=\"interfaces_and_properties\"/>\n"
	"    </signal>\n"
	"    <signal name=\"InterfacesRemoved\">\n"
	"      <arg type=\"o\" name=\"object_path\"/>\n"
	"      <arg type=\"as\" name=\"interfaces\"/>\n"
	"    </signal>\n"
	"  </interface>\n";

static bool
ping(const TsStandardCall *call, GVariant **result, GError **error)
{
	(void)call;
	(void)result;
	(void)error;
	return true;
}

static bool
get_machine_id(const TsStandardCall *call, GVariant **result, GError **error)
{
	g_autofree char *id = NULL;
	(void)call;

	if (!g_file_get_contents("/etc/machine-id", &id, NULL, NULL)) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "no /etc/machine-id");
		return false;
	}
	*result = g_variant_new("(s)", g_strchomp(id));
	return true;
}

/* The next part of the path @below, seen from @path; NULL when it does not lie below. */
static char *
child_name(const char *path, const char *below)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);

	if (strncmp(path, below, length) != 0 || below[length] != '/')
		return NULL;
	const char *name = below + length + 1;
	return g_strndup(name, strcspn(name, "/"));
}

static GHashTable *
find_children(const TsStandardCall *call)
{
	GHashTable *children = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < ts_object_tree_size(call->tree); i++) {
		char *name = child_name(call->path, ts_object_tree_at(call->tree, i)->path);
		if (name)
			g_hash_table_add(children, name);
	}
	return children;
}

static bool
introspect(const TsStandardCall *call, GVariant **result, GError **error)
{
	g_autoptr(GHashTable) children = find_children(call);
	g_autoptr(GString) xml = g_string_new(introspection_head);

	if (!call->object && g_hash_table_size(children) == 0) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT, "there is no object %s",
			    call->path);
		return false;
	}
	if (call->object) {
		g_string_append(xml, introspection_properties);
		if (strcmp(call->path, TS_CONTROL_ROOT) == 0)
			g_string_append(xml, introspection_object_manager);
		g_dbus_interface_info_generate_xml(
			(GDBusInterfaceInfo *)call->object->interface->info, 2, xml);
	}
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(children), (GCompareFunc)strcmp);
	for (GList *name = names; name; name = name->next)
		g_string_append_printf(xml, "  <node name=\"%s\"/>\n", (const char *)name->data);
	g_string_append(xml, "</node>\n");
	*result = g_variant_new("(s)", xml->str);
	return true;
}

static bool
check_interface(const TsStandardCall *call, const char *name, GError **error)
{
	if (!call->object) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT, "there is no object %s",
			    call->path);
		return false;
	}
	if (*name && strcmp(name, call->object->interface->info->name) != 0 &&
	    !g_str_has_prefix(name, "org.freedesktop.DBus.")) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE,
			    "%s has no interface %s", call->path, name);
		return false;
	}
	return true;
}

static bool
has_property(const TsObject *object, const char *name)
{
	for (GDBusPropertyInfo **info = object->interface->info->properties; info && *info; info++)
		if (strcmp((*info)->name, name) == 0)
			return true;
	return false;
}

static bool
get_property(const TsStandardCall *call, GVariant **result, GError **error)
{
	const char *interface, *name;

	g_variant_get(call->arguments, "(&s&s)", &interface, &name);
	if (!check_interface(call, interface, error))
		return false;
	g_autoptr(GVariant) all =
		ts_object_dup_properties(call->object, ts_object_tree_subjects(call->tree));
	g_autoptr(GVariant) value = g_variant_lookup_value(all, name, NULL);
	if (value) {
		*result = g_variant_new("(v)", value);
		return true;
	}
	g_autoptr(GError) cause = NULL;
	if (has_property(call->object, name))
		cause = g_dbus_error_new_for_dbus_error(NOT_KNOWN, "not known");
	else
		cause = g_error_new(G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
				    "there is no property %s", name);
	g_propagate_error(error, g_steal_pointer(&cause));
	return false;
}

static bool
get_all_properties(const TsStandardCall *call, GVariant **result, GError **error)
{
	const char *interface;

	g_variant_get(call->arguments, "(&s)", &interface);
	if (!check_interface(call, interface, error))
		return false;
	if (g_str_has_prefix(interface, "org.freedesktop.DBus.")) {
		*result = g_variant_new_parsed("(@a{sv} {},)");
		return true;
	}
	g_autoptr(GVariant) all =
		ts_object_dup_properties(call->object, ts_object_tree_subjects(call->tree));
	*result = g_variant_new("(@a{sv})", all);
	return true;
}

static bool
set_property(const TsStandardCall *call, GVariant **result, GError **error)
{
	(void)result;

	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY,
		    "properties of %s are changed by methods only", call->path);
	return false;
}

static bool
get_managed_objects(const TsStandardCall *call, GVariant **result, GError **error)
{
	GVariantBuilder objects;

	if (strcmp(call->path, TS_CONTROL_ROOT) != 0) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD,
			    "the object manager is %s", TS_CONTROL_ROOT);
		return false;
	}
	g_variant_builder_init(&objects, G_VARIANT_TYPE("a{oa{sa{sv}}}"));
	for (unsigned i = 0; i < ts_object_tree_size(call->tree); i++) {
		TsObject *object = ts_object_tree_at(call->tree, i);
		if (object == call->object)
			continue;
		g_autoptr(GVariant) all =
			ts_object_dup_properties(object, ts_object_tree_subjects(call->tree));
		g_variant_builder_add(&objects, "{o@a{sa{sv}}}", object->path,
				      g_variant_new_parsed("{%s: %@a{sv}}",
							   object->interface->info->name, all));
	}
	*result = g_variant_new("(a{oa{sa{sv}}})", &objects);
	return true;
}

/* On the private socket there is no bus, but programs made for one (busctl) greet it all the same. */
static bool
say_hello(const TsStandardCall *call, GVariant **result, GError **error)
{
	(void)call;
	(void)error;

	*result = g_variant_new("(s)", ":1.1");
	return true;
}

static const struct {
	const char *interface, *member, *signature;
	bool (*func)(const TsStandardCall *call, GVariant **result, GError **error);
} standard_methods[] = {
	{"org.freedesktop.DBus.Peer", "Ping", "()", ping},
	{"org.freedesktop.DBus.Peer", "GetMachineId", "()", get_machine_id},
	{"org.freedesktop.DBus.Introspectable", "Introspect", "()", introspect},
	{"org.freedesktop.DBus.Properties", "Get", "(ss)", get_property},
	{"org.freedesktop.DBus.Properties", "GetAll", "(s)", get_all_properties},
	{"org.freedesktop.DBus.Properties", "Set", "(ssv)", set_property},
	{"org.freedesktop.DBus", "Hello", "()", say_hello},
	{"org.freedesktop.DBus", "AddMatch", "(s)", ping},
	{"org.freedesktop.DBus", "RemoveMatch", "(s)", ping},
	{"org.freedesktop.DBus.ObjectManager", "GetManagedObjects", "()", get_managed_objects},
};

bool
ts_standard_has(const char *interface, const char *member)
{
	if (interface)
		return g_str_has_prefix(interface, "org.freedesktop.DBus");
	for (unsigned i = 0; i < G_N_ELEMENTS(standard_methods); i++)
		if (strcmp(standard_methods[i].member, member) == 0)
			return true;
	return false;
}

bool
ts_standard_call(const TsStandardCall *call, const char *interface, GVariant **result,
		 GError **error)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(standard_methods); i++) {
		if ((interface && strcmp(standard_methods[i].interface, interface) != 0) ||
		    strcmp(standard_methods[i].member, call->member) != 0)
			continue;
		const char *given = g_variant_get_type_string(call->arguments);
		if (strcmp(given, standard_methods[i].signature) == 0)
			return standard_methods[i].func(call, result, error);
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "%s takes %s, not %s",
			    call->member, standard_methods[i].signature, given);
		return false;
	}
	g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD, "there is no method %s.%s",
		    interface ? interface : "", call->member);
	return false;
}
