/* SPDX-License-Identifier: BSD-2-Clause */
/* interleave.c - see interleave.h */
#include "ntp/interleave.h"

#include <sys/mman.h>

#define WAYS 4

/* One cache line. */
typedef struct {
	_Alignas(64) uint64_t rx_ntp64[WAYS]; /* 0: free (a receive timestamp of ours is odd) */
	uint32_t residence[WAYS];             /* transmit - receive, 2^-32 s: less than a second */
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

/* Time spreads the pairs by itself: the hash must only keep bursts apart. */
static uint32_t
bucket_of(const TsPairTable *table, uint64_t rx_ntp64)
{
	uint32_t mixed = (uint32_t)(rx_ntp64 * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	return (uint32_t)((uint64_t)mixed * table->n_buckets >> 32);
}

bool
ts_pair_table_take(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag, uint64_t *tx_ntp64)
{
	Bucket *bucket = &table->buckets[bucket_of(table, rx_ntp64)];

	if (rx_ntp64 == 0)
		return false;
	for (unsigned way = 0; way < WAYS; way++)
		if (bucket->rx_ntp64[way] == rx_ntp64 && bucket->client_tag[way] == client_tag) {
			*tx_ntp64 = rx_ntp64 + bucket->residence[way];
			bucket->rx_ntp64[way] = 0;
			return true;
		}
	return false;
}

static unsigned
find_victim(const Bucket *bucket, uint64_t rx_ntp64)
{
	unsigned oldest = 0;
	uint64_t oldest_age = 0;

	for (unsigned way = 0; way < WAYS; way++) {
		if (bucket->rx_ntp64[way] == 0)
			return way;
		/* wraps with the era; one from the future (the clock went back) seems oldest */
		uint64_t age = rx_ntp64 - bucket->rx_ntp64[way];
		if (age >= oldest_age) {
			oldest = way;
			oldest_age = age;
		}
	}
	return oldest;
}

uint32_t
ts_pair_table_save(TsPairTable *table, uint64_t rx_ntp64, uint32_t client_tag, uint64_t tx_ntp64)
{
	uint32_t index = bucket_of(table, rx_ntp64);
	Bucket *bucket = &table->buckets[index];
	unsigned way = find_victim(bucket, rx_ntp64);
	uint64_t residence = tx_ntp64 - rx_ntp64;

	if (residence <= UINT32_MAX) {
		bucket->rx_ntp64[way] = rx_ntp64;
		bucket->residence[way] = (uint32_t)residence;
		bucket->client_tag[way] = client_tag;
	}
	return index * WAYS + way;
}

void
ts_pair_table_refine(TsPairTable *table, uint32_t handle, uint64_t rx_ntp64, uint64_t tx_ntp64)
{
	Bucket *bucket = &table->buckets[handle / WAYS];
	uint64_t residence = tx_ntp64 - rx_ntp64;

	if (bucket->rx_ntp64[handle % WAYS] == rx_ntp64 && residence <= UINT32_MAX)
		bucket->residence[handle % WAYS] = (uint32_t)residence;
}
