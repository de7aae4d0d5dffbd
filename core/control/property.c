/* SPDX-License-Identifier: BSD-2-Clause */
/* property.c - see property.h */
#include "control/property.h"

#include <math.h>

void
ts_put(GVariantBuilder *dict, const char *key, GVariant *value)
{
	g_variant_builder_add(dict, "{sv}", key, value);
}

void
ts_put_text(GVariantBuilder *dict, const char *key, const char *value)
{
	if (!value)
		return;
	g_autofree char *valid = g_utf8_make_valid(value, -1);
	ts_put(dict, key, g_variant_new_string(valid));
}

void
ts_put_texts(GVariantBuilder *dict, const char *key, char *const *values)
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE_STRING_ARRAY);
	for (; *values; values++) {
		g_autofree char *valid = g_utf8_make_valid(*values, -1);
		g_variant_builder_add(&list, "s", valid);
	}
	ts_put(dict, key, g_variant_builder_end(&list));
}

void
ts_put_double(GVariantBuilder *dict, const char *key, double value)
{
	if (isfinite(value))
		ts_put(dict, key, g_variant_new_double(value));
}

void
ts_put_bool(GVariantBuilder *dict, const char *key, bool value)
{
	ts_put(dict, key, g_variant_new_boolean(value));
}

void
ts_put_byte(GVariantBuilder *dict, const char *key, uint8_t value)
{
	ts_put(dict, key, g_variant_new_byte(value));
}

void
ts_put_u32(GVariantBuilder *dict, const char *key, uint32_t value)
{
	ts_put(dict, key, g_variant_new_uint32(value));
}

void
ts_put_u64(GVariantBuilder *dict, const char *key, uint64_t value)
{
	ts_put(dict, key, g_variant_new_uint64(value));
}

char *
ts_refid_format(uint32_t refid, int stratum)
{
	char letters[5] = {(char)(refid >> 24), (char)(refid >> 16), (char)(refid >> 8), (char)refid, 0};
	unsigned length = 0;

	while (length < 4 && g_ascii_isgraph(letters[length]))
		length++;
	bool is_padded = length > 0;
	for (unsigned i = length; i < 4; i++)
		is_padded = is_padded && letters[i] == 0;
	if (is_padded && (stratum <= 1 || stratum >= 16))
		return g_strndup(letters, length);
	return g_strdup_printf("%u.%u.%u.%u", refid >> 24, refid >> 16 & 255, refid >> 8 & 255,
			       refid & 255);
}
