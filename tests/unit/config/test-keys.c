/* SPDX-License-Identifier: BSD-2-Clause */
/* test-keys.c - each key of a file: its default, where its value goes, its limits */
#include "config/loading.h"

/* Puts @value at the '@' of @form. */
static char *
fill_in(const char *form, const char *value)
{
	g_auto(GStrv) parts = g_strsplit(form, "@", 2);

	return g_strconcat(parts[0], value, parts[1], NULL);
}

typedef struct {
	const char *form;		/* '@' stands for the value */
	const char *lowest, *highest;	/* are taken */
	const char *too_low, *too_high; /* are not; NULL: there is no such end */
} Limit;

static const Limit limits[] = {
	{"sources: [{server: a, offset: @}]", "-1d", "1d", "-86401", "86401"},
	{"sources: [{server: a, min-samples: @}]", "1", "64", "0", "65"},
	{"sources: [{server: a, max-samples: @}]", "1", "64", "0", "65"},
	{"sources: [{server: a, filter: @}]", "1", "256", "0", "257"},
	{"sources: [{server: a, max-distance: @}]", "1us", "10000", "0.9us", "10001"},
	{"sources: [{server: a, port: @}]", "1", "65535", "0", "65536"},
	{"sources: [{server: a, version: @}]", "3", "4", "2", "5"},
	{"sources: [{server: a, min-poll: @}]", "-4", "17", "-5", "18"},
	{"sources: [{server: a, max-poll: @}]", "62.5ms", "131072s", "31.25ms", "262144s"},
	{"sources: [{pool: a, max-sources: @}]", "1", "16", "0", "17"},
	{"sources: [{server: a, max-delay: @}]", "1us", "1000", "0", "1001"},
	{"sources: [{server: a, max-delay-ratio: @}]", "1", "1e6", "0.5", "2e6"},
	{"sources: [{server: a, max-delay-ratio: @}]", "0", "none", "-1", NULL},
	{"sources: [{server: a, max-delay-dev-ratio: @}]", "0.1", "1e6", "0.01", "2e6"},
	{"sources: [{server: a, dscp: @}]", "0", "63", "-1", "64"},
	{"sources: [{server: a, key: @}]", "1", "4294967295", "0", "4294967296"},
	{"sources: [{refclock: a, stratum: @}]", "0", "15", "-1", "16"},
	{"server: {listen: [], rate-limit: {interval: @}}", "1ms", "1h", "0.9ms", "3601"},
	{"server: {rate-limit: {burst: @}}", "1", "255", "0", "256"},
	{"server: {rate-limit: {leak: @}}", "0", "12", "-1", "13"},
	{"server: {rate-limit: {kod: @}}", "none", "12", "-1", "13"},
	{"server: {workers: @}", "1", "16", "0", "17"},
	{"server: {client-memory: @}", "64k", "4G", "63k", "5G"},
	{"server: {client-memory: @}", "0", "none", "-1", NULL},
	{"server: {dscp: @}", "0", "63", "-1", "64"},
	{"server: {local: {stratum: @}}", "1", "15", "0", "16"},
	{"server: {local: {activate: @}}", "0", "1000", "-1ms", "1001"},
	{"clock: {step: {threshold: @}}", "1us", "1e9", "0", "2e9"},
	{"clock: {step: {first-updates: @}}", "0", "1000000", "-1", "1000001"},
	{"clock: {software: {initial-offset: @}}", "-1e9", "1e9", "-2e9", "2e9"},
	{"clock: {software: {initial-frequency: @}}", "-1000", "1000ppm", "-1001", "1001"},
	{"clock: {max-slew: @}", "1", "10%", "0", "100001ppm"},
	{"clock: {panic: @}", "1ms", "1e9", "0", "2e9"},
	{"clock: {max-drift: @}", "1ppm", "100000ppm", "999ppb", "100001"},
	{"clock: {max-drift-change: @}", "0.001ppb", "1000ppm", "0", "1001"},
	{"clock: {holdover-limit: @}", "1us", "1000000", "0", "1000001"},
	{"clock: {precision: @}", "-32", "-1", "-33", "0"},
	{"selection: {min-sources: @}", "1", "128", "0", "129"},
	{"selection: {min-stratum: @}", "0", "15", "-1", "16"},
	{"selection: {max-stratum: @}", "0", "15", "-1", "16"},
	{"selection: {max-distance: @}", "1us", "10000", "0", "10001"},
	{"selection: {max-jitter: @}", "1ns", "10000", "0", "10001"},
	{"selection: {stratum-weight: @}", "0", "1000", "-1", "1001"},
	{"selection: {reselect-distance: @}", "0", "1000", "-1", "1001"},
	{"selection: {combine-limit: @}", "0", "1e6", "-1", "2e6"},
};

