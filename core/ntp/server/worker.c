/* SPDX-License-Identifier: BSD-2-Clause */
/* worker.c - see worker.h */
#include "ntp/server/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib.h>

#include "base/error.h"
#include "base/fd.h"
#include "ntp/server/batch.h"

/* The batch is on the heap; what is left are a few frames and the error queue's buffers. */
#define STACK_BYTES (128 * 1024)

/* Of the memory for clients: a pair takes 16 octets, a client 40, and few are in interleaved mode.
 */
#define PAIRS_SHARE 5

struct _TsWorker {
	/* set before start, then read-only */
	unsigned index;
	TsWorkerShared *shared;
	pthread_t thread;
	TsFd wake_fd;		/* eventfd */
	TsClientTable *clients; /* (nullable) written by the worker, readable by main */

	/* worker only */
	TsPairTable *pairs; /* (nullable) */
	TsBatch *batch;
	uint32_t counts[TS_N_SERVER_COUNTERS];
	uint64_t generation;				  /* of what pollfds were made from */
	struct pollfd pollfds[TS_SERVER_MAX_SOCKETS + 1]; /* the sockets, then wake_fd */
};

void
ts_serving_free(TsServing *serving)
{
	if (!serving)
		return;
	ts_access_free(serving->access);
	ts_own_addresses_free(serving->own_addresses);
	g_free(serving->sockets);
	g_free(serving);
}

/* Nothing that poll() said of the sockets of before holds for the new ones. */
static void
take_sockets(TsWorker *worker, const TsServing *serving)
{
	TsServerSocket **sockets = serving->sockets + worker->index * serving->n_sockets;

	for (unsigned i = 0; i < serving->n_sockets; i++)
		worker->pollfds[i] = (struct pollfd){.fd = sockets[i]->fd, .events = POLLIN};
	worker->pollfds[serving->n_sockets] =
		(struct pollfd){.fd = worker->wake_fd, .events = POLLIN};
	worker->generation = serving->generation;
}

/* Returns: whether a socket may have more. */
static bool
serve_ready(TsWorker *worker, const TsServing *serving)
{
	TsServerSocket **sockets = serving->sockets + worker->index * serving->n_sockets;
	bool has_more = false;

	for (unsigned i = 0; i < serving->n_sockets; i++) {
		struct pollfd *ready = &worker->pollfds[i];
		if (ready->revents & POLLERR)
			ts_batch_collect_stamps(worker->batch, sockets[i], worker->counts);
		/* receiving also takes the error of a socket, else poll() would not sleep again */
		if (ready->revents)
			has_more |= ts_batch_serve(worker->batch, serving, sockets[i],
						   worker->counts) == TS_BATCH_SIZE;
	}
	ts_server_counters_flush(worker->shared->counters, worker->index, worker->counts);
	return has_more;
}

static void
poll_sockets(TsWorker *worker, unsigned n_sockets, int timeout_ms)
{
	uint64_t n_wakes;

	/* all signals are blocked: it fails only for want of memory, and then it is tried again */
	poll(worker->pollfds, n_sockets + 1, timeout_ms);
	if (worker->pollfds[n_sockets].revents)
		while (read(worker->wake_fd, &n_wakes, sizeof n_wakes) < 0 && errno == EINTR)
			;
}

/* The pollfds are the worker's own: what is published may be gone when poll() returns. With more to
 * do it only looks at the other sockets, so that a busy one doesn't starve them. */
static void
wait_for_work(TsWorker *worker, unsigned n_sockets, bool has_more)
{
	TsQsbr *qsbr = worker->shared->qsbr;

	if (has_more) {
		ts_qsbr_quiet(qsbr, worker->index);
		poll_sockets(worker, n_sockets, 0);
	} else {
		ts_qsbr_sleep(qsbr, worker->index);
		poll_sockets(worker, n_sockets, -1);
		ts_qsbr_wake(qsbr, worker->index);
	}
}

static void *
worker_main(void *user_data)
{
	TsWorker *worker = user_data;
	TsWorkerShared *shared = worker->shared;

	ts_qsbr_wake(shared->qsbr, worker->index);
	while (!__atomic_load_n(&shared->must_stop, __ATOMIC_RELAXED)) {
		/* partner: the store in ts_responder's publish() */
		const TsServing *serving = __atomic_load_n(&shared->serving, __ATOMIC_SEQ_CST);
		if (worker->generation != serving->generation)
			take_sockets(worker, serving);
		bool has_more = serve_ready(worker, serving);
		wait_for_work(worker, serving->n_sockets, has_more);
	}
	ts_qsbr_sleep(shared->qsbr, worker->index);
	return NULL;
}

static void
make_tables(TsWorker *worker, size_t table_bytes)
{
	worker->clients = ts_client_table_new(table_bytes - table_bytes / PAIRS_SHARE);
	if (worker->clients)
		worker->pairs = ts_pair_table_new(table_bytes / PAIRS_SHARE);
	worker->batch = ts_batch_new(worker->shared, worker->clients, worker->pairs);
}

/* Signals are the main thread's. Returns: 0 or an errno. */
static int
start_thread(TsWorker *worker)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	char name[16];

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&worker->thread, &attributes, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		return error;
	snprintf(name, sizeof name, "server-%u", worker->index);
	pthread_setname_np(worker->thread, name);
	return 0;
}

static void
free_memory(TsWorker *worker)
{
	ts_batch_free(worker->batch);
	ts_pair_table_free(worker->pairs);
	ts_client_table_free(worker->clients);
	ts_fd_clear(&worker->wake_fd);
	g_free(worker);
}

TsWorker *
ts_worker_new(unsigned index, size_t table_bytes, TsWorkerShared *shared, GError **error)
{
	TsWorker *self = g_new0(TsWorker, 1);

	self->index = index;
	self->shared = shared;
	self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	make_tables(self, table_bytes);
	int failure = self->wake_fd < 0 ? errno : start_thread(self);
	if (failure) {
		ts_set_error_errno(error, failure, "cannot start server worker %u", index);
		free_memory(self);
		return NULL;
	}
	return self;
}

void
ts_worker_wake(TsWorker *worker)
{
	uint64_t one = 1;

	/* EAGAIN: the counter is full, so the worker will wake */
	while (write(worker->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

void
ts_worker_free(TsWorker *worker)
{
	if (!worker)
		return;
	pthread_join(worker->thread, NULL);
	free_memory(worker);
}

const TsClientTable *
ts_worker_clients(const TsWorker *worker)
{
	return worker->clients;
}
