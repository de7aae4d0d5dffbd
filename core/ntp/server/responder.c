/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * responder.c - see responder.h
 *
 * The main thread's side of the server: listeners, settings on their way to the workers, and what
 * is read out of them.
 */
#define TS_LOG_COMPONENT "server"
#include "ntp/server/responder.h"

#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "base/time.h"
#include "ntp/server/client-list.h"
#include "ntp/server/worker.h"

/* How long main waits for busy workers to let go of what was replaced, before it leaves that to the
 * next occasion: a batch takes well under a millisecond. */
#define RECLAIM_TRIES	 50
#define RECLAIM_PAUSE_NS (200 * TS_NS_PER_US)

/* What workers may still use, and the ticket that says when they don't. */
typedef struct {
	uint64_t ticket;
	TsServing *serving;
	GPtrArray *listeners; /* of TsListener, those that went */
} Retired;

struct _TsResponder {
	TsMetrics *metrics;
	TsWorkerShared shared;
	TsListenerOptions options;
	uint64_t table_bytes;
	GArray *access_rules; /* of TsAccessRule */
	TsRateLimitSettings rate_limit;
	bool is_interleaved, serve_unsynchronised;
	GPtrArray *listeners; /* (element-type TsListener) owned */
	GPtrArray *workers;   /* (element-type TsWorker) not freed by the array */
	GArray *retired;      /* of Retired, oldest first */
	uint64_t last_generation;
};

static void
free_listener(gpointer data)
{
	ts_listener_free(data);
}

static unsigned
choose_n_workers(const TsServerSettings *settings)
{
	long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = settings->workers ? settings->workers : (unsigned)MAX(n_processors, 1);

	return MIN(wanted, TS_SERVER_MAX_WORKERS);
}

/* settings to workers */

static void
fill_sockets(const TsResponder *self, TsServing *serving)
{
	unsigned n_workers = self->options.n_workers, n_bound = 0;

	for (guint i = 0; i < self->listeners->len; i++) {
		const TsListener *listener = g_ptr_array_index(self->listeners, i);
		n_bound += listener->n_sockets > 0;
	}
	serving->n_sockets = n_bound;
	serving->sockets = g_new0(TsServerSocket *, (gsize)n_workers * n_bound + 1);
	for (unsigned worker = 0, next = 0; worker < n_workers; worker++)
		for (guint i = 0; i < self->listeners->len; i++) {
			TsListener *listener = g_ptr_array_index(self->listeners, i);
			if (listener->n_sockets > 0)
				serving->sockets[next++] = &listener->sockets[worker];
		}
}

static TsServing *
make_serving(TsResponder *self)
{
	TsServing *serving = g_new0(TsServing, 1);

	serving->generation = ++self->last_generation;
	serving->access = ts_access_new(self->access_rules);
	serving->own_addresses = ts_own_addresses_new();
	serving->is_interleaved = self->is_interleaved;
	serving->serve_unsynchronised = self->serve_unsynchronised;
	ts_rate_limit_init(&serving->rate_limit, &self->rate_limit);
	fill_sockets(self, serving);
	return serving;
}

static void
free_retired(Retired *retired)
{
	ts_serving_free(retired->serving);
	if (retired->listeners)
		g_ptr_array_unref(retired->listeners);
}

/* Returns: whether nothing is left. */
static bool
reclaim(TsResponder *self)
{
	while (self->retired->len > 0) {
		Retired *oldest = &g_array_index(self->retired, Retired, 0);
		if (!ts_qsbr_passed(self->shared.qsbr, oldest->ticket))
			return false;
		free_retired(oldest);
		g_array_remove_index(self->retired, 0);
	}
	return true;
}

static void
wake_workers(TsResponder *self)
{
	for (guint i = 0; i < self->workers->len; i++)
		ts_worker_wake(g_ptr_array_index(self->workers, i));
}

/* Hands the settings as they are now to the workers. @gone: (transfer full) (nullable): listeners
 * that the workers may use until then. */
static void
publish(TsResponder *self, GPtrArray *gone)
{
	const struct timespec pause = {.tv_nsec = RECLAIM_PAUSE_NS};
	TsServing *serving = make_serving(self);

	/* partner: the load in worker_main() */
	Retired retired = {
		.serving = __atomic_exchange_n(&self->shared.serving, serving, __ATOMIC_SEQ_CST),
		.listeners = gone,
	};
	retired.ticket = ts_qsbr_begin(self->shared.qsbr);
	g_array_append_val(self->retired, retired);
	wake_workers(self);
	for (int tries = 0; !reclaim(self) && tries < RECLAIM_TRIES; tries++)
		nanosleep(&pause, NULL);
}

