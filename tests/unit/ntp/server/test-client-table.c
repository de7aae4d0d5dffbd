/* SPDX-License-Identifier: BSD-2-Clause */
#include <math.h>
#include <pthread.h>

#include "ntp/server/client-table.h"
#include "suite.h"

#define VERSION_MODE 0x43

typedef struct {
	TsClientTable *table;
	TsRateLimit limit;
	TsFastRandom random;
} Fixture;

static void
init_fixture(Fixture *fixture, size_t bytes)
{
	*fixture = (Fixture){.table = ts_client_table_new(bytes)};
	ts_fast_random_seed(&fixture->random);
}

static TsAddress
v4_address(uint32_t host)
{
	TsAddress address = {.v4 = {.sin_family = AF_INET}};

	address.v4.sin_addr.s_addr = htonl(host);
	return address;
}

static TsRateVerdict
ask(Fixture *fixture, const TsAddress *address, uint32_t now_ticks, TsClientPlace *place)
{
	TsClientKey key;
	TsClientPlace ignored;

	ts_client_table_key(fixture->table, address, &key);
	return ts_client_table_account(fixture->table, &key, now_ticks, VERSION_MODE,
				       &fixture->limit, &fixture->random, place ? place : &ignored);
}

static void
append_record(const TsClientRecord *record, void *user_data)
{
	g_array_append_val((GArray *)user_data, *record);
}

static GArray *
list(const Fixture *fixture)
{
	GArray *records = g_array_new(FALSE, FALSE, sizeof(TsClientRecord));

	ts_client_table_foreach(fixture->table, append_record, records);
	return records;
}

START_TEST(test_client_table_requests_of_a_client_are_counted)
{
	Fixture fixture;
	TsAddress address = v4_address(0xc0000201);
	TsClientPlace place;

	init_fixture(&fixture, 4096);
	for (uint32_t i = 0; i < 5; i++)
		ask(&fixture, &address, 1000 + 100 * i, &place);
	ts_client_table_count_interleaved(fixture.table, place);

	g_autoptr(GArray) records = list(&fixture);
	ck_assert_uint_eq(records->len, 1);
	TsClientRecord *record = &g_array_index(records, TsClientRecord, 0);
	ck_assert(ts_address_equal_host(&record->address, &address));
	ck_assert_uint_eq(record->n_requests, 5);
	ck_assert_uint_eq(record->n_dropped, 0);
	ck_assert_uint_eq(record->n_interleaved, 1);
	ck_assert_uint_eq(record->last_seen_ticks, 1400);
	ck_assert_uint_eq(record->version, 4);
	ck_assert_uint_eq(record->mode, 3);
	ck_assert_double_ge(record->interval_ticks, 85);
	ck_assert_double_le(record->interval_ticks, 115);
	ts_client_table_free(fixture.table);
}
END_TEST

START_TEST(test_client_table_one_request_has_no_interval)
{
	Fixture fixture;
	TsAddress address = v4_address(0xc0000201);

	init_fixture(&fixture, 4096);
	ask(&fixture, &address, 1, NULL);

	g_autoptr(GArray) records = list(&fixture);
	ck_assert(isnan(g_array_index(records, TsClientRecord, 0).interval_ticks));
	ts_client_table_free(fixture.table);
}
END_TEST

START_TEST(test_client_table_v6_address_and_scope_survive)
{
	Fixture fixture;
	TsAddress address;

	ts_address_parse("fe80::1234:5678%1", 0, &address);
	init_fixture(&fixture, 4096);
	ask(&fixture, &address, 1, NULL);

	g_autoptr(GArray) records = list(&fixture);
	ck_assert(ts_address_equal_host(&g_array_index(records, TsClientRecord, 0).address,
					&address));
	ts_client_table_free(fixture.table);
}
END_TEST

START_TEST(test_client_table_limit_is_per_client)
{
	Fixture fixture;
	TsAddress loud = v4_address(0xc0000201), quiet = v4_address(0xc0000202);
	unsigned n_replies = 0;

	init_fixture(&fixture, 1 << 20);
	ts_rate_limit_init(
		&fixture.limit,
		&(TsRateLimitSettings){.is_enabled = true, .interval_s = 1000, .burst = 4});
	for (int i = 0; i < 100; i++)
		n_replies += ask(&fixture, &loud, 1, NULL) == TS_RATE_REPLY;

	ck_assert_uint_eq(n_replies, 4);
	ck_assert_int_eq(ask(&fixture, &quiet, 1, NULL), TS_RATE_REPLY);
	g_autoptr(GArray) records = list(&fixture);
	for (guint i = 0; i < records->len; i++) {
		TsClientRecord *record = &g_array_index(records, TsClientRecord, i);
		if (ts_address_equal_host(&record->address, &loud))
			ck_assert_uint_eq(record->n_dropped, 96);
	}
	ts_client_table_free(fixture.table);
}
END_TEST

