/* SPDX-License-Identifier: BSD-2-Clause */
/* test-services.c - a provider is never gone while somebody uses it */
#include "plugin/services.h"

#include "suite.h"

static const int table = 7;
static int object;
static TsServices *services;
static const int giver = 1, other = 2;

static void
set_up(void)
{
	services = ts_services_new();
}

static void
tear_down(void)
{
	ts_services_free(services);
}

START_TEST(test_services_use_without_provider_is_null)
{
	TsServiceRef *ref = ts_services_acquire(services, "x", 1, NULL, NULL);
	void *found;

	ck_assert_ptr_null(ts_service_use(ref, &found));
	ts_services_release(services, ref);
}
END_TEST

START_TEST(test_services_reference_outlives_its_provider)
{
	TsServiceRef *ref = ts_services_acquire(services, "x", 1, NULL, NULL);
	void *found;
	ck_assert(ts_services_publish(services, &giver, "x", 1, &table, &object));
	ck_assert(ts_services_withdraw(services, &giver, 0));
	ck_assert_ptr_null(ts_service_use(ref, &found));
	ck_assert(ts_services_publish(services, &other, "x", 1, &table, &object));

	ck_assert_ptr_eq(ts_service_use(ref, &found), &table);

	ck_assert_ptr_eq(found, &object);
	ts_service_done(ref);
	ck_assert(ts_services_withdraw(services, &other, 0));
	ts_services_release(services, ref);
}
END_TEST

START_TEST(test_services_second_provider_is_refused)
{
	ck_assert(ts_services_publish(services, &giver, "x", 1, &table, NULL));

	ck_assert(!ts_services_publish(services, &other, "x", 2, &table, NULL));
	ck_assert(ts_services_publish(services, &other, "y", 1, &table, NULL));
	ck_assert(ts_services_withdraw(services, &giver, 0));
	ck_assert(ts_services_withdraw(services, &other, 0));
}
END_TEST

START_TEST(test_services_older_version_is_not_used)
{
	TsServiceRef *ref = ts_services_acquire(services, "x", 2, NULL, NULL);
	void *found;
	ck_assert(ts_services_publish(services, &giver, "x", 1, &table, NULL));

	ck_assert_ptr_null(ts_service_use(ref, &found));
	ck_assert(ts_services_withdraw(services, &giver, 0));
	ts_services_release(services, ref);
}
END_TEST

START_TEST(test_services_withdraw_while_used_fails_at_the_limit)
{
	TsServiceRef *ref = ts_services_acquire(services, "x", 1, NULL, NULL);
	void *found;
	ck_assert(ts_services_publish(services, &giver, "x", 1, &table, NULL));
	ck_assert_ptr_nonnull(ts_service_use(ref, &found));

	ck_assert(!ts_services_withdraw(services, &giver, 1000));

	/* nobody may take the name while the old one is in use */
	ck_assert(!ts_services_publish(services, &other, "x", 1, &table, NULL));
	ts_service_done(ref);
	ck_assert(ts_services_publish(services, &other, "x", 1, &table, NULL));
	ck_assert(ts_services_withdraw(services, &other, 0));
	ts_services_release(services, ref);
}
END_TEST

typedef struct {
	TsServiceRef *ref;
	int is_alive; /* what the provider's memory would be; cleared when it is withdrawn */
	gint stop;
	unsigned n_dead;
} Race;

static gpointer
use_without_end(gpointer data)
{
	Race *race = data;

	while (!g_atomic_int_get(&race->stop)) {
		void *found;
		if (!ts_service_use(race->ref, &found))
			continue;
		if (!*(int *)found)
			race->n_dead++;
		ts_service_done(race->ref);
	}
	return NULL;
}

/* ThreadSanitizer sees the race too, if there is one: is_alive is written without any lock. */
START_TEST(test_services_user_in_a_thread_never_meets_a_dead_provider)
{
	Race race = {0};
	race.ref = ts_services_acquire(services, "x", 1, NULL, NULL);
	GThread *thread = g_thread_new("user", use_without_end, &race);

	for (unsigned i = 0; i < 2000; i++) {
		race.is_alive = 1;
		ck_assert(ts_services_publish(services, &giver, "x", 1, &table, &race.is_alive));
		if (i % 16 == 0)
			g_thread_yield();
		ck_assert(ts_services_withdraw(services, &giver, 60 * G_USEC_PER_SEC));
		race.is_alive = 0;
	}
	g_atomic_int_set(&race.stop, 1);
	g_thread_join(thread);

	ck_assert_uint_eq(race.n_dead, 0);
	ts_services_release(services, race.ref);
}
END_TEST

static void
release_itself(const char *interface, bool is_present, void *user_data)
{
	TsServiceRef **ref = user_data;

	(void)interface;
	(void)is_present;
	ts_services_release(services, *ref);
	*ref = NULL;
}

START_TEST(test_services_listener_may_release_when_told)
{
	TsServiceRef *first = NULL, *second = NULL;
	first = ts_services_acquire(services, "x", 1, release_itself, &first);
	second = ts_services_acquire(services, "x", 1, release_itself, &second);

	ck_assert(ts_services_publish(services, &giver, "x", 1, &table, NULL));

	ck_assert_ptr_null(first);
	ck_assert_ptr_null(second);
	ck_assert(ts_services_withdraw(services, &giver, 0));
}
END_TEST

TS_TEST_MAIN("services", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, set_up, tear_down);
	tcase_add_test(core, test_services_use_without_provider_is_null);
	tcase_add_test(core, test_services_reference_outlives_its_provider);
	tcase_add_test(core, test_services_second_provider_is_refused);
	tcase_add_test(core, test_services_older_version_is_not_used);
	tcase_add_test(core, test_services_withdraw_while_used_fails_at_the_limit);
	tcase_add_test(core, test_services_user_in_a_thread_never_meets_a_dead_provider);
	tcase_add_test(core, test_services_listener_may_release_when_told);
	suite_add_tcase(suite, core);
})
