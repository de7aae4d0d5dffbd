/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of the configuration in a virtual net with a table of names: who is asked, who waits, who
 * is replaced. */
#include "ntp/client/client.h"

#include <string.h>

#include "base/error.h"
#include "suite.h"
#include "virtual-rig.h"

static Rig *rig;

static void
setup(void)
{
	rig = rig_new(RIG_START_UTC_NS);
}

static void
teardown(void)
{
	rig_free(rig);
}

static void
set_name(const char *name, const char *addresses)
{
	ts_virtual_resolver_set(rig->resolver, name, TS_LOOKUP_FOUND, addresses);
}

static void
add_servers(const char *first_octets, int first, int last)
{
	for (int i = first; i <= last; i++) {
		g_autofree char *text = g_strdup_printf("%s.%d", first_octets, i);
		rig_server(rig, text);
	}
}

static bool
asks(const char *label, const char *address)
{
	TsAddress wanted = rig_address(address);
	FakeSource *source = fake_source(rig->engine, label);

	return source->has_address && ts_address_equal(&source->address, &wanted);
}

/* ---- names ----------------------------------------------------------------------------------- */

START_TEST(test_client_name_is_looked_up_then_asked)
{
	rig_server(rig, "192.0.2.1");
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	FakeSource *source = fake_source(rig->engine, "time.example.net");
	rig_run(rig, 0.0005);
	ck_assert(!source->has_address);
	ck_assert_str_eq(source->progress, "looking up time.example.net");

	rig_run(rig, 1);

	ck_assert(asks("time.example.net", "192.0.2.1"));
	ck_assert_uint_eq(source->samples->len, 1);
	ck_assert_ptr_null(source->progress);
	ck_assert_uint_eq(ts_virtual_resolver_n_lookups(rig->resolver, "time.example.net"), 1);
}
END_TEST

START_TEST(test_client_reachable_name_is_not_looked_up_again)
{
	rig_server(rig, "192.0.2.1");
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);

	rig_run(rig, 86400);

	ck_assert_uint_eq(ts_virtual_resolver_n_lookups(rig->resolver, "time.example.net"), 1);
}
END_TEST

START_TEST(test_client_numeric_address_never_meets_the_resolver)
{
	static const char *const names[] = {"192.0.2.1", "2001:db8::1"};

	for (int i = 0; i < 2; i++)
		rig_add(rig, TS_SOURCE_SERVER, names[i], NULL);
	rig_run(rig, 86400);

	for (int i = 0; i < 2; i++)
		ck_assert_uint_eq(ts_virtual_resolver_n_lookups(rig->resolver, names[i]), 0);
}
END_TEST

