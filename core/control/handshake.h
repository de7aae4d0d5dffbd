/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handshake.h - the server's side of D-Bus authentication, mechanism EXTERNAL only
 *
 * Line by line, without a socket: the kernel has said already who the other one is, and what he says
 * of himself must agree. Source: D-Bus specification 0.41, "Authentication Protocol".
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <glib.h>

/* The longest line that is taken, with its end. */
#define TS_HANDSHAKE_MAX_LINE 512

typedef enum {
	TS_HANDSHAKE_GOES_ON,
	TS_HANDSHAKE_DONE,   /* messages follow */
	TS_HANDSHAKE_FAILED, /* close */
} TsHandshakeStatus;

typedef struct {
	uid_t uid;        /* of the process at the other end, from the kernel */
	const char *guid; /* 32 hexadecimal digits, of the server */
	bool is_waiting_for_data;
	bool is_authenticated;
	unsigned n_lines;
} TsHandshake;

/**
 * ts_handshake_feed:
 * @line: one line without its "\r\n"
 * @reply: what to send is appended
 */
TsHandshakeStatus ts_handshake_feed(TsHandshake *handshake, const char *line, GString *reply);