START_TEST(test_key_within_limits_is_taken)
{
	g_autofree char *low = fill_in(limits[_i].form, limits[_i].lowest);
	g_autofree char *high = fill_in(limits[_i].form, limits[_i].highest);
	g_autoptr(TsSettings) lowest = load_well(low);
	g_autoptr(TsSettings) highest = load_well(high);

	ck_assert_ptr_nonnull(lowest);
	ck_assert_ptr_nonnull(highest);
}
END_TEST

START_TEST(test_key_beyond_limits_is_refused_with_the_range)
{
	g_autofree char *low = fill_in(limits[_i].form, limits[_i].too_low);
	check_refused_with(low, "is out of range; allowed are ");

	if (!limits[_i].too_high)
		return;
	g_autofree char *high = fill_in(limits[_i].form, limits[_i].too_high);
	check_refused_with(high, "is out of range; allowed are ");
}
END_TEST

/* Keys that take no number: a form and a value that is wrong, and what is said. */
static const struct {
	const char *form, *good, *bad, *said;
} words[] = {
	{"sources: [{server: a, prefer: @}]", "true", "yes", "prefer: write true, not yes"},
	{"sources: [{server: a, trust: @}]", "true", "on", "trust: write true, not on"},
	{"sources: [{server: a, require: @}]", "false", "no", "require: write false, not no"},
	{"sources: [{server: a, noselect: @}]", "true", "1", "noselect: takes true or false"},
	{"sources: [{server: a, online: @}]", "false", "off", "online: write false, not off"},
	{"sources: [{server: a, iburst: @}]", "true", "'true'", "iburst: 'true' is quoted"},
	{"sources: [{server: a, burst: @}]", "true", "~", "burst: has no value"},
	{"sources: [{server: a, xleave: @}]", "true", "[]",
	 "xleave: takes true or false, not a list"},
	{"sources: [{server: a, nts: @}]", "true", "yes", "nts: write true, not yes"},
	{"sources: [{server: 'a:5', nts: @}]", "{port: 5}", "[x]", "or a map of its options"},
	{"sources: [{server: a, family: @}]", "ipv6", "ipv5", "did you mean 'ipv4'?"},
	{"sources: [{server: a, family: @}]", "any", "inet", "none of any, ipv4, ipv6"},
	{"sources: [{server: a, name: @}]", "x", "'a b'", "a name has no spaces"},
	{"sources: [{server: a, name: @}]", "no", "''", "a name has 1 to 64 characters"},
	{"sources: [{server: a, bind-address: @}]", "'::1'", "eth0", "no numeric address"},
	{"sources: [{server: a, bind-address: @}]", "192.0.2.1", "192.0.2.1:5",
	 "no numeric address"},
	{"sources: [{server: a, device: @}]", "eth0", "sixteen-letters-", "network interface"},
	{"sources: [{refclock: a, refid: @}]", "PPS1", "FIVES", "no reference id"},
	{"sources: [{refclock: a, refid: @}]", "A", "'G S'", "no reference id"},
	{"sources: [{server: @}]", "a.example", "a..example", "is no host name or address"},
	{"sources: [{pool: @}]", "a.example", "192.0.2.999", "is no host name or address"},
	{"sources: [{refclock: @}]", "refclock-shm", "SHM", "is no plugin's name"},
	{"server: {local: @}", "true", "on", "local: write true, not on"},
	{"server: {local: {orphan: @}}", "true", "yes", "orphan: write true, not yes"},
	{"server: {rate-limit: @}", "false", "no", "rate-limit: write false, not no"},
	{"server: {workers: @}", "auto", "all", "auto is allowed, too"},
	{"server: {interleaved: @}", "false", "no", "interleaved: write false"},
	{"server: {serve-unsynchronised: @}", "true", "y", "serve-unsynchronised: write true"},
	{"clock: {driver: @}", "software", "sofware", "did you mean 'software'?"},
	{"clock: {driver: @}", "none", "ntp", "none of kernel, software, none"},
	{"clock: {step: {first-updates: @}}", "always", "alway", "always or never is allowed, too"},
	{"clock: {step: {first-updates: @}}", "never", "3.5", "not a whole number"},
	{"clock: {step: @}", "{}", "never", "step takes a map"},
	{"clock: {panic: @}", "none", "never", "none is allowed, too"},
	{"clock: {panic-at-start: @}", "true", "yes", "panic-at-start: write true"},
	{"clock: {drift-file: @}", "none", "drift", "is no path from the root"},
	{"clock: {precision: @}", "measured", "1us", "not '1us'"},
	{"control: {socket: @}", "none", "control.sock", "is no path from the root"},
	{"control: {bus: @}", "session", "sesion", "did you mean 'session'?"},
	{"control: {group: @}", "wheel", "'a b'", "is no group's name"},
	{"log: {level: @}", "debug", "loud", "none of error, warning, notice, info, debug"},
	{"hwtimestamp: @", "[eth0]", "eth0",
	 "hwtimestamp takes a list, as [eth0], not a single value"},
	{"hwtimestamp: [@]", "'*'", "'a/b'", "network interface"},
	{"plugins: {directory: @}", "/usr/lib/x", "lib", "is no path from the root"},
	{"plugins: {watch: @}", "true", "1", "watch: takes true or false"},
	{"plugins: {gps: {enabled: @}}", "false", "no", "enabled: write false, not no"},
	{"plugins: {gps: {path: @}}", "/a.so", "a.so", "is no path from the root"},
	{"plugins: {gps: @}", "false", "[]",
	 "plugin gps takes a map of keys and values, not a list"},
	{"plugins: {@: {}}", "nts-ke", "NTS", "is no plugin's name"},
	{"plugins: {@}", "directory: /x", "direktory: /x", "did you mean 'directory'?"},
	{"server: {listen: @}", "['[::1]:0']", "'[::1]'",
	 "listen takes a list, as [\"0.0.0.0:123\""},
	{"server: {listen: [@]}", "127.0.0.1", "'*:123'", "for every address write"},
	{"server: {listen: [@]}", "127.0.0.1", "123", "for every address write"},
	{"server: {listen: [@]}", "127.0.0.1", "localhost", "is no numeric address"},
	{"server: {listen: [@]}", "127.0.0.1", "127.0.0.1:65536", "is no numeric address"},
	{"server: {listen: [@]}", "127.0.0.1", "'fe80::1%nosuchdev'",
	 "is the interface after '%' there?"},
	{"server: {listen: [{@}]}", "address: '::1', device: lo", "device: lo",
	 "'address' is missing"},
	{"server: {listen: [{address: '::1', @}]}", "device: lo", "divice: lo",
	 "did you mean 'device'?"},
	{"server: {listen: [], allow: @}", "[all]", "all", "allow takes a list"},
	{"server: {listen: [], allow: [@]}", "10.0.0.0/8", "10.0.0.1/8", "without host bits"},
	{"server: {deny: [@]}", "2001:db8::/32", "example.net", "is neither 'all' nor"},
};

