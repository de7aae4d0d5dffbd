/* SPDX-License-Identifier: BSD-2-Clause */
/* client.c - see client.h: the set of entries, and what they must know of each other */
#include "ntp/client/client.h"

#include "base/error.h"
#include "base/time.h"
#include "ntp/client/entry.h"
#include "ntp/client/sockets.h"

/* First requests are spread over this long, and as much again for each source, s. */
#define START_SPREAD_S 0.02

struct _TsNtpClient {
	TsNtpTransport *transport;
	TsResolver *resolver;
	TsAssociationContext association;
	TsNtpEntryContext entry;
	GPtrArray *entries; /* of TsNtpEntry */
};

static TsNtpEntry *
entry_at(const TsNtpClient *self, guint index)
{
	return g_ptr_array_index(self->entries, index);
}

static const char *
find_address(void *client, const TsAddress *address)
{
	const TsNtpClient *self = client;

	for (guint i = 0; i < self->entries->len; i++) {
		const char *label = ts_ntp_entry_find_address(entry_at(self, i), address);
		if (label)
			return label;
	}
	return NULL;
}

static void
address_freed(void *client)
{
	const TsNtpClient *self = client;

	for (guint i = 0; i < self->entries->len; i++)
		ts_ntp_entry_look_again(entry_at(self, i));
}

static int64_t
start_delay_ns(void *client)
{
	const TsNtpClient *self = client;
	double unit = (double)(self->transport->ops->random(self->transport) >> 11) * 0x1p-53;

	return ts_s_to_ns(START_SPREAD_S * (1 + self->entries->len) * unit);
}

static void
free_entry(gpointer data)
{
	ts_ntp_entry_free(data);
}

TsNtpClient *
ts_ntp_client_new(TsEngine *engine, TsNtpTransport *transport)
{
	TsNtpClient *self = g_new0(TsNtpClient, 1);
	TsSched *sched = ts_engine_sched(engine);
	TsClock *clock = ts_engine_clock(engine);

	self->transport = transport ? transport : ts_ntp_sockets_new(sched, clock, NULL);
	self->resolver = ts_resolver_new_system();
	self->entries = g_ptr_array_new_with_free_func(free_entry);
	self->association = (TsAssociationContext){
		.sched = sched,
		.clock = clock,
		.transport = self->transport,
		.state = ts_engine_state(engine),
		.is_serving = true,
	};
	self->entry = (TsNtpEntryContext){
		.engine = engine,
		.resolver = self->resolver,
		.association = &self->association,
		.find_address = find_address,
		.address_freed = address_freed,
		.start_delay_ns = start_delay_ns,
		.client = self,
	};
	return self;
}

void
ts_ntp_client_free(TsNtpClient *self)
{
	if (!self)
		return;
	g_ptr_array_unref(self->entries);
	ts_resolver_free(self->resolver);
	self->transport->ops->free(self->transport);
	g_free(self);
}

void
ts_ntp_client_set_resolver(TsNtpClient *self, TsResolver *resolver)
{
	g_return_if_fail(self->entries->len == 0);

	ts_resolver_free(self->resolver);
	self->resolver = resolver;
	self->entry.resolver = resolver;
}

void
ts_ntp_client_set_serving(TsNtpClient *self, bool is_serving)
{
	self->association.is_serving = is_serving;
}

static bool
find_entry(const TsNtpClient *self, const char *label, guint *index)
{
	for (*index = 0; *index < self->entries->len; ++*index)
		if (g_str_equal(ts_ntp_entry_label(entry_at(self, *index)), label))
			return true;
	return false;
}

static bool
add(void *provider, const TsSourceSettings *settings, GError **error)
{
	TsNtpClient *self = provider;
	guint index;

	if (find_entry(self, settings->label, &index)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "there is a source %s already", settings->label);
		return false;
	}
	g_ptr_array_add(self->entries, ts_ntp_entry_new(&self->entry, settings));
	return true;
}

static void
remove_entry(void *provider, const char *label)
{
	TsNtpClient *self = provider;
	guint index;

	if (!find_entry(self, label, &index))
		return;
	g_ptr_array_remove_index(self->entries, index);
	address_freed(self);
}

static bool
update(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	TsNtpClient *self = provider;
	guint index;

	if (!find_entry(self, settings->label, &index)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "there is no source %s",
			    settings->label);
		return false;
	}
	switch (change) {
	case TS_CHANGE_NONE:
		break;
	case TS_CHANGE_OPTIONS:
		ts_ntp_entry_set_settings(entry_at(self, index), settings);
		break;
	case TS_CHANGE_RESTART:
		remove_entry(self, settings->label);
		return add(self, settings, error);
	}
	return true;
}

const TsSourceProvider ts_ntp_client_provider = {
	.add = add,
	.remove = remove_entry,
	.update = update,
};

void
ts_ntp_client_network_changed(TsNtpClient *self)
{
	for (guint i = 0; i < self->entries->len; i++)
		ts_ntp_entry_network_changed(entry_at(self, i));
}

void
ts_ntp_client_refresh(TsNtpClient *self)
{
	for (guint i = 0; i < self->entries->len; i++)
		ts_ntp_entry_refresh(entry_at(self, i));
}
