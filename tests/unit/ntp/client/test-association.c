/* SPDX-License-Identifier: BSD-2-Clause */
/* One address in a virtual net: what goes out, what is believed, when the next request follows. */
#include "ntp/client/association.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <string.h>

#include "ntp/client/poll-policy.h"
#include "suite.h"
#include "virtual-rig.h"

#define SERVER "192.0.2.1"

static Rig *rig;
static TsVirtualServer *server;
static TsVirtualServerScript *script;

static void
setup(void)
{
	rig = rig_new(RIG_START_UTC_NS);
	server = rig_server(rig, SERVER);
	script = ts_virtual_server_script(server);
}

static void
teardown(void)
{
	rig_free(rig);
}

static FakeSource *
add_source(RigEditFunc edit)
{
	rig_add(rig, TS_SOURCE_SERVER, SERVER, edit);
	return fake_source(rig->engine, SERVER);
}

/* ---- what goes out --------------------------------------------------------------------------- */

START_TEST(test_association_requests_differ_in_nonce_and_port_only)
{
	TsNtpHeader first, second;
	uint8_t first_bytes[TS_NTP_HEADER_SIZE], second_bytes[TS_NTP_HEADER_SIZE];
	uint16_t first_port;
	add_source(NULL);

	rig_run(rig, 1);
	first = *ts_virtual_server_last_request(server);
	first_port = ts_address_port(ts_virtual_server_last_client(server));
	rig_run(rig, 70);
	second = *ts_virtual_server_last_request(server);

	ck_assert_uint_eq(ts_virtual_server_n_requests(server), 2);
	ck_assert_uint_ne(first_port, ts_address_port(ts_virtual_server_last_client(server)));
	ck_assert_uint_ne(first.transmit_ntp64, second.transmit_ntp64);
	first.transmit_ntp64 = second.transmit_ntp64;
	ts_ntp_header_format(&first, first_bytes);
	ts_ntp_header_format(&second, second_bytes);
	ck_assert_mem_eq(first_bytes, second_bytes, sizeof first_bytes);
	ck_assert_uint_eq(second.version, 4);
}
END_TEST

static void
use_version_3(TsSourceSettings *settings)
{
	settings->version = 3;
}

START_TEST(test_association_version_3_is_asked_and_understood)
{
	FakeSource *source = add_source(use_version_3);

	rig_run(rig, 1);

	ck_assert_uint_eq(ts_virtual_server_last_request(server)->version, 3);
	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

/* ---- samples --------------------------------------------------------------------------------- */

START_TEST(test_association_sample_is_exact_on_a_symmetric_path)
{
	FakeSource *source = add_source(NULL);

	rig_run(rig, 1);

	const TsSample *sample = rig_sample(source, 0);
	ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, 0)), 1);
	ck_assert_int_le(llabs(sample->delay_ns - 2 * TS_NS_PER_MS), 1);
	ck_assert_double_eq_tol(sample->root_dispersion_s, 0.001, 1e-4);
	ck_assert_double_ge(sample->max_error_s, 0.001);
	ck_assert_uint_eq(sample->epoch, ts_clock_epoch(rig->clock));
	ck_assert_int_eq(source->reach, 1);
	ck_assert_int_eq(source->stratum, 1);
}
END_TEST

START_TEST(test_association_offset_is_positive_when_the_server_is_ahead)
{
	FakeSource *source = add_source(NULL);
	script->offset_ns = 5 * TS_NS_PER_S;

	rig_run(rig, 1);

	ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, 0) - 5 * TS_NS_PER_S), 1);
}
END_TEST

START_TEST(test_association_across_the_wrap_of_2036_loses_no_poll)
{
	teardown();
	rig = rig_new((INT64_C(2085978496) - 600) * TS_NS_PER_S); /* ten minutes before (B13) */
	server = rig_server(rig, SERVER);
	FakeSource *source = add_source(NULL);

	rig_run(rig, 1200);

	ck_assert_uint_ge(source->samples->len, 18);
	ck_assert_uint_eq(source->samples->len, rig_n_sent(rig, SERVER));
	for (guint i = 0; i < source->samples->len; i++)
		ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, i)), 1);
}
END_TEST

