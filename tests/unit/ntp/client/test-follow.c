/* SPDX-License-Identifier: BSD-2-Clause */
/* The client with the real engine behind it, in a virtual net: what comes of field cases that
 * packet, sample and clock have a part in. */
#include <math.h>
#include <string.h>

#include "base/time.h"
#include "ntp/client/client.h"
#include "ntp/virtual/virtual-net.h"
#include "ntp/virtual/virtual-resolver.h"
#include "ntp/virtual/virtual-server.h"
#include "source/engine.h"
#include "suite.h"

#define START_UTC_NS (INT64_C(1795000000) * TS_NS_PER_S)
#define YEAR_NS	     (INT64_C(31557600) * TS_NS_PER_S)

typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsSettings *settings;
	TsMetrics *metrics;
	TsEngine *engine;
	TsVirtualNet *net;
	TsResolver *resolver;
	TsNtpClient *client;
	GPtrArray *servers; /* of TsVirtualServer */
} World;

static void
free_server(gpointer data)
{
	ts_virtual_server_free(data);
}

static TsAddress
address_of(const char *text)
{
	TsAddress address;

	ck_assert(ts_address_parse(text, 123, &address));
	return address;
}

static World *
world_new(int64_t start_utc_ns, int64_t initial_error_ns, double frequency)
{
	World *world = g_new0(World, 1);
	TsOscillator oscillator = {
		.start_utc_ns = start_utc_ns,
		.frequency = frequency,
		.wander = 1e-9,
		.seed = 3,
		.initial_error_ns = initial_error_ns,
	};
	TsVirtualLink link = {.delay_ns = 5 * TS_NS_PER_MS, .jitter_s = 100e-6};
	TsAddress host = address_of("192.0.2.99");

	world->sched = ts_sched_new_virtual(0);
	world->clock = ts_clock_new_virtual(world->sched, &oscillator);
	world->settings = ts_settings_new();
	g_clear_pointer(&world->settings->clock.drift_file, g_free);
	world->metrics = ts_metrics_new();
	world->engine = ts_engine_new(world->sched, world->clock, world->settings, world->metrics);
	world->net = ts_virtual_net_new(world->sched, 5);
	ts_virtual_net_set_link(world->net, NULL, NULL, &link);
	world->resolver = ts_virtual_resolver_new(world->sched, TS_NS_PER_MS);
	world->servers = g_ptr_array_new_with_free_func(free_server);
	world->client = ts_ntp_client_new(
		world->engine, ts_virtual_transport_new(world->net, &host, world->clock));
	ts_ntp_client_set_resolver(world->client, world->resolver);
	return world;
}

static void
world_free(World *world)
{
	ts_ntp_client_free(world->client);
	g_ptr_array_unref(world->servers);
	ts_virtual_net_free(world->net);
	ts_engine_free(world->engine);
	ts_metrics_free(world->metrics);
	ts_settings_unref(world->settings);
	ts_clock_free(world->clock);
	ts_sched_free(world->sched);
	g_free(world);
}

static void
world_run(World *world, double seconds)
{
	ts_sched_run_until(world->sched, ts_sched_now(world->sched) + ts_s_to_ns(seconds));
}

static TsVirtualServerScript *
world_server(World *world, const char *text)
{
	TsAddress address = address_of(text);
	TsVirtualServerScript script;

	ts_virtual_server_script_init(&script);
	TsVirtualServer *server =
		ts_virtual_server_new(world->net, &address, world->clock, &script);
	g_ptr_array_add(world->servers, server);
	return ts_virtual_server_script(server);
}

static void
world_ask(World *world, const char *name)
{
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(TS_SOURCE_SERVER, name);

	settings->iburst = true;
	ck_assert(ts_ntp_client_provider.add(world->client, settings, NULL));
}

static double
world_error_s(const World *world)
{
	return ts_ns_to_s(ts_clock_utc_now(world->clock) - ts_clock_virtual_true_utc(world->clock));
}

static TsClockView
world_clock(const World *world)
{
	TsClockView view;

	ts_engine_get_clock_view(world->engine, &view);
	return view;
}

static TsSourceView
world_source(const World *world, const char *label)
{
	TsSourceView view;

	ts_source_get_view(ts_engine_find_source(world->engine, label), &view);
	return view;
}

