/* SPDX-License-Identifier: BSD-2-Clause */
/* test-registry.c - counters and gauges: names, order, owners that go, workers that add */
#include "metrics/registry.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "suite.h"

static TsMetrics *metrics; /* made for each test, in its own process */

static void
setup(void)
{
	metrics = ts_metrics_new();
}

static void
teardown(void)
{
	ts_metrics_free(metrics);
}

static void
append_view(const TsMetricView *view, void *user_data)
{
	g_string_append_printf(user_data, "%s.%s=%g ", view->owner, view->name, view->value);
}

/* What an exporter would see must read @expected. */
static void
assert_listed(const char *expected)
{
	g_autoptr(GString) seen = g_string_new(NULL);

	ts_metrics_foreach(metrics, append_view, seen);
	ck_assert_str_eq(seen->str, expected);
}

START_TEST(test_counter_starts_at_0_and_sums_slots)
{
	TsMetric *counter = ts_metrics_add_counter(metrics, "core", "requests", "Requests.", 3);

	ck_assert_double_eq(ts_metric_value(counter), 0);
	ts_metric_add(counter, 0, 1);
	ts_metric_add(counter, 2, 40);
	ts_metric_add(counter, 2, 1);

	ck_assert_double_eq(ts_metric_value(counter), 42);
}
END_TEST

START_TEST(test_counter_ignores_negative_and_slots_it_has_not)
{
	TsMetric *counter = ts_metrics_add_counter(metrics, "core", "requests", "Requests.", 2);

	ts_metric_add(counter, 0, 5);
	ts_metric_add(counter, 0, -1);
	ts_metric_add(counter, 2, 1);
	ts_metric_add(counter, UINT_MAX, 1);
	ts_metric_set(counter, 99);

	ck_assert_double_eq(ts_metric_value(counter), 5);
}
END_TEST

START_TEST(test_counter_of_no_slots_is_refused)
{
	ck_assert_ptr_null(ts_metrics_add_counter(metrics, "core", "requests", "Requests.", 0));
	assert_listed("");
}
END_TEST

START_TEST(test_gauge_is_hidden_until_set)
{
	TsMetric *gauge = ts_metrics_add_gauge(metrics, "core", "offset", "seconds", "Offset.");

	ck_assert(isnan(ts_metric_value(gauge)));
	assert_listed("");
	ts_metric_set(gauge, -0.25);
	assert_listed("core.offset=-0.25 ");
	ts_metric_set(gauge, (double)NAN);
	assert_listed("");
}
END_TEST

START_TEST(test_gauge_can_not_be_added_to)
{
	TsMetric *gauge = ts_metrics_add_gauge(metrics, "core", "sources", "", "Sources.");

	ts_metric_set(gauge, 4);
	ts_metric_add(gauge, 0, 1);

	ck_assert_double_eq(ts_metric_value(gauge), 4);
}
END_TEST

static double
read_double(void *user_data)
{
	return *(const double *)user_data;
}

START_TEST(test_gauge_func_is_asked_when_read)
{
	double value = 1;
	TsMetric *gauge = ts_metrics_add_gauge_func(metrics, "core", "clients", "", "Clients.",
						    read_double, &value);

	value = 7;
	ts_metric_set(gauge, 3); /* means nothing here */

	ck_assert_double_eq(ts_metric_value(gauge), 7);
	assert_listed("core.clients=7 ");
	value = (double)NAN;
	assert_listed("");
}
END_TEST

static void
check_view(const TsMetricView *view, void *user_data)
{
	unsigned *seen = user_data;

	ck_assert_str_eq(view->help, "How far the clock is off.");
	ck_assert_str_eq(view->unit, "seconds");
	ck_assert_int_eq(view->kind, TS_METRIC_GAUGE);
	++*seen;
}

START_TEST(test_foreach_gives_all_that_was_said)
{
	char help[] = "How far the clock is off.";
	unsigned seen = 0;
	TsMetric *gauge = ts_metrics_add_gauge(metrics, "core", "offset", "seconds", help);
	memset(help, 'x', sizeof help - 1); /* texts were copied */
	ts_metric_set(gauge, 0);

	ts_metrics_foreach(metrics, check_view, &seen);

	ck_assert_uint_eq(seen, 1);
}
END_TEST

