/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - timesrvctl: the command line, the table of verbs, exit statuses */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "format.h"
#include "verbs.h"

#define DEFAULT_SOCKET "/run/timesrv/control.sock"

/* For a screen that does not say how wide it is, and for a pipe. */
#define DEFAULT_WIDTH 80

/* Options that only some verbs have. */
enum {
	HAS_KEEP = 1 << 0,
	HAS_CHECK = 1 << 1,
	HAS_WAIT = 1 << 2,  /* --timeout, --max-error */
	HAS_WATCH = 1 << 3, /* --count, --seconds, --interval */
	HAS_LIMIT = 1 << 4,
	HAS_BURST = 1 << 5, /* --good, --total */
	HAS_WIDE = 1 << 6,
	CONNECTS = 1 << 7,  /* by itself */
};

typedef struct {
	const char *name;
	const char *arguments; /* as the help shows them: [X] may be left out, X... may be several */
	unsigned options;
	TsVerbFunc func;
	const char *help;
} Verb;

static const Verb verbs[] = {
	{"status", "", HAS_CHECK, ts_verb_status, "the clock: state, error, frequency"},
	{"sources", "", HAS_WIDE, ts_verb_sources, "a table of the sources"},
	{"source", "NAME", 0, ts_verb_source, "all about one source"},
	{"why", "[NAME]", 0, ts_verb_why, "why a source is used or not"},
	{"watch", "", HAS_WATCH | HAS_WIDE, ts_verb_watch, "state and sources, live"},
	{"wait", "", HAS_WAIT | CONNECTS, ts_verb_wait, "wait until the clock is synchronised"},
	{"server", "", 0, ts_verb_server, "listeners and counters of the server"},
	{"clients", "", HAS_LIMIT | HAS_WIDE, ts_verb_clients, "who asked for time"},
	{"access", "ADDRESS", 0, ts_verb_access, "may this address ask for time"},
	{"source add", "OPTION...", HAS_KEEP, ts_verb_source_add, "add a source: server=NAME ..."},
	{"source set", "NAME OPTION...", HAS_KEEP, ts_verb_source_set, "change options of a source"},
	{"source remove", "NAME", HAS_KEEP, ts_verb_source_remove, "take a source away"},
	{"source refresh", "", 0, ts_verb_refresh, "look up all names again"},
	{"online", "[NAME]", 0, ts_verb_online, "ask a source (all) again"},
	{"offline", "[NAME]", 0, ts_verb_offline, "stop asking a source (all)"},
	{"burst", "[NAME]", HAS_BURST, ts_verb_burst, "ask a source (all) now, a few times"},
	{"step", "", 0, ts_verb_step, "step the clock by the present offset"},
	{"plugin list", "", HAS_WIDE, ts_verb_plugin_list, "plugins, loaded or not"},
	{"plugin info", "NAME", HAS_WIDE, ts_verb_plugin_info, "what a plugin (or file) says of itself"},
	{"plugin load", "NAME", 0, ts_verb_plugin_load, "load a plugin"},
	{"plugin unload", "NAME", 0, ts_verb_plugin_unload, "unload a plugin"},
	{"config check", "", 0, ts_verb_config_check, "what a reload would find"},
	{"config show", "", 0, ts_verb_config_show, "the running configuration, with its files"},
	{"config reload", "", 0, ts_verb_reload, "read the configuration again"},
	{"reload", "", 0, ts_verb_reload, "the same"},
	{"metrics", "", HAS_WIDE, ts_verb_metrics, "all counters and gauges"},
	{"log", "LEVEL", 0, ts_verb_log, "log error, warning, notice, info or debug"},
};

/* GOption writes here; gboolean and double where it wants them. */
typedef struct {
	char *socket;
	gboolean is_bus, is_session_bus, is_json, is_wide, is_kept, is_check, is_version;
	double timeout_s, max_error_s, interval_s, seconds_s;
	int count, limit, good, total;
	char **words;
} Options;

static int
usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int
usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	fprintf(stderr, "timesrvctl: %s\nSee timesrvctl --help.\n", text);
	return TS_EXIT_USAGE;
}

static char *
make_summary(void)
{
	GString *text = g_string_new("Verbs:\n");

	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
		g_autofree char *left =
			g_strdup_printf("%s %s", verbs[i].name, verbs[i].arguments);
		g_string_append_printf(text, "  %-29s %s\n", left, verbs[i].help);
	}
	g_string_append(text, "\nExit status: 0 done, 1 the daemon refused or failed, 2 usage, 3 no daemon,\n"
			      "4 not synchronised (status --check, wait), 5 no permission.");
	return g_string_free(text, FALSE);
}

