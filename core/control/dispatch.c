/* SPDX-License-Identifier: BSD-2-Clause */
/* dispatch.c - see dispatch.h */
#include "control/dispatch.h"

#include <string.h>

#include "base/error.h"
#include "control/standard-interfaces.h"

static const char *
error_name(const GError *error)
{
	if (error->domain != TIMESRV_ERROR)
		return NULL;
	switch ((TimesrvError)error->code) {
	case TIMESRV_ERROR_INVALID_CONFIG:
		return TS_CONTROL_PREFIX ".Error.InvalidConfig";
	case TIMESRV_ERROR_NOT_FOUND:
		return TS_CONTROL_PREFIX ".Error.NotFound";
	case TIMESRV_ERROR_EXISTS:
		return TS_CONTROL_PREFIX ".Error.Exists";
	case TIMESRV_ERROR_UNAVAILABLE:
		return TS_CONTROL_PREFIX ".Error.Unavailable";
	case TIMESRV_ERROR_PERMISSION:
		return TS_CONTROL_PREFIX ".Error.Permission";
	case TIMESRV_ERROR_INCOMPATIBLE:
		return TS_CONTROL_PREFIX ".Error.Incompatible";
	case TIMESRV_ERROR_INTERNAL:
		break;
	}
	return TS_CONTROL_PREFIX ".Error.Internal";
}

static GDBusMessage *
make_error_reply(GDBusMessage *call, const GError *error)
{
	g_autoptr(GError) plain = g_error_copy(error);
	const char *ours = error_name(error);
	g_autofree char *name = ours ? g_strdup(ours) : g_dbus_error_get_remote_error(error);

	g_dbus_error_strip_remote_error(plain);
	if (!name)
		name = g_dbus_error_encode_gerror(error);
	g_autofree char *text = g_utf8_make_valid(plain->message, -1);
	return g_dbus_message_new_method_error_literal(call, name, text);
}

static bool
unknown(GError **error, int code, const char *what, const char *name)
{
	g_set_error(error, G_DBUS_ERROR, code, "there is no %s %s", what, name ? name : "(none)");
	return false;
}

static bool
types_match(GDBusArgInfo **wanted, GVariant *arguments)
{
	gsize n = g_variant_n_children(arguments);
	gsize i = 0;

	for (; wanted && wanted[i]; i++) {
		if (i >= n)
			return false;
		g_autoptr(GVariant) argument = g_variant_get_child_value(arguments, i);
		if (strcmp(g_variant_get_type_string(argument), wanted[i]->signature) != 0)
			return false;
	}
	return i == n;
}

/* The arguments of @call, or an empty tuple. */
static GVariant *
dup_arguments(GDBusMessage *call)
{
	GVariant *body = g_dbus_message_get_body(call);

	return body ? g_variant_ref(body) : g_variant_ref_sink(g_variant_new_tuple(NULL, 0));
}

static const TsMethod *
find_method(const TsInterface *interface, const char *name)
{
	for (const TsMethod *method = interface->methods; method && method->name; method++)
		if (strcmp(method->name, name) == 0)
			return method;
	return NULL;
}

static const GDBusMethodInfo *
find_method_info(const TsInterface *interface, const char *name)
{
	/* GIO's own lookup wants a cache that is not const */
	for (GDBusMethodInfo **info = interface->info->methods; info && *info; info++)
		if (strcmp((*info)->name, name) == 0)
			return *info;
	return NULL;
}

static bool
call_ours(TsObjectTree *tree, TsObject *object, const TsAuthoriser *authoriser,
	  const TsCaller *caller, GDBusMessage *message, GVariant **result, GError **error)
{
	const char *member = g_dbus_message_get_member(message);
	const GDBusMethodInfo *info = find_method_info(object->interface, member);
	const TsMethod *method = find_method(object->interface, member);
	g_autoptr(GVariant) arguments = dup_arguments(message);

	if (!info || !method)
		return unknown(error, G_DBUS_ERROR_UNKNOWN_METHOD, "method", member);
	if (!types_match(info->in_args, arguments)) {
		g_set_error(error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
			    "arguments of %s are of other types than %s", member,
			    g_variant_get_type_string(arguments));
		return false;
	}
	if (!ts_authorise(authoriser, caller, ts_access_of_method(info), member, error))
		return false;
	TsCall call = {
		.subjects = ts_object_tree_subjects(tree),
		.tree = tree,
		.object = object,
		.arguments = arguments,
		.is_trusted = ts_authoriser_trusts(authoriser, caller),
	};
	return method->func(&call, result, error);
}

static bool
call_any(TsObjectTree *tree, const TsAuthoriser *authoriser, const TsCaller *caller,
	 GDBusMessage *message, GVariant **result, GError **error)
{
	const char *path = g_dbus_message_get_path(message);
	const char *interface = g_dbus_message_get_interface(message);
	TsObject *object = ts_object_tree_find(tree, path);
	g_autoptr(GVariant) arguments = dup_arguments(message);

	if (ts_standard_has(interface, g_dbus_message_get_member(message))) {
		TsStandardCall call = {tree, object, path, g_dbus_message_get_member(message), arguments};
		return ts_standard_call(&call, interface, result, error);
	}
	if (!object)
		return unknown(error, G_DBUS_ERROR_UNKNOWN_OBJECT, "object", path);
	if (interface && strcmp(interface, object->interface->info->name) != 0)
		return unknown(error, G_DBUS_ERROR_UNKNOWN_INTERFACE, "interface", interface);
	return call_ours(tree, object, authoriser, caller, message, result, error);
}

GDBusMessage *
ts_dispatch(TsObjectTree *tree, const TsAuthoriser *authoriser, const TsCaller *caller,
	    GDBusMessage *call)
{
	g_autoptr(GError) error = NULL;
	GVariant *result = NULL;
	bool is_done = call_any(tree, authoriser, caller, call, &result, &error);
	g_autoptr(GVariant) owned = result ? g_variant_ref_sink(result) : NULL;

	if (g_dbus_message_get_flags(call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED)
		return NULL;
	if (!is_done)
		return make_error_reply(call, error);
	GDBusMessage *reply = g_dbus_message_new_method_reply(call);
	if (owned)
		g_dbus_message_set_body(reply, owned);
	return reply;
}

bool
ts_dispatch_is_read_only(const TsObjectTree *tree, GDBusMessage *call)
{
	const char *member = g_dbus_message_get_member(call);

	if (ts_standard_has(g_dbus_message_get_interface(call), member))
		return true;
	TsObject *object = ts_object_tree_find(tree, g_dbus_message_get_path(call));
	const GDBusMethodInfo *info = object ? find_method_info(object->interface, member) : NULL;
	return !info || ts_access_of_method(info) == TS_ACCESS_READ;
}
