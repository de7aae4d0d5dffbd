/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * property.h - adds a value to an a{sv} if it is known
 *
 * One rule for what is not known, everywhere: it is left out. NULL texts, NAN and infinite numbers are
 * not known. Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* Text that is no UTF-8 is made so. */
void ts_put_text(GVariantBuilder *dict, const char *key, const char *value);
void ts_put_texts(GVariantBuilder *dict, const char *key, char *const *values);
void ts_put_double(GVariantBuilder *dict, const char *key, double value);
void ts_put_bool(GVariantBuilder *dict, const char *key, bool value);
void ts_put_byte(GVariantBuilder *dict, const char *key, uint8_t value);
void ts_put_u32(GVariantBuilder *dict, const char *key, uint32_t value);
void ts_put_u64(GVariantBuilder *dict, const char *key, uint64_t value);

/* @value: floating: taken over. */
void ts_put(GVariantBuilder *dict, const char *key, GVariant *value);

/* A reference id as text: letters where the stratum says that it is a name, else as an IPv4 address.
 * Returns: (transfer full). Source: RFC 5905 section 7.3. */
char *ts_refid_format(uint32_t refid, int stratum);