START_TEST(test_association_client_of_2026_takes_server_of_2036)
{
	FakeSource *source = add_source(NULL);
	int64_t ten_years_ns = INT64_C(2088000000) * TS_NS_PER_S - RIG_START_UTC_NS;
	script->offset_ns = ten_years_ns;

	rig_run(rig, 1);

	ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, 0) - ten_years_ns), 1);
}
END_TEST

START_TEST(test_association_duplicated_replies_count_once)
{
	TsVirtualLink link = {.delay_ns = TS_NS_PER_MS, .duplicate = 1, .jitter_s = 0.001};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);

	rig_run(rig, 640);

	ck_assert_uint_ge(rig_n_sent(rig, SERVER), 9);
	ck_assert_uint_eq(source->samples->len, rig_n_sent(rig, SERVER));
	ck_assert_uint_eq(source->n_reach_updates, rig_n_sent(rig, SERVER));
}
END_TEST

static bool
spoil_origin(TsVirtualServer *self, const TsNtpHeader *request, TsNtpHeader *reply, void *user_data)
{
	(void)self;
	(void)request;
	(void)user_data;
	reply->origin_ntp64++;
	return true;
}

START_TEST(test_association_bogus_replies_are_a_miss)
{
	FakeSource *source = add_source(NULL);
	script->edit = spoil_origin;

	rig_run(rig, 600);

	ck_assert_uint_eq(source->samples->len, 0);
	ck_assert_uint_eq(source->reach, 0);
	ck_assert_uint_ge(source->n_reach_updates, 8);
	/* nothing that it said of itself is believed either */
	ck_assert_int_eq(source->stratum, TS_STRATUM_UNSYNCHRONISED);
}
END_TEST

START_TEST(test_association_true_reply_is_taken_after_a_bogus_one)
{
	TsAddress address = rig_address(SERVER);
	uint8_t bytes[TS_NTP_HEADER_SIZE] = {4 << 3 | 4, 1};
	TsVirtualLink link = {.delay_ns = 100 * TS_NS_PER_MS};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);
	rig_run(rig, 0.15); /* the request has arrived, its reply is on the way */
	TsAddress client = *ts_virtual_server_last_client(server);

	/* a forged one from the server's address overtakes it */
	ts_virtual_server_free(g_ptr_array_steal_index(rig->servers, 0));
	TsVirtualSocket *forger = ts_virtual_net_bind(rig->net, &address, NULL, NULL);
	link.delay_ns = 0;
	rig_link(rig, SERVER, &link);
	ts_virtual_socket_send(forger, &client, bytes, sizeof bytes);
	rig_run(rig, 1);
	ts_virtual_socket_close(forger);

	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_association_lost_packets_are_misses_and_nothing_else)
{
	TsVirtualLink link = {.delay_ns = TS_NS_PER_MS, .loss = 0.3};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);

	rig_run(rig, 64 * 400);

	uint64_t n_sent = rig_n_sent(rig, SERVER);
	/* both ways must succeed: 0.49 */
	ck_assert_double_eq_tol((double)source->samples->len / (double)n_sent, 0.49, 0.08);
	ck_assert_uint_le(n_sent - source->n_reach_updates, 1);
	for (guint i = 0; i < source->samples->len; i++)
		ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, i)), 1);
}
END_TEST

START_TEST(test_association_slow_server_gives_no_sample_but_is_reachable)
{
	FakeSource *source = add_source(NULL);
	script->processing_ns = 4500 * TS_NS_PER_MS;

	rig_run(rig, 60);

	ck_assert_uint_eq(source->samples->len, 0);
	ck_assert_uint_eq(source->reach, 1);
}
END_TEST

START_TEST(test_association_delay_test_drops_the_sample_but_not_the_reach)
{
	TsVirtualLink link = {.delay_ns = 1600 * TS_NS_PER_MS};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);

	rig_run(rig, 60);

	ck_assert_uint_eq(source->samples->len, 0);
	ck_assert_uint_eq(source->reach, 1);
}
END_TEST

