/* SPDX-License-Identifier: BSD-2-Clause */
#include "ntp/virtual/virtual-net.h"

#include <errno.h>
#include <math.h>

#include "base/time.h"
#include "suite.h"

typedef struct {
	TsSched *sched;
	unsigned n;
	double sum_s, least_s, most_s;
	uint64_t digest;
	bool has_overtaken;
	uint8_t last;
} Arrivals;

static TsAddress
address_of(const char *text)
{
	TsAddress address;

	ck_assert(ts_address_parse(text, 123, &address));
	return address;
}

static void
on_arrival(const TsAddress *from, const uint8_t *bytes, size_t length, void *user_data)
{
	Arrivals *arrivals = user_data;
	double second_s = fmod(ts_ns_to_s(ts_sched_now(arrivals->sched)), 1.0);
	(void)from;

	ck_assert_uint_eq(length, 1);
	arrivals->n++;
	arrivals->sum_s += second_s;
	arrivals->least_s = MIN(arrivals->least_s, second_s);
	arrivals->most_s = MAX(arrivals->most_s, second_s);
	arrivals->digest = arrivals->digest * 31 + (uint64_t)ts_sched_now(arrivals->sched);
	arrivals->has_overtaken |= bytes[0] < arrivals->last;
	arrivals->last = bytes[0];
}

/* Sends @n packets over @link, one each @spacing_s. */
static Arrivals
send_over(const TsVirtualLink *link, unsigned n, double spacing_s, uint64_t seed)
{
	TsSched *sched = ts_sched_new_virtual(0);
	TsVirtualNet *net = ts_virtual_net_new(sched, seed);
	TsAddress a = address_of("192.0.2.1"), b = address_of("192.0.2.2");
	Arrivals arrivals = {.sched = sched, .least_s = INFINITY};
	TsVirtualSocket *from = ts_virtual_net_bind(net, &a, on_arrival, &arrivals);
	TsVirtualSocket *to = ts_virtual_net_bind(net, &b, on_arrival, &arrivals);

	ts_virtual_net_set_link(net, &a, &b, link);
	for (unsigned i = 0; i < n; i++) {
		uint8_t number = (uint8_t)i;
		ts_virtual_socket_send(from, &b, &number, 1);
		ts_sched_run_until(sched, ts_sched_now(sched) + ts_s_to_ns(spacing_s));
	}
	ts_sched_run_until(sched, ts_sched_now(sched) + 100 * TS_NS_PER_S);
	ck_assert_uint_eq(ts_virtual_net_n_sent(net, &a, &b), n);
	ts_virtual_socket_close(from);
	ts_virtual_socket_close(to);
	ts_virtual_net_free(net);
	ts_sched_free(sched);
	return arrivals;
}

START_TEST(test_virtual_net_delay_is_exact)
{
	TsVirtualLink link = {.delay_ns = 12345678};
	Arrivals arrivals = send_over(&link, 10, 1, 1);

	ck_assert_uint_eq(arrivals.n, 10);
	ck_assert_double_eq_tol(arrivals.least_s, 0.012345678, 1e-12);
	ck_assert_double_eq_tol(arrivals.most_s, 0.012345678, 1e-12);
	ck_assert(!arrivals.has_overtaken);
}
END_TEST

START_TEST(test_virtual_net_jitter_only_adds_and_has_its_mean)
{
	TsVirtualLink link = {
		.delay_ns = 10 * TS_NS_PER_MS,
		.jitter = (TsVirtualJitter)_i,
		.jitter_s = 0.001,
	};
	Arrivals arrivals = send_over(&link, 20000, 1, 7);

	ck_assert_uint_eq(arrivals.n, 20000);
	ck_assert_double_ge(arrivals.least_s, 0.010);
	ck_assert_double_lt(arrivals.least_s, 0.0101);
	/* a Pareto tail of shape 1.7 has no variance: its mean comes slowly */
	double tolerance_s = _i == TS_JITTER_PARETO ? 2e-4 : 3e-5;
	ck_assert_double_eq_tol(arrivals.sum_s / arrivals.n, 0.011, tolerance_s);
}
END_TEST

START_TEST(test_virtual_net_losses_and_doubles_come_as_often_as_said)
{
	TsVirtualLink losing = {.loss = 0.25}, doubling = {.duplicate = 0.25};

	ck_assert_double_eq_tol(send_over(&losing, 10000, 0.01, 3).n, 7500, 150);
	ck_assert_double_eq_tol(send_over(&doubling, 10000, 0.01, 3).n, 12500, 150);
}
END_TEST