START_TEST(test_client_failed_lookups_back_off_and_are_said_once_a_change)
{
	ts_virtual_resolver_set(rig->resolver, "time.example.net", TS_LOOKUP_NO_RESOLVER, "");
	rig_server(rig, "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	FakeSource *source = fake_source(rig->engine, "time.example.net");

	rig_run(rig, 3600);
	unsigned n_lookups = ts_virtual_resolver_n_lookups(rig->resolver, "time.example.net");
	ck_assert_uint_ge(n_lookups, 10);
	ck_assert_uint_le(n_lookups, 20);
	ck_assert_uint_eq(rig->log->len, 1);
	ck_assert_ptr_nonnull(strstr(source->progress, "cannot look up time.example.net"));
	ts_virtual_resolver_set(rig->resolver, "time.example.net", TS_LOOKUP_NO_SUCH_NAME, "");
	rig_run(rig, 3600);
	ck_assert_uint_eq(rig_n_said(rig, "has no address"), 1);
	ck_assert_ptr_nonnull(strstr(source->progress, "has no address"));
	set_name("time.example.net", "192.0.2.1");
	rig_run(rig, 700);

	ck_assert_uint_ge(source->samples->len, 1);
	ck_assert_ptr_null(source->progress);
}
END_TEST

START_TEST(test_client_network_change_looks_up_at_once)
{
	ts_virtual_resolver_set(rig->resolver, "time.example.net", TS_LOOKUP_NO_RESOLVER, "");
	rig_server(rig, "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 3600);
	set_name("time.example.net", "192.0.2.1");

	ts_ntp_client_network_changed(rig->client);
	rig_run(rig, 1);

	ck_assert_uint_eq(fake_source(rig->engine, "time.example.net")->samples->len, 1);
}
END_TEST

static void
want_ipv6(TsSourceSettings *settings)
{
	settings->family = TS_FAMILY_IPV6;
}

START_TEST(test_client_family_option_chooses_among_addresses)
{
	set_name("time.example.net", "192.0.2.1 2001:db8::1");

	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", want_ipv6);
	rig_run(rig, 1);

	ck_assert(asks("time.example.net", "2001:db8::1"));
}
END_TEST

START_TEST(test_client_without_ipv6_takes_the_ipv4_address_at_once)
{
	rig_server(rig, "192.0.2.1");
	set_name("time.example.net", "2001:db8::1 192.0.2.1"); /* B32: no IPv6 in this net */

	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 2);

	ck_assert(asks("time.example.net", "192.0.2.1"));
	ck_assert_uint_ge(fake_source(rig->engine, "time.example.net")->samples->len, 1);
}
END_TEST

START_TEST(test_client_explicit_ipv6_without_ipv6_is_one_line)
{
	rig_add(rig, TS_SOURCE_SERVER, "2001:db8::1", NULL);

	rig_run(rig, 86400);

	ck_assert_uint_eq(rig->log->len, 1);
	ck_assert_uint_eq(fake_source(rig->engine, "2001:db8::1")->reach, 0);
}
END_TEST

/* ---- several addresses ----------------------------------------------------------------------- */

START_TEST(test_client_server_moves_on_to_the_next_address)
{
	rig_server(rig, "192.0.2.2");
	set_name("time.example.net", "192.0.2.1 192.0.2.2");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 1);
	ck_assert(asks("time.example.net", "192.0.2.1"));

	rig_run(rig, 600);

	ck_assert(asks("time.example.net", "192.0.2.2"));
	ck_assert_uint_ge(fake_source(rig->engine, "time.example.net")->samples->len, 1);
}
END_TEST

START_TEST(test_client_dead_server_moves_to_where_its_name_points_now)
{
	TsVirtualServer *first = rig_server(rig, "192.0.2.1");
	rig_server(rig, "192.0.2.2");
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 300);
	set_name("time.example.net", "192.0.2.2");

	ts_virtual_server_script(first)->is_silent = true;
	rig_run(rig, 900);

	ck_assert(asks("time.example.net", "192.0.2.2"));
	ck_assert_uint_eq(fake_source(rig->engine, "time.example.net")->reach & 1, 1);
}
END_TEST

START_TEST(test_client_only_address_is_kept_however_dead)
{
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 3600);
	FakeSource *source = fake_source(rig->engine, "time.example.net");
	ck_assert_uint_eq(source->n_addresses, 1);

	rig_server(rig, "192.0.2.1");
	rig_run(rig, 70);

	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_client_recovered_server_is_not_left_for_a_later_answer)
{
	TsVirtualServer *server = rig_server(rig, "192.0.2.1");
	rig_server(rig, "192.0.2.2");
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 300);
	ts_virtual_server_script(server)->is_silent = true;
	rig_run(rig, 7200);
	ts_virtual_server_script(server)->is_silent = false;
	rig_run(rig, 200);
	set_name("time.example.net", "192.0.2.2 192.0.2.1");

	rig_run(rig, 4 * 3600);

	ck_assert(asks("time.example.net", "192.0.2.1"));
	ck_assert_uint_eq(fake_source(rig->engine, "time.example.net")->n_addresses, 1);
}
END_TEST

START_TEST(test_client_dead_addresses_are_tried_in_turn_quietly)
{
	set_name("time.example.net", "192.0.2.1 192.0.2.2");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);

	rig_run(rig, 86400);

	ck_assert_uint_ge(fake_source(rig->engine, "time.example.net")->n_addresses, 10);
	ck_assert_uint_ge(rig_n_sent(rig, "192.0.2.1"), 300);
	ck_assert_uint_ge(rig_n_sent(rig, "192.0.2.2"), 300);
	ck_assert_uint_le(ts_virtual_resolver_n_lookups(rig->resolver, "time.example.net"), 40);
	ck_assert_uint_le(rig->log->len, 80);
}
END_TEST