/* life */

static bool
start_workers(TsResponder *self, GError **error)
{
	size_t bytes = self->table_bytes / self->options.n_workers;

	for (unsigned i = 0; i < self->options.n_workers; i++) {
		TsWorker *worker = ts_worker_new(i, bytes, &self->shared, error);
		if (!worker)
			return false;
		g_ptr_array_add(self->workers, worker);
	}
	return true;
}

static void
stop_workers(TsResponder *self)
{
	__atomic_store_n(&self->shared.must_stop, 1, __ATOMIC_RELAXED);
	wake_workers(self);
	for (guint i = 0; i < self->workers->len; i++)
		ts_worker_free(g_ptr_array_index(self->workers, i));
	g_ptr_array_set_size(self->workers, 0);
	self->shared.must_stop = 0;
	reclaim(self);
}

static void
take_settings(TsResponder *self, const TsServerSettings *settings)
{
	g_array_unref(self->access_rules);
	self->access_rules = g_array_copy(settings->access);
	self->rate_limit = settings->rate_limit;
	self->is_interleaved = settings->interleaved;
	self->serve_unsynchronised = settings->serve_unsynchronised;
	self->options.dscp = settings->dscp;
}

static void
add_listener(TsResponder *self, const TsListen *listen)
{
	TsListener *listener = ts_listener_new(listen);

	if (self->listeners->len >= TS_SERVER_MAX_SOCKETS) {
		listener->problem = g_strdup_printf("more than %d addresses to listen on",
						    TS_SERVER_MAX_SOCKETS);
		ts_warning("%s: the rest is not served", listener->problem);
		ts_listener_free(listener);
		return;
	}
	ts_listener_open(listener, &self->options);
	g_ptr_array_add(self->listeners, listener);
}

static void
open_listeners(TsResponder *self, const TsServerSettings *settings)
{
	for (guint i = 0; i < settings->listen->len; i++)
		add_listener(self, &g_array_index(settings->listen, TsListen, i));
}

/* Everything that depends on the number of workers. */
static bool
start(TsResponder *self, const TsServerSettings *settings, GError **error)
{
	self->options.n_workers = choose_n_workers(settings);
	self->table_bytes = settings->client_table_bytes;
	self->shared.qsbr = ts_qsbr_new(self->options.n_workers);
	take_settings(self, settings);
	open_listeners(self, settings);
	self->shared.serving = make_serving(self);
	/* a pure client needs no threads */
	return settings->listen->len == 0 || start_workers(self, error);
}

static void
stop(TsResponder *self)
{
	stop_workers(self);
	g_clear_pointer(&self->shared.serving, ts_serving_free);
	g_ptr_array_set_size(self->listeners, 0);
	g_clear_pointer(&self->shared.qsbr, ts_qsbr_free);
}

TsResponder *
ts_responder_new(const TsServerSettings *settings, const TsClock *clock,
		 const TsSystemStatePublisher *state, TsMetrics *metrics, GError **error)
{
	TsResponder *self = g_new0(TsResponder, 1);

	self->metrics = metrics;
	self->shared.clock = clock;
	self->shared.state = state;
	self->options.spread_multiplier = (uint32_t)ts_random_u64() | 1;
	self->access_rules = g_array_new(FALSE, FALSE, sizeof(TsAccessRule));
	self->listeners = g_ptr_array_new_with_free_func(free_listener);
	self->workers = g_ptr_array_new();
	self->retired = g_array_new(FALSE, FALSE, sizeof(Retired));
	ts_server_counters_add(metrics, self->shared.counters);
	if (!start(self, settings, error)) {
		ts_responder_free(self);
		return NULL;
	}
	return self;
}

void
ts_responder_free(TsResponder *responder)
{
	if (!responder)
		return;
	stop(responder);
	ts_server_counters_remove(responder->metrics, responder->shared.counters);
	g_array_unref(responder->retired);
	g_ptr_array_unref(responder->workers);
	g_ptr_array_unref(responder->listeners);
	g_array_unref(responder->access_rules);
	g_free(responder);
}

/* change */

static bool
must_restart(const TsResponder *self, const TsServerSettings *settings)
{
	return choose_n_workers(settings) != self->options.n_workers ||
	       settings->client_table_bytes != self->table_bytes ||
	       (settings->listen->len > 0) != (self->workers->len > 0);
}

static bool
is_listened_on(const GPtrArray *listeners, const TsListen *listen)
{
	for (guint i = 0; i < listeners->len; i++)
		if (ts_listener_is_for(g_ptr_array_index(listeners, i), listen))
			return true;
	return false;
}

