/* SPDX-License-Identifier: BSD-2-Clause */
/* test-config-check.c - values that are right alone and wrong together */
#include "config/loading.h"

START_TEST(test_source_poll_range_upside_down_is_refused)
{
	check_refused("sources: [{server: a, min-poll: 8, max-poll: 7}]",
		      "1:33: error: min-poll 8 is above max-poll 7");
	check_refused("sources: [{server: a, min-samples: 8, max-samples: 7}]",
		      "1:36: error: min-samples 8 is above max-samples 7");
}
END_TEST

START_TEST(test_source_one_end_of_a_range_moves_the_other_default)
{
	g_autoptr(TsSettings) s =
		load_well("sources: [{server: a, min-poll: 12}, {server: b, max-poll: 3},"
			  " {server: c, max-samples: 4}]");
	const TsSourceSettings *a = s->sources->pdata[0], *b = s->sources->pdata[1],
			       *c = s->sources->pdata[2];

	ck_assert_int_eq(a->max_poll, 12);
	ck_assert_int_eq(b->min_poll, 3);
	ck_assert_uint_eq(c->min_samples, 4);
}
END_TEST

START_TEST(test_source_kind_missing_twofold_or_misspelt_is_refused)
{
	check_refused("sources:\n- iburst: true\n",
		      "2:3: error: a source needs a key server, pool or refclock with its name");
	check_refused("sources:\n- {}\n",
		      "2:3: error: a source needs a key server, pool or refclock with its name");
	check_refused("sources: [{server: a, pool: b}]",
		      "1:29: error: a source is one thing; this one has both server and pool");
	check_refused("sources: [{sever: a}]",
		      "1:12: error: unknown key 'sever' in a source; did you mean 'server'?");
	check_refused("sources: [{server: [a]}]",
		      "1:20: error: server takes a single value, not a list");
}
END_TEST

START_TEST(test_source_key_of_another_kind_is_refused)
{
	check_refused("sources: [{server: a, max-sources: 3}]",
		      "1:23: error: key 'max-sources' is for pools, not for a server");
	check_refused("sources: [{pool: a, refid: GPS}]",
		      "1:21: error: key 'refid' is for refclocks, not for a pool");
}
END_TEST

START_TEST(test_source_listed_twice_in_one_file_is_refused)
{
	check_refused("sources:\n- server: a.example\n- server: A.Example.\n",
		      "3:3: error: server A.Example. is listed twice, first at t.yaml:2:3");
	check_refused("sources:\n- server: '2001:db8::1'\n- server: '[2001:DB8:0::1]:123'\n",
		      "3:3: error: server 2001:DB8:0::1 is listed twice, first at t.yaml:2:3");
}
END_TEST

START_TEST(test_source_same_host_on_two_ports_is_two_sources)
{
	g_autoptr(TsSettings) s =
		load_well("sources:\n- server: '::1'\n- {server: '::1', port: 1123}\n"
			  "- server: 127.0.0.1:1123\n");
	const TsSourceSettings *first = s->sources->pdata[0], *second = s->sources->pdata[1],
			       *third = s->sources->pdata[2];

	ck_assert_str_eq(first->label, "::1");
	ck_assert_str_eq(second->label, "[::1]:1123");
	ck_assert_str_eq(third->label, "127.0.0.1:1123");
	ck_assert_str_eq(third->name, "127.0.0.1");
	ck_assert_uint_eq(third->port, 1123);
}
END_TEST

START_TEST(test_source_labels_must_differ)
{
	check_refused(
		"sources:\n- {server: a, name: x}\n- {server: b, name: x}\n",
		"3:3: error: the source at t.yaml:2:3 is named x, too; give one of them another "
		"'name'");
	check_refused("sources: [{refclock: shm, unit: 0}, {refclock: shm, unit: 1}]",
		      "1:37: error: the source at t.yaml:1:11 is named shm, too; give one of them "
		      "another 'name'");
}
END_TEST

