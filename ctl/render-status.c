/* SPDX-License-Identifier: BSD-2-Clause */
/* render-status.c - timesrvctl status, and the lines that others use, too */
#include "render.h"

#include <math.h>
#include <string.h>

#include "format.h"
#include "values.h"

#define TITLE_WIDTH 16

void
ts_render_line(GString *out, const TsStyle *style, const char *title, const char *text)
{
	if (!text)
		return;
	g_autofree char *printable = ts_format_fit(text, G_MAXINT);
	g_autofree char *printable_title = ts_format_fit(title, G_MAXINT);
	ts_tint_append(out, style, TS_TINT_TITLE, printable_title);
	unsigned width = ts_format_width(printable_title);
	do
		g_string_append_c(out, ' ');
	while (++width < TITLE_WIDTH);
	g_string_append(out, printable);
	g_string_append_c(out, '\n');
}

char *
ts_render_seconds(GVariant *dict, const char *key, bool is_signed)
{
	char text[TS_FORMAT_SIZE];
	double value = ts_value_number(dict, key);

	return isnan(value) ? NULL : g_strdup(ts_format_seconds(value, is_signed, text));
}

static TsTint
state_tint(GVariant *clock)
{
	const char *state = ts_value_text_or(clock, "State", "");

	if (strcmp(state, "locked") == 0)
		return TS_TINT_GOOD;
	return strcmp(state, "unsynchronised") == 0 ? TS_TINT_BAD : TS_TINT_DOUBTFUL;
}

static void
append_state(GVariant *clock, const TsStyle *style, GString *out)
{
	char age[TS_FORMAT_SIZE];
	g_autofree char *cause = ts_format_fit(ts_value_text_or(clock, "Cause", ""), G_MAXINT);

	ts_tint_append(out, style, TS_TINT_TITLE, "State");
	g_string_append(out, "           ");
	ts_tint_append(out, style, state_tint(clock), ts_value_text_or(clock, "State", "-"));
	g_string_append_printf(out, " for %s%s%s\n",
			       ts_format_age(ts_value_number(clock, "StateAge"), age),
			       *cause ? ": " : "", cause);
}

static void
append_reference(GVariant *clock, const TsStyle *style, GString *out)
{
	const char *peer = ts_value_text(clock, "SystemPeer");
	const char *refid = ts_value_text(clock, "Refid");
	g_autofree char *both = peer && refid && strcmp(peer, refid) != 0
					? g_strdup_printf("%s (%s)", peer, refid)
					: NULL;
	char number[TS_FORMAT_SIZE];
	double stratum = ts_value_number(clock, "Stratum");

	ts_render_line(out, style, "Reference", both ? both : peer ? peer : refid);
	ts_render_line(out, style, "Stratum",
		       stratum >= 16 ? "unsynchronised" : ts_format_decimal(stratum, 0, false, number));
	ts_render_line(out, style, "Leap", ts_value_text(clock, "Leap"));
}

static void
append_last_update(GVariant *clock, const TsStyle *style, GString *out)
{
	gint64 utc_ns;
	char age[TS_FORMAT_SIZE];

	if (!g_variant_lookup(clock, "ReferenceTime", "x", &utc_ns))
		return;
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(utc_ns / 1000000000);
	g_autofree char *date = time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : NULL;
	g_autofree char *text = g_strdup_printf(
		"%s ago%s%s%s", ts_format_age(ts_value_number(clock, "LastUpdateAge"), age),
		date ? ", at " : "", date ? date : "", date ? " UTC" : "");
	ts_render_line(out, style, "Last update", text);
}

static void
append_offset(GVariant *clock, const TsStyle *style, GString *out)
{
	g_autofree char *offset = ts_render_seconds(clock, "Offset", true);
	g_autofree char *sd = ts_render_seconds(clock, "OffsetSd", false);
	g_autofree char *rms = ts_render_seconds(clock, "RmsOffset", false);
	g_autofree char *left = ts_render_seconds(clock, "SlewLeft", true);

	if (offset) {
		g_autofree char *text = g_strconcat(offset, sd ? ", sd " : "", sd ? sd : "",
						    rms ? ", of late " : "", rms ? rms : "",
						    rms ? " rms" : "", NULL);
		ts_render_line(out, style, "Offset", text);
	}
	if (left && ts_value_number(clock, "SlewLeft") != 0)
		ts_render_line(out, style, "Slew left", left);
}