START_TEST(test_key_right_value_is_taken_and_wrong_one_named)
{
	g_autofree char *good = fill_in(words[_i].form, words[_i].good);
	g_autofree char *bad = fill_in(words[_i].form, words[_i].bad);
	g_autoptr(TsSettings) settings = load_well(good);

	ck_assert_ptr_nonnull(settings);
	check_refused_with(bad, words[_i].said);
}
END_TEST

START_TEST(test_key_unknown_is_refused_with_the_nearest)
{
	check_refused("sources:\n- server: a\n  minpol: 6\n",
		      "3:3: error: unknown key 'minpol' in a source; did you mean 'min-poll'?");
	check_refused("servr: {}\n",
		      "1:1: error: unknown key 'servr' in the file; did you mean 'server'?");
	check_refused("log: {banana: 1}\n",
		      "1:7: error: unknown key 'banana' in log; known are level");
	check_refused("server: {drift-file: /x}\n",
		      "1:10: error: key 'drift-file' stands in clock, not in server");
	check_refused("log: {sources: []}\n",
		      "1:7: error: key 'sources' stands in the top level of the file, not in log");
}
END_TEST

START_TEST(test_section_of_wrong_type_is_refused)
{
	check_refused(
		"sources: {server: a}\n",
		"1:10: error: sources takes a list, as [{server: time.example.net}], not a map");
	check_refused("sources: [time.example.net]\n",
		      "1:11: error: a source is a map, as {server: time.example.net}");
	check_refused("server: time.example.net\n",
		      "1:9: error: server takes a map: what this daemon serves; a server to follow "
		      "stands in the list 'sources'");
	check_refused("clock: []\n",
		      "1:8: error: clock takes a map of keys and values, not a list");
	check_refused("- a\n",
		      "1:1: error: a file of settings takes a map of keys and values, not a list");
}
END_TEST

