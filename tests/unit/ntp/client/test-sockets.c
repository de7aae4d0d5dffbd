/* SPDX-License-Identifier: BSD-2-Clause */
/* The client over real sockets on loopback, against a server of the same main loop that can be told
 * what to answer. No time is measured: each test runs the loop until its condition holds. */
#include "ntp/client/sockets.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <stdlib.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/time.h"
#include "fake-engine.h"
#include "ntp/client/client.h"
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
	uint8_t last_traffic_class;
	TsAddress last_client;
	TsNtpHeader reply; /* template: origin and timestamps are filled in */
} Rig;

/* Receives one request; notes its port and traffic class. */
static void
receive_request(Rig *rig)
{
	union {
		char bytes[128];
		struct cmsghdr align;
	} control;
	struct iovec part = {rig->last_request, sizeof rig->last_request};
	struct msghdr message = {
		.msg_name = &rig->last_client,
		.msg_namelen = sizeof rig->last_client,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};

	rig->last_length = recvmsg(rig->fd, &message, 0);
	rig->client_ports[rig->n_requests++ % 64] = ts_address_port(&rig->last_client);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
			rig->last_traffic_class = *CMSG_DATA(c);
}

static void
on_request(int fd, GIOCondition condition, void *user_data)
{
	Rig *rig = user_data;
	TsNtpHeader request, reply = rig->reply;
	uint8_t bytes[TS_NTP_HEADER_SIZE];
	(void)condition;

	receive_request(rig);
	ck_assert(ts_ntp_header_parse(rig->last_request, (size_t)rig->last_length, &request));
	reply.origin_ntp64 = request.transmit_ntp64;
	reply.receive_ntp64 = ts_ntp64_from_utc_ns(ts_clock_utc_now(rig->clock));
	reply.transmit_ntp64 = ts_ntp64_from_utc_ns(ts_clock_utc_now(rig->clock));
	ts_ntp_header_format(&reply, bytes);
	ck_assert_int_eq(sendto(fd, bytes, sizeof bytes, 0, &rig->last_client.any,
				ts_address_length(&rig->last_client)),
			 sizeof bytes);
}