START_TEST(test_source_port_written_twice_must_agree)
{
	g_autoptr(TsSettings) same = load_well("sources: [{server: 'a:5', port: 5}]");

	ck_assert_ptr_nonnull(same);
	check_refused("sources: [{server: 'a:5', port: 6}]",
		      "1:20: error: port 5 here and 'port' say different things");
	check_refused("sources: [{server: 'a:5', nts: {port: 6}}]",
		      "1:20: error: port 5 here and 'port' say different things");
}
END_TEST

START_TEST(test_source_port_with_nts_is_the_key_exchange)
{
	g_autoptr(TsSettings) s =
		load_well("sources: [{server: '[2001:db8::15]:4461', nts: true},"
			  " {server: 'a:4462', nts: {ca: /x}}, {server: b, nts: false}]");
	const TsSourceSettings *first = s->sources->pdata[0], *second = s->sources->pdata[1],
			       *third = s->sources->pdata[2];

	ck_assert_uint_eq(first->port, 123);
	ck_assert_str_eq(ts_node_text(ts_node_find(first->nts, "port")), "4461");
	ck_assert_str_eq(ts_node_text(ts_node_find(second->nts, "port")), "4462");
	ck_assert_str_eq(ts_node_text(ts_node_find(second->nts, "ca")), "/x");
	ck_assert(first->is_authenticated_only);
	ck_assert_ptr_null(third->nts);
	ck_assert(!third->is_authenticated_only);
}
END_TEST

START_TEST(test_source_nts_with_key_is_refused)
{
	check_refused("sources: [{server: a, nts: true, key: 5}]",
		      "1:39: error: key and nts are two ways to authenticate; a source has one");
}
END_TEST

START_TEST(test_source_families_must_agree)
{
	check_refused("sources: [{server: 192.0.2.1, family: ipv6}]",
		      "1:39: error: family: 192.0.2.1 is of the other family");
	check_refused("sources: [{server: a, family: ipv4, bind-address: '::1'}]",
		      "1:51: error: bind-address: ::1 is of another family than the source");
	check_refused("sources: [{server: '2001:db8::1', bind-address: 192.0.2.1}]",
		      "1:49: error: bind-address: 192.0.2.1 is of another family than the source");
}
END_TEST

START_TEST(test_sources_more_than_the_selection_takes_are_refused)
{
	GString *text = g_string_new("sources:\n");

	for (unsigned i = 0; i < 8; i++)
		g_string_append_printf(text, "- {pool: p%u, max-sources: 16}\n", i);
	g_autoptr(TsSettings) fits = load_well(text->str);
	ck_assert_ptr_nonnull(fits);

	g_string_append(text, "- server: a\n- server: b\n");
	check_refused(text->str,
		      "10:3: error: more than 128 sources, with this one (a pool counts as "
		      "its max-sources)");
	g_string_free(text, TRUE);
}
END_TEST

static void
check_warned(const char *text, const char *expected)
{
	g_autofree char *said = NULL;
	g_autofree char *line = g_strconcat("t.yaml:", expected, "\n", NULL);
	g_autoptr(TsSettings) settings = load_saying(text, &said);

	ck_assert_ptr_nonnull(settings);
	ck_assert_str_eq(said, line);
}

START_TEST(test_source_noselect_with_prefer_is_a_warning)
{
	check_warned("sources: [{server: a, noselect: true, prefer: true}]",
		     "1:33: warning: noselect leaves prefer, trust and require without effect");
}
END_TEST

START_TEST(test_refclock_of_disabled_plugin_is_a_warning)
{
	check_warned("sources: [{refclock: gps}]\nplugins: {gps: false}\n",
		     "1:11: warning: source gps gives no time: its plugin gps is not enabled");
}
END_TEST

START_TEST(test_listener_listed_twice_is_refused)
{
	check_refused("server: {listen: ['127.0.0.1', '127.0.0.1:123']}",
		      "1:32: error: listen: 127.0.0.1:123 is listed twice, first at t.yaml:1:19");
}
END_TEST

