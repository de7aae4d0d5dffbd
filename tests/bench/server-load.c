/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * server-load.c - many clients that ask one NTP server as fast as it answers, and what that costs
 * it
 *
 *   bench-server-load PID SERVER PORT MODE CLIENTS WINDOW SECONDS
 *
 * MODE is basic or interleaved (RFC 9769). The clients are CLIENTS addresses from 127.16.0.0 on;
 * WINDOW requests are under way at once, and each client has at most one. Processor time of PID is
 * read from schedstat of its threads. Prints one line of JSON.
 *
 * "interleaved" is the share of the replies that could be: the third of a client and later ones,
 * from the first again after one was lost.
 *
 * A request carries its client's number in receive and transmit timestamp; the server returns one
 * of them as origin, which tells basic replies from interleaved ones.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/random.h"
#include "ntp/packet.h"

#define BATCH	      64
#define FIRST_CLIENT  UINT32_C(0x7f100000) /* 127.16.0.0 */
#define NUMBER_BITS   22
#define NUMBER_MASK   ((UINT64_C(1) << NUMBER_BITS) - 1)
#define LOST_AFTER_NS INT64_C(300000000)
#define SCAN_EVERY_NS INT64_C(100000000)
#define WARM_UP_NS    INT64_C(300000000)

typedef struct {
	uint64_t receive_ntp64, transmit_ntp64; /* of its request */
	uint64_t server_receive_ntp64;		/* of the last reply */
	int64_t sent_mono_ns;			/* 0: nothing under way */
	unsigned n_replies;			/* in a row */
} Client;

typedef struct {
	uint64_t replies, interleaved, could_be_interleaved, invalid, lost, sent;
} Counts;

typedef struct {
	int fd;
	struct sockaddr_in server;
	bool is_interleaved;
	uint32_t n_clients, window, under_way;
	Client *clients;
	uint32_t *idle; /* ring of client numbers */
	uint32_t idle_first, n_idle;
	uint64_t nonce;
	Counts counts;
	struct mmsghdr out[BATCH], in[BATCH];
	struct iovec out_iov[BATCH], in_iov[BATCH];
	uint8_t out_bytes[BATCH][TS_NTP_HEADER_SIZE], in_bytes[BATCH][128];
	_Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
} Load;

static int64_t
mono_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
fail(const char *what)
{
	perror(what);
	exit(1);
}

static void
init(Load *load, char **argv)
{
	load->server.sin_family = AF_INET;
	load->server.sin_addr.s_addr = inet_addr(argv[2]);
	load->server.sin_port = htons((uint16_t)atoi(argv[3]));
	load->is_interleaved = strcmp(argv[4], "interleaved") == 0;
	load->n_clients = (uint32_t)atoi(argv[5]);
	load->window = (uint32_t)atoi(argv[6]);
	load->nonce = ts_random_u64();
	load->clients = calloc(load->n_clients, sizeof *load->clients);
	load->idle = calloc(load->n_clients, sizeof *load->idle);
	load->n_idle = load->n_clients;
	for (uint32_t i = 0; i < load->n_clients; i++)
		load->idle[i] = i;
	load->fd = socket(AF_INET, SOCK_DGRAM, 0);
	int bytes = 4 << 20;
	if (load->fd < 0 || setsockopt(load->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) != 0)
		fail("socket");
	for (int i = 0; i < BATCH; i++) {
		load->out_iov[i] = (struct iovec){load->out_bytes[i], TS_NTP_HEADER_SIZE};
		load->in_iov[i] = (struct iovec){load->in_bytes[i], sizeof load->in_bytes[i]};
		load->in[i].msg_hdr = (struct msghdr){.msg_iov = &load->in_iov[i], .msg_iovlen = 1};
		load->out[i].msg_hdr = (struct msghdr){
			.msg_name = &load->server,
			.msg_namelen = sizeof load->server,
			.msg_iov = &load->out_iov[i],
			.msg_iovlen = 1,
			.msg_control = load->control[i],
			.msg_controllen = sizeof load->control[i],
		};
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&load->out[i].msg_hdr);
		cmsg->cmsg_level = IPPROTO_IP;
		cmsg->cmsg_type = IP_PKTINFO;
		cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	}
}

static void
prepare(Load *load, int i, uint32_t number, int64_t now_ns)
{
	Client *client = &load->clients[number];
	TsNtpHeader header = {.version = 4, .mode = TS_NTP_MODE_CLIENT, .poll_log2s = 6};
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(FIRST_CLIENT + number)};

	load->nonce += (UINT64_C(2) << NUMBER_BITS) + 1;
	client->transmit_ntp64 = (load->nonce & ~NUMBER_MASK) | number;
	client->receive_ntp64 = client->transmit_ntp64 ^ (UINT64_C(1) << 63);
	client->sent_mono_ns = now_ns;
	header.transmit_ntp64 = client->transmit_ntp64;
	if (load->is_interleaved) {
		header.origin_ntp64 = client->server_receive_ntp64;
		header.receive_ntp64 = client->receive_ntp64;
	}
	ts_ntp_header_format(&header, load->out_bytes[i]);
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&load->out[i].msg_hdr)), &info, sizeof info);
}

static void
send_some(Load *load, int64_t now_ns)
{
	uint32_t n = 0;

	while (n < BATCH && load->n_idle > 0 && load->under_way < load->window) {
		prepare(load, (int)n++, load->idle[load->idle_first], now_ns);
		load->idle_first = (load->idle_first + 1) % load->n_clients;
		load->n_idle--;
		load->under_way++;
	}
	for (uint32_t done = 0; done < n;) {
		int sent = sendmmsg(load->fd, load->out + done, n - done, 0);
		if (sent < 0)
			fail("sendmmsg");
		done += (uint32_t)sent;
	}
	load->counts.sent += n;
}

