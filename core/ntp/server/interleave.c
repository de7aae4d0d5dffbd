/* SPDX-License-Identifier: BSD-2-Clause */
/* interleave.c - see interleave.h */
#include "ntp/server/interleave.h"

#include <sys/mman.h>

#define WAYS 4

/* One cache line. */
typedef struct {
	_Alignas(64) uint64_t rx_ntp64[WAYS]; /* 0: free (a receive timestamp of ours is odd) */
	uint32_t residence[WAYS];	      /* transmit - receive, 2^-32 s: less than a second */
	uint32_t client_tag[WAYS];
} Bucket;

struct _TsPairTable {
	Bucket *buckets;
	uint32_t n_buckets;
};

TsPairTable *
ts_pair_table_new(size_t bytes)
{
	/* a handle has 32 bits: bucket and way */
	size_t n_buckets = MIN(bytes / sizeof(Bucket), (size_t)UINT32_MAX / WAYS);
	if (n_buckets == 0)
		return NULL;
	void *buckets = mmap(NULL, n_buckets * sizeof(Bucket), PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (buckets == MAP_FAILED)
		return NULL;

	TsPairTable *self = g_new0(TsPairTable, 1);
	self->buckets = buckets;
	self->n_buckets = (uint32_t)n_buckets;
	return self;
}

void
ts_pair_table_free(TsPairTable *table)
{
	if (!table)
		return;
	munmap(table->buckets, table->n_buckets * sizeof(Bucket));
	g_free(table);
}

/* The two buckets in which a pair may lie. */
static void
find_buckets(const TsPairTable *table, uint64_t rx_ntp64, uint32_t buckets[2])
{
	/* time spreads the pairs by itself: the hash must only keep bursts apart */
	uint64_t mixed = rx_ntp64 * UINT64_C(0x9e3779b97f4a7c15);

	mixed = (mixed ^ mixed >> 32) * UINT64_C(0xbf58476d1ce4e5b9);
	buckets[0] = (uint32_t)((mixed >> 32) * table->n_buckets >> 32);
	buckets[1] = (uint32_t)((mixed & UINT32_MAX) * table->n_buckets >> 32);
}

void
ts_pair_table_prefetch(const TsPairTable *table, uint64_t rx_ntp64)
{
	uint32_t buckets[2];

	find_buckets(table, rx_ntp64, buckets);
	__builtin_prefetch(&table->buckets[buckets[0]], 1);
	__builtin_prefetch(&table->buckets[buckets[1]], 1);
}

static bool
take_from(Bucket *bucket, uint64_t rx_ntp64, uint32_t client_tag, uint64_t *tx_ntp64)
{
	for (unsigned way = 0; way < WAYS; way++)
		if (bucket->rx_ntp64[way] == rx_ntp64 && bucket->client_tag[way] == client_tag) {
			*tx_ntp64 = rx_ntp64 + bucket->residence[way];
			bucket->rx_ntp64[way] = 0;
			return true;
		}
	return false;
}

bool
ts_pair_table_take(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag, uint64_t *tx_ntp64)
{
	uint32_t buckets[2];

	if (rx_ntp64 == 0)
		return false;
	find_buckets(table, rx_ntp64, buckets);
	return take_from(&table->buckets[buckets[0]], rx_ntp64, client_tag, tx_ntp64) ||
	       take_from(&table->buckets[buckets[1]], rx_ntp64, client_tag, tx_ntp64);
}

/* Returns: the handle of a free place, or of the oldest pair. */
static uint32_t
find_place(const TsPairTable *table, uint64_t rx_ntp64)
{
	uint32_t buckets[2];
	uint32_t oldest = 0;
	uint64_t oldest_age = 0;

	find_buckets(table, rx_ntp64, buckets);
	for (unsigned i = 0; i < 2 * WAYS; i++) {
		uint32_t bucket = buckets[i % 2], way = i / 2;
		uint64_t found = table->buckets[bucket].rx_ntp64[way];
		if (found == 0)
			return bucket * WAYS + way;
		/* wraps with the era; one from the future (the clock went back) seems oldest */
		uint64_t age = rx_ntp64 - found;
		if (age >= oldest_age) {
			oldest = bucket * WAYS + way;
			oldest_age = age;
		}
	}
	return oldest;
}

uint32_t
ts_pair_table_save(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag, uint64_t tx_ntp64)
{
	uint32_t place = find_place(table, rx_ntp64);
	Bucket *bucket = &table->buckets[place / WAYS];
	uint64_t residence = tx_ntp64 - rx_ntp64;

	if (residence <= UINT32_MAX) {
		bucket->rx_ntp64[place % WAYS] = rx_ntp64;
		bucket->residence[place % WAYS] = (uint32_t)residence;
		bucket->client_tag[place % WAYS] = client_tag;
	}
	return place;
}

void
ts_pair_table_refine(TsPairTable *table, uint32_t handle, uint64_t rx_ntp64, uint64_t tx_ntp64)
{
	Bucket *bucket = &table->buckets[handle / WAYS];
	uint64_t residence = tx_ntp64 - rx_ntp64;

	if (bucket->rx_ntp64[handle % WAYS] == rx_ntp64 && residence <= UINT32_MAX)
		bucket->residence[handle % WAYS] = (uint32_t)residence;
}