START_TEST(test_listeners_that_differ_in_device_or_take_any_port_are_fine)
{
	g_autoptr(TsSettings) s =
		load_well("server: {listen: ['[::1]', {address: '::1', device: lo},"
			  " '127.0.0.1:0', '127.0.0.1:0']}");

	ck_assert_uint_eq(s->server.listen->len, 4);
}
END_TEST

START_TEST(test_listener_without_allow_is_a_warning)
{
	check_warned("server: {listen: ['127.0.0.1', '0.0.0.0']}",
		     "1:19: warning: no 'allow': only this machine gets answers");
}
END_TEST

START_TEST(test_allow_without_listener_is_a_warning_unless_it_says_so)
{
	g_autoptr(TsSettings) pure_client = load_well("server: {listen: [], allow: [all]}");

	ck_assert_uint_eq(pure_client->server.listen->len, 0);
	check_warned(
		"server: {allow: [all]}",
		"1:17: warning: 'allow' is without effect, because nothing listens; add listen: "
		"[\"0.0.0.0:123\", \"[::]:123\"]");
}
END_TEST

START_TEST(test_access_contradiction_is_refused)
{
	check_refused("server: {deny: [10.0.0.0/8], allow: [10.0.0.0/8], listen: []}",
		      "1:38: error: 10.0.0.0/8 is both allowed and denied, see t.yaml:1:17");
	check_refused("server: {allow: [all], deny: [all], listen: []}",
		      "1:31: error: all is both allowed and denied, see t.yaml:1:18");
}
END_TEST

START_TEST(test_access_nobody_but_loopback_by_default)
{
	g_autoptr(TsSettings) s = load_well("");
	const TsAccessRule *rules = &g_array_index(s->server.access, TsAccessRule, 0);
	TsAddress v4, v6;

	ck_assert(ts_address_parse("127.9.9.9", 0, &v4) && ts_address_parse("::1", 0, &v6));
	ck_assert_uint_eq(s->server.access->len, 2);
	ck_assert(rules[0].is_allow && ts_prefix_contains(&rules[0].prefix, &v4));
	ck_assert(rules[1].is_allow && ts_prefix_contains(&rules[1].prefix, &v6));
}
END_TEST

START_TEST(test_rate_limit_without_client_table_is_refused)
{
	check_refused(
		"server: {rate-limit: true, client-memory: 0}",
		"1:22: error: rate-limit needs to know the clients, and client-memory is none");
}
END_TEST

START_TEST(test_selection_strata_upside_down_are_refused)
{
	check_refused("selection: {min-stratum: 5, max-stratum: 3}",
		      "1:12: error: min-stratum 5 is above max-stratum 3");
}
END_TEST

START_TEST(test_problems_all_are_reported_in_order_of_place)
{
	g_autofree char *said = NULL;
	g_autoptr(TsSettings) s = load_saying("clock: {driver: x}\n"
					      "sources:\n"
					      "- {server: a, iburst: yes, port: 010, minpoll: 6}\n"
					      "- {server: a}\n"
					      "log: {level: 5}\n",
					      &said);

	ck_assert_ptr_null(s);
	ck_assert_str_eq(
		said, "t.yaml:1:17: error: driver: 'x' is none of kernel, software, none\n"
		      "t.yaml:3:23: error: iburst: write true, not yes\n"
		      "t.yaml:3:34: error: port: '010' has a leading zero, which some YAML readers "
		      "take for octal (8); write 10\n"
		      "t.yaml:3:39: error: unknown key 'minpoll' in a source; did you mean "
		      "'min-poll'?\n"
		      "t.yaml:4:3: error: server a is listed twice, first at t.yaml:3:3\n"
		      "t.yaml:5:14: error: level: '5' is none of error, warning, notice, info, "
		      "debug\n");
}
END_TEST