START_TEST(test_association_late_sample_is_judged_by_the_estimate)
{
	FakeSource *source = add_source(NULL);
	rig_run(rig, 1);
	source->has_estimate = true;
	source->estimate = (TsEstimate){
		.raw_ns = rig_sample(source, 0)->raw_ns,
		.offset_ns = rig_sample(source, 0)->offset_ns,
		.offset_sd_s = 1e-6,
		.jitter_s = 1e-5,
		.delay_min_s = 0.002,
		.n_samples = 10,
	};
	TsVirtualLink link = {.delay_ns = 20 * TS_NS_PER_MS};
	rig_link(rig, SERVER, &link);

	rig_run(rig, 70);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 2);
	ck_assert_uint_eq(source->samples->len, 1);
	ck_assert_uint_eq(source->reach, 3);
}
END_TEST

/* ---- what the server says of itself ---------------------------------------------------------- */

START_TEST(test_association_unsynchronised_server_is_named_so_at_once)
{
	FakeSource *source = add_source(NULL);
	rig_run(rig, 1);
	ck_assert_int_eq(source->leap, 0);
	script->leap = TS_LEAP_UNSYNCHRONISED;

	rig_run(rig, 70);

	ck_assert_int_eq(source->leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert_uint_eq(source->samples->len, 1);
	ck_assert_uint_eq(source->reach, 2);
}
END_TEST

START_TEST(test_association_negative_root_delay_is_refused_with_the_figure)
{
	static const uint32_t values[] = {0xffffff1b, 0xffffe667};
	FakeSource *source = add_source(NULL);
	script->root_delay_ntp32 = values[_i]; /* B10 */

	rig_run(rig, 1);

	ck_assert_uint_eq(source->samples->len, 0);
	ck_assert_double_eq(source->root_delay_s, values[_i] / 65536.0);
	ck_assert_ptr_nonnull(strstr(source->stopped, "root delay 655"));
	ck_assert_uint_eq(source->reach, 0);
	script->root_delay_ntp32 = 0;
	rig_run(rig, 70);
	ck_assert_ptr_null(source->stopped);
	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_association_server_that_follows_us_is_a_loop)
{
	TsSystemState ours = {.stratum = 2, .refid = 0x01020304};
	TsAddress client = rig_address(RIG_CLIENT);
	fake_engine_set_state(rig->engine, &ours);
	FakeSource *source = add_source(NULL);
	script->stratum = 3;
	script->refid = ts_address_refid(&client);

	rig_run(rig, 1);
	ck_assert(source->is_loop);
	ck_assert_uint_eq(source->samples->len, 0);
	script->refid = 0x05060708;
	rig_run(rig, 70);

	ck_assert(!source->is_loop);
	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_association_who_serves_nobody_is_in_no_loop)
{
	TsSystemState ours = {.stratum = 2, .refid = 0x01020304};
	TsAddress client = rig_address(RIG_CLIENT);
	fake_engine_set_state(rig->engine, &ours);
	ts_ntp_client_set_serving(rig->client, false);
	FakeSource *source = add_source(NULL);
	script->stratum = 3;
	script->refid = ts_address_refid(&client);

	rig_run(rig, 1);

	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

/* ---- kisses (B11) ---------------------------------------------------------------------------- */

static void
use_iburst(TsSourceSettings *settings)
{
	settings->iburst = true;
}

START_TEST(test_association_kiss_rate_doubles_the_interval_and_it_comes_back)
{
	FakeSource *source = add_source(use_iburst);
	script->kiss = TS_NTP_KISS_RATE;

	rig_run(rig, 600);
	/* at 0, 128, 128 + 256 s: the burst ended with the first kiss */
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 3);
	ck_assert_double_eq(source->poll_s, 512);
	rig_run(rig, 3600);
	ck_assert_double_eq(source->poll_s, 1024);
	script->kiss = 0;
	rig_run(rig, 1100);
	ck_assert_uint_ge(source->samples->len, 1);
	ck_assert_double_eq(source->poll_s, 1024);
	rig_run(rig, 1024 * TS_POLL_GOOD_TO_RECOVER);

	ck_assert_double_eq(source->poll_s, 512);
	ck_assert_ptr_null(source->stopped);
}
END_TEST

START_TEST(test_association_kiss_deny_and_rstr_stop_it_with_a_reason)
{
	static const uint32_t codes[] = {TS_NTP_KISS_DENY, TS_NTP_KISS_RSTR};
	static const char *const reasons[] = {"kiss DENY", "kiss RSTR"};
	FakeSource *source = add_source(use_iburst);
	script->kiss = codes[_i];

	rig_run(rig, 86400);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 1);
	ck_assert_str_eq(source->stopped, reasons[_i]);
	ck_assert_uint_eq(rig_n_said(rig, reasons[_i]), 1);
}
END_TEST

