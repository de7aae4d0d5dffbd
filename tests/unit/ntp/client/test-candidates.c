/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/client/candidates.h"

#include "suite.h"

static GArray *
addresses_of(const char *first, const char *second, const char *third)
{
	const char *const texts[] = {first, second, third};
	GArray *addresses = g_array_new(FALSE, TRUE, sizeof(TsAddress));

	for (int i = 0; i < 3; i++) {
		TsAddress address;
		if (texts[i] && ts_address_parse(texts[i], 0, &address))
			g_array_append_val(addresses, address);
	}
	return addresses;
}

static void
update(TsCandidates *candidates, const char *first, const char *second, const char *third,
       bool is_pool)
{
	g_autoptr(GArray) addresses = addresses_of(first, second, third);

	ts_candidates_update(candidates, addresses, 123, is_pool);
}

static TsAddress
address_of(const char *text)
{
	TsAddress address;

	ck_assert(ts_address_parse(text, 123, &address));
	return address;
}

static bool
is_free(const TsAddress *address, void *user_data)
{
	return !user_data || !ts_address_equal(address, user_data);
}

static const char *
pick(const TsCandidates *candidates, bool with_failed, TsAddress *taken)
{
	static char text[TS_ADDRESS_TEXT_SIZE];
	const TsAddress *picked = ts_candidates_pick(candidates, with_failed, is_free, taken);

	return picked ? ts_address_format_port(picked, text) : "none";
}

START_TEST(test_candidates_first_free_one_is_picked_with_the_port)
{
	g_autoptr(TsCandidates) candidates = ts_candidates_new();
	TsAddress taken = address_of("192.0.2.1");

	ck_assert_str_eq(pick(candidates, true, NULL), "none");
	update(candidates, "192.0.2.1", "192.0.2.2", NULL, false);

	ck_assert_str_eq(pick(candidates, false, NULL), "192.0.2.1:123");
	ck_assert_str_eq(pick(candidates, false, &taken), "192.0.2.2:123");
}
END_TEST

START_TEST(test_candidates_failed_ones_come_last_the_longest_ago_first)
{
	g_autoptr(TsCandidates) candidates = ts_candidates_new();
	TsAddress first = address_of("192.0.2.1"), second = address_of("192.0.2.2");
	update(candidates, "192.0.2.1", "192.0.2.2", "192.0.2.3", false);

	ts_candidates_mark_failed(candidates, &second, 10);
	ts_candidates_mark_failed(candidates, &first, 20);
	ck_assert_str_eq(pick(candidates, true, NULL), "192.0.2.3:123");
	TsAddress third = address_of("192.0.2.3");
	ts_candidates_mark_failed(candidates, &third, 30);

	ck_assert_str_eq(pick(candidates, false, NULL), "none");
	ck_assert_str_eq(pick(candidates, true, NULL), "192.0.2.2:123");
	ts_candidates_forgive(candidates);
	ck_assert_str_eq(pick(candidates, false, NULL), "192.0.2.1:123");
}
END_TEST

START_TEST(test_candidates_update_keeps_what_is_known)
{
	g_autoptr(TsCandidates) candidates = ts_candidates_new();
	TsAddress first = address_of("192.0.2.1"), second = address_of("192.0.2.2");
	update(candidates, "192.0.2.1", "192.0.2.2", NULL, false);
	ts_candidates_mark_denied(candidates, &first);
	ts_candidates_mark_failed(candidates, &second, 10);

	update(candidates, "192.0.2.1", "192.0.2.2", "192.0.2.3", false);

	ck_assert_str_eq(pick(candidates, true, NULL), "192.0.2.3:123");
	update(candidates, "192.0.2.1", NULL, NULL, false);
	ck_assert_str_eq(pick(candidates, true, NULL), "none");
}
END_TEST

START_TEST(test_candidates_pool_keeps_earlier_answers_as_spares)
{
	g_autoptr(TsCandidates) pool = ts_candidates_new(), server = ts_candidates_new();
	TsAddress first = address_of("192.0.2.1");
	update(pool, "192.0.2.1", NULL, NULL, true);
	update(server, "192.0.2.1", NULL, NULL, false);

	update(pool, "192.0.2.2", NULL, NULL, true);
	update(server, "192.0.2.2", NULL, NULL, false);

	ck_assert_uint_eq(ts_candidates_size(pool), 2);
	ck_assert_str_eq(pick(pool, false, NULL), "192.0.2.2:123");
	ck_assert_uint_eq(ts_candidates_size(server), 1);
	ck_assert(!ts_candidates_contain(pool, &first));
	ck_assert(!ts_candidates_contain(server, &first));
}
END_TEST

START_TEST(test_candidates_number_is_limited)
{
	g_autoptr(TsCandidates) candidates = ts_candidates_new();

	for (int i = 0; i < 200; i++) {
		g_autofree char *text = g_strdup_printf("198.51.100.%d", i);
		update(candidates, text, NULL, NULL, true);
	}

	ck_assert_uint_eq(ts_candidates_size(candidates), TS_CANDIDATES_MAX);
	ck_assert_str_eq(pick(candidates, false, NULL), "198.51.100.199:123");
}
END_TEST

TS_TEST_MAIN("ntp-candidates", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_candidates_first_free_one_is_picked_with_the_port);
	tcase_add_test(core, test_candidates_failed_ones_come_last_the_longest_ago_first);
	tcase_add_test(core, test_candidates_update_keeps_what_is_known);
	tcase_add_test(core, test_candidates_pool_keeps_earlier_answers_as_spares);
	tcase_add_test(core, test_candidates_number_is_limited);
	suite_add_tcase(suite, core);
})