START_TEST(test_client_table_full_set_forgets_the_one_silent_longest)
{
	Fixture fixture;

	init_fixture(&fixture, 8 * TS_CLIENT_RECORD_SIZE); /* one set */
	ck_assert_uint_eq(ts_client_table_capacity(fixture.table), 8);
	for (uint32_t host = 0; host < 8; host++) {
		TsAddress address = v4_address(host);
		ask(&fixture, &address, 100 + host, NULL);
	}
	TsAddress first = v4_address(0), second = v4_address(1), newcomer = v4_address(99);
	ask(&fixture, &first, 200, NULL); /* again: now the second is the oldest */
	ask(&fixture, &newcomer, 201, NULL);

	g_autoptr(GArray) records = list(&fixture);
	ck_assert_uint_eq(records->len, 8);
	bool has_newcomer = false;
	for (guint i = 0; i < records->len; i++) {
		TsClientRecord *record = &g_array_index(records, TsClientRecord, i);
		ck_assert(!ts_address_equal_host(&record->address, &second));
		if (ts_address_equal_host(&record->address, &newcomer)) {
			has_newcomer = true;
			ck_assert_uint_eq(record->n_requests, 1);
		}
	}
	ck_assert(has_newcomer);
	ts_client_table_free(fixture.table);
}
END_TEST

START_TEST(test_client_table_age_survives_the_wrap_of_ticks)
{
	Fixture fixture;
	TsAddress address = v4_address(1);

	init_fixture(&fixture, 4096);
	ask(&fixture, &address, UINT32_MAX - 49, NULL);
	ask(&fixture, &address, 50, NULL);

	g_autoptr(GArray) records = list(&fixture);
	double interval_ticks = g_array_index(records, TsClientRecord, 0).interval_ticks;
	ck_assert_double_ge(interval_ticks, 90);
	ck_assert_double_le(interval_ticks, 110);
	ts_client_table_free(fixture.table);
}
END_TEST

/* Eight ways and a good hash: few are lost while there is room, and memory a client stays low. */
START_TEST(test_client_table_keeps_most_clients_at_load)
{
	enum { N_CLIENTS = 100000 };
	size_t bytes = N_CLIENTS * 52;
	Fixture fixture;

	init_fixture(&fixture, bytes);
	for (uint32_t i = 0; i < N_CLIENTS; i++) {
		TsAddress address = v4_address(0x0a000000 + i);
		ask(&fixture, &address, i >> 4, NULL);
	}

	g_autoptr(GArray) records = list(&fixture);
	ck_assert_uint_gt(records->len, N_CLIENTS * 93 / 100);
	ck_assert_double_lt((double)bytes / records->len, 64);
	ts_client_table_free(fixture.table);
}
END_TEST

typedef struct {
	Fixture fixture;
	bool must_stop;
} Race;

static void *
write_records(void *user_data)
{
	Race *race = user_data;

	/* 64 addresses in 16 places: replaced all the time; each pair of halves must match */
	for (uint32_t i = 0; !__atomic_load_n(&race->must_stop, __ATOMIC_RELAXED); i++) {
		TsAddress address = {.v6 = {.sin6_family = AF_INET6}};
		for (int j = 0; j < 16; j++)
			address.v6.sin6_addr.s6_addr[j] = (uint8_t)(1 + i * 7 % 64);
		ask(&race->fixture, &address, i, NULL);
	}
	return NULL;
}

static void
check_halves(const TsClientRecord *record, void *user_data)
{
	const uint8_t *bytes = record->address.v6.sin6_addr.s6_addr;

	for (int i = 1; i < 16; i++)
		ck_assert_uint_eq(bytes[i], bytes[0]);
	ck_assert_uint_ge(bytes[0], 1);
	(*(unsigned *)user_data)++;
}

START_TEST(test_client_table_reader_sees_whole_records)
{
	Race race = {0};
	pthread_t thread;
	unsigned n_seen = 0;

	init_fixture(&race.fixture, 16 * TS_CLIENT_RECORD_SIZE);
	pthread_create(&thread, NULL, write_records, &race);
	while (n_seen < 20000)
		ts_client_table_foreach(race.fixture.table, check_halves, &n_seen);
	__atomic_store_n(&race.must_stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	ts_client_table_free(race.fixture.table);
}
END_TEST

TS_TEST_MAIN("client-table", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_client_table_requests_of_a_client_are_counted);
	tcase_add_test(core, test_client_table_one_request_has_no_interval);
	tcase_add_test(core, test_client_table_v6_address_and_scope_survive);
	tcase_add_test(core, test_client_table_limit_is_per_client);
	tcase_add_test(core, test_client_table_full_set_forgets_the_one_silent_longest);
	tcase_add_test(core, test_client_table_age_survives_the_wrap_of_ticks);
	tcase_add_test(core, test_client_table_keeps_most_clients_at_load);
	suite_add_tcase(suite, core);
	TCase *threads = tcase_create("threads");
	tcase_set_timeout(threads, 60);
	tcase_add_test(threads, test_client_table_reader_sees_whole_records);
	suite_add_tcase(suite, threads);
})
