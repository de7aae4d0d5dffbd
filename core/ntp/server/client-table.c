/* SPDX-License-Identifier: BSD-2-Clause */
/* client-table.c - see client-table.h */
#include "ntp/server/client-table.h"

#include <endian.h>
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "base/random.h"

#define WAYS 8

#define V4_MAPPED UINT64_C(0x0000ffff00000000)

typedef struct {
	_Alignas(64) uint64_t address[WAYS][2];
	uint64_t live[WAYS];
	uint64_t counts[WAYS];
	uint64_t more[WAYS];
} Set;

G_STATIC_ASSERT(sizeof(Set) == WAYS * TS_CLIENT_RECORD_SIZE);

struct _TsClientTable {
	/* set before start, then read-only */
	Set *sets;
	uint32_t n_sets;
	uint64_t hash_key[3];
};

/* The word "live", unpacked. */
typedef struct {
	uint32_t last_seen_ticks;
	uint16_t tokens;
	uint8_t interval; /* see encode_interval(); 0: none yet */
	uint8_t version_mode;
} Live;

static uint64_t
pack_live(Live live)
{
	return (uint64_t)live.version_mode << 56 | (uint64_t)live.interval << 48 |
	       (uint64_t)live.tokens << 32 | live.last_seen_ticks;
}

static Live
unpack_live(uint64_t word)
{
	return (Live){
		.last_seen_ticks = (uint32_t)word,
		.tokens = (uint16_t)(word >> 32),
		.interval = (uint8_t)(word >> 48),
		.version_mode = (uint8_t)(word >> 56),
	};
}

static uint64_t
load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void
store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

TsClientTable *
ts_client_table_new(size_t bytes)
{
	size_t n_sets = MIN(bytes / sizeof(Set), (size_t)UINT32_MAX);
	if (n_sets == 0)
		return NULL;
	void *sets = mmap(NULL, n_sets * sizeof(Set), PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (sets == MAP_FAILED)
		return NULL;

	TsClientTable *self = g_new0(TsClientTable, 1);
	self->sets = sets;
	self->n_sets = (uint32_t)n_sets;
	ts_random_bytes(self->hash_key, sizeof self->hash_key);
	return self;
}

void
ts_client_table_free(TsClientTable *table)
{
	if (!table)
		return;
	munmap(table->sets, table->n_sets * sizeof(Set));
	g_free(table);
}

size_t
ts_client_table_capacity(const TsClientTable *table)
{
	return (size_t)table->n_sets * WAYS;
}

static uint64_t
fold_product(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

void
ts_client_table_key(const TsClientTable *table, const TsAddress *address, TsClientKey *key)
{
	uint64_t words[2];

	key->scope_id = 0;
	if (address->any.sa_family == AF_INET) {
		key->high = 0;
		key->low = V4_MAPPED | ntohl(address->v4.sin_addr.s_addr);
	} else {
		memcpy(words, &address->v6.sin6_addr, sizeof words);
		key->high = be64toh(words[0]);
		key->low = be64toh(words[1]);
		key->scope_id = address->v6.sin6_scope_id;
	}
	/* 128-bit products folded, twice: each bit of the address reaches each bit of the hash */
	uint64_t mixed =
		fold_product(key->high ^ table->hash_key[0], key->low ^ table->hash_key[1]);
	key->hash = fold_product(mixed ^ table->hash_key[2], UINT64_C(0x9e3779b97f4a7c15));
}

/* The upper half of the hash, scaled to the number of sets: any number will do. */
static uint32_t
set_of(const TsClientTable *table, const TsClientKey *key)
{
	return (uint32_t)((key->hash >> 32) * table->n_sets >> 32);
}

void
ts_client_table_prefetch(const TsClientTable *table, const TsClientKey *key)
{
	const Set *set = &table->sets[set_of(table, key)];

	__builtin_prefetch(&set->address[0]);
	__builtin_prefetch(&set->address[WAYS / 2]);
	__builtin_prefetch(&set->live[0], 1);
	__builtin_prefetch(&set->counts[0], 1);
}

/*
 * An interval as a logarithm in 8 bits: three bits of fraction, taken linearly between the powers
 * of two. 1 stands for less than a tick, 9 for one tick, 0 for none.
 */
static uint8_t
encode_interval(uint32_t ticks)
{
	if (ticks == 0)
		return 1;
	unsigned exponent = 31U - (unsigned)__builtin_clz(ticks);
	unsigned fraction = (unsigned)((uint64_t)ticks << 3 >> exponent) & 7;
	return (uint8_t)MIN(9 + (exponent << 3) + fraction, 255U);
}

static double
decode_interval(uint8_t code)
{
	if (code == 0)
		return NAN;
	unsigned shifted = code - 1U;
	return ldexp(1 + (shifted & 7) / 8.0, (int)(shifted >> 3) - 1);
}

/* A quarter of the way to the new one; the dice make up for the fraction of a step. */
static uint8_t
smooth_interval(uint8_t before, uint32_t ticks, uint64_t dice)
{
	int sample = encode_interval(ticks);

	if (before == 0)
		return (uint8_t)sample;
	/* floor((difference + dice) / 4), whose mean over the dice is difference / 4 */
	int step = (sample - before + (int)(dice & 3) + 256) / 4 - 64;
	return (uint8_t)(before + step);
}

static bool
find_way(const Set *set, const TsClientKey *key, unsigned *way)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (load(&set->address[i][1]) == key->low &&
		    load(&set->address[i][0]) == key->high && load(&set->live[i]) != 0) {
			*way = i;
			return true;
		}
	return false;
}

static unsigned
find_victim(const Set *set, uint32_t now_ticks)
{
	unsigned oldest = 0;
	uint32_t oldest_age = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		uint64_t word = load(&set->live[i]);
		if (word == 0)
			return i;
		uint32_t age = now_ticks - unpack_live(word).last_seen_ticks;
		if (age >= oldest_age) {
			oldest = i;
			oldest_age = age;
		}
	}
	return oldest;
}

