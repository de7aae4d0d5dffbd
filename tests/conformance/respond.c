/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * respond.c - the server alone: a responder over a software clock, without sources or configuration
 *
 *   respond [KEY=VALUE ...]
 *     listen=ADDRESS:PORT[@DEVICE]  (may be repeated)   workers=N   table=BYTES   dscp=N
 *     allow=PREFIX deny=PREFIX       (may be repeated; without any, everybody may ask)
 *     rate=INTERVAL_S,BURST,LEAK,KOD (KOD -1: no kisses)
 *     state=good|bad|told            synchronised; unsynchronised; unsynchronised and told to serve
 *     stratum=N delay=S dispersion=S rate-of-dispersion=S/S refid=HEX leap=N
 *     error=S                        how wrong the clock is at start
 *
 * Says "ready" with the bound ports on stdout, then takes commands on stdin, a line each: "clients
 * [LIMIT]", "counters", "listeners", "retry", "epoch" (the clock is disrupted), KEY=VALUE ... (an
 * update, and the state is published anew: what is not named stays). Ends with its stdin.
 */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "clock/driver.h"
#include "ntp/packet.h"
#include "ntp/server/responder.h"

typedef struct {
	TsServerSettings server;
	TsSystemState state;
	double clock_error_s;
	TsClock *clock;
	TsSystemStatePublisher *publisher;
	TsMetrics *metrics;
	TsResponder *responder;
} Program;

static void
add_listen(Program *program, const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, "@", 2);
	TsListen listen = {0};

	if (!ts_address_parse(parts[0], TS_NTP_PORT, &listen.address))
		g_error("no address: %s", value);
	if (parts[1])
		g_strlcpy(listen.device, parts[1], sizeof listen.device);
	g_array_append_val(program->server.listen, listen);
}

static void
add_rule(Program *program, bool is_allow, const char *value)
{
	TsAccessRule rule = {.is_allow = is_allow, .is_all = strcmp(value, "all") == 0};

	if (!rule.is_all && !ts_prefix_parse(value, &rule.prefix))
		g_error("no prefix: %s", value);
	g_array_append_val(program->server.access, rule);
}

static void
set_rate(Program *program, const char *value)
{
	TsRateLimitSettings *rate = &program->server.rate_limit;
	int kod;

	if (sscanf(value, "%lf,%u,%u,%d", &rate->interval_s, &rate->burst, &rate->leak, &kod) != 4)
		g_error("no rate: %s", value);
	rate->is_enabled = rate->interval_s > 0;
	rate->kod_enabled = kod >= 0;
	rate->kod = (unsigned)MAX(kod, 0);
}

static void
set_state(Program *program, const char *value)
{
	bool is_good = strcmp(value, "good") == 0;

	program->state.may_serve = is_good;
	program->state.stratum = is_good ? 2 : TS_STRATUM_UNSYNCHRONISED;
	program->state.leap = is_good ? TS_LEAP_NONE : TS_LEAP_UNSYNCHRONISED;
	program->state.refid = is_good ? 0xc0000201 : 0;
	program->server.serve_unsynchronised = strcmp(value, "told") == 0;
}

static void
set_key(Program *program, const char *key, const char *value)
{
	TsSystemState *state = &program->state;

	if (strcmp(key, "listen") == 0)
		add_listen(program, value);
	else if (strcmp(key, "allow") == 0 || strcmp(key, "deny") == 0)
		add_rule(program, key[0] == 'a', value);
	else if (strcmp(key, "rate") == 0)
		set_rate(program, value);
	else if (strcmp(key, "state") == 0)
		set_state(program, value);
	else if (strcmp(key, "workers") == 0)
		program->server.workers = (unsigned)atoi(value);
	else if (strcmp(key, "table") == 0)
		program->server.client_table_bytes = (uint64_t)atoll(value);
	else if (strcmp(key, "dscp") == 0)
		program->server.dscp = atoi(value);
	else if (strcmp(key, "stratum") == 0)
		state->stratum = atoi(value);
	else if (strcmp(key, "leap") == 0)
		state->leap = atoi(value);
	else if (strcmp(key, "refid") == 0)
		state->refid = (uint32_t)strtoul(value, NULL, 16);
	else if (strcmp(key, "delay") == 0)
		state->root_delay_s = g_ascii_strtod(value, NULL);
	else if (strcmp(key, "dispersion") == 0)
		state->root_dispersion_s = g_ascii_strtod(value, NULL);
	else if (strcmp(key, "rate-of-dispersion") == 0)
		state->root_dispersion_rate = g_ascii_strtod(value, NULL);
	else if (strcmp(key, "error") == 0)
		program->clock_error_s = g_ascii_strtod(value, NULL);
	else
		g_error("no such key: %s", key);
}

