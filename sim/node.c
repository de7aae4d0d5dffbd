/* SPDX-License-Identifier: BSD-2-Clause */
/* node.c - see node.h */
#include "node.h"

#include <math.h>

#include "base/log.h"
#include "base/time.h"
#include "ntp/client/client.h"
#include "ntp/server/reply.h"
#include "ntp/virtual/virtual-resolver.h"
#include "random.h"
#include "world.h"

#define TS_LOG_COMPONENT "sim"

#define LOOKUP_NS (20 * TS_NS_PER_MS)

struct _SimNode {
	SimWorld *world;
	const SimNodeSettings *settings;
	TsSettings *config; /* now */
	const TsAddress *address;
	TsClock *clock;
	SimRandom random;
	TsFastRandom reply_random;
	SimMeter *meter;
	TsTimer *panic_timer;
	/* the daemon; NULL while it is stopped */
	TsMetrics *metrics;
	TsEngine *engine;
	TsNtpClient *client;
	SimRefclocks *refclocks;
	TsRoster *roster;
	TsVirtualSocket *socket;
	/* the narrowest claim that is possible */
	GArray *upstreams; /* of Upstream: the sources that no majority was against */
	unsigned n_voting;
	bool are_upstreams_old;
	/* what happened, over all lives of the daemon */
	uint64_t n_replies;
	unsigned n_steps, n_disruptions, n_panics;
	uint64_t n_foreign_steps; /* of the lives before */
};

typedef struct {
	const TsAddress *address; /* NULL: a reference clock */
	double claim_s;           /* of a reference clock */
} Upstream;

/* ---- replies to others ----------------------------------------------------------------------- */

static void
on_request(const TsAddress *from, const uint8_t *bytes, size_t length, void *user_data)
{
	SimNode *self = user_data;
	const TsServerSettings *server = &self->config->server;
	uint8_t reply[256];
	TsRequest request;
	TsReplyFrame frame;
	TsSystemState state;

	if (length > sizeof reply || ts_request_parse(bytes, length, ts_address_port(from),
						      &request) != TS_REQUEST_VALID)
		return;
	ts_system_state_read(ts_engine_state(self->engine), &state);
	ts_reply_frame_init(&frame, &state, ts_clock_raw_now(self->clock),
			    server->serve_unsynchronised);
	int64_t utc_ns = ts_clock_utc_now(self->clock);
	TsReplyFields fields = {
		.origin_ntp64 = request.transmit_ntp64,
		.receive_ntp64 = ts_reply_receive_stamp(&frame, utc_ns, &self->reply_random),
	};
	fields.transmit_ntp64 = ts_reply_transmit_stamp(&frame, utc_ns, fields.receive_ntp64,
							&self->reply_random);
	size_t reply_length = ts_reply_format(&frame, &request, bytes, &fields, reply);
	ts_virtual_socket_send(self->socket, from, reply, reply_length);
	self->n_replies++;
}

/* ---- life ------------------------------------------------------------------------------------ */

static void
on_panic(void *user_data)
{
	sim_node_stop(user_data);
}

static void
on_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	SimNode *self = user_data;
	(void)source;
	(void)detail;

	switch (event) {
	case TS_EVENT_SOURCE_ADDED:
	case TS_EVENT_SOURCE_REMOVED:
	case TS_EVENT_SOURCE_CHANGED:
		self->are_upstreams_old = true;
		break;
	case TS_EVENT_CLOCK_STEPPED:
		self->n_steps++;
		break;
	case TS_EVENT_CLOCK_DISRUPTED:
		self->n_disruptions++;
		break;
	case TS_EVENT_PANIC:
		/* the daemon ends, but not within its own call */
		self->n_panics++;
		ts_timer_arm_after(self->panic_timer, 0);
		break;
	case TS_EVENT_SYSTEM_PEER_CHANGED:
	case TS_EVENT_CLOCK_STATE_CHANGED:
	case TS_EVENT_CLOCK_UPDATED:
		break;
	}
}

static const SimRefclockSettings *
find_refclock(void *user_data, const char *name)
{
	return sim_world_find_refclock(user_data, name);
}

static void
start_client(SimNode *self)
{
	TsVirtualNet *net = sim_world_net(self->world);
	TsResolver *resolver = ts_virtual_resolver_new(sim_world_sched(self->world), LOOKUP_NS);

	sim_directory_publish(sim_world_scenario(self->world)->directory, resolver);
	self->client = ts_ntp_client_new(self->engine,
					 ts_virtual_transport_new(net, self->address, self->clock));
	ts_ntp_client_set_resolver(self->client, resolver);
}