START_TEST(test_client_network_change_ends_the_pause_between_lookups)
{
	set_name("time.example.net", "192.0.2.1");
	rig_server(rig, "192.0.2.2");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 86400); /* an hour and more between lookups by now */
	set_name("time.example.net", "192.0.2.2");

	ts_ntp_client_network_changed(rig->client);
	rig_run(rig, 140);

	ck_assert(asks("time.example.net", "192.0.2.2"));
}
END_TEST

START_TEST(test_client_refresh_follows_a_changed_name)
{
	add_servers("192.0.2", 1, 2);
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 300);
	ts_ntp_client_refresh(rig->client);
	rig_run(rig, 10);
	ck_assert(asks("time.example.net", "192.0.2.1"));
	set_name("time.example.net", "192.0.2.2");

	ts_ntp_client_refresh(rig->client);
	rig_run(rig, 10);

	ck_assert(asks("time.example.net", "192.0.2.2"));
}
END_TEST

START_TEST(test_client_denied_address_is_left_for_ever)
{
	TsVirtualServer *first = rig_server(rig, "192.0.2.1");
	rig_server(rig, "192.0.2.2");
	ts_virtual_server_script(first)->kiss = TS_NTP_KISS_DENY;
	set_name("time.example.net", "192.0.2.1 192.0.2.2");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 10);
	ck_assert(asks("time.example.net", "192.0.2.2"));
	ck_assert_ptr_null(fake_source(rig->engine, "time.example.net")->stopped);

	ts_virtual_server_script(g_ptr_array_index(rig->servers, 1))->is_silent = true;
	rig_run(rig, 86400);

	ck_assert_uint_eq(rig_n_sent(rig, "192.0.2.1"), 1);
}
END_TEST

/* ---- pools ----------------------------------------------------------------------------------- */

#define POOL_ADDRESSES "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6"

static void
add_pool(RigEditFunc edit)
{
	add_servers("192.0.2", 1, 6);
	set_name("pool.example.org", POOL_ADDRESSES);
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", edit);
}

START_TEST(test_client_pool_takes_as_many_as_it_may)
{
	add_pool(NULL);

	rig_run(rig, 5);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 4);
	for (int i = 1; i <= 4; i++) {
		g_autofree char *label = g_strdup_printf("pool.example.org#%d", i);
		g_autofree char *address = g_strdup_printf("192.0.2.%d", i);
		FakeSource *member = fake_source(rig->engine, label);
		ck_assert(asks(label, address));
		ck_assert_uint_eq(member->samples->len, 1);
		ck_assert_str_eq(member->pool, "pool.example.org");
		ck_assert_str_eq(member->settings->label, label);
	}
}
END_TEST

START_TEST(test_client_pool_without_answer_has_one_source_that_says_so)
{
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", NULL);

	rig_run(rig, 60);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 1);
	ck_assert_ptr_nonnull(
		strstr(fake_source(rig->engine, "pool.example.org#1")->progress, "has no address"));
}
END_TEST

START_TEST(test_client_pool_replaces_a_dead_member_by_a_spare)
{
	add_pool(NULL);
	rig_run(rig, 1000);

	ts_virtual_server_script(g_ptr_array_index(rig->servers, 1))->is_silent = true;
	rig_run(rig, 700);

	ck_assert(asks("pool.example.org#2", "192.0.2.5"));
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#2")->reach & 1, 1);
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#1")->reach, 0xff);
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#1")->n_addresses, 1);
	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 4);
}
END_TEST

START_TEST(test_client_pool_replaces_what_the_engine_finds_useless)
{
	add_pool(NULL);
	rig_run(rig, 100);
	FakeSource *member = fake_source(rig->engine, "pool.example.org#3");

	member->ops->replace(member->owner); /* a falseticker for long */
	rig_run(rig, 10);

	ck_assert(asks("pool.example.org#3", "192.0.2.5"));
}
END_TEST

