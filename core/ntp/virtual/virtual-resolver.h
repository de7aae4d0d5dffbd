/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-resolver.h - names of tests and simulations: a table that can be changed. Thread: main.
 */
#pragma once

#include "ntp/client/resolver.h"
#include "sched/sched.h"

/* @sched: outlives the resolver; answers come @delay_ns after the question. */
TsResolver *ts_virtual_resolver_new(TsSched *sched, int64_t delay_ns);

/* What @name leads to from now on: @addresses: text forms divided by spaces, in order, or "" with
 * another
 * @status than FOUND. A name that was never set does not exist. */
void ts_virtual_resolver_set(TsResolver *resolver, const char *name, TsLookupStatus status,
			     const char *addresses);

/* Returns: how often @name was asked for. */
unsigned ts_virtual_resolver_n_lookups(const TsResolver *resolver, const char *name);
