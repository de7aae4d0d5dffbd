/* SPDX-License-Identifier: BSD-2-Clause */
/* test-shipped.c - the drop-ins, the example and the manual that are installed keep their word */
#include <glib.h>
#include <string.h>

#include "config/loading.h"
#include "config/sections.h"

static const char *const shipped[] = {
	"conf.d/10-sources.yaml", "conf.d/20-server.yaml",	"conf.d/30-clock.yaml",
	"conf.d/40-control.yaml", "conf.d/50-hwtimestamp.yaml", "conf.d/60-plugins.yaml",
	"data/timesrv.yaml",
};

/* Returns: (transfer full). */
static char *
read_shipped(const char *name)
{
	g_autofree char *path = g_build_filename(TS_SOURCE_ROOT, name, NULL);
	g_autoptr(GError) error = NULL;
	char *text = NULL;

	ck_assert_msg(g_file_get_contents(path, &text, NULL, &error), "%s",
		      error ? error->message : path);
	return text;
}

START_TEST(test_shipped_file_loads_without_a_word)
{
	g_autofree char *text = read_shipped(shipped[_i]);
	g_autoptr(TsSettings) settings = load_well(text);

	ck_assert_ptr_nonnull(settings);
}
END_TEST

/* Prose is "# Text"; an example is "#key:" or "#  key:". Returns: how many lines it uncovers. */
static unsigned
uncover_examples(char *text)
{
	unsigned n = 0;

	for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		bool is_example = line[0] == '#' &&
				  (g_ascii_islower(line[1]) || (line[1] == ' ' && line[2] == ' '));
		if (!is_example)
			continue;
		memmove(line, line + 1, strlen(line + 1) + 1);
		n++;
	}
	return n;
}

START_TEST(test_shipped_drop_in_examples_are_right)
{
	g_autofree char *text = read_shipped(shipped[_i]);

	ck_assert_uint_gt(uncover_examples(text), 0);
	g_autoptr(TsSettings) settings = load_well(text);
	ck_assert_ptr_nonnull(settings);
}
END_TEST

START_TEST(test_shipped_drop_ins_fit_a_screen)
{
	g_autofree char *text = read_shipped(shipped[_i]);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	ck_assert_uint_le(g_strv_length(lines), 36);
	for (char **line = lines; *line; line++)
		ck_assert_uint_le(strlen(*line), 110);
}
END_TEST

/* What scalars stand in a shipped drop-in would win over the operator's main file. */
START_TEST(test_shipped_drop_ins_set_nothing_but_sources)
{
	g_autofree char *text = read_shipped(shipped[_i]);
	g_autoptr(TsSettings) settings = load_well(text);

	for (unsigned i = 0; i < ts_node_size(settings->tree); i++)
		ck_assert_str_eq(ts_node_key_at(settings->tree, i), "sources");
}
END_TEST

static void
check_in_manual(const char *manual, const char *section, const char *key)
{
	g_autofree char *pattern = g_strdup_printf("^\\.It .*Cm %s( |$)", key);

	ck_assert_msg(g_regex_match_simple(pattern, manual, G_REGEX_MULTILINE, 0),
		      "the manual has no '%s' of %s", key, section);
}

START_TEST(test_manual_has_every_key)
{
	const TsSection *const sections[] = {
		&ts_section_source, &ts_section_server,	   &ts_section_rate_limit,
		&ts_section_local,  &ts_section_listen,	   &ts_section_clock,
		&ts_section_step,   &ts_section_selection, &ts_section_control,
		&ts_section_log,    &ts_section_software,
	};
	static const char *const of_plugins[] = {"directory", "watch", "enabled", "path"};
	g_autofree char *manual = read_shipped("docs/timesrv.yaml.5");

	for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
		for (unsigned j = 0; j < sections[i]->n_fields; j++)
			check_in_manual(manual, sections[i]->name, sections[i]->fields[j].key);
	for (unsigned i = 0; i < G_N_ELEMENTS(of_plugins); i++)
		check_in_manual(manual, "plugins", of_plugins[i]);
	for (unsigned i = 0; i < ts_section_root.n_fields; i++)
		ck_assert(strstr(manual, ts_section_root.fields[i].key) != NULL);
}
END_TEST

TS_TEST_MAIN("shipped", {
	const int n_drop_ins = (int)G_N_ELEMENTS(shipped) - 1;
	TCase *core = tcase_create("core");
	tcase_add_loop_test(core, test_shipped_file_loads_without_a_word, 0, n_drop_ins + 1);
	tcase_add_loop_test(core, test_shipped_drop_in_examples_are_right, 0, n_drop_ins);
	tcase_add_loop_test(core, test_shipped_drop_ins_fit_a_screen, 0, n_drop_ins);
	tcase_add_loop_test(core, test_shipped_drop_ins_set_nothing_but_sources, 0, n_drop_ins);
	tcase_add_test(core, test_manual_has_every_key);
	suite_add_tcase(suite, core);
})
