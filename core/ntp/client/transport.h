/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transport.h - how a client's packets travel and who stamps them
 *
 * The associations know this door only: real sockets with kernel or hardware timestamps stand
 * behind it in the daemon, links that delay and lose packets in tests and simulation. Stamps are on
 * the raw clock. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "base/address.h"

typedef enum {
	TS_STAMP_DAEMON, /* read by the daemon before the send or after the receive */
	TS_STAMP_KERNEL,
	TS_STAMP_HARDWARE,
} TsStampSource;

typedef struct {
	int64_t raw_ns;
	/* Hard: how much nearer to the other end than it says the stamp may lie. Waiting between
	 * daemon and wire is no part of it: that lengthens the measured round trip, whose half is
	 * in the bound already. */
	double error_s;
	TsStampSource source;
} TsStamp;

typedef struct _TsNtpTransport TsNtpTransport;
typedef struct _TsNtpPort TsNtpPort; /* one open socket of an association: a random local port */

/* A packet came. @bytes are borrowed for the call; the port may be closed in it, and then they are
 * gone. */
typedef void (*TsNtpReceiveFunc)(const uint8_t *bytes, size_t length, const TsStamp *received,
				 void *user_data);

/* A better stamp of the packet that was sent last came (from the error queue), before any reply to
 * it is handed over. The port must stay open in it. */
typedef void (*TsNtpSentFunc)(const TsStamp *sent, void *user_data);

/* The network said no (ICMP unreachable, no route). @saved_errno: which. The port may be closed in
 * it. */
typedef void (*TsNtpFailedFunc)(int saved_errno, void *user_data);

typedef struct {
	TsNtpReceiveFunc received;
	TsNtpSentFunc sent;
	TsNtpFailedFunc failed;
} TsNtpPortHandler;

typedef struct {
	const char *bind_address; /* (nullable) */
	const char *device;	  /* (nullable) */
	int dscp;
} TsNtpPortOptions;

typedef struct {
	void (*free)(TsNtpTransport *transport);
	/* opens a port towards @remote. Errors: TIMESRV_ERROR_UNAVAILABLE (no route, family off) */
	TsNtpPort *(*open)(TsNtpTransport *transport, const TsAddress *remote,
			   const TsNtpPortOptions *options, const TsNtpPortHandler *handler,
			   void *user_data, GError **error);
	/* sends and stamps, @sent being the daemon's own stamp */
	bool (*send)(TsNtpPort *port, const uint8_t *bytes, size_t length, TsStamp *sent,
		     GError **error);
	void (*close)(TsNtpPort *port);
	/* Returns: false if it is not known: our address on the way to the remote one */
	bool (*local_address)(TsNtpPort *port, TsAddress *address);
	/* Returns: 64 random bits, for nonces and for spreading polls; a simulation repeats them */
	uint64_t (*random)(TsNtpTransport *transport);
} TsNtpTransportOps;

/* The head of each transport and each port. */
struct _TsNtpTransport {
	const TsNtpTransportOps *ops;
};

struct _TsNtpPort {
	TsNtpTransport *transport;
};
