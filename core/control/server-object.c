/* SPDX-License-Identifier: BSD-2-Clause */
/* server-object.c - see server-object.h */
#include "control/server-object.h"

#include <string.h>

#include "base/error.h"
#include "control/interface-info.h"
#include "control/property.h"

#define COUNTER_PREFIX "server_"

/* What one answer holds: some 300 bytes a client, and what is answered lies in memory at once. */
#define MAX_CLIENTS 10000

static void
add_counter(const TsMetricView *view, void *user_data)
{
	if (view->kind == TS_METRIC_COUNTER && strcmp(view->owner, "core") == 0 &&
	    g_str_has_prefix(view->name, COUNTER_PREFIX))
		g_variant_builder_add(user_data, "{st}", view->name, (guint64)view->value);
}

static void
fill_listeners(TsResponder *responder, GVariantBuilder *properties)
{
	GVariantBuilder listeners;
	char text[TS_ADDRESS_TEXT_SIZE];

	g_variant_builder_init(&listeners, G_VARIANT_TYPE("aa{sv}"));
	g_autoptr(GArray) all = responder ? ts_responder_listeners(responder) : NULL;
	for (unsigned i = 0; all && i < all->len; i++) {
		TsListenerView *view = &g_array_index(all, TsListenerView, i);
		GVariantBuilder entry;
		g_variant_builder_init(&entry, G_VARIANT_TYPE_VARDICT);
		ts_put_text(&entry, "Address", ts_address_format_port(&view->address, text));
		ts_put_text(&entry, "Device", view->device[0] ? view->device : NULL);
		ts_put_bool(&entry, "Bound", view->is_bound);
		ts_put_text(&entry, "Problem", view->problem);
		g_variant_builder_add_value(&listeners, g_variant_builder_end(&entry));
	}
	ts_put(properties, "Listeners", g_variant_builder_end(&listeners));
}

static void
fill(const TsControlSubjects *subjects, const TsObject *object, GVariantBuilder *properties)
{
	TsResponder *responder = subjects->get_responder(subjects->user_data);
	GVariantBuilder counters;
	(void)object;

	ts_put_u32(properties, "Workers", responder ? ts_responder_n_workers(responder) : 0);
	fill_listeners(responder, properties);
	g_variant_builder_init(&counters, G_VARIANT_TYPE("a{st}"));
	ts_metrics_foreach(subjects->metrics, add_counter, &counters);
	ts_put(properties, "Counters", g_variant_builder_end(&counters));
}

static TsResponder *
find_responder(const TsCall *call, GError **error)
{
	TsResponder *responder = call->subjects->get_responder(call->subjects->user_data);

	if (!responder)
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "the server does not run: there is no 'server: listen'");
	return responder;
}

static void
add_client(const TsClientView *view, void *user_data)
{
	char text[TS_ADDRESS_TEXT_SIZE];
	GVariantBuilder client;

	g_variant_builder_init(&client, G_VARIANT_TYPE_VARDICT);
	ts_put_text(&client, "Address", ts_address_format(&view->address, text));
	ts_put_u64(&client, "Requests", view->n_requests);
	ts_put_u64(&client, "Dropped", view->n_dropped);
	ts_put_u64(&client, "Interleaved", view->n_interleaved);
	ts_put_double(&client, "Interval", view->interval_s);
	ts_put_double(&client, "LastSeen", view->last_seen_s);
	ts_put_byte(&client, "Version", view->version);
	ts_put_byte(&client, "Mode", view->mode);
	g_variant_builder_add_value(user_data, g_variant_builder_end(&client));
}

static bool
list_clients(const TsCall *call, GVariant **result, GError **error)
{
	TsResponder *responder = find_responder(call, error);
	GVariantBuilder clients;
	unsigned limit;

	if (!responder)
		return false;
	g_variant_get(call->arguments, "(u)", &limit);
	if (limit == 0 || limit > MAX_CLIENTS)
		limit = MAX_CLIENTS;
	g_variant_builder_init(&clients, G_VARIANT_TYPE("aa{sv}"));
	ts_responder_foreach_client(responder, limit, add_client, &clients);
	*result = g_variant_new("(aa{sv})", &clients);
	return true;
}

static bool
check_access(const TsCall *call, GVariant **result, GError **error)
{
	TsResponder *responder = find_responder(call, error);
	const char *text;
	char rule_text[TS_ADDRESS_TEXT_SIZE] = "";
	TsAddress client;
	TsPrefix rule = {0};

	if (!responder)
		return false;
	g_variant_get(call->arguments, "(&s)", &text);
	if (!ts_address_parse(text, 123, &client)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "'%s' is no IP address", text);
		return false;
	}
	bool is_allowed = ts_responder_check_access(responder, &client, &rule);
	if (rule.address.any.sa_family != AF_UNSPEC)
		ts_prefix_format(&rule, rule_text);
	*result = g_variant_new("(bs)", is_allowed, rule_text);
	return true;
}

static const TsMethod methods[] = {
	{"CheckAccess", check_access},
	{"ListClients", list_clients},
	{NULL, NULL},
};

const TsInterface ts_server_object_interface = {
	.info = &ts_dbus_server_interface,
	.fill = fill,
	.methods = methods,
};