static char *
world_why(const World *world, const char *label)
{
	return ts_source_explain(ts_engine_find_source(world->engine, label));
}

static void
ask_three(World *world)
{
	for (int i = 1; i <= 3; i++) {
		g_autofree char *text = g_strdup_printf("192.0.2.%d", i);
		world_server(world, text);
		world_ask(world, text);
	}
}

START_TEST(test_follow_three_servers_lock_the_clock)
{
	World *world = world_new(START_UTC_NS, 300 * TS_NS_PER_MS, 50e-6);
	ask_three(world);

	world_run(world, 1800);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 100e-6);
	ck_assert_double_le(fabs(world_error_s(world)), world_clock(world).max_error_s);
	world_free(world);
}
END_TEST

START_TEST(test_follow_clock_17_years_slow_is_stepped_once)
{
	/* B01: one server's replies take 3 s: what was asked before the step arrives after it */
	World *world = world_new(START_UTC_NS, -17 * YEAR_NS, 0);
	TsVirtualLink slow = {.delay_ns = 1400 * TS_NS_PER_MS};
	TsAddress third = address_of("192.0.2.3");
	ts_virtual_net_set_link(world->net, &third, NULL, &slow);
	ask_three(world);

	while (world_clock(world).n_steps == 0 && ts_sched_now(world->sched) < 120 * TS_NS_PER_S)
		world_run(world, 0.01);
	ck_assert_uint_eq(world_clock(world).n_steps, 1);
	double step_error_s = world_error_s(world);
	world_run(world, 7200);

	ck_assert_double_le(fabs(step_error_s), 0.01);
	ck_assert_uint_eq(world_clock(world).n_steps, 1);
	ck_assert_double_le(fabs(world_error_s(world)), 1e-3);
	world_free(world);
}
END_TEST

START_TEST(test_follow_several_names_of_one_wrong_server_have_one_vote)
{
	/* B05 */
	World *world = world_new(START_UTC_NS, 0, 0);
	static const char *const names[] = {"a.example.net", "b.example.net", "c.example.net"};
	world_server(world, "192.0.2.9")->offset_ns = 500 * TS_NS_PER_MS;
	world_server(world, "192.0.2.1");
	world_server(world, "192.0.2.2");
	for (int i = 0; i < 3; i++) {
		ts_virtual_resolver_set(world->resolver, names[i], TS_LOOKUP_FOUND, "192.0.2.9");
		world_ask(world, names[i]);
	}
	world_ask(world, "192.0.2.1");
	world_ask(world, "192.0.2.2");

	world_run(world, 1800);

	ck_assert_double_le(fabs(world_error_s(world)), 1e-3);
	ck_assert_int_eq(world_source(world, "a.example.net").verdict, TS_VERDICT_FALSETICKER);
	ck_assert_int_eq(world_source(world, "b.example.net").verdict, TS_VERDICT_DUPLICATE);
	ck_assert_str_eq(world_source(world, "c.example.net").duplicate_of, "a.example.net");
	g_autofree char *why = world_why(world, "b.example.net");
	ck_assert_msg(strstr(why, "a.example.net"), "%s", why);
	world_free(world);
}
END_TEST

START_TEST(test_follow_negative_root_delay_has_no_vote_and_a_figure)
{
	/* B10: beside two honest servers (0), and alone (1) */
	World *world = world_new(START_UTC_NS, 0, 0);
	TsVirtualServerScript *broken = world_server(world, "192.0.2.9");
	world_ask(world, "192.0.2.9");
	if (_i == 0) {
		world_server(world, "192.0.2.1");
		world_server(world, "192.0.2.2");
		world_ask(world, "192.0.2.1");
		world_ask(world, "192.0.2.2");
	}
	world_run(world, 300); /* it was good once */
	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);

	broken->root_delay_ntp32 = 0xffffff1b;
	world_run(world, 300);

	ck_assert(!ts_verdict_is_used(world_source(world, "192.0.2.9").verdict));
	g_autofree char *why = world_why(world, "192.0.2.9");
	ck_assert_msg(strstr(why, "root delay 65536 s"), "%s", why);
	ck_assert_int_eq(world_clock(world).kind, _i == 0 ? TS_CLOCK_LOCKED : TS_CLOCK_HOLDOVER);
	world_free(world);
}
END_TEST