void
sim_node_start(SimNode *self)
{
	if (self->engine)
		return;
	self->metrics = ts_metrics_new();
	self->engine = ts_engine_new(sim_world_sched(self->world), self->clock, self->config,
				     self->metrics);
	ts_engine_subscribe(self->engine, on_event, self);
	start_client(self);
	self->refclocks = sim_refclocks_new(self->engine, sim_random_next(&self->random),
					    find_refclock, self->world);
	self->roster = ts_roster_new();
	ts_roster_set_provider(self->roster, TS_SOURCE_SERVER, &ts_ntp_client_provider, self->client);
	ts_roster_set_provider(self->roster, TS_SOURCE_POOL, &ts_ntp_client_provider, self->client);
	ts_roster_set_provider(self->roster, TS_SOURCE_REFCLOCK, &sim_refclocks_provider,
			       self->refclocks);
	self->socket = ts_virtual_net_bind(sim_world_net(self->world), self->address, on_request, self);
	ts_roster_apply(self->roster, self->config);
}

void
sim_node_stop(SimNode *self)
{
	TsClockView view;

	if (!self->engine)
		return;
	ts_engine_get_clock_view(self->engine, &view);
	self->n_foreign_steps += view.n_foreign_steps;
	ts_engine_stop(self->engine);
	g_clear_pointer(&self->socket, ts_virtual_socket_close);
	g_clear_pointer(&self->roster, ts_roster_free);
	g_clear_pointer(&self->refclocks, sim_refclocks_free);
	g_clear_pointer(&self->client, ts_ntp_client_free);
	g_clear_pointer(&self->engine, ts_engine_free);
	g_clear_pointer(&self->metrics, ts_metrics_free);
	ts_timer_disarm(self->panic_timer);
}

static TsClock *
new_clock(const SimNode *self, uint64_t seed)
{
	const SimNodeSettings *settings = self->settings;
	TsOscillator oscillator = {
		.start_utc_ns = ts_s_to_ns(sim_world_scenario(self->world)->start_utc_s),
		.frequency = settings->frequency_ppm * 1e-6,
		.wander = settings->wander_ppm * 1e-6,
		.seed = seed,
		.initial_error_ns = ts_s_to_ns(settings->offset_s),
		.cycle_amplitude = settings->cycle_ppm * 1e-6,
		.cycle_period_s = settings->cycle_period_s,
	};

	return ts_clock_new_virtual(sim_world_sched(self->world), &oscillator);
}

SimNode *
sim_node_new(SimWorld *world, const SimNodeSettings *settings, uint64_t seed)
{
	SimNode *self = g_new0(SimNode, 1);
	const SimScenario *scenario = sim_world_scenario(world);
	SimMeterOptions options = {
		.settle_s = scenario->settle_s,
		.interval_s = scenario->interval_s,
		.converged_s = scenario->converged_s,
	};

	self->world = world;
	self->settings = settings;
	self->config = ts_settings_ref(settings->settings);
	self->address = sim_directory_find(scenario->directory, settings->name);
	self->random.state = seed;
	for (unsigned i = 0; i < G_N_ELEMENTS(self->reply_random.word); i++)
		self->reply_random.word[i] = sim_random_next(&self->random);
	self->clock = new_clock(self, sim_random_next(&self->random));
	self->meter = sim_meter_new(&options);
	self->upstreams = g_array_new(FALSE, FALSE, sizeof(Upstream));
	self->panic_timer = ts_timer_new(sim_world_sched(world), on_panic, self);
	return self;
}

void
sim_node_free(SimNode *self)
{
	if (!self)
		return;
	sim_node_stop(self);
	ts_timer_free(self->panic_timer);
	sim_meter_free(self->meter);
	ts_clock_free(self->clock);
	g_array_unref(self->upstreams);
	ts_settings_unref(self->config);
	g_free(self);
}

/* ---- what happens to it ---------------------------------------------------------------------- */

static void
reload(SimNode *self, TsSettings *settings)
{
	ts_settings_unref(self->config);
	self->config = ts_settings_ref(settings);
	if (!self->engine)
		return;
	ts_engine_set_settings(self->engine, settings);
	ts_roster_apply(self->roster, settings);
}

static void
change_sources(SimNode *self, const SimNodeAction *action)
{
	g_autoptr(GError) error = NULL;

	if (!self->roster)
		return;
	if (action->removed && !ts_roster_remove(self->roster, action->removed, &error))
		ts_warning("%s: %s", self->settings->name, error->message);
	g_clear_error(&error);
	if (action->added && !ts_roster_add(self->roster, action->added, &error))
		ts_warning("%s: %s", self->settings->name, error->message);
}

static void
sleep_for(SimNode *self, double duration_s, bool is_noticed)
{
	ts_clock_virtual_suspend(self->clock, ts_s_to_ns(duration_s), is_noticed);
	sim_world_sleep(self->world, ts_s_to_ns(duration_s));
}

void
sim_node_act(SimNode *self, const SimNodeAction *action)
{
	if (action->step_s != 0)
		ts_clock_virtual_disturb(self->clock, ts_s_to_ns(action->step_s));
	if (action->frequency_ppm != 0)
		ts_clock_virtual_change_frequency(self->clock, action->frequency_ppm * 1e-6);
	if (action->suspend_s > 0)
		sleep_for(self, action->suspend_s, true);
	if (action->freeze_s > 0)
		sleep_for(self, action->freeze_s, false);
	if (action->step_s != 0 || action->suspend_s > 0 || action->freeze_s > 0)
		sim_meter_note_move(self->meter);
	if (action->settings)
		reload(self, action->settings);
	change_sources(self, action);
	if (action->is_stopped)
		sim_node_stop(self);
	if (action->is_started)
		sim_node_start(self);
}

