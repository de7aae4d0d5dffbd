/* SPDX-License-Identifier: BSD-2-Clause */
/* qsbr.c - see qsbr.h */
#include "base/qsbr.h"

#include <stdlib.h>
#include <string.h>

#define ASLEEP 0

/* A line of its own, so that the store a batch disturbs no other worker. */
typedef struct {
	_Alignas(64) uint64_t seen; /* the newest ticket at the last quiet point; ASLEEP */
} Slot;

struct _TsQsbr {
	uint64_t ticket; /* written by main, read by workers */
	unsigned n_workers;
	Slot *slots;
};

TsQsbr *
ts_qsbr_new(unsigned n_workers)
{
	TsQsbr *self = g_new0(TsQsbr, 1);
	void *slots;

	if (posix_memalign(&slots, sizeof(Slot), n_workers * sizeof(Slot)) != 0)
		g_error("out of memory");
	memset(slots, 0, n_workers * sizeof(Slot));
	self->slots = slots;
	self->n_workers = n_workers;
	self->ticket = ASLEEP + 1;
	return self;
}

void
ts_qsbr_free(TsQsbr *qsbr)
{
	if (!qsbr)
		return;
	free(qsbr->slots);
	g_free(qsbr);
}

void
ts_qsbr_quiet(TsQsbr *qsbr, unsigned worker)
{
	/* Acquire pairs with the increment in ts_qsbr_begin: whoever says that it saw a ticket also
	 * sees the pointer that was stored before it. Release: the uses of the old one are over. */
	uint64_t ticket = __atomic_load_n(&qsbr->ticket, __ATOMIC_ACQUIRE);

	__atomic_store_n(&qsbr->slots[worker].seen, ticket, __ATOMIC_RELEASE);
}

void
ts_qsbr_sleep(TsQsbr *qsbr, unsigned worker)
{
	__atomic_store_n(&qsbr->slots[worker].seen, ASLEEP, __ATOMIC_RELEASE);
}

void
ts_qsbr_wake(TsQsbr *qsbr, unsigned worker)
{
	uint64_t ticket = __atomic_load_n(&qsbr->ticket, __ATOMIC_SEQ_CST);

	__atomic_store_n(&qsbr->slots[worker].seen, ticket, __ATOMIC_SEQ_CST);
}

uint64_t
ts_qsbr_begin(TsQsbr *qsbr)
{
	return __atomic_add_fetch(&qsbr->ticket, 1, __ATOMIC_SEQ_CST);
}

bool
ts_qsbr_passed(const TsQsbr *qsbr, uint64_t ticket)
{
	for (unsigned i = 0; i < qsbr->n_workers; i++) {
		uint64_t seen = __atomic_load_n(&qsbr->slots[i].seen, __ATOMIC_SEQ_CST);
		if (seen != ASLEEP && seen < ticket)
			return false;
	}
	return true;
}