static bool
spoil_kiss(TsVirtualServer *self, const TsNtpHeader *request, TsNtpHeader *reply, void *user_data)
{
	(void)self;
	(void)user_data;
	reply->stratum = 0;
	reply->refid = TS_NTP_KISS_DENY;
	reply->origin_ntp64 = request->transmit_ntp64 ^ 1;
	return true;
}

START_TEST(test_association_forged_kiss_is_ignored)
{
	FakeSource *source = add_source(NULL);
	script->edit = spoil_kiss;
	rig_run(rig, 1);
	script->edit = NULL;

	rig_run(rig, 70);

	ck_assert_ptr_null(source->stopped);
	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_association_unknown_kiss_changes_nothing_but_the_reach)
{
	FakeSource *source = add_source(NULL);
	script->kiss = 0x58585858;
	rig_run(rig, 1);
	script->kiss = 0;

	rig_run(rig, 70);

	ck_assert_ptr_null(source->stopped);
	ck_assert_uint_eq(source->reach, 1);
	ck_assert_uint_eq(source->samples->len, 1);
	ck_assert_double_eq(source->poll_s, 64);
}
END_TEST

static void
use_minutes(TsSourceSettings *settings)
{
	settings->max_poll = 6;
}

START_TEST(test_association_million_kisses_leave_memory_flat)
{
	add_source(use_minutes);
	script->kiss = TS_NTP_KISS_RATE;
	rig_run(rig, 1e5);
	size_t before = mallinfo2().uordblks;

	rig_run(rig, 64.1e6);

	ck_assert_uint_ge(rig_n_sent(rig, SERVER), 1000000);
	ck_assert_uint_le(mallinfo2().uordblks, before + 4096);
}
END_TEST

/* ---- when it asks ---------------------------------------------------------------------------- */

START_TEST(test_association_iburst_asks_six_times_in_the_first_minute)
{
	FakeSource *source = add_source(use_iburst);

	rig_run(rig, 5);
	ck_assert_uint_eq(source->samples->len, 2);
	rig_run(rig, 61);
	ck_assert_uint_eq(source->samples->len, 6);
	rig_run(rig, 55);
	ck_assert_uint_eq(source->samples->len, 6);
	rig_run(rig, 15);

	ck_assert_uint_eq(source->samples->len, 7);
}
END_TEST

START_TEST(test_association_iburst_ends_after_eight_requests)
{
	add_source(use_iburst);
	script->is_silent = true;

	rig_run(rig, 60);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 8);
}
END_TEST

static void
use_burst(TsSourceSettings *settings)
{
	settings->burst = true;
}

START_TEST(test_association_burst_repeats_until_one_is_good)
{
	FakeSource *source = add_source(use_burst);
	rig_run(rig, 66); /* two polls, each answered at once */
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 2);
	script->is_silent = true;
	rig_run(rig, 74); /* the third: four requests */
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 6);
	script->is_silent = false;

	rig_run(rig, 64);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 7);
	ck_assert_uint_eq(source->samples->len, 3);
}
END_TEST

START_TEST(test_association_operators_burst_asks_at_once)
{
	FakeSource *source = add_source(NULL);
	rig_run(rig, 10);

	ck_assert(source->ops->burst(source->owner, 3, 5, NULL));
	rig_run(rig, 8);

	ck_assert_uint_eq(source->samples->len, 4);
}
END_TEST

START_TEST(test_association_interval_follows_the_filter_and_misses_shorten_it)
{
	FakeSource *source = add_source(NULL);
	source->wanted_log2s = 10;
	rig_run(rig, 1);
	ck_assert_double_eq(source->poll_s, 1024);
	rig_run(rig, 1000);
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 1);
	script->is_silent = true;

	rig_run(rig, 3600);

	/* 1024, then 512, 256, 128, 64, 64 ... */
	ck_assert_double_eq(source->poll_s, 64);
	ck_assert_uint_ge(rig_n_sent(rig, SERVER), 35);
}
END_TEST