START_TEST(test_section_left_empty_is_fine)
{
	g_autoptr(TsSettings) settings = load_well(
		"sources:\nserver:\nclock:\nselection:\ncontrol:\nplugins:\nhwtimestamp:\nlog:\n");

	ck_assert_uint_eq(settings->sources->len, 0);
}
END_TEST

START_TEST(test_defaults_are_those_of_the_manual)
{
	g_autoptr(TsSettings) s = load_well("sources: [{server: a.example}, {pool: b.example}]");
	const TsSourceSettings *server = s->sources->pdata[0], *pool = s->sources->pdata[1];

	ck_assert_int_eq(server->min_poll, 6);
	ck_assert_int_eq(server->max_poll, 10);
	ck_assert_int_eq(server->version, 4);
	ck_assert_uint_eq(server->port, 123);
	ck_assert(server->is_online);
	ck_assert_str_eq(server->label, "a.example");
	ck_assert_uint_eq(server->max_sources, 1);
	ck_assert_uint_eq(pool->max_sources, 4);
	ck_assert_uint_eq(s->server.listen->len, 0);
	ck_assert(!s->server.rate_limit.is_enabled);
	ck_assert_int_eq(s->clock.driver, TS_DRIVER_KERNEL);
	ck_assert_str_eq(s->clock.drift_file, "/var/lib/timesrv/drift");
	ck_assert_double_eq(s->clock.step_threshold_s, 1);
	ck_assert_int_eq(s->clock.step_first_updates, 3);
	ck_assert_str_eq(s->control.socket, "/run/timesrv/control.sock");
	ck_assert_int_eq(s->control.bus, TS_BUS_SYSTEM);
	ck_assert_int_eq(s->log_level, TS_LOG_INFO);
}
END_TEST