START_TEST(test_client_pool_looks_up_again_when_its_spares_are_used_up)
{
	set_name("pool.example.org", "192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4");
	add_servers("192.0.2", 1, 5);
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", NULL);
	rig_run(rig, 600);
	set_name("pool.example.org", "192.0.2.2 192.0.2.5");

	ts_virtual_server_script(g_ptr_array_index(rig->servers, 0))->is_silent = true;
	rig_run(rig, 700);

	ck_assert(asks("pool.example.org#1", "192.0.2.5"));
}
END_TEST

START_TEST(test_client_pool_that_is_short_grows_with_later_answers)
{
	set_name("pool.example.org", "192.0.2.1 192.0.2.2");
	add_servers("192.0.2", 1, 4);
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", NULL);
	rig_run(rig, 10);
	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 2);
	set_name("pool.example.org", "192.0.2.3 192.0.2.4");

	rig_run(rig, 200);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 4);
	ck_assert(asks("pool.example.org#1", "192.0.2.1"));
	ck_assert(asks("pool.example.org#4", "192.0.2.4"));
	unsigned n_lookups = ts_virtual_resolver_n_lookups(rig->resolver, "pool.example.org");
	rig_run(rig, 86400);
	ck_assert_uint_eq(ts_virtual_resolver_n_lookups(rig->resolver, "pool.example.org"),
			  n_lookups);
}
END_TEST

START_TEST(test_client_pool_that_stays_short_asks_the_resolver_seldom)
{
	set_name("pool.example.org", "192.0.2.1 192.0.2.2");
	add_servers("192.0.2", 1, 2);
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", NULL);

	rig_run(rig, 86400);

	ck_assert_uint_le(ts_virtual_resolver_n_lookups(rig->resolver, "pool.example.org"), 40);
}
END_TEST

static void
of_six(TsSourceSettings *settings)
{
	settings->max_sources = 6;
}

static void
of_two(TsSourceSettings *settings)
{
	settings->max_sources = 2;
}

START_TEST(test_client_pool_size_changes_without_touching_those_that_stay)
{
	add_pool(NULL);
	rig_run(rig, 1000);

	rig_update(rig, TS_SOURCE_POOL, "pool.example.org", of_six);
	rig_run(rig, 10);
	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 6);
	rig_update(rig, TS_SOURCE_POOL, "pool.example.org", of_two);
	rig_run(rig, 10);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 2);
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#1")->reach, 0xff);
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#2")->reach, 0xff);
}
END_TEST

/* ---- options of a pool reach its members (B30) ----------------------------------------------- */

static void
with_every_option(TsSourceSettings *settings)
{
	settings->prefer = settings->trust = settings->require = true;
	settings->offset_s = 0.25;
	settings->min_poll = 4;
	settings->max_poll = 5;
	settings->noselect = true;
	settings->max_delay_s = 0.5;
	settings->xleave = true;
	settings->version = 3;
}

static void
check_every_option(const char *label)
{
	const TsSourceSettings *settings = fake_source(rig->engine, label)->settings;

	ck_assert(settings->prefer && settings->trust && settings->require && settings->noselect);
	ck_assert_double_eq(settings->offset_s, 0.25);
	ck_assert_int_eq(settings->min_poll, 4);
	ck_assert_double_eq(settings->max_delay_s, 0.5);
	ck_assert_double_eq(fake_source(rig->engine, label)->poll_s, 16);
}

START_TEST(test_client_pool_options_reach_every_member_and_its_replacement)
{
	add_pool(with_every_option);
	rig_run(rig, 100);
	for (int i = 1; i <= 4; i++) {
		g_autofree char *label = g_strdup_printf("pool.example.org#%d", i);
		check_every_option(label);
	}
	TsVirtualServer *first = g_ptr_array_index(rig->servers, 0);
	ck_assert_uint_eq(ts_virtual_server_last_request(first)->version, 3);

	ts_virtual_server_script(first)->is_silent = true;
	rig_run(rig, 300);

	ck_assert(asks("pool.example.org#1", "192.0.2.5"));
	check_every_option("pool.example.org#1");
	TsVirtualServer *fifth = g_ptr_array_index(rig->servers, 4);
	ck_assert_uint_eq(ts_virtual_server_last_request(fifth)->version, 3);
}
END_TEST

