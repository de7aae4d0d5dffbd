/* SPDX-License-Identifier: BSD-2-Clause */
/* test-seqlock.c - readers see whole states only, in order, while one writes */
#include "base/seqlock.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "suite.h"

#define N_WORDS	  8
#define N_READERS 3
#define N_WRITES  200000

typedef struct {
	uint64_t words[N_WORDS];
} State;

typedef struct {
	TsSeqlock lock;
	State state;
	bool is_over; /* by relaxed atomics */
} Published;

typedef struct {
	Published *published;
	uint64_t n_torn, n_backwards, n_reads;
} Reader;

/* Each word follows from the first, so that a mix of two states shows. */
static void
fill(State *state, uint64_t number)
{
	for (unsigned i = 0; i < N_WORDS; i++)
		state->words[i] = number * (2 * i + 1) + i;
}

static bool
is_whole(const State *state)
{
	State expected;

	fill(&expected, state->words[0]);
	return memcmp(state, &expected, sizeof expected) == 0;
}

START_TEST(test_seqlock_read_gives_what_was_written)
{
	Published published = {0};
	State fresh, copy = {0};

	for (uint64_t number = 1; number < 10; number++) {
		fill(&fresh, number);
		ts_seqlock_write(&published.lock, &published.state, &fresh, sizeof fresh);
		ts_seqlock_read(&published.lock, &copy, &published.state, sizeof copy);
		ck_assert_mem_eq(&copy, &fresh, sizeof copy);
		ck_assert_uint_eq(published.lock.sequence, 2 * number);
	}
}
END_TEST

static void *
read_until_over(void *user_data)
{
	Reader *reader = user_data;
	Published *published = reader->published;
	uint64_t last = 0;
	State copy;

	while (!__atomic_load_n(&published->is_over, __ATOMIC_RELAXED)) {
		ts_seqlock_read(&published->lock, &copy, &published->state, sizeof copy);
		reader->n_torn += !is_whole(&copy);
		reader->n_backwards += copy.words[0] < last;
		reader->n_reads++;
		last = copy.words[0];
	}
	return NULL;
}

START_TEST(test_seqlock_readers_see_whole_states_in_order)
{
	Published published = {0};
	Reader readers[N_READERS];
	pthread_t threads[N_READERS];
	State fresh;

	fill(&fresh, 0);
	ts_seqlock_write(&published.lock, &published.state, &fresh, sizeof fresh);
	for (unsigned i = 0; i < N_READERS; i++) {
		readers[i] = (Reader){.published = &published};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, read_until_over, &readers[i]),
				 0);
	}
	for (uint64_t number = 1; number <= N_WRITES; number++) {
		fill(&fresh, number);
		ts_seqlock_write(&published.lock, &published.state, &fresh, sizeof fresh);
	}
	__atomic_store_n(&published.is_over, true, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < N_READERS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(readers[i].n_torn, 0);
		ck_assert_uint_eq(readers[i].n_backwards, 0);
	}
}
END_TEST

/* A reader that meets a write under way waits for its end instead of taking half of it. */
static void *
read_once(void *user_data)
{
	Reader *reader = user_data;
	State copy;

	ts_seqlock_read(&reader->published->lock, &copy, &reader->published->state, sizeof copy);
	reader->n_torn += !is_whole(&copy);
	__atomic_store_n(&reader->n_reads, copy.words[0], __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(test_seqlock_reader_waits_for_write_under_way)
{
	Published published = {0};
	Reader reader = {.published = &published};
	pthread_t thread;
	State fresh;
	fill(&published.state, 1);
	published.lock.sequence = 3; /* as between the stores of a write */

	ck_assert_int_eq(pthread_create(&thread, NULL, read_once, &reader), 0);
	fill(&fresh, 2);
	/* what ts_seqlock_write does, from where it stands: ends with an even number */
	for (unsigned i = 0; i < N_WORDS; i++)
		__atomic_store_n(&published.state.words[i], fresh.words[i], __ATOMIC_RELAXED);
	ck_assert_uint_eq(__atomic_load_n(&reader.n_reads, __ATOMIC_ACQUIRE), 0);
	__atomic_store_n(&published.lock.sequence, 4, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);

	ck_assert_uint_eq(reader.n_torn, 0);
	ck_assert_uint_eq(reader.n_reads, 2);
}
END_TEST

TS_TEST_MAIN("seqlock", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_seqlock_read_gives_what_was_written);
	tcase_add_test(core, test_seqlock_readers_see_whole_states_in_order);
	tcase_add_test(core, test_seqlock_reader_waits_for_write_under_way);
	suite_add_tcase(suite, core);
})