START_TEST(test_source_values_arrive)
{
	g_autoptr(TsSettings) s = load_well(
		"sources:\n"
		"- {server: a, name: n, prefer: true, trust: true, require: true, offset: -2ms,\n"
		"   min-samples: 8, max-samples: 16, filter: 5, max-distance: 0.5, port: 1123,\n"
		"   version: 3, min-poll: -2, max-poll: 1024s, iburst: true, burst: true,\n"
		"   xleave: true, online: false, family: ipv6, max-delay: 100ms,\n"
		"   max-delay-ratio: 2, max-delay-dev-ratio: 0, bind-address: '2001:db8::1',\n"
		"   device: eth0, dscp: 46, key: 10}\n");
	const TsSourceSettings *a = s->sources->pdata[0];

	ck_assert_str_eq(a->name, "a");
	ck_assert_str_eq(a->label, "n");
	ck_assert(a->prefer && a->trust && a->require && !a->noselect);
	ck_assert_double_eq(a->offset_s, -0.002);
	ck_assert_uint_eq(a->min_samples, 8);
	ck_assert_uint_eq(a->max_samples, 16);
	ck_assert_uint_eq(a->filter, 5);
	ck_assert_double_eq(a->max_distance_s, 0.5);
	ck_assert_uint_eq(a->port, 1123);
	ck_assert_int_eq(a->version, 3);
	ck_assert_int_eq(a->min_poll, -2);
	ck_assert_int_eq(a->max_poll, 10);
	ck_assert(a->iburst && a->burst && a->xleave && !a->is_online);
	ck_assert_int_eq(a->family, TS_FAMILY_IPV6);
	ck_assert_double_eq(a->max_delay_s, 0.1);
	ck_assert_double_eq(a->max_delay_ratio, 2);
	ck_assert_double_eq(a->max_delay_dev_ratio, 0);
	ck_assert_str_eq(a->bind_address, "2001:db8::1");
	ck_assert_str_eq(a->device, "eth0");
	ck_assert_int_eq(a->dscp, 46);
	ck_assert_uint_eq(a->key, 10);
	ck_assert(a->is_authenticated_only);
	ck_assert_uint_eq(a->origin.line, 2);
}
END_TEST

START_TEST(test_server_values_arrive)
{
	g_autoptr(TsSettings) s = load_well(
		"server:\n"
		"  listen: ['0.0.0.0', '[::1]:1123', {address: '192.0.2.1:5', device: eth0}]\n"
		"  allow: [192.0.2.0/24]\n"
		"  deny: [all, 127.0.0.0/8]\n"
		"  rate-limit: {interval: 1s, burst: 16, leak: 3, kod: none}\n"
		"  workers: 4\n"
		"  client-memory: 4M\n"
		"  interleaved: false\n"
		"  serve-unsynchronised: true\n"
		"  dscp: 46\n"
		"  local: {stratum: 8, orphan: true, activate: 100ms}\n");
	const TsServerSettings *server = &s->server;
	const TsListen *listen = &g_array_index(server->listen, TsListen, 0);
	const TsAccessRule *rules = &g_array_index(server->access, TsAccessRule, 0);

	ck_assert_uint_eq(server->listen->len, 3);
	ck_assert(listen[0].is_wildcard && !listen[1].is_wildcard);
	ck_assert_uint_eq(ts_address_port(&listen[0].address), 123);
	ck_assert_uint_eq(ts_address_port(&listen[1].address), 1123);
	ck_assert_str_eq(listen[2].device, "eth0");
	ck_assert_uint_eq(listen[2].origin.column, 37);
	ck_assert_uint_eq(server->access->len,
			  4); /* with ::1, but not with the denied 127.0.0.0/8 */
	ck_assert(rules[0].is_allow && rules[0].prefix.length == 24);
	ck_assert(!rules[1].is_allow && rules[1].is_all);
	ck_assert(!rules[2].is_allow && rules[2].prefix.length == 8);
	ck_assert(rules[3].is_allow && rules[3].prefix.length == 128);
	ck_assert(server->rate_limit.is_enabled && !server->rate_limit.kod_enabled);
	ck_assert_double_eq(server->rate_limit.interval_s, 1);
	ck_assert_uint_eq(server->rate_limit.burst, 16);
	ck_assert_uint_eq(server->rate_limit.leak, 3);
	ck_assert_uint_eq(server->workers, 4);
	ck_assert_uint_eq(server->client_table_bytes, 4 << 20);
	ck_assert(!server->interleaved && server->serve_unsynchronised);
	ck_assert_int_eq(server->dscp, 46);
	ck_assert(server->local_enabled && server->local_orphan);
	ck_assert_int_eq(server->local_stratum, 8);
	ck_assert_double_eq(server->local_activate_s, 0.1);
}
END_TEST

