/* SPDX-License-Identifier: BSD-2-Clause */
/* link.c - see link.h */
#include "link.h"

#include <errno.h>

#include "base/time.h"

/* One direction. */
typedef struct {
	const TsAddress *from, *to; /* (nullable): any */
	struct _PathSettings {
		double delay_s, jitter_s, spike, spike_s, loss, duplicate;
		TsVirtualJitter distribution;
		bool is_refused, is_unroutable;
	} settings;
} Path;

/* An entry of "links", or a change of one. */
typedef struct {
	char *from, *to;
	bool is_one_way;
	struct _PathSettings settings;
} Entry;

struct _SimLinks {
	const SimDirectory *directory;
	TsVirtualNet *net;
	GArray *paths; /* of Path; the first is between any two */
};

static const TsWord distributions[] = {
	{"exponential", TS_JITTER_EXPONENTIAL},
	{"normal", TS_JITTER_NORMAL},
	{"long-tailed", TS_JITTER_PARETO},
	{NULL, 0},
};

static const TsWord any_word[] = {{"any", 0}, {NULL, 0}};

#define LINK(name, type, member, ...)                                                              \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type, .offset = offsetof(Entry, member),           \
		__VA_ARGS__                                                                        \
	}
#define PROBABILITY(name, member) LINK(name, NUMBER, settings.member, .max = 1)
#define DURATION(name, member)	  LINK(name, DURATION, settings.member, .max = 100)

static const TsField fields[] = {
	LINK("from", TEXT, from, .words = any_word),
	LINK("to", TEXT, to, .words = any_word),
	LINK("one-way", BOOL, is_one_way),
	DURATION("delay", delay_s),
	DURATION("jitter", jitter_s),
	LINK("distribution", WORD, settings.distribution, .words = distributions),
	PROBABILITY("spike", spike),
	DURATION("spike-size", spike_s),
	PROBABILITY("loss", loss),
	PROBABILITY("duplicate", duplicate),
	LINK("refused", BOOL, settings.is_refused),
	LINK("no-route", BOOL, settings.is_unroutable),
};

static const TsSection section = {"a link", fields, G_N_ELEMENTS(fields)};

/* A local network, where nothing is said. */
static const Path local_network = {
	.settings = {.delay_s = 100e-6, .jitter_s = 10e-6},
};

static void
apply(SimLinks *self, const Path *path)
{
	const struct _PathSettings *settings = &path->settings;
	TsVirtualLink link = {
		.delay_ns = ts_s_to_ns(settings->delay_s),
		.jitter = settings->distribution,
		.jitter_s = settings->jitter_s,
		.spike = settings->spike,
		.spike_s = settings->spike_s,
		.loss = settings->loss,
		.duplicate = settings->duplicate,
		.failed_errno = settings->is_refused ? ECONNREFUSED : 0,
		.has_no_route = settings->is_unroutable,
	};

	if (self->net)
		ts_virtual_net_set_link(self->net, path->from, path->to, &link);
}

SimLinks *
sim_links_new(const SimDirectory *directory, TsVirtualNet *net)
{
	SimLinks *self = g_new0(SimLinks, 1);

	self->directory = directory;
	self->net = net;
	self->paths = g_array_new(FALSE, FALSE, sizeof(Path));
	g_array_append_val(self->paths, local_network);
	apply(self, &local_network);
	return self;
}

void
sim_links_free(SimLinks *self)
{
	if (!self)
		return;
	g_array_unref(self->paths);
	g_free(self);
}

static bool
is_within(const TsAddress *end, const TsAddress *address)
{
	return !end || (address && ts_address_equal_host(end, address));
}

/* The path that packets take. */
static const Path *
find_path(const SimLinks *self, const TsAddress *from, const TsAddress *to)
{
	const Path *found = NULL;
	int best = -1;

	for (unsigned i = 0; i < self->paths->len; i++) {
		const Path *path = &g_array_index(self->paths, Path, i);
		int rank = (path->to != NULL) * 2 + (path->from != NULL);
		if (rank <= best || !is_within(path->from, from) || !is_within(path->to, to))
			continue;
		best = rank;
		found = path;
	}
	return found;
}

/* The same, as one that may be changed without touching others. */
static Path *
own_path(SimLinks *self, const TsAddress *from, const TsAddress *to)
{
	Path fresh = *find_path(self, from, to);

	for (unsigned i = 0; i < self->paths->len; i++) {
		Path *path = &g_array_index(self->paths, Path, i);
		if (path->from == from && path->to == to)
			return path;
	}
	fresh.from = from;
	fresh.to = to;
	g_array_append_val(self->paths, fresh);
	return &g_array_index(self->paths, Path, self->paths->len - 1);
}

static const TsAddress *
find_end(const SimLinks *self, TsConfigReader *reader, const TsNode *map, const char *key,
	 const char *name)
{
	const TsAddress *address = name ? sim_directory_find(self->directory, name) : NULL;

	if (name && !address)
		ts_problems_error(reader->problems, ts_node_origin(ts_node_find(map, key)),
				  "%s: %s is no server or node of this scenario", key, name);
	return address;
}

/* Changes one direction by the keys of @map, said of what it was. */
static void
change(SimLinks *self, TsConfigReader *reader, const TsNode *map, const TsAddress *from,
       const TsAddress *to)
{
	Path *path = own_path(self, from, to);
	Entry entry = {.settings = path->settings};

	ts_schema_read(reader, &section, map, &entry, NULL);
	path->settings = entry.settings;
	apply(self, path);
	g_free(entry.from);
	g_free(entry.to);
}

void
sim_links_read(SimLinks *self, TsConfigReader *reader, const TsNode *map)
{
	Entry entry = {0};

	if (!ts_schema_expect_map(reader, map, "a link"))
		return;
	ts_schema_read(reader, &section, map, &entry, NULL);
	const TsAddress *from = find_end(self, reader, map, "from", entry.from);
	const TsAddress *to = find_end(self, reader, map, "to", entry.to);
	change(self, reader, map, from, to);
	if (!entry.is_one_way && from != to)
		change(self, reader, map, to, from);
	g_free(entry.from);
	g_free(entry.to);
}

double
sim_links_least_rtt(const SimLinks *self, const TsAddress *a, const TsAddress *b)
{
	return find_path(self, a, b)->settings.delay_s + find_path(self, b, a)->settings.delay_s;
}
