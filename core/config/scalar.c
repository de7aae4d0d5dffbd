/* SPDX-License-Identifier: BSD-2-Clause */
/* scalar.c - see scalar.h */
#include "config/scalar.h"

#include <math.h>
#include <string.h>

#include "config/problems.h"

/* A unit is a fraction, so that 10us is the double nearest to 0.00001. */
typedef struct {
	const char *name;
	double times, over;
} Unit;

static const Unit bare_unit = {"", 1, 1};
static const Unit duration_units[] = {
	{"ns", 1, 1e9}, {"us", 1, 1e6}, {"ms", 1, 1e3},	 {"s", 1, 1},
	{"m", 60, 1},	{"h", 3600, 1}, {"d", 86400, 1},
};
static const Unit ppm_units[] = {{"ppb", 1, 1e3}, {"ppm", 1, 1}, {"%", 1e4, 1}};
static const Unit size_units[] = {{"k", 0x1p10, 1}, {"M", 0x1p20, 1}, {"G", 0x1p30, 1}};

typedef struct {
	const char *what;
	const char *example;
	const Unit *units;
	unsigned n_units;
} QuantityInfo;

static const QuantityInfo quantities[] = {
	[TS_QUANTITY_NUMBER] = {"a number", "0.5", NULL, 0},
	[TS_QUANTITY_DURATION] = {"a duration", "1s", duration_units, G_N_ELEMENTS(duration_units)},
	[TS_QUANTITY_PPM] = {"a rate in ppm", "500ppm", ppm_units, G_N_ELEMENTS(ppm_units)},
	[TS_QUANTITY_SIZE] = {"a size", "4M", size_units, G_N_ELEMENTS(size_units)},
};

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (g_ascii_strcasecmp(text, *words) == 0)
			return true;
	return false;
}

/* The words that YAML 1.1 takes for booleans. Returns: 1, 0, or -1 for none of them. */
static int
legacy_boolean(const char *text)
{
	static const char *const yes[] = {"yes", "on", "y", "true", NULL};
	static const char *const no[] = {"no", "off", "n", "false", NULL};

	return is_one_of(text, yes) ? 1 : is_one_of(text, no) ? 0 : -1;
}

/* Returns: (nullable) (transfer full): why @node is no scalar to look into. */
static char *
refuse_kind(const TsNode *node, const char *what)
{
	switch (ts_node_kind(node)) {
	case TS_NODE_SCALAR:
		return NULL;
	case TS_NODE_NULL:
		return g_strdup_printf("has no value; it takes %s", what);
	case TS_NODE_LIST:
		return g_strdup_printf("takes %s, not a list", what);
	case TS_NODE_MAP:
		return g_strdup_printf("takes %s, not a map", what);
	}
	return NULL;
}

char *
ts_scalar_read_bool(const TsNode *node, bool *value)
{
	char *refusal = refuse_kind(node, "true or false");

	if (refusal)
		return refusal;
	const char *text = ts_node_text(node);
	bool is_true = strcmp(text, "true") == 0;
	g_autofree char *quoted = ts_quote(text);
	if (ts_node_is_quoted(node))
		return g_strdup_printf("%s is quoted, so it is a string; it takes true or false "
				       "without quotes",
				       quoted);
	if (!is_true && strcmp(text, "false") != 0) {
		int meaning = legacy_boolean(text);
		if (meaning >= 0)
			return g_strdup_printf("write %s, not %s", meaning ? "true" : "false",
					       text);
		return g_strdup_printf("takes true or false, not %s", quoted);
	}
	*value = is_true;
	return NULL;
}

static const char *
skip_digits(const char *text)
{
	while (g_ascii_isdigit(*text))
		text++;
	return text;
}

