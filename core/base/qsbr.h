/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * qsbr.h - when what workers read without a lock may be freed: after each passed a quiet point
 *
 * A worker reads published pointers, uses what they point to, and between two batches holds none of
 * them: there it passes a quiet point, which is one store. A worker asleep in the kernel counts as
 * quiet all the time.
 *
 *   worker   loop { table = atomic load, seq_cst; ... use it ...; ts_qsbr_quiet(qsbr, me);
 *                   nothing to do: ts_qsbr_sleep(qsbr, me); poll(); ts_qsbr_wake(qsbr, me); }
 *   main     atomic store of the new pointer, seq_cst; ticket = ts_qsbr_begin(qsbr);
 *            ... ts_qsbr_passed(qsbr, ticket): the old one is free to go
 *
 * Both sides use sequentially consistent operations on the pointer and on the slot: a worker that
 * wakes stores its slot before it loads the pointer, and main stores the pointer before it loads
 * the slot, so one of them sees the other. On x86 a load costs nothing for it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

typedef struct _TsQsbr TsQsbr;

/* Every worker starts asleep. @n_workers: at least 1. Thread: main. */
TsQsbr *ts_qsbr_new(unsigned n_workers);
void ts_qsbr_free(TsQsbr *qsbr);

/* The caller holds nothing that was published. Thread: worker @worker. */
void ts_qsbr_quiet(TsQsbr *qsbr, unsigned worker);

/* From here to ts_qsbr_wake() the caller touches nothing that is published. Thread: worker @worker.
 */
void ts_qsbr_sleep(TsQsbr *qsbr, unsigned worker);
void ts_qsbr_wake(TsQsbr *qsbr, unsigned worker);

/* Call after the new pointer was stored. Returns: a ticket for what was replaced. Thread: main. */
uint64_t ts_qsbr_begin(TsQsbr *qsbr);

/* Returns: whether every worker has been quiet since @ticket. Never waits. Thread: main. */
bool ts_qsbr_passed(const TsQsbr *qsbr, uint64_t ticket);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsQsbr, ts_qsbr_free)
