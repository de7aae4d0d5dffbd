/* SPDX-License-Identifier: BSD-2-Clause */
/* test-settings.c - copies of sources, and what a change of options means for a living one */
#include "config/loading.h"

/* Returns: (transfer full): the one source of @text, a flow map's inside. */
static TsSourceSettings *
source_of(const char *text)
{
	g_autofree char *file = g_strdup_printf("sources: [{%s}]", text);
	g_autoptr(TsSettings) settings = load_well(file);

	return ts_source_settings_copy(settings->sources->pdata[0]);
}

static const struct {
	const char *before, *after;
	TsChange expected;
} changes[] = {
	{"server: a", "server: a", TS_CHANGE_NONE},
	{"server: a, iburst: false", "server:   a", TS_CHANGE_NONE},
	{"server: a, nts: {port: 5}", "server: a, nts: { port:  5 }", TS_CHANGE_NONE},
	{"refclock: a, x: 1, y: 2", "refclock: a, y: 2, x: 1", TS_CHANGE_NONE},
	{"server: a", "server: a, name: b", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, prefer: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, trust: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, require: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, noselect: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, offset: 1ms", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, min-samples: 7", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-samples: 63", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, filter: 3", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-distance: 1", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, online: false", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, min-poll: 5", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-poll: 11", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, iburst: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, burst: true", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, xleave: true", TS_CHANGE_OPTIONS},
	{"pool: a", "pool: a, max-sources: 5", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-delay: 1", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-delay-ratio: 2", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, max-delay-dev-ratio: 2", TS_CHANGE_OPTIONS},
	{"server: a", "server: a, dscp: 46", TS_CHANGE_OPTIONS},
	{"refclock: a", "refclock: a, refid: GPS", TS_CHANGE_OPTIONS},
	{"refclock: a", "refclock: a, stratum: 1", TS_CHANGE_OPTIONS},
	{"server: a", "server: b", TS_CHANGE_RESTART},
	{"server: a", "pool: a", TS_CHANGE_RESTART},
	{"server: a", "server: a, port: 124", TS_CHANGE_RESTART},
	{"server: a", "server: a, version: 3", TS_CHANGE_RESTART},
	{"server: a", "server: a, family: ipv4", TS_CHANGE_RESTART},
	{"server: a", "server: a, key: 1", TS_CHANGE_RESTART},
	{"server: a", "server: a, nts: true", TS_CHANGE_RESTART},
	{"server: a", "server: a, bind-address: 192.0.2.1", TS_CHANGE_RESTART},
	{"server: a", "server: a, device: eth0", TS_CHANGE_RESTART},
	{"refclock: a, x: 1", "refclock: a, x: 2", TS_CHANGE_RESTART},
};

START_TEST(test_source_compare_tells_what_a_change_costs)
{
	g_autoptr(TsSourceSettings) before = source_of(changes[_i].before);
	g_autoptr(TsSourceSettings) after = source_of(changes[_i].after);

	ck_assert_int_eq(ts_source_settings_compare(before, after), changes[_i].expected);
	ck_assert_int_eq(ts_source_settings_compare(after, before), changes[_i].expected);
}
END_TEST

START_TEST(test_source_copy_is_deep_and_same)
{
	g_autoptr(TsSourceSettings) source =
		source_of("server: a, name: b, bind-address: 192.0.2.1,"
			  " device: eth0, nts: {port: 5}");
	TsSourceSettings *copy = ts_source_settings_copy(source);
	g_autoptr(TsSourceSettings) second = ts_source_settings_copy(copy);

	ts_source_settings_free(copy);
	ck_assert_int_eq(ts_source_settings_compare(source, second), TS_CHANGE_NONE);
	ck_assert_ptr_ne(source->name, second->name);
	ck_assert_str_eq(second->device, "eth0");
}
END_TEST

START_TEST(test_settings_live_until_the_last_reference)
{
	TsSettings *settings = load_well("sources: [{server: a}]");
	TsSettings *other = ts_settings_ref(settings);

	ts_settings_unref(settings);
	ck_assert_uint_eq(other->sources->len, 1);
	ts_settings_unref(other);
	ts_settings_unref(NULL);
	ts_source_settings_free(NULL);
}
END_TEST

TS_TEST_MAIN("settings", {
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_source_compare_tells_what_a_change_costs, 0,
			    (int)G_N_ELEMENTS(changes));
	tcase_add_test(core, test_source_copy_is_deep_and_same);
	tcase_add_test(core, test_settings_live_until_the_last_reference);
	suite_add_tcase(suite, core);
})