/* Returns: the end of the decimal number at @text, @text itself if there is none. */
static const char *
number_end(const char *text, bool *is_whole)
{
	const char *begin = *text == '-' || *text == '+' ? text + 1 : text;
	const char *end = skip_digits(begin);
	size_t digits = (size_t)(end - begin);

	*is_whole = digits > 0;
	if (*end == '.') {
		const char *fraction = end + 1;
		end = skip_digits(fraction);
		digits += (size_t)(end - fraction);
		*is_whole = false;
	}
	if (digits == 0)
		return text;
	if (*end == 'e' || *end == 'E') {
		const char *exponent = end[1] == '-' || end[1] == '+' ? end + 2 : end + 1;
		if (skip_digits(exponent) > exponent) {
			end = skip_digits(exponent);
			*is_whole = false;
		}
	}
	return end;
}

static bool
has_leading_zero(const char *text)
{
	if (*text == '-' || *text == '+')
		text++;
	return text[0] == '0' && g_ascii_isdigit(text[1]);
}

static char *
explain_leading_zero(const char *text)
{
	bool is_octal = strspn(text, "01234567") == strlen(text) && strlen(text) <= 20;
	const char *plain = text + strspn(text, "0");

	if (!is_octal)
		return g_strdup_printf("'%.40s' has leading zeros; write it without", text);
	return g_strdup_printf("'%s' has a leading zero, which some YAML readers take for octal "
			       "(%" G_GUINT64_FORMAT "); write %s",
			       text, g_ascii_strtoull(text, NULL, 8), *plain ? plain : "0");
}

static char *
explain_sexagesimal(const char *text)
{
	return g_strdup_printf("'%.40s' is no number; some YAML readers take it for base 60; write "
			       "it in one unit, as 90s",
			       text);
}

/* What kind of "number" is it that we do not take? Returns: (transfer full). */
static char *
explain_no_number(const char *text, const QuantityInfo *info)
{
	bool is_whole;
	const char *end = number_end(text, &is_whole);
	g_autofree char *quoted = ts_quote(text);

	if (*text == '0' && *end && strchr("xXoObB", *end) && end == text + 1)
		return g_strdup_printf("%s is not decimal; only decimal numbers are taken", quoted);
	if (end > text && *end == ':')
		return explain_sexagesimal(text);
	if (end > text && *end == '_')
		return g_strdup_printf("%s: write the number without '_'", quoted);
	if (end > text && *end == ',')
		return g_strdup_printf("%s: the decimal mark is a point, and there is none for "
				       "thousands",
				       quoted);
	if (legacy_boolean(text) >= 0)
		return g_strdup_printf("takes %s as %s, not the boolean %s", info->what,
				       info->example, quoted);
	return g_strdup_printf("takes %s as %s, not %s", info->what, info->example, quoted);
}

char *
ts_scalar_read_whole(const TsNode *node, int64_t *value)
{
	static const QuantityInfo whole = {"a whole number", "10", NULL, 0};
	char *refusal = refuse_kind(node, whole.what);
	bool is_whole;

	if (refusal)
		return refusal;
	const char *text = ts_node_text(node);
	const char *end = number_end(text, &is_whole);
	if (ts_node_is_quoted(node))
		return g_strdup_printf("'%.40s' is quoted, so it is a string; it takes a whole "
				       "number without quotes",
				       text);
	if (end > text && !*end && has_leading_zero(text) && is_whole)
		return explain_leading_zero(text);
	if (end == text || *end)
		return explain_no_number(text, &whole);
	if (!is_whole)
		return g_strdup_printf("'%.40s' is not a whole number as 10", text);
	if (end - text > 18)
		return g_strdup_printf("'%.40s' is too large", text);
	*value = g_ascii_strtoll(text, NULL, 10);
	return NULL;
}

static const Unit *
find_unit(const QuantityInfo *info, const char *name)
{
	for (unsigned i = 0; i < info->n_units; i++)
		if (strcmp(info->units[i].name, name) == 0)
			return &info->units[i];
	return NULL;
}

static char *
explain_unit(const QuantityInfo *info, const char *name)
{
	GString *known = g_string_new(NULL);
	g_autofree char *quoted = ts_quote(name);

	for (unsigned i = 0; i < info->n_units; i++)
		g_string_append_printf(known, "%s%s", i ? ", " : "", info->units[i].name);
	g_autofree char *units = g_string_free(known, FALSE);
	return g_strdup_printf("unknown unit %s; known are %s", quoted, units);
}

