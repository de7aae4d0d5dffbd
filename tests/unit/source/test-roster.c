/* SPDX-License-Identifier: BSD-2-Clause */
/* test-roster.c - how many entries there may be, wherever they come from */
#include "source/roster.h"

#include "base/error.h"
#include "suite.h"

static bool
take(void *provider, const TsSourceSettings *settings, GError **error)
{
	(void)provider;
	(void)settings;
	(void)error;
	return true;
}

static bool
update(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	(void)change;
	return take(provider, settings, error);
}

static void
drop(void *provider, const char *label)
{
	(void)provider;
	(void)label;
}

static const TsSourceProvider provider = {.add = take, .remove = drop, .update = update};

/* A roster with one place left. */
static TsRoster *
new_roster(void)
{
	TsRoster *roster = ts_roster_new();

	ts_roster_set_provider(roster, TS_SOURCE_SERVER, &provider, NULL);
	ts_roster_set_provider(roster, TS_SOURCE_POOL, &provider, NULL);
	for (int i = 0; i < TS_CONFIG_MAX_SOURCES - 1; i++) {
		g_autofree char *name = g_strdup_printf("s%d", i);
		g_autoptr(TsSourceSettings) server = ts_source_settings_new(TS_SOURCE_SERVER, name);
		ck_assert(ts_roster_add(roster, server, NULL));
	}
	return roster;
}

START_TEST(test_roster_one_more_than_the_selection_takes_is_refused)
{
	g_autoptr(TsRoster) roster = new_roster();
	g_autoptr(TsSourceSettings) last = ts_source_settings_new(TS_SOURCE_SERVER, "last");
	g_autoptr(TsSourceSettings) more = ts_source_settings_new(TS_SOURCE_SERVER, "more");
	g_autoptr(GError) error = NULL;

	ck_assert(ts_roster_add(roster, last, NULL));
	ck_assert(!ts_roster_add(roster, more, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE));
	ck_assert_uint_eq(ts_roster_size(roster), TS_CONFIG_MAX_SOURCES);
	ck_assert(ts_roster_remove(roster, "s0", NULL));
	ck_assert(ts_roster_add(roster, more, NULL));
}
END_TEST

START_TEST(test_roster_pool_counts_as_its_members)
{
	g_autoptr(TsRoster) roster = new_roster();
	g_autoptr(TsSourceSettings) pool = ts_source_settings_new(TS_SOURCE_POOL, "pool");

	pool->max_sources = 2;
	ck_assert(!ts_roster_add(roster, pool, NULL));
	pool->max_sources = 1;
	ck_assert(ts_roster_add(roster, pool, NULL));
	pool->max_sources = 2;
	ck_assert(!ts_roster_set(roster, pool, NULL));

	ck_assert_uint_eq(ts_roster_find(roster, "pool", NULL)->max_sources, 1);
}
END_TEST

TS_TEST_MAIN("roster", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_roster_one_more_than_the_selection_takes_is_refused);
	tcase_add_test(core, test_roster_pool_counts_as_its_members);
	suite_add_tcase(suite, core);
})