START_TEST(test_foreach_orders_by_owner_then_name)
{
	static const char *const names[][2] = {
		{"nts-ke", "b"}, {"core", "z"}, {"nts", "a"},
		{"nts-ke", "a"}, {"core", "a"}, {"core", "m"},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
		ts_metrics_add_counter(metrics, names[i][0], names[i][1], "Help.", 1);

	assert_listed("core.a=0 core.m=0 core.z=0 nts.a=0 nts-ke.a=0 nts-ke.b=0 ");
}
END_TEST

START_TEST(test_add_same_name_of_same_owner_is_refused)
{
	ck_assert_ptr_nonnull(ts_metrics_add_counter(metrics, "core", "x", "Help.", 1));

	ck_assert_ptr_null(ts_metrics_add_counter(metrics, "core", "x", "Help.", 1));
	ck_assert_ptr_null(ts_metrics_add_gauge(metrics, "core", "x", "", "Help."));
	ck_assert_ptr_nonnull(ts_metrics_add_counter(metrics, "other", "x", "Help.", 1));
	assert_listed("core.x=0 other.x=0 ");
}
END_TEST

START_TEST(test_add_malformed_text_is_refused)
{
	static const char *const bad[][4] = {
		{"", "x", "", "Help."},		  {"Core", "x", "", "Help."},
		{"co re", "x", "", "Help."},	  {"core", "", "", "Help."},
		{"core", "X", "", "Help."},	  {"core", "a-b", "", "Help."},
		{"core", "a\n", "", "Help."},	  {"core", "timesrv_x", "", "Help."},
		{"core", "x_total", "", "Help."}, {"core", "x", "Seconds", "Help."},
		{"core", "x", "m/s", "Help."},	  {"core", "x", "", ""},
		{"core", "x", "", "two\nlines"},  {"core", "x", "", "\xff"},
		{NULL, "x", "", "Help."},	  {"core", NULL, "", "Help."},
		{"core", "x", NULL, "Help."},	  {"core", "x", "", NULL},
	};

	ck_assert_ptr_null(
		ts_metrics_add_gauge(metrics, bad[_i][0], bad[_i][1], bad[_i][2], bad[_i][3]));
}
END_TEST

START_TEST(test_remove_takes_one)
{
	TsMetric *first = ts_metrics_add_counter(metrics, "core", "a", "Help.", 1);
	ts_metrics_add_counter(metrics, "core", "b", "Help.", 1);

	ts_metrics_remove(metrics, first);

	assert_listed("core.b=0 ");
	ck_assert_ptr_nonnull(ts_metrics_add_counter(metrics, "core", "a", "Help.", 1));
}
END_TEST

START_TEST(test_remove_owner_takes_all_of_its_own)
{
	static const char *const owners[] = {"nts", "nts-ke", "nt", "nts", "core", "nts"};
	static const char *const names[] = {"b", "a", "a", "a", "a", "c"};
	for (unsigned i = 0; i < G_N_ELEMENTS(owners); i++)
		ts_metrics_add_counter(metrics, owners[i], names[i], "Help.", 1);

	ts_metrics_remove_owner(metrics, "nts");
	assert_listed("core.a=0 nt.a=0 nts-ke.a=0 ");

	ts_metrics_remove_owner(metrics, "nobody");
	assert_listed("core.a=0 nt.a=0 nts-ke.a=0 ");
	ts_metrics_remove_owner(metrics, "nts-ke");
	ts_metrics_remove_owner(metrics, "core");
	ts_metrics_remove_owner(metrics, "nt");
	assert_listed("");
}
END_TEST

START_TEST(test_free_nothing_is_fine)
{
	ts_metrics_free(NULL);
}
END_TEST

#define N_WORKERS 4
#define N_ADDS	  20000

typedef struct {
	TsMetric *counter;
	unsigned slot;
} Worker;

static void *
add_many(void *user_data)
{
	const Worker *worker = user_data;

	for (unsigned i = 0; i < N_ADDS; i++)
		ts_metric_add(worker->counter, worker->slot, 1);
	return NULL;
}

/* Workers add without a lock while main reads; a ThreadSanitizer build checks the same. */
START_TEST(test_counter_loses_nothing_between_threads)
{
	TsMetric *counter =
		ts_metrics_add_counter(metrics, "core", "requests", "Requests.", N_WORKERS);
	Worker workers[N_WORKERS];
	pthread_t threads[N_WORKERS];
	double last = 0;

	for (unsigned i = 0; i < N_WORKERS; i++) {
		workers[i] = (Worker){counter, i};
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, &workers[i]), 0);
	}
	while (last < N_WORKERS * N_ADDS) {
		double value = ts_metric_value(counter);
		ck_assert_double_ge(value, last); /* a counter never falls */
		last = value;
	}
	for (unsigned i = 0; i < N_WORKERS; i++)
		pthread_join(threads[i], NULL);

	ck_assert_double_eq(ts_metric_value(counter), N_WORKERS * N_ADDS);
}
END_TEST

TS_TEST_MAIN("registry", {
	TCase *values = tcase_create("values");
	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_test(values, test_counter_starts_at_0_and_sums_slots);
	tcase_add_test(values, test_counter_ignores_negative_and_slots_it_has_not);
	tcase_add_test(values, test_counter_of_no_slots_is_refused);
	tcase_add_test(values, test_gauge_is_hidden_until_set);
	tcase_add_test(values, test_gauge_can_not_be_added_to);
	tcase_add_test(values, test_gauge_func_is_asked_when_read);
	suite_add_tcase(suite, values);

	TCase *list = tcase_create("list");
	tcase_add_checked_fixture(list, setup, teardown);
	tcase_add_test(list, test_foreach_gives_all_that_was_said);
	tcase_add_test(list, test_foreach_orders_by_owner_then_name);
	tcase_add_test(list, test_add_same_name_of_same_owner_is_refused);
	tcase_add_loop_test(list, test_add_malformed_text_is_refused, 0, 18);
	tcase_add_test(list, test_remove_takes_one);
	tcase_add_test(list, test_remove_owner_takes_all_of_its_own);
	tcase_add_test(list, test_free_nothing_is_fine);
	suite_add_tcase(suite, list);

	TCase *threads = tcase_create("threads");
	tcase_add_checked_fixture(threads, setup, teardown);
	tcase_add_test(threads, test_counter_loses_nothing_between_threads);
	suite_add_tcase(suite, threads);
})
