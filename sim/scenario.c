/* SPDX-License-Identifier: BSD-2-Clause */
/* scenario.c - see scenario.h */
#include "scenario.h"

#include <math.h>

#include "config/config-file.h"
#include "config/yaml-reader.h"
#include "override.h"

static void
keep_node(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	(void)reader;
	*(const TsNode **)(void *)((char *)object + field->offset) = value;
}

#define SCENARIO(name, type, member, ...)                                                          \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type, .offset = offsetof(SimScenario, member),     \
		__VA_ARGS__                                                                        \
	}
#define NODE(name, type, member)                                                                   \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_CUSTOM, .offset = offsetof(type, member),            \
		.read = keep_node                                                                  \
	}

static const TsField fields[] = {
	SCENARIO("title", TEXT, title),
	SCENARIO("duration", DURATION, duration_s, .min = 10, .max = 4e8),
	SCENARIO("settle", DURATION, settle_s, .max = 4e8),
	SCENARIO("interval", DURATION, interval_s, .min = 0.001, .max = 1e5),
	SCENARIO("converged", DURATION, converged_s, .min = 1e-9, .max = 1e9),
	SCENARIO("start", NUMBER, start_utc_s, .min = 0, .max = 9e9),
	SCENARIO("seed", UINT32, seed, .max = 4294967295),
	SCENARIO("seeds", UNSIGNED, n_seeds, .min = 1, .max = 10000),
	NODE("links", SimScenario, sections.links),
	NODE("servers", SimScenario, sections.servers),
	NODE("refclocks", SimScenario, sections.refclocks),
	NODE("pools", SimScenario, sections.pools),
	NODE("nodes", SimScenario, sections.nodes),
	NODE("events", SimScenario, sections.events),
	NODE("expect", SimScenario, sections.expect),
};

static const TsSection section = {"a scenario", fields, G_N_ELEMENTS(fields)};

static const TsField event_fields[] = {
	{.key = "at", .kind = TS_FIELD_DURATION, .offset = offsetof(SimEvent, at_s), .max = 4e8},
	NODE("links", SimEvent, links),
	NODE("servers", SimEvent, servers),
	NODE("refclocks", SimEvent, refclocks),
	NODE("nodes", SimEvent, nodes),
};

static const TsSection event_section = {"an event", event_fields, G_N_ELEMENTS(event_fields)};

static void
free_server(gpointer data)
{
	SimServerEntry *entry = data;

	g_free(entry->name);
	sim_server_settings_clear(&entry->settings);
	g_free(entry);
}

static void
free_refclock(gpointer data)
{
	SimRefclockEntry *entry = data;

	g_free(entry->name);
	g_free(entry);
}

static void
free_node(gpointer data)
{
	sim_node_settings_free(data);
}

static SimScenario *
scenario_new(void)
{
	SimScenario *self = g_new0(SimScenario, 1);

	self->duration_s = 86400;
	self->settle_s = NAN;
	self->interval_s = 1;
	self->converged_s = 1e-3;
	self->start_utc_s = 1795000000;
	self->seed = 1;
	self->n_seeds = 1;
	self->directory = sim_directory_new();
	self->servers = g_ptr_array_new_with_free_func(free_server);
	self->refclocks = g_ptr_array_new_with_free_func(free_refclock);
	self->nodes = g_ptr_array_new_with_free_func(free_node);
	self->events = g_array_new(FALSE, FALSE, sizeof(SimEvent));
	self->expectations = sim_expectations_new();
	return self;
}

void
sim_scenario_free(SimScenario *self)
{
	if (!self)
		return;
	g_free(self->title);
	sim_directory_free(self->directory);
	g_ptr_array_unref(self->servers);
	g_ptr_array_unref(self->refclocks);
	g_ptr_array_unref(self->nodes);
	g_array_unref(self->events);
	g_ptr_array_unref(self->expectations);
	ts_node_unref(self->tree);
	g_free(self);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static void
add_host(SimScenario *self, TsConfigReader *reader, const TsNode *map, unsigned index)
{
	const char *name = ts_node_key_at(map, index);

	if (!sim_directory_add_host(self->directory, name))
		ts_problems_error(reader->problems, ts_node_key_origin_at(map, index),
				  "there is another host %s", name);
}

static void
read_servers(SimScenario *self, TsConfigReader *reader, const TsNode *map)
{
	if (!map || !ts_schema_expect_map(reader, map, "servers"))
		return;
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		SimServerEntry *entry = g_new0(SimServerEntry, 1);
		entry->name = g_strdup(ts_node_key_at(map, i));
		sim_server_settings_init(&entry->settings);
		sim_server_settings_read(&entry->settings, reader, ts_node_value_at(map, i));
		g_ptr_array_add(self->servers, entry);
		add_host(self, reader, map, i);
	}
}

