/* SPDX-License-Identifier: BSD-2-Clause */
#include <glib.h>

#include "ntp/server/interleave.h"
#include "suite.h"

#define RX UINT64_C(0xe0000000abcdef01)

START_TEST(test_pairs_saved_pair_is_found_once)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(4096);
	uint64_t tx = 0;

	ts_pair_table_save(table, RX, 7, RX + 1001);

	ck_assert(ts_pair_table_take(table, RX, 7, &tx));
	ck_assert_uint_eq(tx, RX + 1001);
	ck_assert(!ts_pair_table_take(table, RX, 7, &tx));
}
END_TEST

START_TEST(test_pairs_another_client_gets_nothing)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(4096);
	uint64_t tx;

	ts_pair_table_save(table, RX, 7, RX + 1001);

	ck_assert(!ts_pair_table_take(table, RX, 8, &tx));
	ck_assert(!ts_pair_table_take(table, RX + 2, 7, &tx));
	ck_assert(ts_pair_table_take(table, RX, 7, &tx));
}
END_TEST

START_TEST(test_pairs_free_slots_are_no_pair)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(4096);
	uint64_t tx;

	ck_assert(!ts_pair_table_take(table, 0, 0, &tx));
}
END_TEST

START_TEST(test_pairs_many_clients_behind_one_address)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(1 << 16);
	uint64_t tx;

	for (uint64_t i = 0; i < 100; i++)
		ts_pair_table_save(table, RX + (i << 16), 7, RX + (i << 16) + 11 + 2 * i);

	for (uint64_t i = 0; i < 100; i++) {
		ck_assert(ts_pair_table_take(table, RX + (i << 16), 7, &tx));
		ck_assert_uint_eq(tx, RX + (i << 16) + 11 + 2 * i);
	}
}
END_TEST

START_TEST(test_pairs_refined_only_while_they_are_there)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(64); /* one bucket */
	uint64_t tx;
	uint32_t handle = ts_pair_table_save(table, RX, 7, RX + 1001);

	ts_pair_table_refine(table, handle, RX, RX + 901);
	ck_assert(ts_pair_table_take(table, RX, 7, &tx));
	ck_assert_uint_eq(tx, RX + 901);

	for (uint64_t i = 1; i <= 4; i++)
		ts_pair_table_save(table, RX + 2 * i, 7, RX + 2 * i + 51);
	ts_pair_table_refine(table, handle, RX, RX + 801);
	for (uint64_t i = 1; i <= 4; i++) {
		ck_assert(ts_pair_table_take(table, RX + 2 * i, 7, &tx));
		ck_assert_uint_eq(tx, RX + 2 * i + 51);
	}
}
END_TEST

START_TEST(test_pairs_full_bucket_loses_the_oldest)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(64);
	uint64_t tx;

	for (uint64_t i = 0; i < 5; i++)
		ts_pair_table_save(table, RX + (i << 20), 7, RX + (i << 20) + 3);

	ck_assert(!ts_pair_table_take(table, RX, 7, &tx));
	for (uint64_t i = 1; i < 5; i++)
		ck_assert(ts_pair_table_take(table, RX + (i << 20), 7, &tx));
}
END_TEST

/* 99 % of the replies shall be interleaved: each client comes back after all others were there once
 */
START_TEST(test_pairs_few_are_lost_at_half_the_room)
{
	enum { N_CLIENTS = 8192, N_ROUNDS = 20 };
	g_autoptr(TsPairTable) table = ts_pair_table_new(2 * N_CLIENTS * 16);
	uint64_t rx = RX, step = 23000, tx;
	unsigned n_found = 0;

	for (unsigned i = 0; i < N_CLIENTS * N_ROUNDS; i++, rx += step) {
		n_found += ts_pair_table_take(table, rx - N_CLIENTS * step, i % N_CLIENTS, &tx);
		ts_pair_table_save(table, rx, i % N_CLIENTS, rx + 1);
	}

	ck_assert_uint_gt(n_found, N_CLIENTS * (N_ROUNDS - 1) * 995 / 1000);
}
END_TEST

/* no time of a reply that seems to have left before its request came, or much later */
START_TEST(test_pairs_implausible_residence_is_not_kept)
{
	g_autoptr(TsPairTable) table = ts_pair_table_new(4096);
	uint64_t tx;

	ts_pair_table_save(table, RX, 7, RX - 1);
	ts_pair_table_save(table, RX + 2, 7, RX + 2 + (UINT64_C(1) << 32));

	ck_assert(!ts_pair_table_take(table, RX, 7, &tx));
	ck_assert(!ts_pair_table_take(table, RX + 2, 7, &tx));
}
END_TEST

START_TEST(test_pairs_too_little_memory_is_none)
{
	ck_assert_ptr_null(ts_pair_table_new(63));
}
END_TEST

TS_TEST_MAIN("interleave", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_pairs_saved_pair_is_found_once);
	tcase_add_test(core, test_pairs_another_client_gets_nothing);
	tcase_add_test(core, test_pairs_free_slots_are_no_pair);
	tcase_add_test(core, test_pairs_many_clients_behind_one_address);
	tcase_add_test(core, test_pairs_refined_only_while_they_are_there);
	tcase_add_test(core, test_pairs_full_bucket_loses_the_oldest);
	tcase_add_test(core, test_pairs_few_are_lost_at_half_the_room);
	tcase_add_test(core, test_pairs_implausible_residence_is_not_kept);
	tcase_add_test(core, test_pairs_too_little_memory_is_none);
	suite_add_tcase(suite, core);
})