static void
use_subsecond(TsSourceSettings *settings)
{
	settings->min_poll = settings->max_poll = -4;
}

START_TEST(test_association_subsecond_polls_are_as_fast_as_asked)
{
	FakeSource *source = add_source(use_subsecond);

	rig_run(rig, 11);

	ck_assert_uint_ge(source->samples->len, 158);
	ck_assert_uint_le(source->samples->len, 178);
}
END_TEST

START_TEST(test_association_subsecond_polls_wait_for_a_distant_server)
{
	TsVirtualLink link = {.delay_ns = 50 * TS_NS_PER_MS};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(use_subsecond);

	rig_run(rig, 11);

	ck_assert_uint_ge(source->samples->len, 24); /* every 0.4 s */
	ck_assert_uint_le(source->samples->len, 28);
	ck_assert_uint_eq(source->reach, 0xff);
}
END_TEST

START_TEST(test_association_subsecond_polls_slow_down_when_nobody_answers)
{
	add_source(use_subsecond);
	script->is_silent = true;

	rig_run(rig, 60);

	ck_assert_uint_le(rig_n_sent(rig, SERVER), 62);
}
END_TEST

/* The spread of the intervals at which the server was asked. */
typedef struct {
	double last_s, least_s, most_s;
} Spread;

static bool
note_interval(TsVirtualServer *self, const TsNtpHeader *request, TsNtpHeader *reply,
	      void *user_data)
{
	Spread *spread = user_data;
	double interval_s = rig_now_s(rig) - spread->last_s;
	(void)self;
	(void)request;
	(void)reply;

	if (spread->last_s > 0) {
		spread->least_s = MIN(spread->least_s, interval_s);
		spread->most_s = MAX(spread->most_s, interval_s);
	}
	spread->last_s = rig_now_s(rig);
	return true;
}

START_TEST(test_association_intervals_are_spread)
{
	Spread spread = {.least_s = INFINITY};
	add_source(NULL);
	script->edit = note_interval;
	script->user_data = &spread;

	rig_run(rig, 6500);

	ck_assert_double_gt(spread.least_s, 62.71);
	ck_assert_double_lt(spread.most_s, 65.29);
	ck_assert_double_gt(spread.most_s - spread.least_s, 1.5);
}
END_TEST

START_TEST(test_association_first_requests_of_many_sources_are_spread)
{
	double first_s[10];

	for (int i = 0; i < 10; i++) {
		g_autofree char *name = g_strdup_printf("198.51.100.%d", i + 1);
		rig_add(rig, TS_SOURCE_SERVER, name, NULL);
		first_s[i] = -1;
	}
	for (int ms = 0; ms < 1000; ms++) {
		rig_run(rig, 0.001);
		for (int i = 0; i < 10; i++) {
			g_autofree char *name = g_strdup_printf("198.51.100.%d", i + 1);
			if (first_s[i] < 0 && rig_n_sent(rig, name))
				first_s[i] = rig_now_s(rig);
		}
	}

	int n_alone = 0;
	for (int i = 0; i < 10; i++) {
		int n_same = 0;
		ck_assert_double_ge(first_s[i], 0);
		for (int j = 0; j < 10; j++)
			n_same += first_s[j] == first_s[i];
		n_alone += n_same == 1;
	}
	ck_assert_int_ge(n_alone, 8);
}
END_TEST

/* ---- trouble --------------------------------------------------------------------------------- */