static void
read_refclocks(SimScenario *self, TsConfigReader *reader, const TsNode *map)
{
	if (!map || !ts_schema_expect_map(reader, map, "refclocks"))
		return;
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		SimRefclockEntry *entry = g_new0(SimRefclockEntry, 1);
		entry->name = g_strdup(ts_node_key_at(map, i));
		sim_refclock_settings_init(&entry->settings);
		sim_refclock_settings_read(&entry->settings, reader, ts_node_value_at(map, i));
		g_ptr_array_add(self->refclocks, entry);
	}
}

static void
read_nodes(SimScenario *self, TsConfigReader *reader, const TsNode *map)
{
	if (!map || !ts_schema_expect_map(reader, map, "nodes"))
		return;
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		SimNodeSettings *node = sim_node_settings_new(ts_node_key_at(map, i));
		sim_node_settings_read(node, reader, ts_node_value_at(map, i));
		g_ptr_array_add(self->nodes, node);
		add_host(self, reader, map, i);
	}
}

static void
read_pools(SimScenario *self, TsConfigReader *reader, const TsNode *map)
{
	if (!map || !ts_schema_expect_map(reader, map, "pools"))
		return;
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		g_autoptr(GPtrArray) hosts = g_ptr_array_new();
		const TsNode *list = ts_node_value_at(map, i);
		if (!ts_schema_expect_list(reader, list, ts_node_key_at(map, i), "[a, b]"))
			continue;
		for (unsigned j = 0; j < ts_node_size(list); j++) {
			TsNode *host = ts_node_at(list, j);
			if (!ts_schema_expect_text(reader, host, "a pool"))
				continue;
			if (!sim_directory_find(self->directory, ts_node_text(host)))
				ts_problems_error(reader->problems, ts_node_origin(host),
						  "%s is no server or node of this scenario",
						  ts_node_text(host));
			g_ptr_array_add(hosts, (gpointer)ts_node_text(host));
		}
		g_ptr_array_add(hosts, NULL);
		if (!sim_directory_add_pool(self->directory, ts_node_key_at(map, i),
					    (const char *const *)hosts->pdata))
			ts_problems_error(reader->problems, ts_node_key_origin_at(map, i),
					  "there is another host %s", ts_node_key_at(map, i));
	}
}

/* ---- do the names lead anywhere? ------------------------------------------------------------- */

static const SimRefclockEntry *
find_refclock(const SimScenario *self, const char *name)
{
	for (unsigned i = 0; i < self->refclocks->len; i++) {
		const SimRefclockEntry *entry = g_ptr_array_index(self->refclocks, i);
		if (g_str_equal(entry->name, name))
			return entry;
	}
	return NULL;
}

static void
check_source(const SimScenario *self, TsConfigReader *reader, const TsSourceSettings *source)
{
	bool is_refclock = source->kind == TS_SOURCE_REFCLOCK;
	bool is_known = is_refclock ? find_refclock(self, source->name) != NULL
				    : sim_directory_knows(self->directory, source->name);

	if (is_known)
		return;
	g_autofree char *known = sim_directory_list(self->directory);
	ts_problems_error(reader->problems, &source->origin, "%s %s is not in this scenario%s%s",
			  ts_source_kind_name(source->kind), source->name,
			  is_refclock ? "" : "; there are ", is_refclock ? "" : known);
}

static void
check_sources(const SimScenario *self, TsConfigReader *reader, const TsSettings *settings)
{
	for (unsigned i = 0; i < settings->sources->len; i++)
		check_source(self, reader, g_ptr_array_index(settings->sources, i));
}

static bool
has_node(const SimScenario *self, const char *name)
{
	for (unsigned i = 0; i < self->nodes->len; i++)
		if (g_str_equal(((const SimNodeSettings *)self->nodes->pdata[i])->name, name))
			return true;
	return false;
}