START_TEST(test_clock_selection_and_control_values_arrive)
{
	g_autoptr(TsSettings) s = load_well(
		"clock: {driver: software, step: {threshold: 100ms, first-updates: always},\n"
		"  max-slew: 500ppm, panic: none, panic-at-start: true, max-drift: 50,\n"
		"  max-drift-change: 10ppb,\n"
		"  holdover-limit: 2s, precision: -20}\n"
		"selection: {min-sources: 2, min-stratum: 1, max-stratum: 8, max-distance: 1,\n"
		"  max-jitter: 100ms, stratum-weight: 2ms, reselect-distance: 10us, combine-limit: "
		"2.5}\n"
		"control: {socket: /tmp/s, bus: none, group: wheel}\n"
		"hwtimestamp: [eth0, eth1, eth0]\n"
		"log: {level: warning}\n");

	ck_assert_int_eq(s->clock.driver, TS_DRIVER_SOFTWARE);
	ck_assert_ptr_null(s->clock.drift_file);
	ck_assert_double_eq(s->clock.step_threshold_s, 0.1);
	ck_assert_int_eq(s->clock.step_first_updates, -1);
	ck_assert_double_eq(s->clock.max_slew_ppm, 500);
	ck_assert_double_eq(s->clock.panic_s, 0);
	ck_assert(s->clock.panic_at_start);
	ck_assert_double_eq(s->clock.max_drift_ppm, 50);
	ck_assert_double_eq(s->clock.max_drift_change_ppm, 0.01);
	ck_assert_double_eq(s->clock.holdover_limit_s, 2);
	ck_assert_int_eq(s->clock.precision_log2s, -20);
	ck_assert_uint_eq(s->selection.min_sources, 2);
	ck_assert_int_eq(s->selection.min_stratum, 1);
	ck_assert_int_eq(s->selection.max_stratum, 8);
	ck_assert_double_eq(s->selection.max_distance_s, 1);
	ck_assert_double_eq(s->selection.max_jitter_s, 0.1);
	ck_assert_double_eq(s->selection.stratum_weight_s, 0.002);
	ck_assert_double_eq(s->selection.reselect_distance_s, 1e-5);
	ck_assert_double_eq(s->selection.combine_limit, 2.5);
	ck_assert_str_eq(s->control.socket, "/tmp/s");
	ck_assert_int_eq(s->control.bus, TS_BUS_NONE);
	ck_assert_str_eq(s->control.group, "wheel");
	ck_assert_uint_eq(s->hwtimestamp->len, 2);
	ck_assert_int_eq(s->log_level, TS_LOG_WARNING);
}
END_TEST

START_TEST(test_drift_file_of_another_driver_only_if_written)
{
	g_autoptr(TsSettings) none = load_well("clock: {driver: none}");
	g_autoptr(TsSettings) written = load_well("clock: {driver: software, drift-file: /tmp/d}");
	g_autoptr(TsSettings) off = load_well("clock: {drift-file: none}");

	ck_assert_ptr_null(none->clock.drift_file);
	ck_assert_str_eq(written->clock.drift_file, "/tmp/d");
	ck_assert_ptr_null(off->clock.drift_file);
}
END_TEST