static GOptionContext *
make_context(Options *options)
{
	const GOptionEntry entries[] = {
		{"json", 'j', 0, G_OPTION_ARG_NONE, &options->is_json, "print JSON", NULL},
		{"socket", 's', 0, G_OPTION_ARG_FILENAME, &options->socket,
		 "the daemon's socket ($TIMESRV_SOCKET, " DEFAULT_SOCKET ")", "PATH"},
		{"bus", 'b', 0, G_OPTION_ARG_NONE, &options->is_bus,
		 "speak over the system bus instead", NULL},
		{"session-bus", 0, 0, G_OPTION_ARG_NONE, &options->is_session_bus,
		 "speak over the session bus instead", NULL},
		{"wide", 'w', 0, G_OPTION_ARG_NONE, &options->is_wide, "tables: cut nothing", NULL},
		{"check", 'c', 0, G_OPTION_ARG_NONE, &options->is_check,
		 "status: exit 4 if not synchronised", NULL},
		{"timeout", 't', 0, G_OPTION_ARG_DOUBLE, &options->timeout_s,
		 "wait: at most so long (600)", "SECONDS"},
		{"max-error", 'e', 0, G_OPTION_ARG_DOUBLE, &options->max_error_s,
		 "wait: until the error is at most this, too", "SECONDS"},
		{"interval", 'i', 0, G_OPTION_ARG_DOUBLE, &options->interval_s,
		 "watch: draw so often (1)", "SECONDS"},
		{"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options->seconds_s, "watch: end after", "SECONDS"},
		{"count", 'n', 0, G_OPTION_ARG_INT, &options->count, "watch: end after N drawings", "N"},
		{"limit", 'l', 0, G_OPTION_ARG_INT, &options->limit, "clients: at most N, latest first",
		 "N"},
		{"good", 0, 0, G_OPTION_ARG_INT, &options->good, "burst: until N good answers (4)", "N"},
		{"total", 0, 0, G_OPTION_ARG_INT, &options->total, "burst: at most N requests (8)", "N"},
		{"keep", 'k', 0, G_OPTION_ARG_NONE, &options->is_kept,
		 "source: also after a restart", NULL},
		{"version", 'V', 0, G_OPTION_ARG_NONE, &options->is_version, "print the version", NULL},
		{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->words, NULL, NULL},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = g_option_context_new("VERB [ARGUMENT...] - ask and steer timesrvd");
	g_autofree char *summary = make_summary();

	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_summary(context, summary);
	return context;
}

/* How many words of @words are the name of @verb; 0: it is another. */
static unsigned
match(const Verb *verb, char **words, unsigned n_words)
{
	g_auto(GStrv) parts = g_strsplit(verb->name, " ", -1);
	unsigned n = g_strv_length(parts);

	for (unsigned i = 0; i < n; i++)
		if (i >= n_words || strcmp(parts[i], words[i]) != 0)
			return 0;
	return n;
}

static const Verb *
find_verb(char **words, unsigned *n_words_of_it)
{
	const Verb *best = NULL;

	*n_words_of_it = 0;
	for (unsigned i = 0; i < G_N_ELEMENTS(verbs); i++) {
		unsigned n = match(&verbs[i], words, g_strv_length(words));
		if (n > *n_words_of_it) {
			*n_words_of_it = n;
			best = &verbs[i];
		}
	}
	return best;
}

/* "NAME OPTION...": how many there must and may be. */
static bool
count_fits(const Verb *verb, unsigned n)
{
	g_auto(GStrv) wanted = g_strsplit(verb->arguments, " ", -1);
	unsigned least = 0, most = 0;

	for (char **argument = wanted; *argument && **argument; argument++) {
		most = g_str_has_suffix(*argument, "...") ? G_MAXUINT : most + 1;
		least += **argument != '[';
	}
	return n >= least && n <= most;
}

/* Returns: (nullable): an option that was given, but is not @verb's. */
static const char *
find_stray_option(const Verb *verb, const Options *options)
{
	const struct {
		bool is_given;
		unsigned flag;
		const char *name;
	} table[] = {
		{options->is_kept, HAS_KEEP, "--keep"},
		{options->is_check, HAS_CHECK, "--check"},
		{!isnan(options->timeout_s), HAS_WAIT, "--timeout"},
		{!isnan(options->max_error_s), HAS_WAIT, "--max-error"},
		{!isnan(options->interval_s), HAS_WATCH, "--interval"},
		{!isnan(options->seconds_s), HAS_WATCH, "--seconds"},
		{options->count != -1, HAS_WATCH, "--count"},
		{options->limit != -1, HAS_LIMIT, "--limit"},
		{options->good != -1, HAS_BURST, "--good"},
		{options->total != -1, HAS_BURST, "--total"},
		{options->is_wide, HAS_WIDE, "--wide"},
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].is_given && !(verb->options & table[i].flag))
			return table[i].name;
	return NULL;
}

static bool
is_in_range(double value, double least, double most)
{
	return isnan(value) || (value >= least && value <= most);
}

/* Returns: (nullable): what is wrong with the numbers. */
static const char *
check_numbers(const Options *options)
{
	if (!is_in_range(options->timeout_s, 0, 1e9))
		return "--timeout takes 0 to 1000000000 s";
	if (!is_in_range(options->max_error_s, 0, 1e9))
		return "--max-error takes 0 to 1000000000 s";
	if (!is_in_range(options->interval_s, 0.05, 86400))
		return "--interval takes 0.05 to 86400 s";
	if (!is_in_range(options->seconds_s, 0, 1e6))
		return "--seconds takes 0 to 1000000";
	if (options->count < -1 || options->count == 0 || options->limit < -1)
		return "--count and --limit take a positive number";
	return NULL;
}

static TsStyle
find_style(bool is_wide)
{
	struct winsize size;
	const char *terminal = g_getenv("TERM"), *no_colour = g_getenv("NO_COLOR");
	bool is_screen = isatty(STDOUT_FILENO);
	TsStyle style = {.width = DEFAULT_WIDTH};

	if (is_screen && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		style.width = size.ws_col;
	if (is_wide)
		style.width = 0;
	style.has_colour = is_screen && !(no_colour && *no_colour) &&
			   g_strcmp0(terminal, "dumb") != 0;
	return style;
}

static double
number_or(double given, double otherwise)
{
	return isnan(given) ? otherwise : given;
}

static TsCtl
make_ctl(const Options *options)
{
	const char *socket = options->socket ? options->socket : g_getenv("TIMESRV_SOCKET");

	return (TsCtl){
		.socket = socket && *socket ? socket : DEFAULT_SOCKET,
		.bus = options->is_session_bus ? G_BUS_TYPE_SESSION
		       : options->is_bus       ? G_BUS_TYPE_SYSTEM
					       : G_BUS_TYPE_NONE,
		.is_json = options->is_json,
		.is_wide = options->is_wide,
		.is_kept = options->is_kept,
		.is_check = options->is_check,
		.timeout_s = number_or(options->timeout_s, 600),
		.max_error_s = options->max_error_s,
		.interval_s = number_or(options->interval_s, 1),
		.seconds_s = options->seconds_s,
		.count = MAX(options->count, 0),
		.limit = MAX(options->limit, 0),
		.good = options->good == -1 ? 4 : options->good,
		.total = options->total == -1 ? MAX(8, options->good) : options->total,
		.style = find_style(options->is_wide),
	};
}

TsLink *
ts_ctl_connect(const TsCtl *ctl, GError **error)
{
	if (ctl->bus != G_BUS_TYPE_NONE)
		return ts_link_new_bus(ctl->bus, error);
	return ts_link_new_socket(ctl->socket, error);
}

/* What the daemon says may have several lines, and names that others chose. */
static void
print_error(const GError *error)
{
	g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);

	for (char **line = lines; *line; line++) {
		g_autofree char *printable = ts_format_fit(*line, G_MAXINT);
		fprintf(stderr, "%s%s\n", line == lines ? "timesrvctl: " : "", printable);
	}
}

static int
run_verb(const Verb *verb, TsCtl *ctl, char **args)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsLink) link = NULL;
	int status = -1;

	if (!(verb->options & CONNECTS))
		link = ts_ctl_connect(ctl, &error);
	ctl->link = link;
	if (!error)
		status = verb->func(ctl, args, &error);
	if (!error)
		return status;
	print_error(error);
	return error->code;
}

