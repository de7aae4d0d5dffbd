/* SPDX-License-Identifier: BSD-2-Clause */
/* The client over real sockets on loopback, against a server of the same main loop that can be told what to
 * answer. No time is measured: each test runs the loop until its condition holds. */
#include "ntp/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "base/time.h"
#include "fake-engine.h"
#include "ntp/client.h"
#include "ntp/packet.h"
#include "suite.h"

typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsEngine *engine;
	TsNtpClient *client;
	/* the server */
	int fd;
	uint16_t port;
	TsWatch *watch;
	unsigned n_requests;
	uint16_t client_ports[64];
	uint8_t last_request[256];
	ssize_t last_length;
	TsNtpHeader reply; /* template: origin and timestamps are filled in */
} Rig;

static void
on_request(int fd, GIOCondition condition, void *user_data)
{
	Rig *rig = user_data;
	TsAddress from;
	socklen_t length = sizeof from;
	TsNtpHeader request, reply = rig->reply;
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	(void)condition;

	rig->last_length = recvfrom(fd, rig->last_request, sizeof rig->last_request, 0, &from.any, &length);
	ck_assert(ts_ntp_header_parse(rig->last_request, (size_t)rig->last_length, &request));
	rig->client_ports[rig->n_requests++ % 64] = ts_address_port(&from);
	reply.origin_ntp64 = request.transmit_ntp64;
	reply.receive_ntp64 = ts_ntp64_from_utc_ns(ts_clock_utc_now(rig->clock));
	reply.transmit_ntp64 = ts_ntp64_from_utc_ns(ts_clock_utc_now(rig->clock));
	ts_ntp_header_format(&reply, bytes);
	ck_assert_int_eq(sendto(fd, bytes, sizeof bytes, 0, &from.any, length), sizeof bytes);
}

static void
open_server(Rig *rig)
{
	TsAddress address;
	socklen_t length = sizeof address;

	ck_assert(ts_address_parse("127.0.0.1", rig->port, &address));
	rig->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(rig->fd, &address.any, ts_address_length(&address)), 0);
	ck_assert_int_eq(getsockname(rig->fd, &address.any, &length), 0);
	rig->port = ts_address_port(&address);
	rig->watch = ts_watch_new(rig->sched, rig->fd, G_IO_IN, on_request, rig);
}

static void
close_server(Rig *rig)
{
	g_clear_pointer(&rig->watch, ts_watch_free);
	close(rig->fd);
}

static Rig *
rig_new(void)
{
	Rig *rig = g_new0(Rig, 1);

	rig->sched = ts_sched_new_real(NULL);
	rig->clock = ts_clock_new_software(NULL);
	rig->engine = fake_engine_new(rig->sched, rig->clock);
	rig->client = ts_ntp_client_new(rig->engine, NULL);
	rig->reply = (TsNtpHeader){
		.version = 4,
		.mode = TS_NTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2s = -25,
		.refid = 0x47505300,
	};
	open_server(rig);
	return rig;
}

static void
rig_free(Rig *rig)
{
	ts_ntp_client_free(rig->client);
	ts_engine_free(rig->engine);
	close_server(rig);
	ts_clock_free(rig->clock);
	ts_sched_free(rig->sched);
	g_free(rig);
}

static void
rig_add_server(Rig *rig, const char *name, int min_poll)
{
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(TS_SOURCE_SERVER, name);

	settings->port = rig->port;
	settings->min_poll = min_poll;
	ck_assert(ts_ntp_client_provider.add(rig->client, settings, NULL));
}

static void
run_until_samples(FakeSource *source, unsigned n)
{
	while (source->samples->len < n)
		g_main_context_iteration(NULL, TRUE);
}

START_TEST(test_sockets_exchange_on_loopback_gives_kernel_stamped_sample)
{
	Rig *rig = rig_new();
	rig_add_server(rig, "127.0.0.1", 0);
	FakeSource *source = fake_source(rig->engine, "127.0.0.1");

	run_until_samples(source, 1);

	const TsSample *sample = &g_array_index(source->samples, TsSample, 0);
	int64_t error_ns = sample->offset_ns + sample->raw_ns - ts_clock_utc_at(rig->clock, sample->raw_ns);
	ck_assert_int_eq(source->reach, 1);
	/* the server reads the same clock: whatever the machine does meanwhile lies within the bound */
	ck_assert_double_le(fabs(ts_ns_to_s(error_ns)), ts_sample_hard_error_s(sample));
	ck_assert_int_eq(sample->stratum, 1);
	rig_free(rig);
}
END_TEST

TS_TEST_MAIN("ntp-sockets", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_sockets_exchange_on_loopback_gives_kernel_stamped_sample);
	suite_add_tcase(suite, core);
})
