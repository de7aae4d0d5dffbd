/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - see world.h */
#include "world.h"

#include <math.h>

#include "base/time.h"
#include "random.h"

typedef struct {
	const TsAddress *address;
	SimServer *server;
} Host;

struct _SimWorld {
	const SimScenario *scenario;
	TsSched *sched;
	TsClock *true_time;
	TsVirtualNet *net;
	SimLinks *links;
	GArray *servers;   /* of Host, in the scenario's order */
	SimRefclockSettings *refclocks; /* as they are now, in the scenario's order */
	GPtrArray *nodes;  /* of SimNode */
	TsProblems problems; /* what events are read with; they were checked */
};

static void
free_node(gpointer data)
{
	sim_node_free(data);
}

static void
add_servers(SimWorld *self)
{
	const SimScenario *scenario = self->scenario;

	self->servers = g_array_new(FALSE, FALSE, sizeof(Host));
	for (unsigned i = 0; i < scenario->servers->len; i++) {
		const SimServerEntry *entry = g_ptr_array_index(scenario->servers, i);
		Host host = {.address = sim_directory_find(scenario->directory, entry->name)};
		host.server = sim_server_new(self->net, host.address, self->true_time,
					     &entry->settings);
		g_array_append_val(self->servers, host);
	}
}

static void
read_links(SimWorld *self, const TsNode *list)
{
	TsConfigReader reader = {.problems = &self->problems};

	for (unsigned i = 0; list && i < ts_node_size(list); i++)
		sim_links_read(self->links, &reader, ts_node_at(list, i));
}

SimWorld *
sim_world_new(const SimScenario *scenario, uint64_t seed)
{
	SimWorld *self = g_new0(SimWorld, 1);
	SimRandom random = {.state = seed};
	TsOscillator right = {.start_utc_ns = ts_s_to_ns(scenario->start_utc_s)};

	self->scenario = scenario;
	ts_problems_init(&self->problems);
	self->sched = ts_sched_new_virtual(0);
	self->true_time = ts_clock_new_virtual(self->sched, &right);
	self->net = ts_virtual_net_new(self->sched, sim_random_next(&random));
	self->links = sim_links_new(scenario->directory, self->net);
	read_links(self, scenario->sections.links);
	add_servers(self);
	self->refclocks = g_new0(SimRefclockSettings, scenario->refclocks->len + 1);
	for (unsigned i = 0; i < scenario->refclocks->len; i++)
		self->refclocks[i] = ((const SimRefclockEntry *)scenario->refclocks->pdata[i])->settings;
	self->nodes = g_ptr_array_new_with_free_func(free_node);
	for (unsigned i = 0; i < scenario->nodes->len; i++)
		g_ptr_array_add(self->nodes, sim_node_new(self, scenario->nodes->pdata[i],
							  sim_random_next(&random)));
	return self;
}

void
sim_world_free(SimWorld *self)
{
	if (!self)
		return;
	g_ptr_array_unref(self->nodes);
	for (unsigned i = 0; i < self->servers->len; i++)
		sim_server_free(g_array_index(self->servers, Host, i).server);
	g_array_unref(self->servers);
	g_free(self->refclocks);
	sim_links_free(self->links);
	ts_virtual_net_free(self->net);
	ts_clock_free(self->true_time);
	ts_sched_free(self->sched);
	ts_problems_clear(&self->problems);
	g_free(self);
}

/* ---- events ---------------------------------------------------------------------------------- */

static unsigned
index_of_server(const SimScenario *scenario, const char *name)
{
	unsigned i = 0;

	while (!g_str_equal(((const SimServerEntry *)scenario->servers->pdata[i])->name, name))
		i++;
	return i;
}

static void
change_servers(SimWorld *self, TsConfigReader *reader, const TsNode *map)
{
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		unsigned index = index_of_server(self->scenario, ts_node_key_at(map, i));
		sim_server_change(g_array_index(self->servers, Host, index).server, reader,
				  ts_node_value_at(map, i));
	}
}