START_TEST(test_association_refused_port_is_said_once_and_forgotten_when_cured)
{
	TsVirtualLink refused = {.failed_errno = ECONNREFUSED}, good = {.delay_ns = TS_NS_PER_MS};
	rig_link(rig, SERVER, &refused);
	FakeSource *source = add_source(NULL);

	rig_run(rig, 3600);
	ck_assert_uint_eq(rig_n_said(rig, "refused"), 1);
	ck_assert_ptr_nonnull(strstr(source->progress, "refused"));
	ck_assert_uint_ge(source->n_reach_updates, 50);
	rig_link(rig, SERVER, &good);
	rig_run(rig, 70);

	ck_assert_uint_eq(rig_n_said(rig, "answers again"), 1);
	ck_assert_ptr_null(source->progress);
	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

START_TEST(test_association_without_a_route_waits_quietly_and_returns)
{
	TsVirtualLink none = {.has_no_route = true}, good = {.delay_ns = TS_NS_PER_MS};
	rig_link(rig, SERVER, &none);
	FakeSource *source = add_source(use_iburst);

	rig_run(rig, 3600);
	ck_assert_uint_eq(rig->log->len, 1);
	rig_link(rig, SERVER, &good);
	ts_ntp_client_network_changed(rig->client);
	rig_run(rig, 10);

	ck_assert_uint_eq(source->samples->len, 3);
}
END_TEST

START_TEST(test_association_one_lost_packet_is_no_news)
{
	add_source(NULL);
	rig_run(rig, 1);
	script->is_silent = true;
	rig_run(rig, 70);
	script->is_silent = false;

	rig_run(rig, 70);

	ck_assert_uint_eq(rig->log->len, 0);
}
END_TEST

START_TEST(test_association_offline_asks_nothing_and_online_asks_at_once)
{
	FakeSource *source = add_source(use_iburst);
	rig_run(rig, 60);
	uint64_t n_before = rig_n_sent(rig, SERVER);

	source->ops->set_online(source->owner, false);
	rig_run(rig, 3600);
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), n_before);
	ck_assert(!source->is_online);
	ck_assert(!source->ops->burst(source->owner, 1, 1, NULL));
	source->ops->set_online(source->owner, true);
	rig_run(rig, 9);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), n_before + 3);
}
END_TEST

static void
start_offline(TsSourceSettings *settings)
{
	settings->is_online = false;
}

START_TEST(test_association_configured_offline_waits_for_the_operator)
{
	FakeSource *source = add_source(start_offline);

	rig_run(rig, 3600);
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 0);
	ck_assert(!source->is_online);
	source->ops->set_online(source->owner, true);
	rig_run(rig, 1);

	ck_assert_uint_eq(source->samples->len, 1);
}
END_TEST

/* ---- the clock's epoch (B01) ----------------------------------------------------------------- */

START_TEST(test_association_reply_asked_for_in_an_older_epoch_is_dropped)
{
	TsVirtualLink link = {.delay_ns = TS_NS_PER_S};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);
	rig_run(rig, 1.5); /* the request is out, its reply on the way */

	ts_clock_raise_epoch(rig->clock);
	rig_run(rig, 10);

	ck_assert_uint_eq(source->samples->len, 0);
	ck_assert_uint_eq(source->n_reach_updates, 0);
}
END_TEST

START_TEST(test_association_open_request_is_dropped_at_a_step_and_repeated)
{
	TsVirtualLink link = {.delay_ns = 200 * TS_NS_PER_MS};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(NULL);
	rig_run(rig, 0.3);
	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 1);

	ck_assert(ts_clock_step(rig->clock, INT64_C(536500000) * TS_NS_PER_S, NULL)); /* 17 years */
	source->ops->clock_disrupted(source->owner);
	rig_run(rig, 2);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 2);
	ck_assert_uint_eq(source->samples->len, 1);
	ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, 0)), 1);
}
END_TEST

static void
step_once(TsSource *source, void *user_data)
{
	FakeSource *inside = fake_source_inside(source);
	(void)user_data;

	inside->on_sample = NULL;
	ck_assert(ts_clock_step(rig->clock, INT64_C(536500000) * TS_NS_PER_S, NULL));
	ts_clock_raise_epoch(rig->clock);
	inside->ops->clock_disrupted(inside->owner);
}

START_TEST(test_association_step_from_within_its_own_sample_is_survived)
{
	FakeSource *source = add_source(use_iburst);
	source->on_sample = step_once;

	rig_run(rig, 20);

	ck_assert_uint_ge(source->samples->len, 5);
	ck_assert_uint_eq(rig_sample(source, 0)->epoch + 1, rig_sample(source, 1)->epoch);
	for (guint i = 0; i < source->samples->len; i++)
		ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, i)), 1);
}
END_TEST

/* ---- interleaved mode ------------------------------------------------------------------------ */

static void
use_xleave(TsSourceSettings *settings)
{
	settings->xleave = true;
}

