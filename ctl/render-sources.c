/* SPDX-License-Identifier: BSD-2-Clause */
/* render-sources.c - timesrvctl sources, source NAME and why */
#include "render.h"

#include <math.h>
#include <string.h>

#include "format.h"
#include "values.h"

static const TsColumn columns[] = {
	{"", false, false},        {"Name", false, true},   {"St", true, false},
	{"Poll", true, false},     {"Rch", true, false},    {"Age", true, false},
	{"Offset", true, false},   {"Sd", true, false},     {"Bound", true, false},
	{"Delay", true, false},    {"Reason", false, false},
};

enum { TALLY, NAME, STRATUM, POLL, REACH, AGE, OFFSET, SD, BOUND, DELAY, REASON, N_COLUMNS };

static TsTint
tint_of(const char *tally)
{
	switch (tally[0]) {
	case '*':
	case '+':
		return TS_TINT_GOOD;
	case 'x':
		return TS_TINT_BAD;
	case '-':
	case '~':
		return TS_TINT_DOUBTFUL;
	default:
		return TS_TINT_FAINT;
	}
}

/* The verdict of a source that isn't used; two are too long for a column of a screen of 80. */
static const char *
short_reason(GVariant *source)
{
	const char *verdict = ts_value_text_or(source, "Verdict", "-");

	if (ts_value_bool(source, "Used"))
		return NULL;
	if (strcmp(verdict, "unsynchronised") == 0)
		return "unsynced";
	if (strcmp(verdict, "not-preferred") == 0)
		return "unpreferred";
	return verdict;
}

static void
add_source(TsTable *table, GVariant *source)
{
	char texts[N_COLUMNS][TS_FORMAT_SIZE] = {0};
	const char *cells[N_COLUMNS];
	const char *tally = ts_value_text_or(source, "Tally", " ");
	double stratum = ts_value_number(source, "Stratum");

	for (unsigned i = 0; i < N_COLUMNS; i++)
		cells[i] = texts[i];
	cells[TALLY] = tally;
	cells[NAME] = ts_value_text_or(source, "Label", "-");
	cells[REASON] = short_reason(source);
	ts_format_decimal(stratum, 0, false, texts[STRATUM]);
	ts_format_age(ts_value_number(source, "Poll"), texts[POLL]);
	g_snprintf(texts[REACH], TS_FORMAT_SIZE, "%o", (unsigned)ts_value_number(source, "Reach"));
	ts_format_age(ts_value_number(source, "LastSampleAge"), texts[AGE]);
	ts_format_seconds(ts_value_number(source, "Offset"), true, texts[OFFSET]);
	ts_format_seconds(ts_value_number(source, "OffsetSd"), false, texts[SD]);
	ts_format_seconds(ts_value_number(source, "RootDistance"), false, texts[BOUND]);
	ts_format_seconds(ts_value_number(source, "LastDelay"), false, texts[DELAY]);
	ts_table_add(table, tint_of(tally), cells);
}

/* What a word in a column does not tell: whose address it has, what ended it, what it waits for. */
static void
append_note(GVariant *source, const TsStyle *style, GString *out)
{
	const char *label = ts_value_text_or(source, "Label", "-");
	const char *duplicate_of = ts_value_text(source, "DuplicateOf");
	const char *stopped = ts_value_text(source, "Stopped");
	const char *progress = ts_value_text(source, "Progress");
	g_autofree char *text = NULL;

	if (duplicate_of)
		text = g_strdup_printf("%s: same address as %s, so it has no vote", label, duplicate_of);
	else if (stopped)
		text = g_strdup_printf("%s: stopped: %s", label, stopped);
	else if (progress && isnan(ts_value_number(source, "Offset")))
		/* most begin with the name already */
		text = g_str_has_prefix(progress, label)
			       ? g_strdup(progress)
			       : g_strdup_printf("%s: %s", label, progress);
	else
		return;
	g_autofree char *fitted = ts_format_fit(text, style->width ? style->width - 2 : G_MAXINT);
	g_string_append_printf(out, "  %s\n", fitted);
}

void
ts_render_sources(GPtrArray *sources, const TsStyle *style, GString *out)
{
	g_autoptr(TsTable) table = ts_table_new(columns, N_COLUMNS);

	if (sources->len == 0) {
		g_string_append(out, "no sources\n");
		return;
	}
	for (unsigned i = 0; i < sources->len; i++)
		add_source(table, g_ptr_array_index(sources, i));
	ts_table_render(table, style, out);
	for (unsigned i = 0; i < sources->len; i++)
		append_note(g_ptr_array_index(sources, i), style, out);
}

void
ts_render_reason(GVariant *source, const TsStyle *style, GString *out)
{
	g_autofree char *label = ts_format_fit(ts_value_text_or(source, "Label", "-"), G_MAXINT);
	g_autofree char *reason = ts_format_fit(ts_value_text_or(source, "Reason", "-"), G_MAXINT);

	ts_tint_append(out, style, tint_of(ts_value_text_or(source, "Tally", " ")), label);
	g_string_append_printf(out, ": %s\n", reason);
}

