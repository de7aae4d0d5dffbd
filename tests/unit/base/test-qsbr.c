/* SPDX-License-Identifier: BSD-2-Clause */
#include <pthread.h>

#include "base/qsbr.h"
#include "suite.h"

START_TEST(test_qsbr_workers_asleep_are_quiet)
{
	g_autoptr(TsQsbr) qsbr = ts_qsbr_new(3);

	ck_assert(ts_qsbr_passed(qsbr, ts_qsbr_begin(qsbr)));
}
END_TEST

START_TEST(test_qsbr_waits_for_each_worker_that_is_awake)
{
	g_autoptr(TsQsbr) qsbr = ts_qsbr_new(3);

	ts_qsbr_wake(qsbr, 0);
	ts_qsbr_wake(qsbr, 2);
	uint64_t ticket = ts_qsbr_begin(qsbr);
	ck_assert(!ts_qsbr_passed(qsbr, ticket));
	ts_qsbr_quiet(qsbr, 0);
	ck_assert(!ts_qsbr_passed(qsbr, ticket));
	ts_qsbr_quiet(qsbr, 2);
	ck_assert(ts_qsbr_passed(qsbr, ticket));
}
END_TEST

START_TEST(test_qsbr_quiet_before_the_ticket_does_not_count)
{
	g_autoptr(TsQsbr) qsbr = ts_qsbr_new(1);

	ts_qsbr_wake(qsbr, 0);
	ts_qsbr_quiet(qsbr, 0);
	uint64_t ticket = ts_qsbr_begin(qsbr);
	ck_assert(!ts_qsbr_passed(qsbr, ticket));
	ts_qsbr_sleep(qsbr, 0);
	ck_assert(ts_qsbr_passed(qsbr, ticket));
	ts_qsbr_wake(qsbr, 0);
	ck_assert(ts_qsbr_passed(qsbr, ticket));
}
END_TEST

START_TEST(test_qsbr_later_ticket_covers_earlier)
{
	g_autoptr(TsQsbr) qsbr = ts_qsbr_new(1);

	ts_qsbr_wake(qsbr, 0);
	uint64_t first = ts_qsbr_begin(qsbr);
	uint64_t second = ts_qsbr_begin(qsbr);
	ts_qsbr_quiet(qsbr, 0);

	ck_assert(ts_qsbr_passed(qsbr, first));
	ck_assert(ts_qsbr_passed(qsbr, second));
}
END_TEST

/* On a busy machine a swap waits for each worker's turn on a processor: as many as the budget allows. */
enum { N_WORKERS = 3, N_SWAPS = 3000, MIN_SWAPS = 20, BUDGET_US = 5000000 };

typedef struct {
	TsQsbr *qsbr;
	unsigned index;
	int **published;
	bool *must_stop;
	unsigned *n_torn;
} Worker;

/* What is published is 1 until it is freed, when it becomes 0. */
static void *
read_published(void *user_data)
{
	Worker *worker = user_data;

	ts_qsbr_wake(worker->qsbr, worker->index);
	for (unsigned i = 0; !__atomic_load_n(worker->must_stop, __ATOMIC_RELAXED); i++) {
		int *value = __atomic_load_n(worker->published, __ATOMIC_SEQ_CST);
		for (int j = 0; j < 20; j++)
			if (__atomic_load_n(value, __ATOMIC_RELAXED) != 1)
				__atomic_add_fetch(worker->n_torn, 1, __ATOMIC_RELAXED);
		if (i % 3 == worker->index) {
			ts_qsbr_sleep(worker->qsbr, worker->index);
			ts_qsbr_wake(worker->qsbr, worker->index);
		} else {
			ts_qsbr_quiet(worker->qsbr, worker->index);
		}
	}
	ts_qsbr_sleep(worker->qsbr, worker->index);
	return NULL;
}

START_TEST(test_qsbr_nothing_is_freed_while_a_worker_reads_it)
{
	g_autoptr(TsQsbr) qsbr = ts_qsbr_new(N_WORKERS);
	int values[2] = {1, 0};
	int *published = &values[0];
	bool must_stop = false;
	unsigned n_torn = 0;
	Worker workers[N_WORKERS];
	pthread_t threads[N_WORKERS];

	for (unsigned i = 0; i < N_WORKERS; i++) {
		workers[i] = (Worker){qsbr, i, &published, &must_stop, &n_torn};
		pthread_create(&threads[i], NULL, read_published, &workers[i]);
	}
	int64_t end_us = g_get_monotonic_time() + BUDGET_US;
	for (int i = 0; i < MIN_SWAPS || (i < N_SWAPS && g_get_monotonic_time() < end_us); i++) {
		int *fresh = &values[(i + 1) % 2], *old = &values[i % 2];
		__atomic_store_n(fresh, 1, __ATOMIC_RELAXED);
		__atomic_store_n(&published, fresh, __ATOMIC_SEQ_CST);
		uint64_t ticket = ts_qsbr_begin(qsbr);
		while (!ts_qsbr_passed(qsbr, ticket))
			sched_yield();
		__atomic_store_n(old, 0, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&must_stop, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < N_WORKERS; i++)
		pthread_join(threads[i], NULL);

	ck_assert_uint_eq(n_torn, 0);
}
END_TEST

TS_TEST_MAIN("qsbr", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_qsbr_workers_asleep_are_quiet);
	tcase_add_test(core, test_qsbr_waits_for_each_worker_that_is_awake);
	tcase_add_test(core, test_qsbr_quiet_before_the_ticket_does_not_count);
	tcase_add_test(core, test_qsbr_later_ticket_covers_earlier);
	suite_add_tcase(suite, core);
	TCase *threads = tcase_create("threads");
	tcase_set_timeout(threads, 60);
	tcase_add_test(threads, test_qsbr_nothing_is_freed_while_a_worker_reads_it);
	suite_add_tcase(suite, threads);
})
