/* SPDX-License-Identifier: BSD-2-Clause */
/* format.c - see format.h */
#include "format.h"

#include <math.h>
#include <string.h>

typedef struct {
	double limit; /* absolute values below it take this unit */
	double scale; /* what the value is divided by */
	const char *name;
} Unit;

/* The limits lie where three digits would be rounded up to four. */
static const Unit second_units[] = {
	{999.5e-9, 1e-9, "ns"}, {999.5e-6, 1e-6, "us"}, {999.5e-3, 1e-3, "ms"},
	{9999.5, 1, "s"},       {3600 * 999.5, 3600, "h"}, {INFINITY, 86400, "d"},
};

static const char *
unknown(char text[TS_FORMAT_SIZE])
{
	return strcpy(text, "-");
}

static const Unit *
find_unit(double value)
{
	const Unit *unit = second_units;

	while (!(fabs(value) < unit->limit))
		unit++;
	return unit;
}

/* How many digits after the point leave three in all. */
static int
digits_after_point(double value)
{
	double size = fabs(value);

	if (size < 9.995)
		return 2;
	return size < 99.95 ? 1 : 0;
}

const char *
ts_format_decimal(double value, int digits, bool is_signed, char text[TS_FORMAT_SIZE])
{
	char number[TS_FORMAT_SIZE];
	char format[] = "%.0f";

	/* the longest double that fits with its sign; anything beyond is no figure of ours */
	if (!isfinite(value) || fabs(value) >= 1e18)
		return unknown(text);
	format[2] = (char)('0' + CLAMP(digits, 0, 9));
	g_ascii_formatd(number, sizeof number, format, fabs(value));
	bool is_zero = strspn(number, "0.") == strlen(number);
	const char *sign = value < 0 && !is_zero ? "-" : is_signed ? "+" : "";
	g_snprintf(text, TS_FORMAT_SIZE, "%s%s", sign, number);
	return text;
}

const char *
ts_format_seconds(double seconds, bool is_signed, char text[TS_FORMAT_SIZE])
{
	if (!isfinite(seconds) || fabs(seconds) >= 1e18)
		return unknown(text);
	if (seconds == 0)
		return strcpy(text, is_signed ? "+0ns" : "0ns");
	const Unit *unit = find_unit(seconds);
	double value = seconds / unit->scale;
	ts_format_decimal(value, unit->scale == 1e-9 ? 0 : digits_after_point(value), is_signed, text);
	g_strlcat(text, unit->name, TS_FORMAT_SIZE);
	return text;
}

const char *
ts_format_age(double seconds, char text[TS_FORMAT_SIZE])
{
	static const Unit units[] = {
		{0.9995, 1e-3, "ms"},     {999.5, 1, "s"},        {60 * 999.5, 60, "m"},
		{3600 * 99.5, 3600, "h"}, {INFINITY, 86400, "d"},
	};
	const Unit *unit = units;

	if (!isfinite(seconds) || seconds < 0 || seconds >= 1e12)
		return unknown(text);
	if (seconds == 0)
		return strcpy(text, "0s");
	while (!(seconds < unit->limit))
		unit++;
	ts_format_decimal(seconds / unit->scale, 0, false, text);
	g_strlcat(text, unit->name, TS_FORMAT_SIZE);
	return text;
}

const char *
ts_format_number(double value, char text[TS_FORMAT_SIZE])
{
	char format[] = "%.00f";

	if (!isfinite(value) || fabs(value) >= 1e18)
		return unknown(text);
	for (int digits = 0; digits <= 12; digits++) {
		format[2] = (char)('0' + digits / 10);
		format[3] = (char)('0' + digits % 10);
		g_ascii_formatd(text, TS_FORMAT_SIZE, format, value);
		if (g_ascii_strtod(text, NULL) == value)
			break;
	}
	return text;
}

unsigned
ts_format_width(const char *text)
{
	unsigned width = 0;

	for (; *text; text = g_utf8_next_char(text)) {
		gunichar character = g_utf8_get_char(text);
		if (!g_unichar_iszerowidth(character))
			width += g_unichar_iswide(character) ? 2 : 1;
	}
	return width;
}

static char *
dup_printable(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *printable = g_string_new(NULL);

	for (const char *at = valid; *at; at = g_utf8_next_char(at)) {
		gunichar character = g_utf8_get_char(at);
		if (character == ' ' || g_unichar_isgraph(character))
			g_string_append_unichar(printable, character);
		else
			g_string_append_c(printable, '?');
	}
	return g_string_free(printable, FALSE);
}

/* The end of the longest beginning of @text that fits into @width columns. */
static const char *
skip_columns(const char *text, unsigned width)
{
	while (*text) {
		g_autofree char *one = g_strndup(text, (gsize)(g_utf8_next_char(text) - text));
		unsigned columns = ts_format_width(one);
		if (columns > width)
			break;
		width -= columns;
		text = g_utf8_next_char(text);
	}
	return text;
}

char *
ts_format_fit(const char *text, unsigned width)
{
	g_autofree char *printable = dup_printable(text);
	unsigned have = ts_format_width(printable);

	if (have <= width)
		return g_steal_pointer(&printable);
	if (width == 0)
		return g_strdup("");
	unsigned head = width / 2, tail = width - 1 - head;
	const char *cut = skip_columns(printable, head);
	const char *rest = skip_columns(printable, have - tail);
	/* a wide character that would be cut in two goes */
	while (*rest && ts_format_width(rest) > tail)
		rest = g_utf8_next_char(rest);
	g_autofree char *begin = g_strndup(printable, (gsize)(cut - printable));
	return g_strconcat(begin, ">", rest, NULL);
}
