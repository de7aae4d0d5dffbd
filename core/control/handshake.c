/* SPDX-License-Identifier: BSD-2-Clause */
/* handshake.c - see handshake.h */
#include "control/handshake.h"

#include <string.h>

/* Every client there is needs fewer than this. */
#define MAX_LINES 16

static void
reject(TsHandshake *handshake, GString *reply)
{
	handshake->is_waiting_for_data = false;
	g_string_append(reply, "REJECTED EXTERNAL\r\n");
}

/* @hex: the user id in decimal, each digit in hexadecimal: "31303030" is 1000. */
static bool
is_uid(const char *hex, uid_t uid)
{
	g_autofree char *decimal = g_strdup_printf("%u", (unsigned)uid);
	size_t length = strlen(decimal);

	if (strlen(hex) != 2 * length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (g_ascii_xdigit_value(hex[2 * i]) * 16 + g_ascii_xdigit_value(hex[2 * i + 1]) !=
		    decimal[i])
			return false;
	return true;
}

/* An empty identity stands for the one that the kernel gives. */
static void
take_identity(TsHandshake *handshake, const char *hex, GString *reply)
{
	handshake->is_waiting_for_data = false;
	if (*hex && !is_uid(hex, handshake->uid)) {
		reject(handshake, reply);
		return;
	}
	handshake->is_authenticated = true;
	g_string_append_printf(reply, "OK %s\r\n", handshake->guid);
}

static void
take_auth(TsHandshake *handshake, const char *arguments, GString *reply)
{
	if (strcmp(arguments, "EXTERNAL") == 0) {
		handshake->is_waiting_for_data = true;
		g_string_append(reply, "DATA\r\n");
	} else if (g_str_has_prefix(arguments, "EXTERNAL ")) {
		take_identity(handshake, arguments + strlen("EXTERNAL "), reply);
	} else {
		reject(handshake, reply);
	}
}

/* Returns: what follows the command and a space, "" when nothing does, NULL for another command. */
static const char *
arguments_of(const char *line, const char *command)
{
	size_t length = strlen(command);

	if (strncmp(line, command, length) != 0)
		return NULL;
	if (line[length] == ' ')
		return line + length + 1;
	return line[length] ? NULL : line + length;
}

TsHandshakeStatus
ts_handshake_feed(TsHandshake *handshake, const char *line, GString *reply)
{
	const char *arguments;

	if (++handshake->n_lines > MAX_LINES)
		return TS_HANDSHAKE_FAILED;
	if (strcmp(line, "BEGIN") == 0)
		return handshake->is_authenticated ? TS_HANDSHAKE_DONE : TS_HANDSHAKE_FAILED;
	if (!handshake->is_authenticated && (arguments = arguments_of(line, "AUTH")))
		take_auth(handshake, arguments, reply);
	else if (handshake->is_waiting_for_data && (arguments = arguments_of(line, "DATA")))
		take_identity(handshake, arguments, reply);
	else if (arguments_of(line, "CANCEL") || arguments_of(line, "ERROR"))
		reject(handshake, reply);
	else if (strcmp(line, "NEGOTIATE_UNIX_FD") == 0)
		g_string_append(reply, "ERROR no file descriptors here\r\n");
	else
		g_string_append(reply, "ERROR\r\n");
	return TS_HANDSHAKE_GOES_ON;
}
