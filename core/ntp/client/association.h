/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * association.h - one server address that is asked again and again: the client's protocol state
 *
 *   timer -> request -> [port] -> reply -> checks -> sample -> ts_source_add_sample()
 *
 * A request opens a port, its reply or its time limit closes it: at most one reply is taken for
 * each request. Everything that arrives at the source goes through here: reach, samples, what the
 * server says of itself, kisses. Source: RFC 5905 sections 8 and 9.2, RFC 9769 (interleaved).
 * Thread: main.
 */
#pragma once

#include "base/address.h"
#include "clock/clock.h"
#include "clock/system-state.h"
#include "config/settings.h"
#include "ntp/client/transport.h"
#include "source/source.h"

/* Requests in a row without an answer after which the address is given up, if there is another. */
#define TS_ASSOCIATION_GIVE_UP 8
/* The same for an address that never answered at all. */
#define TS_ASSOCIATION_GIVE_UP_NEW 4

typedef struct _TsAssociation TsAssociation;

/* What all associations of a client share. */
typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsNtpTransport *transport;
	const TsSystemStatePublisher *state; /* what we say of ourselves: for the loop test */
	bool is_serving;		     /* nobody can follow a client that serves nobody */
} TsAssociationContext;

typedef enum {
	TS_ASSOCIATION_ANSWERED, /* the first good reply, or the first after one of the others */
	TS_ASSOCIATION_NO_ROUTE, /* the address can't be reached from here: no route, family off */
	TS_ASSOCIATION_UNREACHABLE, /* said at each miss from TS_ASSOCIATION_GIVE_UP(_NEW) on */
	TS_ASSOCIATION_DENIED,	    /* kiss DENY or RSTR: it is not asked any more */
} TsAssociationEvent;

/* Must not free the association before it returns to the main loop. */
typedef void (*TsAssociationFunc)(TsAssociation *association, TsAssociationEvent event,
				  void *user_data);

/**
 * ts_association_new:
 * @context: must outlive the association
 * @source: is fed; must outlive it
 * @address: with port
 * @settings: borrowed until the next ts_association_set_settings()
 * @start_delay_ns: when the first request goes out, from now
 *
 * Starts online. Returns: (transfer full).
 */
TsAssociation *ts_association_new(const TsAssociationContext *context, TsSource *source,
				  const TsAddress *address, const TsSourceSettings *settings,
				  int64_t start_delay_ns, TsAssociationFunc func, void *user_data);
void ts_association_free(TsAssociation *association);

const TsAddress *ts_association_address(const TsAssociation *association);

/* Takes changed options; what is under way goes on. */
void ts_association_set_settings(TsAssociation *association, const TsSourceSettings *settings);

/* Offline: asks nothing, forgets what it asked. Online again: asks at once, in a burst with
 * "iburst", even where a kiss had stopped it. */
void ts_association_set_online(TsAssociation *association, bool is_online);

/* Asks at once and on until @n_good replies were good, @n_total times at most. Errors:
 * TIMESRV_ERROR_UNAVAILABLE when it is offline or stopped. */
bool ts_association_burst(TsAssociation *association, unsigned n_good, unsigned n_total,
			  GError **error);

/* The network changed: asks at once if the server did not answer of late. */
void ts_association_retry(TsAssociation *association);

/* Open requests and what interleaved mode remembers are worthless; asks again soon. */
void ts_association_clock_disrupted(TsAssociation *association);

/* For TsSourceOps.describe. */
void ts_association_describe(const TsAssociation *association,
			     void (*add)(void *user_data, const char *name, const char *value),
			     void *user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsAssociation, ts_association_free)