static void
make_idle(Load *load, uint32_t number)
{
	load->clients[number].sent_mono_ns = 0;
	load->idle[(load->idle_first + load->n_idle++) % load->n_clients] = number;
	load->under_way--;
}

static void
take_reply(Load *load, const uint8_t *bytes, size_t length)
{
	TsNtpHeader header;

	if (!ts_ntp_header_parse(bytes, length, &header)) {
		load->counts.invalid++;
		return;
	}
	uint32_t number = (uint32_t)(header.origin_ntp64 & NUMBER_MASK);
	Client *client = number < load->n_clients ? &load->clients[number] : NULL;
	bool is_basic = client && header.origin_ntp64 == client->transmit_ntp64;
	bool is_interleaved = client && header.origin_ntp64 == client->receive_ntp64;
	if (!client || client->sent_mono_ns == 0 || !(is_basic || is_interleaved) ||
	    header.mode != TS_NTP_MODE_SERVER || header.stratum < 1 || header.stratum > 15) {
		load->counts.invalid++;
		return;
	}
	client->server_receive_ntp64 = header.receive_ntp64;
	load->counts.replies++;
	load->counts.could_be_interleaved += client->n_replies++ >= 2;
	load->counts.interleaved += is_interleaved;
	make_idle(load, number);
}

/* Returns: how many replies came. */
static int
receive_some(Load *load)
{
	int n = recvmmsg(load->fd, load->in, BATCH, MSG_DONTWAIT, NULL);

	for (int i = 0; i < n; i++)
		take_reply(load, load->in_bytes[i], load->in[i].msg_len);
	return n > 0 ? n : 0;
}

static void
give_up_lost(Load *load, int64_t now_ns)
{
	for (uint32_t i = 0; i < load->n_clients; i++) {
		int64_t sent_ns = load->clients[i].sent_mono_ns;
		if (sent_ns == 0 || now_ns - sent_ns < LOST_AFTER_NS)
			continue;
		load->clients[i].server_receive_ntp64 = 0;
		load->clients[i].n_replies = 0;
		load->counts.lost++;
		make_idle(load, i);
	}
}

static void
run(Load *load, int64_t until_ns)
{
	int64_t now_ns = mono_ns(), scan_ns = now_ns + SCAN_EVERY_NS;
	struct pollfd ready = {.fd = load->fd, .events = POLLIN};

	for (; now_ns < until_ns; now_ns = mono_ns()) {
		send_some(load, now_ns);
		if (receive_some(load) == 0 &&
		    (load->under_way == load->window || load->n_idle == 0))
			poll(&ready, 1, 20);
		if (now_ns > scan_ns) {
			give_up_lost(load, now_ns);
			scan_ns = now_ns + SCAN_EVERY_NS;
		}
	}
}

/* Sum of the first field of schedstat: ns on a processor. */
static uint64_t
cpu_ns(const char *pid)
{
	char path[600];
	uint64_t sum = 0;

	snprintf(path, sizeof path, "/proc/%s/task", pid);
	DIR *tasks = opendir(path);
	if (!tasks)
		fail(path);
	for (struct dirent *task; (task = readdir(tasks));) {
		unsigned long long ns = 0;
		if (task->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "/proc/%s/task/%s/schedstat", pid, task->d_name);
		FILE *file = fopen(path, "r");
		if (!file || fscanf(file, "%llu", &ns) != 1)
			fail(path);
		fclose(file);
		sum += ns;
	}
	closedir(tasks);
	return sum;
}

static double
user_share(const char *pid)
{
	char path[64];
	unsigned long user = 0, system = 0;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	FILE *file = fopen(path, "r");
	if (!file ||
	    fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
		   &system) != 2)
		fail(path);
	fclose(file);
	return (double)user / (double)(user + system ? user + system : 1);
}

int
main(int argc, char **argv)
{
	static Load load;

	if (argc != 8) {
		fprintf(stderr, "usage: %s PID SERVER PORT MODE CLIENTS WINDOW SECONDS\n", argv[0]);
		return 2;
	}
	init(&load, argv);
	run(&load, mono_ns() + WARM_UP_NS);

	Counts before = load.counts;
	uint64_t cpu_before_ns = cpu_ns(argv[1]);
	int64_t start_ns = mono_ns();
	run(&load, start_ns + (int64_t)(atof(argv[7]) * 1e9));
	double seconds = (double)(mono_ns() - start_ns) * 1e-9;
	double cpu = (double)(cpu_ns(argv[1]) - cpu_before_ns);

	double replies = (double)(load.counts.replies - before.replies);
	double interleaved = (double)(load.counts.interleaved - before.interleaved);
	double could_be_interleaved =
		(double)(load.counts.could_be_interleaved - before.could_be_interleaved);
	printf("{\"replies_per_s\": %.0f, \"cpu_ns_per_reply\": %.0f, \"utilisation\": %.3f, "
	       "\"user_share\": %.3f, \"interleaved\": %.4f, \"lost\": %llu, \"invalid\": %llu}\n",
	       replies / seconds, cpu / replies, cpu * 1e-9 / seconds, user_share(argv[1]),
	       interleaved / (could_be_interleaved > 0 ? could_be_interleaved : 1),
	       (unsigned long long)(load.counts.lost - before.lost),
	       (unsigned long long)(load.counts.invalid - before.invalid));
	return 0;
}