static SimRefclockSettings *
find_refclock(const SimWorld *self, const char *name)
{
	const GPtrArray *entries = self->scenario->refclocks;

	for (unsigned i = 0; i < entries->len; i++)
		if (g_str_equal(((const SimRefclockEntry *)entries->pdata[i])->name, name))
			return &self->refclocks[i];
	return NULL;
}

static void
change_refclocks(SimWorld *self, TsConfigReader *reader, const TsNode *map)
{
	for (unsigned i = 0; i < ts_node_size(map); i++)
		sim_refclock_settings_read(find_refclock(self, ts_node_key_at(map, i)), reader,
					   ts_node_value_at(map, i));
}

static void
change_nodes(SimWorld *self, TsConfigReader *reader, const TsNode *map)
{
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		SimNodeAction action = {0};
		sim_node_action_read(&action, reader, ts_node_value_at(map, i));
		for (unsigned j = 0; j < self->nodes->len; j++) {
			SimNode *node = g_ptr_array_index(self->nodes, j);
			if (g_str_equal(sim_node_settings(node)->name, ts_node_key_at(map, i)))
				sim_node_act(node, &action);
		}
		sim_node_action_clear(&action);
	}
}

static void
happen(SimWorld *self, const SimEvent *event)
{
	TsConfigReader reader = {.problems = &self->problems, .is_merged = true};

	read_links(self, event->links);
	if (event->servers)
		change_servers(self, &reader, event->servers);
	if (event->refclocks)
		change_refclocks(self, &reader, event->refclocks);
	if (event->nodes)
		change_nodes(self, &reader, event->nodes);
}

/* ---- running --------------------------------------------------------------------------------- */

void
sim_world_run(SimWorld *self)
{
	const SimScenario *scenario = self->scenario;
	int64_t interval_ns = ts_s_to_ns(scenario->interval_s);
	int64_t end_ns = ts_s_to_ns(scenario->duration_s);
	unsigned next = 0;

	for (unsigned i = 0; i < self->nodes->len; i++)
		sim_node_start(g_ptr_array_index(self->nodes, i));
	for (int64_t look_ns = interval_ns; look_ns <= end_ns; look_ns += interval_ns) {
		for (; next < scenario->events->len; next++) {
			const SimEvent *event = &g_array_index(scenario->events, SimEvent, next);
			int64_t at_ns = ts_s_to_ns(event->at_s);
			if (at_ns > look_ns)
				break;
			ts_sched_run_until(self->sched, at_ns);
			happen(self, event);
		}
		ts_sched_run_until(self->sched, look_ns);
		for (unsigned i = 0; i < self->nodes->len; i++)
			sim_node_look(g_ptr_array_index(self->nodes, i));
	}
}

unsigned
sim_world_n_nodes(const SimWorld *self)
{
	return self->nodes->len;
}

SimNode *
sim_world_node_at(const SimWorld *self, unsigned index)
{
	return g_ptr_array_index(self->nodes, index);
}

TsSched *
sim_world_sched(SimWorld *self)
{
	return self->sched;
}

TsVirtualNet *
sim_world_net(SimWorld *self)
{
	return self->net;
}

const SimScenario *
sim_world_scenario(const SimWorld *self)
{
	return self->scenario;
}

const SimRefclockSettings *
sim_world_find_refclock(const SimWorld *self, const char *name)
{
	return find_refclock(self, name);
}

void
sim_world_sleep(SimWorld *self, int64_t duration_ns)
{
	ts_clock_virtual_suspend(self->true_time, duration_ns, false);
}

double
sim_world_claim_of(const SimWorld *self, const TsAddress *address)
{
	for (unsigned i = 0; i < self->servers->len; i++) {
		const Host *host = &g_array_index(self->servers, Host, i);
		if (host->address == address)
			return sim_server_claim(host->server);
	}
	for (unsigned i = 0; i < self->nodes->len; i++) {
		SimNode *node = g_ptr_array_index(self->nodes, i);
		const char *name = sim_node_settings(node)->name;
		if (sim_directory_find(self->scenario->directory, name) == address)
			return sim_node_claim(node);
	}
	return NAN;
}

double
sim_world_least_rtt(const SimWorld *self, const TsAddress *a, const TsAddress *b)
{
	return sim_links_least_rtt(self->links, a, b);
}
