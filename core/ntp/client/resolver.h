/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolver.h - names to addresses, without waiting
 *
 * The system's resolver through GLib in the daemon; a table in tests and simulation. Numeric
 * addresses never come here. Thread: main; the system's resolver works in threads of its own and
 * answers on the main loop.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

#include "base/address.h"
#include "config/settings.h"

typedef struct _TsResolver TsResolver;
typedef struct _TsLookup TsLookup;

/* Whether asking again can help. */
typedef enum {
	TS_LOOKUP_FOUND,
	TS_LOOKUP_NO_SUCH_NAME, /* NXDOMAIN, or no address of the wanted family */
	TS_LOOKUP_NO_RESOLVER,	/* nobody answered: no network yet, a server that is down */
	TS_LOOKUP_BAD_NAME,	/* no host name at all: empty or too long labels, IDN errors */
} TsLookupStatus;

/**
 * TsLookupFunc:
 * @addresses: of TsAddress, port 0, best first, none twice; empty unless FOUND
 * @detail: what the resolver said, in words
 *
 * The lookup is over and must not be cancelled any more.
 */
typedef void (*TsLookupFunc)(TsLookupStatus status, const GArray *addresses, const char *detail,
			     void *user_data);

typedef struct {
	void (*free)(TsResolver *resolver);
	/* Starts a lookup; @func is called later, never before this returns. */
	TsLookup *(*lookup)(TsResolver *resolver, const char *name, TsFamily family,
			    TsLookupFunc func, void *user_data);
	/* Ends it: @func will not be called. */
	void (*cancel)(TsLookup *lookup);
} TsResolverOps;

/* The head of each resolver and each lookup. */
struct _TsResolver {
	const TsResolverOps *ops;
};

struct _TsLookup {
	TsResolver *resolver;
};

/* Returns: (transfer full): the system's resolver, which answers on the thread-default main
 * context. */
TsResolver *ts_resolver_new_system(void);

void ts_resolver_free(TsResolver *resolver);
TsLookup *ts_resolver_lookup(TsResolver *resolver, const char *name, TsFamily family,
			     TsLookupFunc func, void *user_data);
void ts_lookup_cancel(TsLookup *lookup);

/* Returns: whether @name can be asked for at all: ASCII or IDN, labels of 1 to 63 octets, 253
 * together, one dot at the end allowed. */
bool ts_resolver_is_host_name(const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsResolver, ts_resolver_free)
