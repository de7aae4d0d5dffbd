/* SPDX-License-Identifier: BSD-2-Clause */
/* explain.c - a decision in one sentence with its figures; see select.h */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "select/intersect.h"
#include "select/select.h"

#define FIGURE_SIZE 32

typedef struct {
	char text[FIGURE_SIZE];
} Figure;

/* Cuts the zeros that say nothing: "3.00" is "3". */
static void
trim_zeros(char *number)
{
	char *end = number + strlen(number);

	if (!strchr(number, '.'))
		return;
	while (end[-1] == '0')
		*--end = '\0';
	if (end[-1] == '.')
		*--end = '\0';
}

/* Three digits, or hundredths of a second where that says more: "+51.2 ms", "3 s", "65535.99 s". */
static Figure
format_magnitude(double magnitude_s, const char *sign)
{
	static const struct {
		const char *name;
		double size_s;
	} units[] = {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
	char number[G_ASCII_DTOSTR_BUF_SIZE];
	unsigned unit = 0;
	Figure figure;

	/* 999.6 would be written as 1000 */
	while (unit < 3 && magnitude_s / units[unit].size_s >= 999.5)
		unit++;
	double value = magnitude_s / units[unit].size_s;
	const char *format = value < 9.995 || unit == 3 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f";
	g_ascii_formatd(number, sizeof number, value < 1e15 ? format : "%.3e", value);
	trim_zeros(number);
	snprintf(figure.text, sizeof figure.text, "%s%s %s", sign, number, units[unit].name);
	return figure;
}

static Figure
format_interval(double interval_s)
{
	if (isnan(interval_s))
		return (Figure){{"unknown"}};
	if (isinf(interval_s))
		return interval_s > 0 ? (Figure){{"infinite"}} : (Figure){{"minus infinite"}};
	return format_magnitude(fabs(interval_s), interval_s < 0 ? "-" : "");
}

static Figure
format_offset(double offset_s)
{
	if (isnan(offset_s) || isinf(offset_s))
		return format_interval(offset_s);
	return format_magnitude(fabs(offset_s), offset_s < 0 ? "-" : "+");
}

#define INTERVAL(x) (format_interval(x).text)
#define OFFSET(x)   (format_offset(x).text)

typedef struct {
	const TsDecision *decision;
	const TsCandidate *candidate;
	const TsSelection *selection;
	char *text;
	size_t size;
} Sentence;

static void say(const Sentence *sentence, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
say(const Sentence *sentence, const char *format, ...)
{
	size_t length = strlen(sentence->text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(sentence->text + length, sentence->size - length, format, arguments);
	va_end(arguments);
}

static void
say_bounds(const Sentence *sentence, const TsInterval *interval)
{
	int64_t reference_ns = sentence->selection->reference_ns;

	say(sentence, "%s .. %s",
	    OFFSET(ts_offset_difference_s(interval->earliest_ns, reference_ns)),
	    OFFSET(ts_offset_difference_s(interval->latest_ns, reference_ns)));
}

static void
say_own_bounds(const Sentence *sentence)
{
	TsInterval own = ts_candidate_vote(sentence->candidate);

	say_bounds(sentence, &own);
}

static void
say_agreed_bounds(const Sentence *sentence)
{
	TsInterval agreed = {sentence->selection->agreed_earliest_ns,
			     sentence->selection->agreed_latest_ns};

	say_bounds(sentence, &agreed);
}

static void
explain_use(const Sentence *sentence, const char *role)
{
	const TsDecision *decision = sentence->decision;

	say(sentence,
	    "%s: distance %s at stratum %d, offset %s from the mean of the %u used; "
	    "%u of %u sources agree",
	    role, INTERVAL(decision->distance_s), sentence->candidate->stratum,
	    OFFSET(decision->offset_s), sentence->selection->n_used, decision->n_agreeing,
	    decision->n_voting);
}

/* Appended where a source that may not vote has been measured all the same. */
static void
say_measured_offset(const Sentence *sentence)
{
	if (sentence->selection->has_reference && sentence->candidate->has_estimate)
		say(sentence, "; its offset is %s from the others",
		    OFFSET(sentence->decision->offset_s));
}

static void
explain_no_samples(const Sentence *sentence)
{
	say(sentence, "no samples: %u usable of the %d it takes", sentence->candidate->n_samples,
	    sentence->decision->limit_n);
}

static void
explain_unsynchronised(const Sentence *sentence)
{
	say(sentence, "unsynchronised: it says so itself (leap %s, stratum %d)",
	    ts_leap_name((TsLeap)sentence->candidate->leap), sentence->candidate->stratum);
}

static void
explain_bad_stratum(const Sentence *sentence)
{
	if (sentence->candidate->is_orphan) {
		say(sentence, "orphan: at stratum %d it serves its own time, which is followed only without "
			      "any other source, and of orphans only one with a lower reference id than ours",
		    sentence->candidate->stratum);
		return;
	}
	int stratum = sentence->candidate->stratum, limit = sentence->decision->limit_n;

	say(sentence, "bad stratum: %d is %s %d that is allowed", stratum,
	    stratum < limit ? "below the least" : "above the most", limit);
}

static void
explain_stale(const Sentence *sentence)
{
	say(sentence, "stale: unreachable, and its newest sample is %s old (limit %s)",
	    INTERVAL(sentence->decision->age_s), INTERVAL(sentence->decision->limit_s));
}

static void
explain_too_distant(const Sentence *sentence)
{
	const TsBound *bound = &sentence->candidate->bound;

	say(sentence, "too distant: its distance %s passes the limit %s",
	    INTERVAL(sentence->decision->distance_s), INTERVAL(sentence->decision->limit_s));
	if (sentence->candidate->has_bound)
		say(sentence, " (root delay %s, root dispersion %s)", INTERVAL(bound->root_delay_s),
		    INTERVAL(bound->root_dispersion_s));
}

static void
explain_too_jittery(const Sentence *sentence)
{
	const TsEstimate *estimate = &sentence->candidate->estimate;

	say(sentence, "too jittery: its jitter %s or estimated error %s passes the limit %s",
	    INTERVAL(estimate->jitter_s), INTERVAL(estimate->offset_sd_s),
	    INTERVAL(sentence->decision->limit_s));
}

static void
explain_falseticker(const Sentence *sentence)
{
	const TsDecision *decision = sentence->decision;
	bool is_tie = 2 * decision->n_agreeing <= decision->n_voting;

	say(sentence, "falseticker: its interval ");
	say_own_bounds(sentence);
	say(sentence, " misses the one that %u of %u sources%s agree on, ", decision->n_agreeing,
	    decision->n_voting, is_tie ? ", the preferred side," : "");
	say_agreed_bounds(sentence);
}

static void
explain_no_majority(const Sentence *sentence)
{
	say(sentence, "no majority: at most %u of %u sources agree; its interval is ",
	    sentence->decision->n_agreeing, sentence->decision->n_voting);
	say_own_bounds(sentence);
	say(sentence, " from their median");
}

static void
explain_untrusted(const Sentence *sentence)
{
	say(sentence, "untrusted: its offset %s, interval ", OFFSET(sentence->decision->offset_s));
	say_own_bounds(sentence);
	say(sentence, ", lies outside what %u of %u trusted sources agree on, ",
	    sentence->decision->n_agreeing, sentence->decision->n_voting);
	say_agreed_bounds(sentence);
}

/* The caller may wait for reasons of its own; it tells them in the cause. */
static void
explain_waiting(const Sentence *sentence)
{
	const TsDecision *decision = sentence->decision;
	const char *cause = sentence->selection->cause;

	say(sentence, "waiting: right, but %s; %u of %u sources agree",
	    cause ? cause : "the others are not ready", decision->n_agreeing, decision->n_voting);
	if (decision->limit_n > 0)
		say(sentence, ", %d are asked for", decision->limit_n);
}

static void
explain_not_preferred(const Sentence *sentence)
{
	say(sentence,
	    "not preferred: right, but a preferred source is used; distance %s, offset %s",
	    INTERVAL(sentence->decision->distance_s), OFFSET(sentence->decision->offset_s));
}

static void
explain_outlier(const Sentence *sentence)
{
	say(sentence, "outlier: right, but %s from the mean of the others, whose spread allows %s",
	    OFFSET(sentence->decision->offset_s), INTERVAL(sentence->decision->limit_s));
}

static void
explain_worse(const Sentence *sentence)
{
	say(sentence,
	    "worse: right, but its distance %s passes %s, the limit for mixing it in; "
	    "offset %s",
	    INTERVAL(sentence->decision->distance_s), INTERVAL(sentence->decision->limit_s),
	    OFFSET(sentence->decision->offset_s));
}

static void
explain(const Sentence *sentence)
{
	switch (sentence->decision->verdict) {
	case TS_VERDICT_SYSTEM_PEER:
		explain_use(sentence, "system peer");
		return;
	case TS_VERDICT_COMBINED:
		explain_use(sentence, "combined");
		return;
	case TS_VERDICT_NOSELECT:
		say(sentence, "noselect: configured not to be selected");
		say_measured_offset(sentence);
		return;
	case TS_VERDICT_OFFLINE:
		say(sentence, "offline: it is not asked until it is set online");
		say_measured_offset(sentence);
		return;
	case TS_VERDICT_STOPPED:
		say(sentence, "stopped: it refused us or failed for good");
		say_measured_offset(sentence);
		return;
	case TS_VERDICT_DUPLICATE:
		say(sentence, "duplicate: another source has the same address, which has one vote");
		return;
	case TS_VERDICT_NO_SAMPLES:
		explain_no_samples(sentence);
		return;
	case TS_VERDICT_UNSYNCHRONISED:
		explain_unsynchronised(sentence);
		return;
	case TS_VERDICT_BAD_STRATUM:
		explain_bad_stratum(sentence);
		return;
	case TS_VERDICT_LOOP:
		say(sentence, "loop: it gets its time from us (stratum %d)",
		    sentence->candidate->stratum);
		return;
	case TS_VERDICT_STALE:
		explain_stale(sentence);
		return;
	case TS_VERDICT_TOO_DISTANT:
		explain_too_distant(sentence);
		return;
	case TS_VERDICT_TOO_JITTERY:
		explain_too_jittery(sentence);
		return;
	case TS_VERDICT_FALSETICKER:
		explain_falseticker(sentence);
		return;
	case TS_VERDICT_NO_MAJORITY:
		explain_no_majority(sentence);
		return;
	case TS_VERDICT_UNTRUSTED:
		explain_untrusted(sentence);
		return;
	case TS_VERDICT_WAITING:
		explain_waiting(sentence);
		return;
	case TS_VERDICT_NOT_PREFERRED:
		explain_not_preferred(sentence);
		return;
	case TS_VERDICT_OUTLIER:
		explain_outlier(sentence);
		return;
	case TS_VERDICT_WORSE:
		explain_worse(sentence);
		return;
	}
}

const char *
ts_decision_explain(const TsDecision *decision, const TsCandidate *candidate,
		    const TsSelection *selection, char *text, size_t size)
{
	Sentence sentence = {decision, candidate, selection, text, size};

	g_return_val_if_fail(size > 0, "");
	text[0] = '\0';
	explain(&sentence);
	return text;
}