START_TEST(test_refclock_keys_of_no_core_go_to_the_plugin)
{
	g_autoptr(TsSettings) s = load_well("sources:\n"
					    "- {refclock: gps, name: g, refid: GPS, stratum: 2, "
					    "offset: 1ms, device: /dev/ttyS0, port: x}\n"
					    "plugins:\n"
					    "  gps: {path: /a.so, speed: 9600}\n");
	const TsSourceSettings *gps = s->sources->pdata[0];
	const TsPluginSettings *plugin = s->plugins->pdata[0];

	ck_assert_str_eq(gps->label, "g");
	ck_assert_str_eq(gps->refid, "GPS");
	ck_assert_int_eq(gps->stratum, 2);
	ck_assert_uint_eq(ts_node_size(gps->plugin), 2);
	ck_assert_str_eq(ts_node_text(ts_node_find(gps->plugin, "device")), "/dev/ttyS0");
	ck_assert_uint_eq(s->plugins->len, 1);
	ck_assert_str_eq(plugin->path, "/a.so");
	ck_assert(plugin->is_enabled);
	ck_assert_uint_eq(ts_node_size(plugin->settings), 1);
	ck_assert_str_eq(ts_node_text(ts_node_find(plugin->settings, "speed")), "9600");
}
END_TEST

START_TEST(test_plugin_forms_and_those_that_a_source_names)
{
	g_autoptr(TsSettings) s = load_well("plugins:\n  a:\n  b: true\n  c: false\n"
					    "sources: [{refclock: d}, {refclock: a, name: e}]\n");
	const TsPluginSettings *c = s->plugins->pdata[2], *d = s->plugins->pdata[3];

	ck_assert_uint_eq(s->plugins->len, 4);
	ck_assert(!c->is_enabled);
	ck_assert_str_eq(d->name, "d");
	ck_assert(d->is_enabled);
	ck_assert_uint_eq(d->origin.line, 5);
}
END_TEST

START_TEST(test_plugin_short_and_long_name_are_one)
{
	g_autoptr(TsSettings) s = load_well("plugins: {refclock-a: {x: 1}, b: {x: 1}}\n"
					    "sources: [{refclock: a}, {refclock: refclock-b}]\n");

	ck_assert_uint_eq(s->plugins->len, 2);
}
END_TEST

START_TEST(test_anchor_keys_at_top_mean_nothing)
{
	g_autoptr(TsSettings) s = load_well("x-lan: &lan {iburst: true, min-poll: 4}\n"
					    "sources: [{server: a, <<: *lan, min-poll: 5}]\n");
	const TsSourceSettings *a = s->sources->pdata[0];

	ck_assert(a->iburst);
	ck_assert_int_eq(a->min_poll, 5);
	ck_assert_ptr_null(ts_node_find(s->tree, "x-lan"));
}
END_TEST

TS_TEST_MAIN("keys", {
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_key_within_limits_is_taken, 0, (int)G_N_ELEMENTS(limits));
	tcase_add_loop_test(core, test_key_beyond_limits_is_refused_with_the_range, 0,
			    (int)G_N_ELEMENTS(limits));
	tcase_add_loop_test(core, test_key_right_value_is_taken_and_wrong_one_named, 0,
			    (int)G_N_ELEMENTS(words));
	tcase_add_test(core, test_key_unknown_is_refused_with_the_nearest);
	tcase_add_test(core, test_section_of_wrong_type_is_refused);
	tcase_add_test(core, test_section_left_empty_is_fine);
	tcase_add_test(core, test_defaults_are_those_of_the_manual);
	tcase_add_test(core, test_source_values_arrive);
	tcase_add_test(core, test_server_values_arrive);
	tcase_add_test(core, test_clock_selection_and_control_values_arrive);
	tcase_add_test(core, test_drift_file_of_another_driver_only_if_written);
	tcase_add_test(core, test_refclock_keys_of_no_core_go_to_the_plugin);
	tcase_add_test(core, test_plugin_forms_and_those_that_a_source_names);
	tcase_add_test(core, test_plugin_short_and_long_name_are_one);
	tcase_add_test(core, test_anchor_keys_at_top_mean_nothing);
	suite_add_tcase(suite, core);
})
