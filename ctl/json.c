/* SPDX-License-Identifier: BSD-2-Clause */
/* json.c - see json.h */
#include "json.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

char *
ts_json_name(const char *name)
{
	GString *text = g_string_new(NULL);

	for (const char *at = name; *at; at++) {
		if (g_ascii_isupper(*at) && at != name)
			g_string_append_c(text, '_');
		g_string_append_c(text, g_ascii_tolower(*at));
	}
	return g_string_free(text, FALSE);
}

static JsonNode *
from_double(double value)
{
	return isfinite(value) ? json_node_init_double(json_node_alloc(), value)
			       : json_node_init_null(json_node_alloc());
}

static JsonNode *
from_dictionary(GVariant *dictionary)
{
	g_autoptr(JsonObject) object = json_object_new();
	bool has_names = g_variant_is_of_type(dictionary, G_VARIANT_TYPE_VARDICT);

	for (gsize i = 0; i < g_variant_n_children(dictionary); i++) {
		g_autoptr(GVariant) entry = g_variant_get_child_value(dictionary, i);
		g_autoptr(GVariant) key = g_variant_get_child_value(entry, 0);
		g_autoptr(GVariant) value = g_variant_get_child_value(entry, 1);
		const char *text = g_variant_get_string(key, NULL);
		g_autofree char *name = has_names ? ts_json_name(text) : g_strdup(text);
		json_object_set_member(object, name, ts_json_from_variant(value));
	}
	return json_node_init_object(json_node_alloc(), object);
}

static JsonNode *
from_sequence(GVariant *sequence)
{
	g_autoptr(JsonArray) array = json_array_new();

	for (gsize i = 0; i < g_variant_n_children(sequence); i++) {
		g_autoptr(GVariant) child = g_variant_get_child_value(sequence, i);
		json_array_add_element(array, ts_json_from_variant(child));
	}
	return json_node_init_array(json_node_alloc(), array);
}

static JsonNode *
from_integer(gint64 value)
{
	return json_node_init_int(json_node_alloc(), value);
}

JsonNode *
ts_json_from_variant(GVariant *value)
{
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_VARIANT: {
		g_autoptr(GVariant) inner = g_variant_get_variant(value);
		return ts_json_from_variant(inner);
	}
	case G_VARIANT_CLASS_BOOLEAN:
		return json_node_init_boolean(json_node_alloc(), g_variant_get_boolean(value));
	case G_VARIANT_CLASS_BYTE:
		return from_integer(g_variant_get_byte(value));
	case G_VARIANT_CLASS_UINT16:
		return from_integer(g_variant_get_uint16(value));
	case G_VARIANT_CLASS_INT32:
		return from_integer(g_variant_get_int32(value));
	case G_VARIANT_CLASS_UINT32:
		return from_integer(g_variant_get_uint32(value));
	case G_VARIANT_CLASS_INT64:
		return from_integer(g_variant_get_int64(value));
	case G_VARIANT_CLASS_UINT64: /* a counter that passed 2^63 has counted for ages */
		return from_integer((gint64)MIN(g_variant_get_uint64(value), G_MAXINT64));
	case G_VARIANT_CLASS_DOUBLE:
		return from_double(g_variant_get_double(value));
	case G_VARIANT_CLASS_STRING:
	case G_VARIANT_CLASS_OBJECT_PATH:
		return json_node_init_string(json_node_alloc(), g_variant_get_string(value, NULL));
	case G_VARIANT_CLASS_ARRAY:
		if (g_variant_is_of_type(value, G_VARIANT_TYPE_DICTIONARY))
			return from_dictionary(value);
		return from_sequence(value);
	default:
		return from_sequence(value);
	}
}

/* "true" and "false" are booleans, what is wholly a number is one, the rest is text. */
static JsonNode *
from_option(const char *text)
{
	char *end = NULL;

	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		return json_node_init_boolean(json_node_alloc(), text[0] == 't');
	double number = g_ascii_strtod(text, &end);
	if (!*text || *end || !isfinite(number) || g_ascii_isalpha(*text))
		return json_node_init_string(json_node_alloc(), text);
	return number == floor(number) && fabs(number) < 1e15 ? from_integer((gint64)number)
							     : from_double(number);
}

static JsonNode *
from_options(GVariant *options)
{
	g_autoptr(JsonObject) object = json_object_new();

	for (gsize i = 0; i < g_variant_n_children(options); i++) {
		const char *option;
		g_variant_get_child(options, i, "&s", &option);
		const char *equals = strchr(option, '=');
		g_autofree char *key = equals ? g_strndup(option, (gsize)(equals - option))
					      : g_strdup(option);
		json_object_set_member(object, key, from_option(equals ? equals + 1 : "true"));
	}
	return json_node_init_object(json_node_alloc(), object);
}

JsonNode *
ts_json_from_properties(const GDBusInterfaceInfo *interface, GVariant *properties)
{
	g_autoptr(JsonObject) object = json_object_new();

	for (GDBusPropertyInfo **info = interface->properties; info && *info; info++) {
		g_autofree char *name = ts_json_name((*info)->name);
		g_autoptr(GVariant) value =
			g_variant_lookup_value(properties, (*info)->name, NULL);
		if (!value)
			json_object_set_null_member(object, name);
		else if (strcmp((*info)->name, "Options") == 0)
			json_object_set_member(object, name, from_options(value));
		else
			json_object_set_member(object, name, ts_json_from_variant(value));
	}
	return json_node_init_object(json_node_alloc(), object);
}

JsonNode *
ts_json_object_with(const char *name, JsonNode *value)
{
	g_autoptr(JsonObject) object = json_object_new();

	json_object_set_member(object, name, value);
	return json_node_init_object(json_node_alloc(), object);
}

void
ts_json_append(GString *out, JsonNode *node, gboolean is_indented)
{
	g_autoptr(JsonNode) owned = node;
	g_autofree char *text = json_to_string(owned, is_indented);

	g_string_append(out, text);
	g_string_append_c(out, '\n');
}