START_TEST(test_virtual_net_spikes_come_as_often_as_said)
{
	TsVirtualLink link = {.spike = 0.1, .spike_s = 0.5};
	Arrivals arrivals = send_over(&link, 10000, 1, 3);

	ck_assert_double_eq_tol(arrivals.sum_s / arrivals.n, 0.05, 0.005);
	ck_assert_double_eq_tol(arrivals.most_s, 0.5, 1e-9);
}
END_TEST

START_TEST(test_virtual_net_jitter_lets_packets_overtake)
{
	TsVirtualLink link = {.jitter_s = 0.1};

	ck_assert(send_over(&link, 100, 0.01, 5).has_overtaken);
}
END_TEST

START_TEST(test_virtual_net_same_seed_gives_the_same_packets)
{
	TsVirtualLink link = {
		.jitter_s = 0.1, .loss = 0.1, .duplicate = 0.1, .spike = 0.1, .spike_s = 1};

	ck_assert_uint_eq(send_over(&link, 1000, 0.01, 5).digest,
			  send_over(&link, 1000, 0.01, 5).digest);
	ck_assert_uint_ne(send_over(&link, 1000, 0.01, 5).digest,
			  send_over(&link, 1000, 0.01, 6).digest);
}
END_TEST

START_TEST(test_virtual_net_most_exact_link_wins)
{
	TsSched *sched = ts_sched_new_virtual(0);
	TsVirtualNet *net = ts_virtual_net_new(sched, 1);
	TsAddress a = address_of("192.0.2.1"), b = address_of("192.0.2.2");
	TsVirtualLink any = {.delay_ns = 4}, to = {.delay_ns = 3}, from = {.delay_ns = 2},
		      both = {.delay_ns = 1};
	Arrivals arrivals = {.sched = sched, .least_s = INFINITY};
	TsVirtualSocket *sender = ts_virtual_net_bind(net, &a, on_arrival, &arrivals);
	TsVirtualSocket *receiver = ts_virtual_net_bind(net, &b, on_arrival, &arrivals);
	const struct {
		const TsAddress *from, *to;
		const TsVirtualLink *link;
		int64_t expected_ns;
	} steps[] = {{NULL, NULL, &any, 4},
		     {&a, NULL, &from, 2},
		     {NULL, &b, &to, 3},
		     {&a, &b, &both, 1},
		     {&a, &b, &any, 4}};

	for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
		uint8_t number = 0;
		int64_t start_ns = ts_sched_now(sched);
		arrivals.n = 0;
		ts_virtual_net_set_link(net, steps[i].from, steps[i].to, steps[i].link);
		ts_virtual_socket_send(sender, &b, &number, 1);
		ts_sched_run_until(sched, start_ns + steps[i].expected_ns - 1);
		ck_assert_uint_eq(arrivals.n, 0);
		ts_sched_run_until(sched, start_ns + steps[i].expected_ns);
		ck_assert_uint_eq(arrivals.n, 1);
	}
	ts_virtual_socket_close(sender);
	ts_virtual_socket_close(receiver);
	ts_virtual_net_free(net);
	ts_sched_free(sched);
}
END_TEST

START_TEST(test_virtual_net_freed_with_packets_under_way_leaks_none)
{
	TsSched *sched = ts_sched_new_virtual(0);
	TsVirtualNet *net = ts_virtual_net_new(sched, 1);
	TsAddress a = address_of("192.0.2.1"), b = address_of("192.0.2.2");
	TsVirtualLink link = {.delay_ns = TS_NS_PER_S};
	TsVirtualSocket *sender = ts_virtual_net_bind(net, &a, NULL, NULL);
	uint8_t number = 0;

	ts_virtual_net_set_link(net, NULL, NULL, &link);
	ts_virtual_socket_send(sender, &b, &number, 1);
	ts_virtual_socket_close(sender);
	ts_virtual_net_free(net);
	ts_sched_run_until(sched, 10 * TS_NS_PER_S); /* nothing falls due */

	ts_sched_free(sched);
}
END_TEST

TS_TEST_MAIN("ntp-virtual-net", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_virtual_net_delay_is_exact);
	tcase_add_loop_test(core, test_virtual_net_jitter_only_adds_and_has_its_mean,
			    TS_JITTER_EXPONENTIAL, TS_JITTER_PARETO + 1);
	tcase_add_test(core, test_virtual_net_losses_and_doubles_come_as_often_as_said);
	tcase_add_test(core, test_virtual_net_spikes_come_as_often_as_said);
	tcase_add_test(core, test_virtual_net_jitter_lets_packets_overtake);
	tcase_add_test(core, test_virtual_net_same_seed_gives_the_same_packets);
	tcase_add_test(core, test_virtual_net_most_exact_link_wins);
	tcase_add_test(core, test_virtual_net_freed_with_packets_under_way_leaks_none);
	suite_add_tcase(suite, core);
})