START_TEST(test_client_pool_changed_options_reach_living_members_with_their_reach)
{
	add_pool(NULL);
	rig_run(rig, 1000);

	rig_update(rig, TS_SOURCE_POOL, "pool.example.org", with_every_option);

	for (int i = 1; i <= 4; i++) {
		g_autofree char *label = g_strdup_printf("pool.example.org#%d", i);
		FakeSource *member = fake_source(rig->engine, label);
		ck_assert_uint_eq(member->reach, 0xff);
		ck_assert_uint_eq(member->n_addresses, 1);
		ck_assert_str_eq(member->settings->label, label);
		ck_assert_double_eq(member->settings->offset_s, 0.25);
		ck_assert(member->settings->trust);
	}
	rig_run(rig, 20); /* the interval of 16 s acts at once */
	ck_assert_uint_ge(fake_source(rig->engine, "pool.example.org#1")->samples->len, 17);
}
END_TEST

static void
with_key(TsSourceSettings *settings)
{
	settings->key = 5;
	settings->is_authenticated_only = true;
}

START_TEST(test_client_pool_that_must_be_authenticated_asks_nobody)
{
	add_pool(with_key);

	rig_run(rig, 3600);

	ck_assert_uint_eq(ts_virtual_net_n_sent(rig->net, NULL, NULL), 0);
	ck_assert_ptr_nonnull(
		strstr(fake_source(rig->engine, "pool.example.org#1")->stopped, "needs key 5"));
	ck_assert_uint_eq(rig_n_said(rig, "pool.example.org: it is not asked: needs key 5"), 1);
}
END_TEST

/* ---- one address, one association (B05) -------------------------------------------------------
 */

START_TEST(test_client_several_names_of_one_address_ask_it_once)
{
	rig_server(rig, "192.0.2.9");
	set_name("a.example.net", "192.0.2.9");
	set_name("b.example.net", "192.0.2.9");
	set_name("c.example.net", "192.0.2.9");
	rig_add(rig, TS_SOURCE_SERVER, "a.example.net", NULL);
	rig_add(rig, TS_SOURCE_SERVER, "b.example.net", NULL);
	rig_add(rig, TS_SOURCE_POOL, "c.example.net", NULL);

	rig_run(rig, 650);

	uint64_t n_sent = rig_n_sent(rig, "192.0.2.9");
	ck_assert_uint_le(n_sent, 12);
	ck_assert_uint_eq(fake_source(rig->engine, "a.example.net")->samples->len, n_sent);
	ck_assert_str_eq(fake_source(rig->engine, "b.example.net")->duplicate_of, "a.example.net");
	ck_assert_str_eq(fake_source(rig->engine, "c.example.net#1")->duplicate_of,
			 "a.example.net");
	ck_assert(!fake_source(rig->engine, "b.example.net")->has_address);
	ck_assert_uint_ge(ts_virtual_resolver_n_lookups(rig->resolver, "b.example.net"), 2);
}
END_TEST

START_TEST(test_client_duplicate_takes_over_when_the_address_becomes_free)
{
	rig_server(rig, "192.0.2.9");
	set_name("a.example.net", "192.0.2.9");
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.9", NULL);
	rig_add(rig, TS_SOURCE_SERVER, "a.example.net", NULL);
	rig_run(rig, 100);
	FakeSource *waiting = fake_source(rig->engine, "a.example.net");
	ck_assert_str_eq(waiting->duplicate_of, "192.0.2.9");

	ts_ntp_client_provider.remove(rig->client, "192.0.2.9");
	rig_run(rig, 1);

	ck_assert_ptr_null(waiting->duplicate_of);
	ck_assert_uint_eq(waiting->samples->len, 1);
}
END_TEST