static int
run(Options *options)
{
	static char *default_words[] = {(char *)"status", NULL};
	char **words = options->words ? options->words : default_words;
	unsigned n_words;
	const Verb *verb = find_verb(words, &n_words);

	if (!verb)
		return usage_error("there is no verb '%s'", words[0]);
	char **args = words + n_words;
	if (!count_fits(verb, g_strv_length(args)))
		return usage_error("usage: timesrvctl %s %s", verb->name, verb->arguments);
	const char *stray = find_stray_option(verb, options);
	if (stray)
		return usage_error("%s is no option of '%s'", stray, verb->name);
	const char *complaint = check_numbers(options);
	if (complaint)
		return usage_error("%s", complaint);
	TsCtl ctl = make_ctl(options);
	return run_verb(verb, &ctl, args);
}

int
main(int argc, char **argv)
{
	Options options = {
		.timeout_s = NAN,
		.max_error_s = NAN,
		.interval_s = NAN,
		.seconds_s = NAN,
		.count = -1,
		.limit = -1,
		.good = -1,
		.total = -1,
	};
	g_autoptr(GError) error = NULL;

	/* how characters are written, but never how numbers are */
	setlocale(LC_CTYPE, "");
	g_autoptr(GOptionContext) context = make_context(&options);
	int status;
	if (!g_option_context_parse(context, &argc, &argv, &error))
		status = usage_error("%s", error->message);
	else if (options.is_version)
		status = printf("timesrvctl %s\n", TIMESRV_VERSION) > 0 ? TS_EXIT_OK : TS_EXIT_FAILED;
	else
		status = run(&options);
	g_strfreev(options.words);
	g_free(options.socket);
	return status;
}