static bool
has_server(const SimScenario *self, const char *name)
{
	for (unsigned i = 0; i < self->servers->len; i++)
		if (g_str_equal(((const SimServerEntry *)self->servers->pdata[i])->name, name))
			return true;
	return false;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
read_links(TsConfigReader *reader, SimLinks *links, const TsNode *list)
{
	if (!list || !ts_schema_expect_list(reader, list, "links", "[{to: a, delay: 1ms}]"))
		return;
	for (unsigned i = 0; i < ts_node_size(list); i++)
		sim_links_read(links, reader, ts_node_at(list, i));
}

static void
check_action(SimScenario *self, TsConfigReader *reader, const TsNode *map)
{
	SimNodeAction action = {0};

	sim_node_action_read(&action, reader, map);
	if (action.settings)
		check_sources(self, reader, action.settings);
	if (action.added)
		check_source(self, reader, action.added);
	/* the scheduler is everybody's: who sleeps must be alone in it */
	if ((action.suspend_s > 0 || action.freeze_s > 0) && self->nodes->len > 1)
		ts_problems_error(reader->problems, ts_node_origin(map),
				  "suspend and freeze need a scenario with one node");
	sim_node_action_clear(&action);
}

/* Reads one change, to nowhere. Returns: whether the thing exists. */
static bool
check_change(SimScenario *self, TsConfigReader *reader, const char *what, const char *name,
	     const TsNode *map)
{
	if (g_str_equal(what, "servers")) {
		SimServerSettings scratch;
		sim_server_settings_init(&scratch);
		sim_server_settings_read(&scratch, reader, map);
		sim_server_settings_clear(&scratch);
		return has_server(self, name);
	}
	if (g_str_equal(what, "refclocks")) {
		SimRefclockSettings scratch;
		sim_refclock_settings_init(&scratch);
		sim_refclock_settings_read(&scratch, reader, map);
		return find_refclock(self, name) != NULL;
	}
	check_action(self, reader, map);
	return has_node(self, name);
}

static void
check_changes(SimScenario *self, TsConfigReader *reader, const char *what, const TsNode *map)
{
	if (!map || !ts_schema_expect_map(reader, map, what))
		return;
	for (unsigned i = 0; i < ts_node_size(map); i++)
		if (!check_change(self, reader, what, ts_node_key_at(map, i),
				  ts_node_value_at(map, i)))
			ts_problems_error(reader->problems, ts_node_key_origin_at(map, i),
					  "there is no %s among the %s", ts_node_key_at(map, i),
					  what);
}

static gint
compare_events(gconstpointer a, gconstpointer b)
{
	double first = ((const SimEvent *)a)->at_s, second = ((const SimEvent *)b)->at_s;

	return (first > second) - (first < second);
}

static void
read_events(SimScenario *self, TsConfigReader *reader, SimLinks *links, const TsNode *list)
{
	if (!list || !ts_schema_expect_list(reader, list, "events", "[{at: 1h, links: ...}]"))
		return;
	for (unsigned i = 0; i < ts_node_size(list); i++) {
		const TsNode *map = ts_node_at(list, i);
		SimEvent event = {.at_s = -1};
		if (!ts_schema_expect_map(reader, map, "an event"))
			continue;
		ts_schema_read(reader, &event_section, map, &event, NULL);
		if (event.at_s < 0 || event.at_s >= self->duration_s)
			ts_problems_error(reader->problems, ts_node_origin(map),
					  "an event needs 'at', a time before the end");
		read_links(reader, links, event.links);
		check_changes(self, reader, "servers", event.servers);
		check_changes(self, reader, "refclocks", event.refclocks);
		check_changes(self, reader, "nodes", event.nodes);
		g_array_append_val(self->events, event);
	}
	g_array_sort(self->events, compare_events);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void
read_root(SimScenario *self, TsConfigReader *reader)
{
	ts_schema_read(reader, &section, self->tree, self, NULL);
	if (isnan(self->settle_s))
		self->settle_s = self->duration_s / 10;
	if (self->settle_s >= self->duration_s)
		ts_problems_error(reader->problems, ts_node_origin(self->tree),
				  "settle is not before the end");
}

static void
read_scenario(SimScenario *self, TsConfigReader *reader)
{
	read_root(self, reader);
	read_servers(self, reader, self->sections.servers);
	read_refclocks(self, reader, self->sections.refclocks);
	read_nodes(self, reader, self->sections.nodes);
	read_pools(self, reader, self->sections.pools);
	if (self->nodes->len == 0)
		ts_problems_error(reader->problems, ts_node_origin(self->tree),
				  "a scenario without nodes shows nothing");
	for (unsigned i = 0; i < self->nodes->len; i++)
		check_sources(self, reader,
			      ((const SimNodeSettings *)self->nodes->pdata[i])->settings);
	g_autoptr(SimLinks) links = sim_links_new(self->directory, NULL);
	read_links(reader, links, self->sections.links);
	read_events(self, reader, links, self->sections.events);
	const TsNode *expect = self->sections.expect;
	if (expect && ts_schema_expect_map(reader, expect, "expect"))
		sim_expectations_read(self->expectations, reader->problems, expect);
}

static TsNode *
read_tree(const char *path, const char *const *overrides, TsProblems *problems)
{
	g_autoptr(GBytes) bytes = ts_config_file_read(path, false, problems);
	gsize length = 0;

	if (!bytes)
		return NULL;
	const char *text = g_bytes_get_data(bytes, &length);
	g_autoptr(TsNode) root = ts_yaml_read(text ? text : "", length, path, problems);
	if (!root)
		return NULL;
	if (ts_node_kind(root) != TS_NODE_MAP) {
		ts_problems_error(problems, ts_node_origin(root), "a scenario is a map of keys");
		return NULL;
	}
	return sim_override(root, overrides, problems);
}

SimScenario *
sim_scenario_load(const char *path, const char *const *overrides, char **mistakes)
{
	g_autoptr(SimScenario) self = scenario_new();
	g_auto(TsProblems) problems;
	TsConfigReader reader = {.problems = &problems, .is_merged = true};

	ts_problems_init(&problems);
	ts_problems_add_file(&problems, g_intern_string(path));
	self->tree = read_tree(path, overrides, &problems);
	if (self->tree)
		read_scenario(self, &reader);
	bool has_errors = problems.has_errors;
	g_autoptr(GPtrArray) list = ts_problems_steal(&problems);
	*mistakes = list->len > 0 ? ts_config_problems_format(list) : NULL;
	return has_errors ? NULL : g_steal_pointer(&self);
}
