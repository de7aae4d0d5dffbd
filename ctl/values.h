/* SPDX-License-Identifier: BSD-2-Clause */
/* values.h - reads an a{sv} in which what is not known has no key */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

/* Returns: (transfer none) (nullable): lives as long as @dict. */
const char *ts_value_text(GVariant *dict, const char *key);

/* Returns: @otherwise where there is none. */
const char *ts_value_text_or(GVariant *dict, const char *key, const char *otherwise);

/* Any kind of number. Returns: NAN where there is none. */
double ts_value_number(GVariant *dict, const char *key);

/* Returns: false where there is none. */
bool ts_value_bool(GVariant *dict, const char *key);

/* Returns: (transfer full) (nullable). */
GVariant *ts_value_get(GVariant *dict, const char *key);