/* Returns: false if this machine has no such family. */
static bool
open_server(Rig *rig, const char *host)
{
	TsAddress address;
	socklen_t length = sizeof address;
	int on = 1;

	ck_assert(ts_address_parse(host, rig->port, &address));
	rig->fd = socket(address.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (rig->fd < 0)
		return false;
	setsockopt(rig->fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on);
	if (bind(rig->fd, &address.any, ts_address_length(&address)) != 0 &&
	    address.any.sa_family == AF_INET6) {
		close(rig->fd);
		return false;
	}
	ck_assert_int_eq(getsockname(rig->fd, &address.any, &length), 0);
	rig->port = ts_address_port(&address);
	rig->watch = ts_watch_new(rig->sched, rig->fd, G_IO_IN, on_request, rig);
	return true;
}

static void
close_server(Rig *rig)
{
	if (!rig->watch)
		return;
	g_clear_pointer(&rig->watch, ts_watch_free);
	close(rig->fd);
}

static Rig *
rig_new_with(const GPtrArray *hwtimestamp)
{
	Rig *rig = g_new0(Rig, 1);

	rig->sched = ts_sched_new_real(NULL);
	rig->clock = ts_clock_new_software(NULL);
	rig->engine = fake_engine_new(rig->sched, rig->clock);
	rig->client = ts_ntp_client_new(rig->engine,
					ts_ntp_sockets_new(rig->sched, rig->clock, hwtimestamp));
	rig->reply = (TsNtpHeader){
		.version = 4,
		.mode = TS_NTP_MODE_SERVER,
		.stratum = 1,
		.precision_log2s = -25,
		.refid = 0x47505300,
	};
	return rig;
}

static Rig *
rig_new(void)
{
	return rig_new_with(NULL);
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

/* An entry for the server, asked at least once a second. */
static FakeSource *
rig_add(Rig *rig, const char *host, void (*edit)(TsSourceSettings *settings))
{
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(TS_SOURCE_SERVER, host);

	settings->port = rig->port;
	settings->min_poll = settings->max_poll = -4;
	if (edit)
		edit(settings);
	ck_assert(ts_ntp_client_provider.add(rig->client, settings, NULL));
	return fake_source(rig->engine, host);
}

static void
run_until_samples(FakeSource *source, unsigned n)
{
	while (source->samples->len < n)
		g_main_context_iteration(NULL, TRUE);
}

static void
run_until_progress(FakeSource *source, const char *text)
{
	while (!source->progress || !strstr(source->progress, text))
		g_main_context_iteration(NULL, TRUE);
}

static void
note_description(void *user_data, const char *name, const char *value)
{
	g_string_append_printf(user_data, "%s=%s;", name, value);
}

static bool
is_stamped_by_kernel(const FakeSource *source)
{
	g_autoptr(GString) text = g_string_new("");

	source->ops->describe(source->owner, note_description, text);
	return strstr(text->str, "transmit-stamp=kernel;receive-stamp=kernel;") != NULL;
}

START_TEST(test_sockets_exchange_on_loopback_is_stamped_by_the_kernel)
{
	Rig *rig = rig_new();
	open_server(rig, "127.0.0.1");
	FakeSource *source = rig_add(rig, "127.0.0.1", NULL);

	run_until_samples(source, 3);

	for (guint i = 0; i < 3; i++) {
		const TsSample *sample = &g_array_index(source->samples, TsSample, i);
		int64_t error_ns = sample->offset_ns + sample->raw_ns -
				   ts_clock_utc_at(rig->clock, sample->raw_ns);
		/* the server reads the same clock: whatever the machine does lies within the bound
		 */
		ck_assert_double_le(fabs(ts_ns_to_s(error_ns)), ts_sample_hard_error_s(sample));
		ck_assert_int_gt(sample->delay_ns, 0);
	}
	ck_assert_uint_eq(source->reach, 7);
	/* the kernel begins to stamp some time after it is asked, and then goes on */
	while (!is_stamped_by_kernel(source))
		run_until_samples(source, source->samples->len + 1);
	for (int i = 0; i < 12; i++) {
		run_until_samples(source, source->samples->len + 1);
		ck_assert(is_stamped_by_kernel(source));
	}
	rig_free(rig);
}
END_TEST

START_TEST(test_sockets_waiting_for_a_reply_does_not_spin)
{
	Rig *rig = rig_new();
	unsigned n_iterations = 0;
	open_server(rig, "127.0.0.1");
	g_clear_pointer(&rig->watch, ts_watch_free); /* hears, says nothing */
	FakeSource *source = rig_add(rig, "127.0.0.1", NULL);

	for (; source->n_reach_updates < 2; n_iterations++)
		g_main_context_iteration(NULL, TRUE);

	/* start, two polls, their stamps, two time limits; a socket that stays "ready" gives
	 * millions */
	ck_assert_uint_le(n_iterations, 100);
	close(rig->fd);
	rig_free(rig);
}
END_TEST

START_TEST(test_sockets_each_request_has_a_random_port)
{
	Rig *rig = rig_new();
	unsigned n_same = 0, n_next = 0;
	open_server(rig, "127.0.0.1");

	run_until_samples(rig_add(rig, "127.0.0.1", NULL), 32);

	ck_assert_uint_ge(rig->n_requests, 32);
	for (int i = 0; i < 32; i++)
		for (int j = 0; j < i; j++) {
			n_same += rig->client_ports[i] == rig->client_ports[j];
			n_next += abs(rig->client_ports[i] - rig->client_ports[j]) == 1;
		}
	/* of 28,000 ports, 496 pairs: a pair of the same, or of neighbours, is rare */
	ck_assert_uint_le(n_same, 2);
	ck_assert_uint_le(n_next, 3);
	rig_free(rig);
}
END_TEST

START_TEST(test_sockets_closed_port_is_told_by_icmp_and_cured)
{
	Rig *rig = rig_new();
	open_server(rig, "127.0.0.1");
	close_server(rig); /* its port is known and closed now */
	FakeSource *source = rig_add(rig, "127.0.0.1", NULL);

	run_until_progress(source, "refused");
	ck_assert_uint_eq(source->reach, 0);
	open_server(rig, "127.0.0.1");
	run_until_samples(source, 1);

	ck_assert_ptr_null(source->progress);
	rig_free(rig);
}
END_TEST

START_TEST(test_sockets_ipv6_works_where_there_is_any)
{
	Rig *rig = rig_new();

	if (open_server(rig, "::1")) {
		FakeSource *source = rig_add(rig, "::1", NULL);
		run_until_samples(source, 1);
		ck_assert_int_eq(source->reach, 1);
	} else {
		/* then the client says so and goes on */
		FakeSource *source = rig_add(rig, "::1", NULL);
		run_until_progress(source, "cannot");
	}
	rig_free(rig);
}
END_TEST

static void
with_options(TsSourceSettings *settings)
{
	settings->bind_address = g_strdup("127.0.0.2");
	settings->device = g_strdup("lo");
	settings->dscp = 46;
}

START_TEST(test_sockets_bind_address_device_and_dscp_are_used)
{
	Rig *rig = rig_new();
	char text[TS_ADDRESS_TEXT_SIZE];
	open_server(rig, "127.0.0.1");

	run_until_samples(rig_add(rig, "127.0.0.1", with_options), 1);

	ck_assert_str_eq(ts_address_format(&rig->last_client, text), "127.0.0.2");
	ck_assert_uint_eq(rig->last_traffic_class, 46 << 2);
	rig_free(rig);
}
END_TEST

static void
with_foreign_address(TsSourceSettings *settings)
{
	settings->bind_address = g_strdup("192.0.2.77");
}

START_TEST(test_sockets_address_that_is_not_ours_is_named)
{
	Rig *rig = rig_new();
	open_server(rig, "127.0.0.1");
	FakeSource *source = rig_add(rig, "127.0.0.1", with_foreign_address);

	run_until_progress(source, "cannot bind to 192.0.2.77");

	ck_assert_uint_eq(rig->n_requests, 0);
	rig_free(rig);
}
END_TEST

/* Makes socket() fail with @error_number where its argument @index has all bits of @mask as in
 * @value. */
static void
forbid_sockets(unsigned index, uint32_t mask, uint32_t value, uint32_t error_number)
{
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 (uint32_t)offsetof(struct seccomp_data, args) + index * 8),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error_number),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = G_N_ELEMENTS(program), .filter = program};

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

