/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.h - one "server:" or "pool:" of the configuration: its name, its addresses, its members
 *
 * A numeric address has one candidate for ever. A name is looked up; a server takes the first
 * candidate that can be reached and goes on to the next when it fails, a pool takes up to
 * max-sources of them and keeps the rest as spares. Each member has its source all the time, with
 * or without an address, so that an operator sees what it waits for. Decisions are made in one
 * place, from a timer, never inside a callback of association, engine or resolver. Thread: main.
 */
#pragma once

#include "ntp/client/association.h"
#include "ntp/client/resolver.h"
#include "source/engine.h"

typedef struct _TsNtpEntry TsNtpEntry;

/* What an entry needs of the client: the other entries' addresses. */
typedef struct {
	TsEngine *engine;
	TsResolver *resolver;
	const TsAssociationContext *association;
	/* Returns: (nullable): the label of the member, of whatever entry, that asks @address. */
	const char *(*find_address)(void *client, const TsAddress *address);
	/* An address became free: those that wait for one may look again. */
	void (*address_freed)(void *client);
	/* Returns: when the next association of all should begin, from now: so that they do not all
	 * ask at the same moment. */
	int64_t (*start_delay_ns)(void *client);
	void *client;
} TsNtpEntryContext;

/* @context must outlive the entry; @settings are copied. Returns: (transfer full). */
TsNtpEntry *ts_ntp_entry_new(const TsNtpEntryContext *context, const TsSourceSettings *settings);
void ts_ntp_entry_free(TsNtpEntry *entry);

const char *ts_ntp_entry_label(const TsNtpEntry *entry);

/* Returns: (nullable): the label of the member that asks @address. */
const char *ts_ntp_entry_find_address(const TsNtpEntry *entry, const TsAddress *address);

/* Takes changed options (TS_CHANGE_OPTIONS) to every member, living or to come. */
void ts_ntp_entry_set_settings(TsNtpEntry *entry, const TsSourceSettings *settings);

/* Looks again whether a member without address can have one. */
void ts_ntp_entry_look_again(TsNtpEntry *entry);

/* The network changed: looks up at once what is not resolved, asks what did not answer. */
void ts_ntp_entry_network_changed(TsNtpEntry *entry);

/* Looks the name up again; a server whose address is not among the answers any more moves on. */
void ts_ntp_entry_refresh(TsNtpEntry *entry);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNtpEntry, ts_ntp_entry_free)