static void
append_identity(GVariant *source, const TsStyle *style, GString *out)
{
	const char *address = ts_value_text(source, "Address");
	double port = ts_value_number(source, "Port");
	g_autofree char *with_port =
		address ? g_strdup_printf(strchr(address, ':') ? "[%s]:%.0f" : "%s:%.0f", address,
					  port)
			: NULL;

	ts_render_line(out, style, "Source", ts_value_text(source, "Label"));
	ts_render_line(out, style, "Name", ts_value_text(source, "Name"));
	ts_render_line(out, style, "Kind", ts_value_text(source, "Kind"));
	ts_render_line(out, style, "Pool", ts_value_text(source, "Pool"));
	ts_render_line(out, style, "Address", with_port);
	ts_render_line(out, style, "Added", ts_value_bool(source, "Runtime") ? "at run time" : NULL);
	ts_render_line(out, style, "Reason", ts_value_text(source, "Reason"));
	ts_render_line(out, style, "Stopped", ts_value_text(source, "Stopped"));
	ts_render_line(out, style, "Waits for", ts_value_text(source, "Progress"));
	ts_render_line(out, style, "Same address as", ts_value_text(source, "DuplicateOf"));
}

static void
append_exchange(GVariant *source, const TsStyle *style, GString *out)
{
	char poll[TS_FORMAT_SIZE], age[TS_FORMAT_SIZE];
	unsigned reach = (unsigned)ts_value_number(source, "Reach");
	g_autofree char *reach_text =
		g_strdup_printf("%o (%u of the last 8 answered)", reach,
				(unsigned)__builtin_popcount(reach & 255));
	g_autofree char *counts = g_strdup_printf(
		"%.0f answers, %.0f missing; %.0f samples, %.0f of them not used, %.0f kept",
		ts_value_number(source, "Replies"), ts_value_number(source, "Misses"),
		ts_value_number(source, "SamplesTotal"), ts_value_number(source, "SamplesRejected"),
		ts_value_number(source, "Samples"));
	double poll_s = ts_value_number(source, "Poll");
	double age_s = ts_value_number(source, "LastSampleAge");

	ts_render_line(out, style, "Reach", reach_text);
	ts_render_line(out, style, "Poll", isnan(poll_s) ? NULL : ts_format_age(poll_s, poll));
	ts_render_line(out, style, "Exchanges", counts);
	if (isnan(age_s))
		return;
	g_autofree char *delay = ts_render_seconds(source, "LastDelay", false);
	g_autofree char *residual = ts_render_seconds(source, "LastResidual", true);
	g_autofree char *last = g_strconcat(ts_format_age(age_s, age), " ago", delay ? ", delay " : "",
					    delay ? delay : "", residual ? ", off the line by " : "",
					    residual ? residual : "", NULL);
	ts_render_line(out, style, "Last sample", last);
}

static void
append_estimate(GVariant *source, const TsStyle *style, GString *out)
{
	char ppm[TS_FORMAT_SIZE], sd_ppm[TS_FORMAT_SIZE];
	g_autofree char *offset = ts_render_seconds(source, "Offset", true);
	g_autofree char *sd = ts_render_seconds(source, "OffsetSd", false);
	g_autofree char *jitter = ts_render_seconds(source, "Jitter", false);
	g_autofree char *delay = ts_render_seconds(source, "MinDelay", false);
	g_autofree char *distance = ts_render_seconds(source, "RootDistance", false);

	if (offset) {
		g_autofree char *text = g_strdup_printf("%s, sd %s", offset, sd ? sd : "-");
		g_autofree char *frequency = g_strdup_printf(
			"%s ppm, sd %s ppm",
			ts_format_decimal(ts_value_number(source, "FrequencyPpm"), 3, true, ppm),
			ts_format_decimal(ts_value_number(source, "FrequencySdPpm"), 3, false, sd_ppm));
		ts_render_line(out, style, "Offset", text);
		ts_render_line(out, style, "Frequency", frequency);
	}
	ts_render_line(out, style, "Jitter", jitter);
	ts_render_line(out, style, "Least delay", delay);
	ts_render_line(out, style, "Error at most", distance);
}

static void
append_remote(GVariant *source, const TsStyle *style, GString *out)
{
	double stratum = ts_value_number(source, "Stratum");
	g_autofree char *delay = ts_render_seconds(source, "RootDelay", false);
	g_autofree char *dispersion = ts_render_seconds(source, "RootDispersion", false);

	if (isnan(stratum))
		return;
	g_autofree char *text = g_strdup_printf(
		"stratum %.0f, leap %s, refid %s, root delay %s, root dispersion %s", stratum,
		ts_value_text_or(source, "Leap", "-"), ts_value_text_or(source, "Refid", "-"),
		delay ? delay : "-", dispersion ? dispersion : "-");
	ts_render_line(out, style, "Says of itself", text);
}

static void
append_details(GVariant *source, const TsStyle *style, GString *out)
{
	g_autoptr(GVariant) details = ts_value_get(source, "Details");
	g_autoptr(GVariant) options = ts_value_get(source, "Options");

	if (options && g_variant_n_children(options) > 0) {
		g_autofree const char **texts = g_variant_get_strv(options, NULL);
		g_autofree char *joined = g_strjoinv(" ", (char **)texts);
		ts_render_line(out, style, "Options", joined);
	}
	for (gsize i = 0; details && i < g_variant_n_children(details); i++) {
		const char *name, *value;
		g_variant_get_child(details, i, "{&s&s}", &name, &value);
		ts_render_line(out, style, name, value);
	}
}

void
ts_render_source(GVariant *source, const TsStyle *style, GString *out)
{
	append_identity(source, style, out);
	append_exchange(source, style, out);
	append_estimate(source, style, out);
	append_remote(source, style, out);
	append_details(source, style, out);
}