/* ---- looking at it --------------------------------------------------------------------------- */

static void
add_upstream(SimNode *self, const TsSourceView *view)
{
	const SimScenario *scenario = sim_world_scenario(self->world);
	Upstream upstream = {0};

	if (!ts_verdict_is_truechimer(view->verdict))
		return;
	self->n_voting = MAX(self->n_voting, view->decision.n_voting);
	if (view->kind == TS_SOURCE_REFCLOCK)
		upstream.claim_s = sim_world_find_refclock(self->world, view->name)->claim_s;
	else
		upstream.address = sim_directory_find_address(scenario->directory, &view->address);
	g_array_append_val(self->upstreams, upstream);
}

static void
renew_upstreams(SimNode *self)
{
	g_array_set_size(self->upstreams, 0);
	self->n_voting = 0;
	for (unsigned i = 0; i < ts_engine_n_sources(self->engine); i++) {
		TsSourceView view;
		ts_source_get_view(ts_engine_source_at(self->engine, i), &view);
		add_upstream(self, &view);
	}
	self->are_upstreams_old = false;
}

/* Half the least round trip, and what the upstream claims itself. */
static double
half_width_of(const SimNode *self, const Upstream *upstream)
{
	if (!upstream->address)
		return upstream->claim_s;
	return sim_world_least_rtt(self->world, self->address, upstream->address) / 2 +
	       sim_world_claim_of(self->world, upstream->address);
}

static gint
compare_doubles(gconstpointer a, gconstpointer b)
{
	double first = *(const double *)a, second = *(const double *)b;

	return (first > second) - (first < second);
}

/* The least that can be certain: where more than half of the voters overlap if all are centred. */
static double
floor_of(SimNode *self)
{
	g_autoptr(GArray) widths = NULL;

	if (self->are_upstreams_old)
		renew_upstreams(self);
	if (self->upstreams->len == 0)
		return NAN;
	widths = g_array_sized_new(FALSE, FALSE, sizeof(double), self->upstreams->len);
	for (unsigned i = 0; i < self->upstreams->len; i++) {
		double width_s = half_width_of(self, &g_array_index(self->upstreams, Upstream, i));
		g_array_append_val(widths, width_s);
	}
	g_array_sort(widths, compare_doubles);
	double floor_s = g_array_index(widths, double, MIN(self->n_voting / 2, widths->len - 1));
	return isfinite(floor_s) ? floor_s : NAN;
}

void
sim_node_look(SimNode *self)
{
	sim_meter_look(self->meter, self->clock, self->engine, self->engine ? floor_of(self) : NAN);
}

const SimNodeSettings *
sim_node_settings(const SimNode *self)
{
	return self->settings;
}

const SimMeter *
sim_node_meter(const SimNode *self)
{
	return self->meter;
}

double
sim_node_claim(const SimNode *self)
{
	TsSystemState state;

	if (!self->engine)
		return INFINITY;
	ts_system_state_read(ts_engine_state(self->engine), &state);
	if (!state.may_serve || state.stratum >= TS_STRATUM_UNSYNCHRONISED)
		return INFINITY;
	return state.root_delay_s / 2 +
	       ts_system_state_root_dispersion(&state, ts_clock_raw_now(self->clock));
}

static void
get_end(const SimNode *self, SimFigures *figures)
{
	TsClockView view;

	figures->foreign_steps = (double)self->n_foreign_steps;
	figures->state = SIM_STATE_STOPPED;
	figures->stratum = TS_STRATUM_UNSYNCHRONISED;
	figures->leap = TS_LEAP_UNSYNCHRONISED;
	if (!self->engine)
		return;
	ts_engine_get_clock_view(self->engine, &view);
	figures->foreign_steps += (double)view.n_foreign_steps;
	figures->state = view.kind;
	figures->stratum = view.system.stratum;
	figures->leap = view.system.leap;
	for (unsigned i = 0; i < view.n_sources; i++) {
		TsSourceView source;
		ts_source_get_view(ts_engine_source_at(self->engine, i), &source);
		figures->used += ts_verdict_is_used(source.verdict);
		figures->falsetickers += source.verdict == TS_VERDICT_FALSETICKER;
	}
}

void
sim_node_get_figures(SimNode *self, SimFigures *figures)
{
	uint64_t n_sent = ts_virtual_net_n_sent(sim_world_net(self->world), self->address, NULL);

	*figures = (SimFigures){0};
	sim_meter_get(self->meter, figures);
	figures->packets = (double)(n_sent - self->n_replies);
	figures->steps = self->n_steps;
	figures->disruptions = self->n_disruptions;
	figures->panics = self->n_panics;
	get_end(self, figures);
}
