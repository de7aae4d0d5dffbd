/* SPDX-License-Identifier: BSD-2-Clause */
/* values.c - see values.h */
#include "values.h"

#include <math.h>

GVariant *
ts_value_get(GVariant *dict, const char *key)
{
	return g_variant_lookup_value(dict, key, NULL);
}

const char *
ts_value_text(GVariant *dict, const char *key)
{
	const char *text = NULL;

	if (!g_variant_lookup(dict, key, "&s", &text))
		g_variant_lookup(dict, key, "&o", &text);
	return text;
}

const char *
ts_value_text_or(GVariant *dict, const char *key, const char *otherwise)
{
	const char *text = ts_value_text(dict, key);

	return text ? text : otherwise;
}

double
ts_value_number(GVariant *dict, const char *key)
{
	g_autoptr(GVariant) value = ts_value_get(dict, key);

	if (!value)
		return NAN;
	switch (g_variant_classify(value)) {
	case G_VARIANT_CLASS_DOUBLE:
		return g_variant_get_double(value);
	case G_VARIANT_CLASS_BYTE:
		return g_variant_get_byte(value);
	case G_VARIANT_CLASS_UINT16:
		return g_variant_get_uint16(value);
	case G_VARIANT_CLASS_INT32:
		return g_variant_get_int32(value);
	case G_VARIANT_CLASS_UINT32:
		return g_variant_get_uint32(value);
	case G_VARIANT_CLASS_INT64:
		return (double)g_variant_get_int64(value);
	case G_VARIANT_CLASS_UINT64:
		return (double)g_variant_get_uint64(value);
	default:
		return NAN;
	}
}

bool
ts_value_bool(GVariant *dict, const char *key)
{
	gboolean value = false;

	g_variant_lookup(dict, key, "b", &value);
	return value;
}
