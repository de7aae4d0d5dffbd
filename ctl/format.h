/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * format.h - figures as a person reads them: plain decimals with a unit, whatever the locale
 *
 * Three digits that count, and the unit that makes the number handy. Never an exponent, never a decimal
 * comma. What is not known (NAN) is "-". Pure functions.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

/* Room for every text that is made here, with its NUL. */
#define TS_FORMAT_SIZE 32

/* "12.3us", "1.23ms", "57ns", "4.2s", "3.1h", "412d"; with a sign always if @is_signed. At most 7
 * characters, 8 with a sign. Returns: @text. */
const char *ts_format_seconds(double seconds, bool is_signed, char text[TS_FORMAT_SIZE]);

/* How long ago or how often, whole units: "12s", "17m", "3h", "25d", and "62ms" below a second. At most
 * 5 characters. Returns: @text. */
const char *ts_format_age(double seconds, char text[TS_FORMAT_SIZE]);

/* "+12.345" with @digits after the point. Returns: @text. */
const char *ts_format_decimal(double value, int digits, bool is_signed, char text[TS_FORMAT_SIZE]);

/* Digits that make the same number again, without an exponent: for counters and metrics. */
const char *ts_format_number(double value, char text[TS_FORMAT_SIZE]);

/* Columns that @text takes on a terminal. */
unsigned ts_format_width(const char *text);

/* @text in at most @width columns, its middle replaced by '>' where it is longer: the beginning says
 * which network or host, the end which of several. Control characters become '?'. (transfer full) */
char *ts_format_fit(const char *text, unsigned width);