static void
append_frequency(GVariant *clock, const TsStyle *style, GString *out)
{
	char ppm[TS_FORMAT_SIZE], sd[TS_FORMAT_SIZE];
	double sd_ppm = ts_value_number(clock, "FrequencySdPpm");
	g_autofree char *text = g_strconcat(
		ts_format_decimal(ts_value_number(clock, "FrequencyPpm"), 3, true, ppm), " ppm",
		isnan(sd_ppm) ? "" : ", sd ",
		isnan(sd_ppm) ? "" : ts_format_decimal(sd_ppm, 3, false, sd),
		isnan(sd_ppm) ? "" : " ppm", NULL);

	ts_render_line(out, style, "Frequency", text);
}

static void
append_errors(GVariant *clock, const TsStyle *style, GString *out)
{
	g_autofree char *delay = ts_render_seconds(clock, "RootDelay", false);
	g_autofree char *dispersion = ts_render_seconds(clock, "RootDispersion", false);
	g_autofree char *most = ts_render_seconds(clock, "MaxError", false);
	g_autofree char *usual = ts_render_seconds(clock, "EstimatedError", false);

	ts_render_line(out, style, "Root delay", delay);
	ts_render_line(out, style, "Root dispersion", dispersion);
	if (!most && !usual)
		return;
	g_autofree char *text =
		g_strconcat(usual ? "expected " : "", usual ? usual : "", usual && most ? ", " : "",
			    most ? "at most " : "", most ? most : "", NULL);
	ts_render_line(out, style, "Error", text);
}

static void
append_counters(GVariant *clock, const TsStyle *style, GString *out)
{
	g_autofree char *sources =
		g_strdup_printf("%.0f, %.0f of them selectable", ts_value_number(clock, "Sources"),
				ts_value_number(clock, "SelectableSources"));
	g_autofree char *clock_text = g_strdup_printf(
		"%s: %.0f updates, %.0f steps, moved by others %.0f times",
		ts_value_text_or(clock, "Driver", "-"), ts_value_number(clock, "Updates"),
		ts_value_number(clock, "Steps"), ts_value_number(clock, "ForeignSteps"));

	ts_render_line(out, style, "Sources", sources);
	ts_render_line(out, style, "Clock", clock_text);
}

void
ts_render_status(GVariant *manager, GVariant *clock, const TsStyle *style, GString *out)
{
	append_state(clock, style, out);
	append_reference(clock, style, out);
	append_last_update(clock, style, out);
	append_offset(clock, style, out);
	append_frequency(clock, style, out);
	append_errors(clock, style, out);
	append_counters(clock, style, out);
	ts_render_line(out, style, "Version", ts_value_text(manager, "Version"));
}

void
ts_render_status_line(GVariant *clock, const TsStyle *style, GString *out)
{
	char number[TS_FORMAT_SIZE];
	g_autofree char *offset = ts_render_seconds(clock, "Offset", true);
	g_autofree char *error = ts_render_seconds(clock, "MaxError", false);

	ts_tint_append(out, style, state_tint(clock), ts_value_text_or(clock, "State", "-"));
	g_string_append_printf(
		out, " stratum %s offset %s error %s frequency ",
		ts_format_decimal(ts_value_number(clock, "Stratum"), 0, false, number),
		offset ? offset : "-", error ? error : "-");
	g_string_append_printf(
		out, "%s ppm sources %.0f/%.0f peer ",
		ts_format_decimal(ts_value_number(clock, "FrequencyPpm"), 3, true, number),
		ts_value_number(clock, "SelectableSources"), ts_value_number(clock, "Sources"));
	g_autofree char *peer = ts_format_fit(ts_value_text_or(clock, "SystemPeer", "-"), G_MAXINT);
	g_string_append_printf(out, "%s\n", peer);
}
