/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seqlock.h - one writer publishes a small struct, any number of readers copy it without a lock
 *
 * The payload is moved as atomic 64-bit words, so the race is defined: a reader that met a writer sees
 * the sequence change and copies again. The writer never waits. Readers retry only while the main
 * thread is between two stores.
 *
 * Each word is stored with release and loaded with acquire, in place of fences that ThreadSanitizer
 * does not know: a reader that got a word of a newer state sees, in the sequence that it reads after
 * it, at least the odd number stored before that word. It costs nothing on x86-64.
 *
 *   struct published { TsSeqlock lock; TsSystemState state; };
 *   ts_seqlock_write(&p->lock, &p->state, &fresh, sizeof fresh);     (one thread only)
 *   ts_seqlock_read(&p->lock, &copy, &p->state, sizeof copy);        (any thread)
 *
 * Payload: size and alignment multiples of 8; what types it has inside does not matter.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t sequence; /* odd while a write is under way */
} TsSeqlock;

/* The payload's members are doubles and what not: read as words only with the compiler's leave. */
typedef uint64_t TsSeqlockWord __attribute__((__may_alias__));

static inline void
ts_seqlock_write(TsSeqlock *lock, void *shared, const void *fresh, size_t size)
{
	TsSeqlockWord *to = shared;
	const TsSeqlockWord *from = fresh;
	uint64_t sequence = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED);

	__atomic_store_n(&lock->sequence, sequence + 1, __ATOMIC_RELAXED);
	for (size_t i = 0; i < size / sizeof *to; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELEASE);
	__atomic_store_n(&lock->sequence, sequence + 2, __ATOMIC_RELEASE);
}

static inline void
ts_seqlock_read(const TsSeqlock *lock, void *copy, const void *shared, size_t size)
{
	TsSeqlockWord *to = copy;
	const TsSeqlockWord *from = shared;
	uint64_t before, after;

	do {
		before = __atomic_load_n(&lock->sequence, __ATOMIC_ACQUIRE);
		for (size_t i = 0; i < size / sizeof *to; i++)
			to[i] = __atomic_load_n(&from[i], __ATOMIC_ACQUIRE);
		after = __atomic_load_n(&lock->sequence, __ATOMIC_RELAXED);
	} while (before != after || (before & 1));
}
