/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-rig.c - see virtual-rig.h */
#include "virtual-rig.h"

#include <string.h>

#include <check.h>

/* GLib takes one writer a process, and a test may make a second rig. */
static GPtrArray *current_log;

static GLogWriterOutput
remember_line(GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer user_data)
{
	(void)user_data;

	for (gsize i = 0; i < n_fields && !(level & G_LOG_LEVEL_DEBUG); i++)
		if (g_str_equal(fields[i].key, "MESSAGE"))
			g_ptr_array_add(current_log, g_strdup(fields[i].value));
	if (level & G_LOG_LEVEL_ERROR || level & G_LOG_LEVEL_CRITICAL)
		g_log_writer_default(level, fields, n_fields, NULL);
	return G_LOG_WRITER_HANDLED;
}

static void
free_server(gpointer data)
{
	ts_virtual_server_free(data);
}

TsAddress
rig_address(const char *text)
{
	TsAddress address;

	ck_assert_msg(ts_address_parse(text, 123, &address), "%s", text);
	return address;
}

Rig *
rig_new(int64_t start_utc_ns)
{
	Rig *rig = g_new0(Rig, 1);
	TsOscillator oscillator = {.start_utc_ns = start_utc_ns};
	TsAddress host = rig_address(RIG_CLIENT);
	TsVirtualLink link = {.delay_ns = TS_NS_PER_MS};

	if (!current_log) {
		current_log = g_ptr_array_new_with_free_func(g_free);
		g_log_set_writer_func(remember_line, NULL, NULL);
	}
	g_ptr_array_set_size(current_log, 0);
	rig->log = current_log;
	rig->sched = ts_sched_new_virtual(0);
	rig->clock = ts_clock_new_virtual(rig->sched, &oscillator);
	rig->engine = fake_engine_new(rig->sched, rig->clock);
	rig->net = ts_virtual_net_new(rig->sched, 1);
	rig->resolver = ts_virtual_resolver_new(rig->sched, TS_NS_PER_MS);
	rig->servers = g_ptr_array_new_with_free_func(free_server);
	rig->client = ts_ntp_client_new(rig->engine,
					ts_virtual_transport_new(rig->net, &host, rig->clock));
	ts_ntp_client_set_resolver(rig->client, rig->resolver);
	ts_virtual_net_set_link(rig->net, NULL, NULL, &link);
	return rig;
}

void
rig_free(Rig *rig)
{
	ts_ntp_client_free(rig->client);
	g_ptr_array_unref(rig->servers);
	ts_virtual_net_free(rig->net);
	ts_engine_free(rig->engine);
	ts_clock_free(rig->clock);
	ts_sched_free(rig->sched);
	g_free(rig);
}

TsVirtualServer *
rig_server(Rig *rig, const char *text)
{
	TsAddress address = rig_address(text);
	TsVirtualServerScript script;

	ts_virtual_server_script_init(&script);
	TsVirtualServer *server = ts_virtual_server_new(rig->net, &address, rig->clock, &script);
	g_ptr_array_add(rig->servers, server);
	return server;
}

void
rig_add(Rig *rig, TsSourceKind kind, const char *name, RigEditFunc edit)
{
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(kind, name);
	g_autoptr(GError) error = NULL;

	if (edit)
		edit(settings);
	ck_assert_msg(ts_ntp_client_provider.add(rig->client, settings, &error), "%s",
		      error ? error->message : "");
}

void
rig_update(Rig *rig, TsSourceKind kind, const char *name, RigEditFunc edit)
{
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(kind, name);

	edit(settings);
	ck_assert(ts_ntp_client_provider.update(rig->client, settings, TS_CHANGE_OPTIONS, NULL));
}

void
rig_run(Rig *rig, double seconds)
{
	ts_sched_run_until(rig->sched, ts_sched_now(rig->sched) + ts_s_to_ns(seconds));
}

double
rig_now_s(const Rig *rig)
{
	return ts_ns_to_s(ts_sched_now(rig->sched));
}

void
rig_link(Rig *rig, const char *server, const TsVirtualLink *link)
{
	TsAddress client = rig_address(RIG_CLIENT);

	if (!server) {
		ts_virtual_net_set_link(rig->net, NULL, NULL, link);
		return;
	}
	TsAddress address = rig_address(server);
	ts_virtual_net_set_link(rig->net, &client, &address, link);
	ts_virtual_net_set_link(rig->net, &address, &client, link);
}

uint64_t
rig_n_sent(const Rig *rig, const char *server)
{
	TsAddress client = rig_address(RIG_CLIENT), address = rig_address(server);

	return ts_virtual_net_n_sent(rig->net, &client, &address);
}

const TsSample *
rig_sample(const FakeSource *source, guint index)
{
	ck_assert_uint_lt(index, source->samples->len);
	return &g_array_index(source->samples, TsSample, index);
}

int64_t
rig_sample_error_ns(const Rig *rig, const FakeSource *source, guint index)
{
	/* raw and true time differ by a constant here */
	int64_t difference_ns =
		ts_clock_virtual_true_utc(rig->clock) - ts_clock_raw_now(rig->clock);

	return rig_sample(source, index)->offset_ns - difference_ns;
}

unsigned
rig_n_said(const Rig *rig, const char *text)
{
	unsigned n = 0;

	for (guint i = 0; i < rig->log->len; i++)
		n += strstr(g_ptr_array_index(rig->log, i), text) != NULL;
	return n;
}
