/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtual-server.h - a scripted NTP server in a virtual net: right, wrong, silent, kissing
 *
 * Its time is true time plus what the script says. For tests and simulation. Thread: main.
 */
#pragma once

#include "clock/clock.h"
#include "ntp/packet.h"
#include "ntp/virtual/virtual-net.h"

typedef struct _TsVirtualServer TsVirtualServer;

/* Changes a reply before it goes out. Returns: false: no reply. */
typedef bool (*TsVirtualServerFunc)(TsVirtualServer *server, const TsNtpHeader *request,
				    TsNtpHeader *reply, void *user_data);

/* What it does; may be changed at any time. */
typedef struct {
	int64_t offset_ns;     /* its clock minus true time */
	int64_t processing_ns; /* from receive to transmit */
	uint8_t leap, stratum;
	int8_t precision_log2s;
	uint32_t root_delay_ntp32, root_dispersion_ntp32;
	uint32_t refid;
	uint32_t kiss; /* not 0: answers with this kiss code */
	bool is_silent;
	bool is_interleaved;	  /* knows RFC 9769 */
	int64_t basic_error_ns;	  /* of its transmit timestamp in basic mode: read so much too early
				   */
	TsVirtualServerFunc edit; /* (nullable) */
	void *user_data;
} TsVirtualServerScript;

/* A stratum 1 that is right, answers within 10 us, precision 2^-25 s, 1 ms of root dispersion. */
void ts_virtual_server_script_init(TsVirtualServerScript *script);

/**
 * ts_virtual_server_new:
 * @address: host and port, usually 123
 * @true_time: a virtual clock whose true time is taken; not its disciplined one
 * @script: copied
 */
TsVirtualServer *ts_virtual_server_new(TsVirtualNet *net, const TsAddress *address,
				       const TsClock *true_time,
				       const TsVirtualServerScript *script);
void ts_virtual_server_free(TsVirtualServer *server);

/* Returns: (transfer none): for changes at run time. */
TsVirtualServerScript *ts_virtual_server_script(TsVirtualServer *server);

uint64_t ts_virtual_server_n_requests(const TsVirtualServer *server);

/* The latest request's bytes and from where it came. */
const TsNtpHeader *ts_virtual_server_last_request(const TsVirtualServer *server);
const TsAddress *ts_virtual_server_last_client(const TsVirtualServer *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsVirtualServer, ts_virtual_server_free)