char *
ts_scalar_read_quantity(const TsNode *node, TsQuantity quantity, double *value)
{
	const QuantityInfo *info = &quantities[quantity];
	char *refusal = refuse_kind(node, info->what);
	const Unit *unit = &bare_unit;
	bool is_whole;

	if (refusal)
		return refusal;
	const char *text = ts_node_text(node);
	const char *end = number_end(text, &is_whole);
	const char *unit_name = end + strspn(end, " ");
	if (end > text && has_leading_zero(text))
		return explain_leading_zero(text);
	if (end > text && (g_ascii_isalpha(*unit_name) || *unit_name == '%') && info->n_units &&
	    !(*text == '0' && end == text + 1 && strchr("xXoObB", *end))) {
		unit = find_unit(info, unit_name);
		if (!unit)
			return explain_unit(info, unit_name);
	} else if (end == text || *end) {
		return explain_no_number(text, info);
	} else if (ts_node_is_quoted(node)) {
		return g_strdup_printf("'%.40s' is quoted, so it is a string; it takes %s without "
				       "quotes",
				       text, info->what);
	}
	double number = g_ascii_strtod(text, NULL) * unit->times / unit->over;
	if (!isfinite(number))
		return g_strdup_printf("'%.40s' is too large", text);
	*value = number;
	return NULL;
}

static bool
has_unit(const TsNode *node)
{
	const char *text = ts_node_text(node);

	return text && *text && g_ascii_isalpha(text[strlen(text) - 1]);
}

char *
ts_scalar_read_poll(const TsNode *node, int *log2s)
{
	double interval_s;
	int exponent;

	if (!has_unit(node)) {
		int64_t whole;
		char *refusal = ts_scalar_read_whole(node, &whole);
		if (!refusal)
			*log2s = (int)CLAMP(whole, -1000, 1000);
		return refusal;
	}
	char *refusal = ts_scalar_read_quantity(node, TS_QUANTITY_DURATION, &interval_s);
	if (refusal)
		return refusal;
	double mantissa = frexp(interval_s, &exponent);
	if (interval_s <= 0)
		return g_strdup("an interval must be more than 0");
	if (mantissa != 0.5) {
		g_autofree char *below =
			ts_quantity_format(TS_QUANTITY_DURATION, ldexp(1, exponent - 1));
		g_autofree char *above =
			ts_quantity_format(TS_QUANTITY_DURATION, ldexp(1, exponent));
		return g_strdup_printf("'%.40s' is not a power of two of a second; the nearest are "
				       "%s and %s",
				       ts_node_text(node), below, above);
	}
	*log2s = exponent - 1;
	return NULL;
}

static char *
format_with_unit(double value, const Unit *unit)
{
	char number[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(number, sizeof number, "%.12g", value * unit->over / unit->times);
	return g_strconcat(number, unit->name, NULL);
}

char *
ts_quantity_format(TsQuantity quantity, double value)
{
	double size = fabs(value);

	switch (quantity) {
	case TS_QUANTITY_NUMBER:
		return format_with_unit(value, &bare_unit);
	case TS_QUANTITY_DURATION:
		return format_with_unit(value, size == 0 || size >= 1 ? &duration_units[3]
					       : size >= 1e-3	      ? &duration_units[2]
					       : size >= 1e-6	      ? &duration_units[1]
								      : &duration_units[0]);
	case TS_QUANTITY_PPM:
		return format_with_unit(value, &ppm_units[1]);
	case TS_QUANTITY_SIZE:
		for (unsigned i = G_N_ELEMENTS(size_units); i-- > 0;)
			if (size >= size_units[i].times && fmod(size, size_units[i].times) == 0)
				return format_with_unit(value, &size_units[i]);
		return format_with_unit(value, &bare_unit);
	}
	return NULL;
}
