/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * client.h - the NTP client: servers and pools, each address an association that feeds a source
 *
 * A server or pool entry is looked up (asynchronously; numeric addresses without a resolver), its
 * addresses become associations (association.h) with a source in the engine each. Pool members that
 * fail are replaced, an address never has two associations. Thread: main.
 */
#pragma once

#include "ntp/client/resolver.h"
#include "ntp/client/transport.h"
#include "source/engine.h"
#include "source/roster.h"

typedef struct _TsNtpClient TsNtpClient;

/* @engine must outlive the client. @transport: how packets travel; taken over. NULL: real sockets
 * without hardware stamps; for those see ts_ntp_sockets_new(). */
TsNtpClient *ts_ntp_client_new(TsEngine *engine, TsNtpTransport *transport);

/* Ends with its sources. */
void ts_ntp_client_free(TsNtpClient *client);

/* Replaces the system's resolver; taken over. Before the first entry is added: for tests and
 * simulation. */
void ts_ntp_client_set_resolver(TsNtpClient *client, TsResolver *resolver);

/* Whether others can get time from this daemon, and so a server could be following us. True at
 * first. */
void ts_ntp_client_set_serving(TsNtpClient *client, bool is_serving);

/* The provider of TS_SOURCE_SERVER and TS_SOURCE_POOL for the roster; user_data is the client. */
extern const TsSourceProvider ts_ntp_client_provider;

/* Network came or went, addresses changed: look up at once what is not resolved, ask what is
 * unreachable. */
void ts_ntp_client_network_changed(TsNtpClient *client);

/* Looks every name up again, as timesrvctl source refresh. */
void ts_ntp_client_refresh(TsNtpClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNtpClient, ts_ntp_client_free)