START_TEST(test_sockets_kernel_without_ipv6_is_said_and_ipv4_goes_on)
{
	Rig *rig = rig_new();
	open_server(rig, "127.0.0.1");
	forbid_sockets(0, 0xffffffff, AF_INET6, EAFNOSUPPORT); /* B32 */
	FakeSource *absent = rig_add(rig, "::1", NULL);

	run_until_progress(absent, "Address family not supported");
	run_until_samples(rig_add(rig, "127.0.0.1", NULL), 1);

	rig_free(rig);
}
END_TEST

START_TEST(test_sockets_simulator_without_socket_flags_is_enough)
{
	Rig *rig = rig_new();
	open_server(rig, "127.0.0.1");
	forbid_sockets(1, SOCK_CLOEXEC, SOCK_CLOEXEC, EINVAL);

	run_until_samples(rig_add(rig, "127.0.0.1", NULL), 2);

	rig_free(rig);
}
END_TEST

static unsigned n_warnings;

static GLogWriterOutput
count_warning(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	(void)fields;
	(void)n_fields;
	(void)user_data;
	n_warnings += (level & G_LOG_LEVEL_WARNING) != 0;
	return G_LOG_WRITER_HANDLED;
}

START_TEST(test_sockets_interface_without_hardware_is_warned_of_once_and_used)
{
	g_autoptr(GPtrArray) interfaces = g_ptr_array_new();
	g_ptr_array_add(interfaces, (char *)"lo");
	g_ptr_array_add(interfaces, (char *)"*");
	g_log_set_writer_func(count_warning, NULL, NULL);
	Rig *rig = rig_new_with(interfaces);
	open_server(rig, "127.0.0.1");

	run_until_samples(rig_add(rig, "127.0.0.1", NULL), 1);

	ck_assert_uint_eq(n_warnings, 1); /* of the one that was named, not of all that there are */
	rig_free(rig);
}
END_TEST

TS_TEST_MAIN("ntp-sockets", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 60);
	tcase_add_test(core, test_sockets_exchange_on_loopback_is_stamped_by_the_kernel);
	tcase_add_test(core, test_sockets_waiting_for_a_reply_does_not_spin);
	tcase_add_test(core, test_sockets_each_request_has_a_random_port);
	tcase_add_test(core, test_sockets_closed_port_is_told_by_icmp_and_cured);
	tcase_add_test(core, test_sockets_ipv6_works_where_there_is_any);
	tcase_add_test(core, test_sockets_bind_address_device_and_dscp_are_used);
	tcase_add_test(core, test_sockets_address_that_is_not_ours_is_named);
	tcase_add_test(core, test_sockets_kernel_without_ipv6_is_said_and_ipv4_goes_on);
	tcase_add_test(core, test_sockets_simulator_without_socket_flags_is_enough);
	tcase_add_test(core, test_sockets_interface_without_hardware_is_warned_of_once_and_used);
	suite_add_tcase(suite, core);
})