/* Lists are replaced by the first of their keys that an update names. */
static void
apply(Program *program, char **words)
{
	bool has_listen = false, has_rules = false;

	for (char **word = words; *word; word++) {
		g_auto(GStrv) parts = g_strsplit(*word, "=", 2);
		bool is_rule = strcmp(parts[0], "allow") == 0 || strcmp(parts[0], "deny") == 0;
		if (!parts[1])
			g_error("no KEY=VALUE: %s", *word);
		if (strcmp(parts[0], "listen") == 0 && !has_listen) {
			g_array_set_size(program->server.listen, 0);
			has_listen = true;
		}
		if (is_rule && !has_rules) {
			g_array_set_size(program->server.access, 0);
			has_rules = true;
		}
		if (strcmp(parts[0], "listen") != 0 || strcmp(parts[1], "none") != 0)
			set_key(program, parts[0], parts[1]);
	}
}

static void
init(Program *program, char **arguments)
{
	program->server = (TsServerSettings){
		.listen = g_array_new(FALSE, TRUE, sizeof(TsListen)),
		.access = g_array_new(FALSE, TRUE, sizeof(TsAccessRule)),
		.workers = 1,
		.client_table_bytes = 1 << 20,
		.interleaved = true,
	};
	add_rule(program, true, "all");
	set_state(program, "good");
	program->state.root_delay_s = 0.010;
	program->state.root_dispersion_s = 0.020;
	program->state.root_dispersion_rate = 1e-6;
	apply(program, arguments);
	program->clock = ts_clock_new_software(&(TsSoftwareClockOptions){
		.initial_error_ns = ts_s_to_ns(program->clock_error_s),
	});
	program->publisher = ts_system_state_publisher_new();
	program->metrics = ts_metrics_new();
}

static void
publish(Program *program)
{
	program->state.reference_raw_ns = ts_clock_raw_now(program->clock);
	program->state.reference_utc_ns = ts_clock_utc_now(program->clock);
	program->state.precision_log2s = ts_clock_precision_log2s(program->clock);
	program->state.epoch = ts_clock_epoch(program->clock);
	ts_system_state_publish(program->publisher, &program->state);
}

static void
say_ready(Program *program)
{
	g_autoptr(GArray) views = ts_responder_listeners(program->responder);

	printf("ready");
	for (guint i = 0; i < views->len; i++) {
		TsListenerView *view = &g_array_index(views, TsListenerView, i);
		printf(" %u", view->is_bound ? ts_address_port(&view->address) : 0);
	}
	printf("\n");
}

static void
say_listeners(Program *program)
{
	g_autoptr(GArray) views = ts_responder_listeners(program->responder);
	char text[TS_ADDRESS_TEXT_SIZE];

	for (guint i = 0; i < views->len; i++) {
		TsListenerView *view = &g_array_index(views, TsListenerView, i);
		printf("%s %s\n", ts_address_format_port(&view->address, text),
		       view->is_bound ? "bound" : view->problem);
	}
	printf("end\n");
}

static void
say_client(const TsClientView *view, void *user_data)
{
	char text[TS_ADDRESS_TEXT_SIZE];

	(void)user_data;
	printf("%s requests=%lu dropped=%lu interleaved=%lu interval=%.4f seen=%.3f version=%u "
	       "mode=%u\n",
	       ts_address_format(&view->address, text), (unsigned long)view->n_requests,
	       (unsigned long)view->n_dropped, (unsigned long)view->n_interleaved, view->interval_s,
	       view->last_seen_s, view->version, view->mode);
}

static void
say_counter(const TsMetricView *view, void *user_data)
{
	(void)user_data;
	printf("%s %.0f\n", view->name, view->value);
}

static void
obey(Program *program, char *line)
{
	g_strstrip(line);
	if (g_str_has_prefix(line, "clients")) {
		ts_responder_foreach_client(program->responder, (unsigned)atoi(line + 7),
					    say_client, NULL);
		printf("end\n");
	} else if (strcmp(line, "counters") == 0) {
		ts_metrics_foreach(program->metrics, say_counter, NULL);
		printf("end\n");
	} else if (strcmp(line, "listeners") == 0) {
		say_listeners(program);
	} else if (strcmp(line, "epoch") == 0) {
		ts_clock_raise_epoch(program->clock);
		say_ready(program);
	} else if (strcmp(line, "retry") == 0) {
		ts_responder_retry(program->responder);
		say_ready(program);
	} else {
		g_auto(GStrv) words = g_strsplit(line, " ", -1);
		apply(program, words);
		publish(program);
		ts_responder_update(program->responder, &program->server, NULL);
		say_ready(program);
	}
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	Program program = {0};
	char line[4096];

	(void)argc;
	ts_log_setup(TS_LOG_INFO);
	init(&program, argv + 1);
	publish(&program);
	program.responder = ts_responder_new(&program.server, program.clock, program.publisher,
					     program.metrics, &error);
	if (!program.responder)
		g_error("%s", error->message);
	say_ready(&program);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin))
		obey(&program, line);

	ts_responder_free(program.responder);
	ts_metrics_free(program.metrics);
	ts_system_state_publisher_free(program.publisher);
	ts_clock_free(program.clock);
	g_array_unref(program.server.listen);
	g_array_unref(program.server.access);
	return 0;
}