START_TEST(test_client_duplicate_moves_on_when_its_name_leads_elsewhere)
{
	add_servers("192.0.2", 1, 2);
	set_name("a.example.net", "192.0.2.1");
	set_name("b.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "a.example.net", NULL);
	rig_add(rig, TS_SOURCE_SERVER, "b.example.net", NULL);
	rig_run(rig, 10);
	set_name("b.example.net", "192.0.2.1 192.0.2.2");

	rig_run(rig, 200);

	ck_assert(asks("b.example.net", "192.0.2.2"));
	ck_assert_ptr_null(fake_source(rig->engine, "b.example.net")->duplicate_of);
}
END_TEST

static void
on_other_port(TsSourceSettings *settings)
{
	settings->port = 1123;
	g_free(settings->label);
	settings->label = g_strdup("192.0.2.1:1123");
}

START_TEST(test_client_two_ports_of_a_host_are_two_servers)
{
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.1", NULL);
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.1", on_other_port);

	rig_run(rig, 10);

	ck_assert(asks("192.0.2.1:1123", "192.0.2.1:1123"));
	ck_assert_ptr_null(fake_source(rig->engine, "192.0.2.1:1123")->duplicate_of);
}
END_TEST

/* ---- entries come and go --------------------------------------------------------------------- */

START_TEST(test_client_same_label_twice_is_an_error)
{
	g_autoptr(TsSourceSettings) settings =
		ts_source_settings_new(TS_SOURCE_SERVER, "192.0.2.1");
	g_autoptr(GError) error = NULL;
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.1", NULL);

	ck_assert(!ts_ntp_client_provider.add(rig->client, settings, &error));

	ck_assert(g_error_matches(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS));
}
END_TEST

START_TEST(test_client_entry_removed_during_its_lookup_leaves_nothing)
{
	set_name("time.example.net", "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "time.example.net", NULL);
	rig_run(rig, 0.0005);

	ts_ntp_client_provider.remove(rig->client, "time.example.net");
	rig_run(rig, 100);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 0);
	ck_assert_uint_eq(rig_n_sent(rig, "192.0.2.1"), 0);
}
END_TEST

START_TEST(test_client_restart_begins_anew)
{
	g_autoptr(TsSourceSettings) settings =
		ts_source_settings_new(TS_SOURCE_SERVER, "192.0.2.1");
	TsVirtualServer *server = rig_server(rig, "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.1", NULL);
	rig_run(rig, 100);
	settings->version = 3;

	ck_assert(ts_ntp_client_provider.update(rig->client, settings, TS_CHANGE_RESTART, NULL));
	rig_run(rig, 1);

	ck_assert_uint_eq(ts_virtual_server_last_request(server)->version, 3);
	ck_assert_uint_eq(fake_source(rig->engine, "192.0.2.1")->samples->len, 1);
}
END_TEST

static void
offline(TsSourceSettings *settings)
{
	settings->is_online = false;
}

START_TEST(test_client_offline_entry_does_not_even_look_up)
{
	set_name("pool.example.org", POOL_ADDRESSES);
	add_servers("192.0.2", 1, 6);
	rig_add(rig, TS_SOURCE_POOL, "pool.example.org", offline);
	rig_run(rig, 3600);
	ck_assert_uint_eq(ts_virtual_resolver_n_lookups(rig->resolver, "pool.example.org"), 0);
	FakeSource *member = fake_source(rig->engine, "pool.example.org#1");

	member->ops->set_online(member->owner, true);
	rig_run(rig, 5);

	ck_assert_uint_eq(ts_engine_n_sources(rig->engine), 4);
	ck_assert_uint_eq(fake_source(rig->engine, "pool.example.org#4")->samples->len, 1);
}
END_TEST

static void
note_description(void *user_data, const char *name, const char *value)
{
	g_string_append_printf(user_data, "%s=%s;", name, value);
}

START_TEST(test_client_describe_gives_what_only_the_association_knows)
{
	g_autoptr(GString) text = g_string_new("");
	rig_server(rig, "192.0.2.1");
	rig_add(rig, TS_SOURCE_SERVER, "192.0.2.1", NULL);
	rig_run(rig, 70);
	FakeSource *source = fake_source(rig->engine, "192.0.2.1");

	source->ops->describe(source->owner, note_description, text);

	ck_assert_str_eq(text->str, "requests=2;replies-good=2;samples-rejected=0;remote-version=4;"
				    "mode=basic;transmit-stamp=kernel;receive-stamp=kernel;");
}
END_TEST

TS_TEST_MAIN("ntp-client", {
	TCase *names = tcase_create("names");
	tcase_add_checked_fixture(names, setup, teardown);
	tcase_add_test(names, test_client_name_is_looked_up_then_asked);
	tcase_add_test(names, test_client_reachable_name_is_not_looked_up_again);
	tcase_add_test(names, test_client_numeric_address_never_meets_the_resolver);
	tcase_add_test(names, test_client_failed_lookups_back_off_and_are_said_once_a_change);
	tcase_add_test(names, test_client_network_change_looks_up_at_once);
	tcase_add_test(names, test_client_family_option_chooses_among_addresses);
	tcase_add_test(names, test_client_without_ipv6_takes_the_ipv4_address_at_once);
	tcase_add_test(names, test_client_explicit_ipv6_without_ipv6_is_one_line);
	tcase_add_test(names, test_client_server_moves_on_to_the_next_address);
	tcase_add_test(names, test_client_dead_server_moves_to_where_its_name_points_now);
	tcase_add_test(names, test_client_only_address_is_kept_however_dead);
	tcase_add_test(names, test_client_recovered_server_is_not_left_for_a_later_answer);
	tcase_add_test(names, test_client_dead_addresses_are_tried_in_turn_quietly);
	tcase_add_test(names, test_client_network_change_ends_the_pause_between_lookups);
	tcase_add_test(names, test_client_refresh_follows_a_changed_name);
	tcase_add_test(names, test_client_denied_address_is_left_for_ever);
	suite_add_tcase(suite, names);

	TCase *pools = tcase_create("pools");
	tcase_add_checked_fixture(pools, setup, teardown);
	tcase_add_test(pools, test_client_pool_takes_as_many_as_it_may);
	tcase_add_test(pools, test_client_pool_without_answer_has_one_source_that_says_so);
	tcase_add_test(pools, test_client_pool_replaces_a_dead_member_by_a_spare);
	tcase_add_test(pools, test_client_pool_replaces_what_the_engine_finds_useless);
	tcase_add_test(pools, test_client_pool_looks_up_again_when_its_spares_are_used_up);
	tcase_add_test(pools, test_client_pool_that_is_short_grows_with_later_answers);
	tcase_add_test(pools, test_client_pool_that_stays_short_asks_the_resolver_seldom);
	tcase_add_test(pools, test_client_pool_size_changes_without_touching_those_that_stay);
	tcase_add_test(pools, test_client_pool_options_reach_every_member_and_its_replacement);
	tcase_add_test(pools,
		       test_client_pool_changed_options_reach_living_members_with_their_reach);
	tcase_add_test(pools, test_client_pool_that_must_be_authenticated_asks_nobody);
	suite_add_tcase(suite, pools);

	TCase *entries = tcase_create("entries");
	tcase_add_checked_fixture(entries, setup, teardown);
	tcase_add_test(entries, test_client_several_names_of_one_address_ask_it_once);
	tcase_add_test(entries, test_client_duplicate_takes_over_when_the_address_becomes_free);
	tcase_add_test(entries, test_client_duplicate_moves_on_when_its_name_leads_elsewhere);
	tcase_add_test(entries, test_client_two_ports_of_a_host_are_two_servers);
	tcase_add_test(entries, test_client_same_label_twice_is_an_error);
	tcase_add_test(entries, test_client_entry_removed_during_its_lookup_leaves_nothing);
	tcase_add_test(entries, test_client_restart_begins_anew);
	tcase_add_test(entries, test_client_offline_entry_does_not_even_look_up);
	tcase_add_test(entries, test_client_describe_gives_what_only_the_association_knows);
	suite_add_tcase(suite, entries);
})