/* Returns: (transfer full): @head, then @n times @item, then @tail; "%u" in @item counts. */
static char *
repeat(const char *head, const char *item, unsigned n, const char *tail)
{
	GString *text = g_string_new(head);
	g_auto(GStrv) parts = g_strsplit(item, "%u", 2);

	for (unsigned i = 0; i < n; i++)
		g_string_append_printf(text, "%s%u%s", parts[0], i, parts[1]);
	g_string_append(text, tail);
	return g_string_free(text, FALSE);
}

START_TEST(test_lists_longer_than_makes_sense_are_refused)
{
	g_autofree char *fits = repeat("server: {listen: [", "'127.0.0.%u',", 64, "]}");
	g_autofree char *listen = repeat("server: {listen: [", "'127.0.0.%u',", 65, "]}");
	g_autofree char *interfaces = repeat("hwtimestamp: [", "eth%u,", 65, "]");
	g_autoptr(TsSettings) settings = load_well(fits);

	ck_assert_uint_eq(settings->server.listen->len, 64);
	check_refused(listen, "1:18: error: listen: more than 64 addresses");
	check_refused(interfaces, "1:14: error: hwtimestamp: more than 64 interfaces");
}
END_TEST

START_TEST(test_problems_beyond_a_thousand_are_not_listed_but_said)
{
	g_autofree char *text = repeat("log:\n", "  k%u: 1\n", 5000, "");
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) settings =
		ts_config_load_text(text, strlen(text), "t.yaml", &problems);

	ck_assert_ptr_null(settings);
	ck_assert_uint_eq(problems->len, 1001);
	const TsConfigProblem *last = problems->pdata[1000], *before = problems->pdata[999];
	ck_assert_uint_eq(before->origin.line, 1001);
	ck_assert_str_eq(last->text, "there are more mistakes than these; mend some first");
}
END_TEST

TS_TEST_MAIN("config-check", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_source_poll_range_upside_down_is_refused);
	tcase_add_test(core, test_source_one_end_of_a_range_moves_the_other_default);
	tcase_add_test(core, test_source_kind_missing_twofold_or_misspelt_is_refused);
	tcase_add_test(core, test_source_key_of_another_kind_is_refused);
	tcase_add_test(core, test_source_listed_twice_in_one_file_is_refused);
	tcase_add_test(core, test_source_same_host_on_two_ports_is_two_sources);
	tcase_add_test(core, test_source_labels_must_differ);
	tcase_add_test(core, test_source_port_written_twice_must_agree);
	tcase_add_test(core, test_source_port_with_nts_is_the_key_exchange);
	tcase_add_test(core, test_source_nts_with_key_is_refused);
	tcase_add_test(core, test_source_families_must_agree);
	tcase_add_test(core, test_sources_more_than_the_selection_takes_are_refused);
	tcase_add_test(core, test_source_noselect_with_prefer_is_a_warning);
	tcase_add_test(core, test_refclock_of_disabled_plugin_is_a_warning);
	tcase_add_test(core, test_listener_listed_twice_is_refused);
	tcase_add_test(core, test_listeners_that_differ_in_device_or_take_any_port_are_fine);
	tcase_add_test(core, test_listener_without_allow_is_a_warning);
	tcase_add_test(core, test_allow_without_listener_is_a_warning_unless_it_says_so);
	tcase_add_test(core, test_access_contradiction_is_refused);
	tcase_add_test(core, test_access_nobody_but_loopback_by_default);
	tcase_add_test(core, test_rate_limit_without_client_table_is_refused);
	tcase_add_test(core, test_selection_strata_upside_down_are_refused);
	tcase_add_test(core, test_problems_all_are_reported_in_order_of_place);
	tcase_add_test(core, test_lists_longer_than_makes_sense_are_refused);
	tcase_add_test(core, test_problems_beyond_a_thousand_are_not_listed_but_said);
	suite_add_tcase(suite, core);
})
