/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - timesrv-sim: options, runs, reports */
#include <locale.h>
#include <stdio.h>

#include "plot.h"
#include "report.h"
#include "virtual-log.h"
#include "world.h"

enum { EXIT_AS_EXPECTED, EXIT_BROKEN, EXIT_USAGE };

typedef struct {
	char **set;
	char *plot, *log;
	gint64 seed;
	gint n_seeds;
	gboolean as_json, is_quiet, must_only_check, shows_version;
} Options;

static bool
parse_options(Options *options, int *argc, char ***argv, GError **error)
{
	GOptionEntry entries[] = {
		{"json", 0, 0, G_OPTION_ARG_NONE, &options->as_json, "Print JSON in place of a table", NULL},
		{"plot", 0, 0, G_OPTION_ARG_FILENAME, &options->plot,
		 "Draw the first run's errors and bounds", "FILE.svg"},
		{"seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "In place of the scenario's seed", "N"},
		{"seeds", 0, 0, G_OPTION_ARG_INT, &options->n_seeds,
		 "Run so many seeds in place of the scenario's number", "N"},
		{"set", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &options->set,
		 "Replace a value of the scenario: nodes.client.clock.wander=1ppb", "PATH=VALUE"},
		{"log", 0, 0, G_OPTION_ARG_STRING, &options->log,
		 "Let the daemons log: error, warning, notice, info or debug", "LEVEL"},
		{"check", 0, 0, G_OPTION_ARG_NONE, &options->must_only_check,
		 "Check the scenario, run nothing", NULL},
		{"quiet", 'q', 0, G_OPTION_ARG_NONE, &options->is_quiet,
		 "Print only what is not as expected", NULL},
		{"version", 0, 0, G_OPTION_ARG_NONE, &options->shows_version, "Print the version", NULL},
		{NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	g_autoptr(GOptionContext) context = g_option_context_new("SCENARIO.yaml");

	g_option_context_set_summary(context, "Runs networks of timesrv daemons on virtual time.");
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, argc, argv, error))
		return false;
	if (options->shows_version || (*argc == 2 && options->n_seeds >= 0))
		return true;
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "one scenario is wanted; see --help");
	return false;
}

static bool
run_all(const SimScenario *scenario, const Options *options, SimLog *log, SimRun *runs,
	unsigned n_runs, GError **error)
{
	uint64_t first = options->seed >= 0 ? (uint64_t)options->seed : scenario->seed;

	for (unsigned i = 0; i < n_runs; i++) {
		runs[i].seed = first + i;
		runs[i].figures = g_new0(SimFigures, scenario->nodes->len);
		SimWorld *world = sim_world_new(scenario, runs[i].seed);
		log->world = world;
		sim_world_run(world);
		log->world = NULL;
		for (unsigned j = 0; j < scenario->nodes->len; j++)
			sim_node_get_figures(sim_world_node_at(world, j), &runs[i].figures[j]);
		bool is_drawn = i > 0 || !options->plot || sim_plot_write(world, options->plot, error);
		sim_world_free(world);
		if (!is_drawn)
			return false;
	}
	return true;
}

static int
report(const SimScenario *scenario, const Options *options, const SimRun *runs, unsigned n_runs)
{
	if (options->as_json)
		sim_report_json(scenario, runs, n_runs);
	else if (!options->is_quiet)
		sim_report_table(scenario, runs, n_runs);
	fflush(stdout);
	return sim_report_broken(scenario, runs, n_runs) > 0 ? EXIT_BROKEN : EXIT_AS_EXPECTED;
}

static int
simulate(const char *path, const Options *options, SimLog *log)
{
	g_autofree char *mistakes = NULL;
	g_autoptr(SimScenario) scenario =
		sim_scenario_load(path, (const char *const *)options->set, &mistakes);
	g_autoptr(GError) error = NULL;

	if (mistakes)
		fputs(mistakes, stderr);
	if (!scenario)
		return EXIT_USAGE;
	if (options->must_only_check)
		return EXIT_AS_EXPECTED;
	unsigned n_runs = options->n_seeds > 0 ? (unsigned)options->n_seeds : scenario->n_seeds;
	SimRun *runs = g_new0(SimRun, n_runs);
	int status = EXIT_USAGE;
	if (run_all(scenario, options, log, runs, n_runs, &error))
		status = report(scenario, options, runs, n_runs);
	else
		fprintf(stderr, "timesrv-sim: %s\n", error->message);
	for (unsigned i = 0; i < n_runs; i++)
		g_free(runs[i].figures);
	g_free(runs);
	return status;
}

int
main(int argc, char **argv)
{
	Options options = {.seed = -1};
	SimLog log = {.threshold = TS_LOG_ERROR};
	g_autoptr(GError) error = NULL;
	int status = EXIT_AS_EXPECTED;

	setlocale(LC_CTYPE, "");
	if (!parse_options(&options, &argc, &argv, &error)) {
		fprintf(stderr, "timesrv-sim: %s\n", error->message);
		status = EXIT_USAGE;
	} else if (options.log && !ts_log_level_parse(options.log, &log.threshold)) {
		fprintf(stderr, "timesrv-sim: %s is no level of logging\n", options.log);
		status = EXIT_USAGE;
	} else if (options.shows_version) {
		puts("timesrv-sim " TIMESRV_VERSION);
	} else {
		sim_log_setup(&log);
		status = simulate(argv[1], &options, &log);
	}
	g_strfreev(options.set);
	g_free(options.plot);
	g_free(options.log);
	return status;
}