START_TEST(test_follow_wrap_of_2036_moves_nothing)
{
	/* B13 */
	World *world = world_new((INT64_C(2085978496) - 3600) * TS_NS_PER_S, 0, 20e-6);
	double most_s = 0;
	ask_three(world);
	world_run(world, 1800);

	for (int i = 0; i < 3600; i++) {
		world_run(world, 1);
		most_s = fmax(most_s, fabs(world_error_s(world)));
	}

	ck_assert_double_le(most_s, 1e-3);
	ck_assert_uint_eq(world_clock(world).n_steps, 0);
	for (int i = 1; i <= 3; i++) {
		g_autofree char *text = g_strdup_printf("192.0.2.%d", i);
		ck_assert_uint_eq(world_source(world, text).reach, 0xff);
		ck_assert_uint_eq(world_source(world, text).n_misses, 0);
	}
	world_free(world);
}
END_TEST

START_TEST(test_follow_only_server_with_kisses_is_asked_ever_less)
{
	/* B11 */
	World *world = world_new(START_UTC_NS, 0, 0);
	TsVirtualServerScript *server = world_server(world, "192.0.2.1");
	TsAddress address = address_of("192.0.2.1");
	server->kiss = TS_NTP_KISS_RATE;
	world_ask(world, "192.0.2.1");

	world_run(world, 600);
	ck_assert_uint_le(ts_virtual_net_n_sent(world->net, NULL, &address), 4);
	server->kiss = 0;
	world_run(world, 1200);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	world_free(world);
}
END_TEST

START_TEST(test_follow_suspended_machine_asks_again_and_is_right)
{
	World *world = world_new(START_UTC_NS, 0, 10e-6);
	ask_three(world);
	world_run(world, 3600);

	ts_clock_virtual_suspend(world->clock, 7 * 3600 * TS_NS_PER_S + 123456789, true);
	world_run(world, 300);

	ck_assert_int_eq(world_clock(world).kind, TS_CLOCK_LOCKED);
	ck_assert_double_le(fabs(world_error_s(world)), 1e-3);
	world_free(world);
}
END_TEST

START_TEST(test_follow_pool_member_that_lies_is_replaced)
{
	World *world = world_new(START_UTC_NS, 0, 0);
	g_autoptr(TsSourceSettings) pool =
		ts_source_settings_new(TS_SOURCE_POOL, "pool.example.org");
	TsVirtualServerScript *liar = NULL;
	for (int i = 1; i <= 6; i++) {
		g_autofree char *text = g_strdup_printf("192.0.2.%d", i);
		TsVirtualServerScript *server = world_server(world, text);
		if (i == 2)
			liar = server;
	}
	ts_virtual_resolver_set(world->resolver, "pool.example.org", TS_LOOKUP_FOUND,
				"192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4 192.0.2.5 192.0.2.6");
	ck_assert(ts_ntp_client_provider.add(world->client, pool, NULL));
	liar->offset_ns = 5 * TS_NS_PER_S;

	world_run(world, 4 * 3600);

	TsAddress address = address_of("192.0.2.2");
	ck_assert_ptr_null(ts_engine_find_address(world->engine, &address, NULL));
	ck_assert_uint_eq(world_clock(world).n_selectable, 4);
	world_free(world);
}
END_TEST

TS_TEST_MAIN("ntp-follow", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 60);
	tcase_add_test(core, test_follow_three_servers_lock_the_clock);
	tcase_add_test(core, test_follow_clock_17_years_slow_is_stepped_once);
	tcase_add_test(core, test_follow_several_names_of_one_wrong_server_have_one_vote);
	tcase_add_loop_test(core, test_follow_negative_root_delay_has_no_vote_and_a_figure, 0, 2);
	tcase_add_test(core, test_follow_wrap_of_2036_moves_nothing);
	tcase_add_test(core, test_follow_only_server_with_kisses_is_asked_ever_less);
	tcase_add_test(core, test_follow_suspended_machine_asks_again_and_is_right);
	tcase_add_test(core, test_follow_pool_member_that_lies_is_replaced);
	suite_add_tcase(suite, core);
})
