/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry-data.h - the inside of an entry and of its members
 *
 * entry.c decides who gets which address and when the name is looked up; member.c is the life of
 * one member: its source, its association, what the engine asks of it.
 */
#pragma once

#include "ntp/client/candidates.h"
#include "ntp/client/entry.h"

typedef struct {
	TsNtpEntry *entry;
	unsigned number;	    /* of a pool's member, from 1 */
	TsSourceSettings *settings; /* the entry's with the member's label */
	TsSource *source;
	TsAssociation *association; /* (nullable) while there is no address */
	bool is_online;
	bool wants_other; /* another address, if there is one */
} TsNtpMember;

struct _TsNtpEntry {
	const TsNtpEntryContext *context;
	TsSourceSettings *settings;
	bool is_numeric;
	bool is_online;	    /* what new members start with */
	GPtrArray *members; /* of TsNtpMember, by number */
	TsCandidates *candidates;
	TsTimer *work_timer;

	/* the lookup */
	TsLookup *lookup;      /* (nullable) under way */
	TsLookupStatus status; /* of the last one */
	bool has_looked_up;    /* ever, with whatever result */
	bool is_fresh;	       /* it just gave its answer: the failed ones may be tried again */
	bool must_look_up;     /* now, whatever the backoff says */
	bool must_be_current;  /* after a refresh: addresses that are gone are left */
	unsigned n_in_vain;    /* lookups since an address of this name last began to answer */
	int64_t next_lookup_mono_ns;
	char *progress; /* (nullable) what members without address wait for */
};

/* Something changed: ts_ntp_entry's decisions are made anew, from the main loop. */
static inline void
ts_ntp_entry_wake(TsNtpEntry *entry)
{
	ts_timer_arm_after(entry->work_timer, 0);
}

static inline int64_t
ts_ntp_entry_now(const TsNtpEntry *entry)
{
	return ts_sched_now(entry->context->association->sched);
}

static inline bool
ts_ntp_entry_is_pool(const TsNtpEntry *entry)
{
	return entry->settings->kind == TS_SOURCE_POOL;
}

/* Adds a member with its source to the entry. */
TsNtpMember *ts_ntp_member_new(TsNtpEntry *entry);

/* Ends it with its source. */
void ts_ntp_member_free(TsNtpMember *member);

/* Asks @address from now on, and no other. */
void ts_ntp_member_give_address(TsNtpMember *member, const TsAddress *address);

/* Takes the entry's changed options to source and association. */
void ts_ntp_member_pass_settings(TsNtpMember *member, bool has_new_online);

/* Without an address: says what it waits for, or whose duplicate it would be. */
void ts_ntp_member_show_waiting(TsNtpMember *member);