START_TEST(test_association_interleaved_samples_have_the_better_stamp)
{
	FakeSource *source = add_source(use_xleave);
	script->is_interleaved = true;
	script->basic_error_ns = 8 * TS_NS_PER_US;

	rig_run(rig, 640);

	/* basic: half of the server's error; the first interleaved reply completes what was used
	 * already */
	ck_assert_uint_ge(source->samples->len, 7);
	ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, 0) + 4 * TS_NS_PER_US), 1);
	for (guint i = 1; i < source->samples->len; i++) {
		ck_assert_int_le(llabs(rig_sample_error_ns(rig, source, i)), 1);
		ck_assert_int_gt(rig_sample(source, i)->raw_ns, rig_sample(source, i - 1)->raw_ns);
	}
}
END_TEST

START_TEST(test_association_interleaved_falls_back_to_a_basic_server)
{
	FakeSource *source = add_source(use_xleave);

	rig_run(rig, 640);

	ck_assert_uint_eq(source->samples->len, rig_n_sent(rig, SERVER));
	ck_assert_uint_ge(source->samples->len, 9);
}
END_TEST

START_TEST(test_association_interleaved_with_losses_uses_no_exchange_twice)
{
	TsVirtualLink link = {
		.delay_ns = TS_NS_PER_MS, .loss = 0.2, .jitter_s = 0.001, .duplicate = 0.2};
	rig_link(rig, SERVER, &link);
	FakeSource *source = add_source(use_xleave);
	script->is_interleaved = true;

	rig_run(rig, 64 * 500);

	ck_assert_uint_ge(source->samples->len, 150);
	for (guint i = 0; i < source->samples->len; i++) {
		const TsSample *sample = rig_sample(source, i);
		ck_assert_double_le(fabs(ts_ns_to_s(rig_sample_error_ns(rig, source, i))),
				    ts_sample_hard_error_s(sample));
		if (i > 0)
			ck_assert_int_gt(sample->raw_ns, rig_sample(source, i - 1)->raw_ns);
	}
}
END_TEST

/* ---- options --------------------------------------------------------------------------------- */

static void
use_short_interval(TsSourceSettings *settings)
{
	settings->min_poll = settings->max_poll = 3;
}

START_TEST(test_association_changed_interval_acts_at_once_and_keeps_the_reach)
{
	FakeSource *source = add_source(NULL);
	source->wanted_log2s = 10;
	rig_run(rig, 20);

	rig_update(rig, TS_SOURCE_SERVER, SERVER, use_short_interval);
	rig_run(rig, 25);

	ck_assert_uint_ge(source->samples->len, 4);
	ck_assert_uint_eq(source->reach & 3, 3);
	ck_assert_uint_eq(source->n_addresses, 1);
	ck_assert_double_eq(source->poll_s, 8);
}
END_TEST

static void
need_key(TsSourceSettings *settings)
{
	settings->key = 17;
	settings->is_authenticated_only = true;
}

START_TEST(test_association_that_must_be_authenticated_never_sends_plain_ntp)
{
	FakeSource *source = add_source(need_key);

	rig_run(rig, 3600);

	ck_assert_uint_eq(rig_n_sent(rig, SERVER), 0);
	ck_assert_ptr_nonnull(strstr(source->stopped, "needs key 17"));
}
END_TEST