static bool
is_wanted(const TsServerSettings *settings, const TsListener *listener)
{
	for (guint i = 0; i < settings->listen->len; i++)
		if (ts_listener_is_for(listener, &g_array_index(settings->listen, TsListen, i)))
			return true;
	return false;
}

/* Returns: (transfer full): the listeners that are not wanted any more. */
static GPtrArray *
take_unwanted(TsResponder *self, const TsServerSettings *settings)
{
	GPtrArray *gone = g_ptr_array_new_with_free_func(free_listener);
	char text[TS_ADDRESS_TEXT_SIZE];

	for (guint i = 0; i < self->listeners->len;) {
		TsListener *listener = g_ptr_array_index(self->listeners, i);
		if (is_wanted(settings, listener)) {
			i++;
			continue;
		}
		ts_info("no longer listening on %s",
			ts_address_format_port(&listener->address, text));
		g_ptr_array_add(gone, g_ptr_array_steal_index(self->listeners, i));
	}
	return gone;
}

static void
mark_packets(TsResponder *self)
{
	for (guint i = 0; i < self->listeners->len; i++)
		ts_listener_set_dscp(g_ptr_array_index(self->listeners, i), self->options.dscp);
}

bool
ts_responder_update(TsResponder *responder, const TsServerSettings *settings, GError **error)
{
	if (must_restart(responder, settings)) {
		stop(responder);
		return start(responder, settings, error);
	}
	bool is_marked_anew = settings->dscp != responder->options.dscp;
	take_settings(responder, settings);
	GPtrArray *gone = take_unwanted(responder, settings);
	if (is_marked_anew)
		mark_packets(responder);
	for (guint i = 0; i < settings->listen->len; i++) {
		const TsListen *listen = &g_array_index(settings->listen, TsListen, i);
		if (!is_listened_on(responder->listeners, listen))
			add_listener(responder, listen);
	}
	publish(responder, gone);
	/* an address that was free only now */
	ts_responder_retry(responder);
	return true;
}

void
ts_responder_retry(TsResponder *responder)
{
	g_autoptr(TsOwnAddresses) own = ts_own_addresses_new();
	bool is_changed = !ts_own_addresses_equal(own, responder->shared.serving->own_addresses);

	for (guint i = 0; i < responder->listeners->len; i++) {
		TsListener *listener = g_ptr_array_index(responder->listeners, i);
		if (listener->n_sockets == 0)
			is_changed |= ts_listener_open(listener, &responder->options);
	}
	if (is_changed)
		publish(responder, NULL);
	else
		reclaim(responder);
}

/* what is read out */

void
ts_responder_foreach_client(TsResponder *responder, unsigned limit, TsClientFunc func,
			    void *user_data)
{
	TsClientList *list = ts_client_list_new(limit, ts_clock_raw_now(responder->shared.clock));

	for (guint i = 0; i < responder->workers->len; i++) {
		const TsClientTable *clients =
			ts_worker_clients(g_ptr_array_index(responder->workers, i));
		if (clients)
			ts_client_list_add(list, clients);
	}
	g_autoptr(GArray) views = ts_client_list_finish(list);
	for (guint i = 0; i < views->len; i++)
		func(&g_array_index(views, TsClientView, i), user_data);
}

static void
clear_listener_view(gpointer data)
{
	TsListenerView *view = data;

	g_free(view->problem);
}

GArray *
ts_responder_listeners(TsResponder *responder)
{
	GArray *views = g_array_new(FALSE, TRUE, sizeof(TsListenerView));

	g_array_set_clear_func(views, clear_listener_view);
	for (guint i = 0; i < responder->listeners->len; i++) {
		const TsListener *listener = g_ptr_array_index(responder->listeners, i);
		TsListenerView view = {
			.address = listener->address,
			.is_bound = listener->n_sockets > 0,
			.problem = g_strdup(listener->problem),
		};
		g_strlcpy(view.device, listener->settings.device, sizeof view.device);
		g_array_append_val(views, view);
	}
	return views;
}

unsigned
ts_responder_n_workers(const TsResponder *responder)
{
	return responder->workers->len;
}

bool
ts_responder_check_access(TsResponder *responder, const TsAddress *client, TsPrefix *rule)
{
	TsAccessRule found = {0};
	TsAddress plain = *client;

	ts_address_unmap(&plain);
	bool is_named = ts_access_find(responder->shared.serving->access, &plain, &found);
	if (is_named && found.is_all)
		found.prefix = (TsPrefix){.address.any.sa_family = plain.any.sa_family};
	if (rule)
		*rule = found.prefix;
	return is_named && found.is_allow;
}