/* A reader that loads any of what follows the first store with acquire has seen that store: it
 * finds "live" changed when it looks again. */
static void
replace(Set *set, unsigned way, const TsClientKey *key)
{
	store(&set->live[way], 0);
	__atomic_store_n(&set->address[way][0], key->high, __ATOMIC_RELEASE);
	__atomic_store_n(&set->address[way][1], key->low, __ATOMIC_RELEASE);
	__atomic_store_n(&set->counts[way], 0, __ATOMIC_RELEASE);
	__atomic_store_n(&set->more[way], (uint64_t)key->scope_id << 32, __ATOMIC_RELEASE);
}

static uint64_t
count_up(uint64_t counts, unsigned shift)
{
	return (uint32_t)(counts >> shift) == UINT32_MAX ? counts : counts + (UINT64_C(1) << shift);
}

TsRateVerdict
ts_client_table_account(TsClientTable *table, const TsClientKey *key, uint32_t now_ticks,
			uint8_t version_mode, const TsRateLimit *limit, TsFastRandom *random,
			TsClientPlace *place)
{
	place->set = set_of(table, key);
	Set *set = &table->sets[place->set];
	Live live = {.tokens = TS_RATE_FULL};
	uint32_t elapsed_ticks = 0;

	if (find_way(set, key, &place->way)) {
		live = unpack_live(load(&set->live[place->way]));
		elapsed_ticks = now_ticks - live.last_seen_ticks;
		live.interval =
			smooth_interval(live.interval, elapsed_ticks, ts_fast_random_next(random));
	} else {
		place->way = find_victim(set, now_ticks);
		replace(set, place->way, key);
	}
	TsRateVerdict verdict = ts_rate_limit_decide(limit, &live.tokens, elapsed_ticks, random);
	bool is_dropped = verdict == TS_RATE_DROP || verdict == TS_RATE_KISS;

	uint64_t counts = count_up(load(&set->counts[place->way]), 0);
	store(&set->counts[place->way], is_dropped ? count_up(counts, 32) : counts);
	live.last_seen_ticks = now_ticks;
	live.version_mode = version_mode;
	__atomic_store_n(&set->live[place->way], pack_live(live), __ATOMIC_RELEASE);
	return verdict;
}

void
ts_client_table_count_interleaved(TsClientTable *table, TsClientPlace place)
{
	uint64_t *more = &table->sets[place.set].more[place.way];

	store(more, count_up(load(more), 0));
}

static void
set_address(TsAddress *address, uint64_t high, uint64_t low, uint32_t scope_id)
{
	uint64_t words[2] = {htobe64(high), htobe64(low)};

	if (high == 0 && (low & ~UINT64_C(0xffffffff)) == V4_MAPPED) {
		*address = (TsAddress){.v4 = {.sin_family = AF_INET}};
		address->v4.sin_addr.s_addr = htonl((uint32_t)low);
		return;
	}
	*address = (TsAddress){.v6 = {.sin6_family = AF_INET6, .sin6_scope_id = scope_id}};
	memcpy(&address->v6.sin6_addr, words, sizeof words);
}

/* Returns: false if there is no record, or one that was being replaced. */
static bool
read_record(const Set *set, unsigned way, TsClientRecord *record)
{
	uint64_t word = __atomic_load_n(&set->live[way], __ATOMIC_ACQUIRE);
	uint64_t high = __atomic_load_n(&set->address[way][0], __ATOMIC_ACQUIRE);
	uint64_t low = __atomic_load_n(&set->address[way][1], __ATOMIC_ACQUIRE);
	uint64_t counts = __atomic_load_n(&set->counts[way], __ATOMIC_ACQUIRE);
	uint64_t more = __atomic_load_n(&set->more[way], __ATOMIC_ACQUIRE);

	if (word == 0 || load(&set->live[way]) != word)
		return false;
	Live live = unpack_live(word);
	set_address(&record->address, high, low, (uint32_t)(more >> 32));
	record->last_seen_ticks = live.last_seen_ticks;
	record->n_requests = (uint32_t)counts;
	record->n_dropped = (uint32_t)(counts >> 32);
	record->n_interleaved = (uint32_t)more;
	record->interval_ticks = decode_interval(live.interval);
	record->version = live.version_mode >> 4;
	record->mode = live.version_mode & 15;
	return true;
}

void
ts_client_table_foreach(const TsClientTable *table, TsClientRecordFunc func, void *user_data)
{
	TsClientRecord record;

	for (uint32_t i = 0; i < table->n_sets; i++)
		for (unsigned way = 0; way < WAYS; way++) {
			const Set *set = &table->sets[i];
			/* a busy client's record may change under us; it won't for ever */
			for (int tries = 0; load(&set->live[way]) != 0 && tries < 8; tries++)
				if (read_record(set, way, &record)) {
					func(&record, user_data);
					break;
				}
		}
}