TS_TEST_MAIN("ntp-association", {
	TCase *core = tcase_create("core");
	tcase_add_checked_fixture(core, setup, teardown);
	tcase_set_timeout(core, 30);
	tcase_add_test(core, test_association_requests_differ_in_nonce_and_port_only);
	tcase_add_test(core, test_association_version_3_is_asked_and_understood);
	tcase_add_test(core, test_association_sample_is_exact_on_a_symmetric_path);
	tcase_add_test(core, test_association_offset_is_positive_when_the_server_is_ahead);
	tcase_add_test(core, test_association_across_the_wrap_of_2036_loses_no_poll);
	tcase_add_test(core, test_association_client_of_2026_takes_server_of_2036);
	tcase_add_test(core, test_association_duplicated_replies_count_once);
	tcase_add_test(core, test_association_bogus_replies_are_a_miss);
	tcase_add_test(core, test_association_true_reply_is_taken_after_a_bogus_one);
	tcase_add_test(core, test_association_lost_packets_are_misses_and_nothing_else);
	tcase_add_test(core, test_association_slow_server_gives_no_sample_but_is_reachable);
	tcase_add_test(core, test_association_delay_test_drops_the_sample_but_not_the_reach);
	tcase_add_test(core, test_association_late_sample_is_judged_by_the_estimate);
	tcase_add_test(core, test_association_unsynchronised_server_is_named_so_at_once);
	tcase_add_loop_test(core, test_association_negative_root_delay_is_refused_with_the_figure,
			    0, 2);
	tcase_add_test(core, test_association_server_that_follows_us_is_a_loop);
	tcase_add_test(core, test_association_who_serves_nobody_is_in_no_loop);
	suite_add_tcase(suite, core);

	TCase *kisses = tcase_create("kisses");
	tcase_add_checked_fixture(kisses, setup, teardown);
	tcase_set_timeout(kisses, 120);
	tcase_add_test(kisses, test_association_kiss_rate_doubles_the_interval_and_it_comes_back);
	tcase_add_loop_test(kisses, test_association_kiss_deny_and_rstr_stop_it_with_a_reason, 0,
			    2);
	tcase_add_test(kisses, test_association_forged_kiss_is_ignored);
	tcase_add_test(kisses, test_association_unknown_kiss_changes_nothing_but_the_reach);
	tcase_add_test(kisses, test_association_million_kisses_leave_memory_flat);
	suite_add_tcase(suite, kisses);

	TCase *polls = tcase_create("polls");
	tcase_add_checked_fixture(polls, setup, teardown);
	tcase_set_timeout(polls, 30);
	tcase_add_test(polls, test_association_iburst_asks_six_times_in_the_first_minute);
	tcase_add_test(polls, test_association_iburst_ends_after_eight_requests);
	tcase_add_test(polls, test_association_burst_repeats_until_one_is_good);
	tcase_add_test(polls, test_association_operators_burst_asks_at_once);
	tcase_add_test(polls, test_association_interval_follows_the_filter_and_misses_shorten_it);
	tcase_add_test(polls, test_association_subsecond_polls_are_as_fast_as_asked);
	tcase_add_test(polls, test_association_subsecond_polls_wait_for_a_distant_server);
	tcase_add_test(polls, test_association_subsecond_polls_slow_down_when_nobody_answers);
	tcase_add_test(polls, test_association_intervals_are_spread);
	tcase_add_test(polls, test_association_first_requests_of_many_sources_are_spread);
	suite_add_tcase(suite, polls);

	TCase *trouble = tcase_create("trouble");
	tcase_add_checked_fixture(trouble, setup, teardown);
	tcase_set_timeout(trouble, 30);
	tcase_add_test(trouble,
		       test_association_refused_port_is_said_once_and_forgotten_when_cured);
	tcase_add_test(trouble, test_association_without_a_route_waits_quietly_and_returns);
	tcase_add_test(trouble, test_association_one_lost_packet_is_no_news);
	tcase_add_test(trouble, test_association_offline_asks_nothing_and_online_asks_at_once);
	tcase_add_test(trouble, test_association_configured_offline_waits_for_the_operator);
	tcase_add_test(trouble, test_association_reply_asked_for_in_an_older_epoch_is_dropped);
	tcase_add_test(trouble, test_association_open_request_is_dropped_at_a_step_and_repeated);
	tcase_add_test(trouble, test_association_step_from_within_its_own_sample_is_survived);
	suite_add_tcase(suite, trouble);

	TCase *modes = tcase_create("modes");
	tcase_add_checked_fixture(modes, setup, teardown);
	tcase_set_timeout(modes, 30);
	tcase_add_test(modes, test_association_interleaved_samples_have_the_better_stamp);
	tcase_add_test(modes, test_association_interleaved_falls_back_to_a_basic_server);
	tcase_add_test(modes, test_association_interleaved_with_losses_uses_no_exchange_twice);
	tcase_add_test(modes, test_association_changed_interval_acts_at_once_and_keeps_the_reach);
	tcase_add_test(modes, test_association_that_must_be_authenticated_never_sends_plain_ntp);
	suite_add_tcase(suite, modes);
})
