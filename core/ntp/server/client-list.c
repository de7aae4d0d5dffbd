/* SPDX-License-Identifier: BSD-2-Clause */
/* client-list.c - see client-list.h */
#include "ntp/server/client-list.h"

#include "ntp/server/rate-limit.h"

/* A table may hold a million clients, of whom few are wanted: no more than twice that are kept. */
#define SPARE_VIEWS 1024

#define SLACK_TICKS 60000

struct _TsClientList {
	GArray *views; /* of TsClientView */
	guint limit;   /* how many are wanted */
	int64_t raw_ns;
};

static int
compare_last_seen(gconstpointer left, gconstpointer right)
{
	const TsClientView *a = left, *b = right;

	return (a->last_seen_s > b->last_seen_s) - (a->last_seen_s < b->last_seen_s);
}

static void
keep_latest(GArray *views, guint limit)
{
	g_array_sort(views, compare_last_seen);
	if (views->len > limit)
		g_array_set_size(views, limit);
}

static double
ticks_to_s(double ticks)
{
	return ticks * (double)(1 << TS_RATE_TICK_SHIFT) * 1e-9;
}

static void
collect_client(const TsClientRecord *record, void *user_data)
{
	TsClientList *list = user_data;
	uint32_t age_ticks =
		(uint32_t)(list->raw_ns >> TS_RATE_TICK_SHIFT) - record->last_seen_ticks;
	/* a worker may have seen it after we read the clock; else ages wrap after 52 days */
	if (age_ticks > UINT32_MAX - SLACK_TICKS)
		age_ticks = 0;
	TsClientView view = {
		.address = record->address,
		.n_requests = record->n_requests,
		.n_dropped = record->n_dropped,
		.n_interleaved = record->n_interleaved,
		.interval_s = ticks_to_s(record->interval_ticks),
		.last_seen_s = ticks_to_s(age_ticks),
		.version = record->version,
		.mode = record->mode,
	};

	g_array_append_val(list->views, view);
	if (list->views->len / 2 > list->limit + SPARE_VIEWS / 2)
		keep_latest(list->views, list->limit);
}

TsClientList *
ts_client_list_new(unsigned limit, int64_t raw_ns)
{
	TsClientList *self = g_new0(TsClientList, 1);

	self->views = g_array_new(FALSE, FALSE, sizeof(TsClientView));
	self->limit = limit > 0 ? limit : G_MAXUINT / 2;
	self->raw_ns = raw_ns;
	return self;
}

void
ts_client_list_add(TsClientList *list, const TsClientTable *clients)
{
	ts_client_table_foreach(clients, collect_client, list);
}

GArray *
ts_client_list_finish(TsClientList *list)
{
	GArray *views = list->views;

	keep_latest(views, list->limit);
	g_free(list);
	return views;
}
