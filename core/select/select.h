/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select.h - which sources are right: intersection on the hard bounds, clustering, the operator's wishes
 *
 * Pure functions: everything that decides comes in, every decision goes out with its reason and the
 * figures behind it. Source: RFC 5905 section 11.2. It differs in this:
 *
 * - The intervals are hard bounds, so midpoints have no say: the interval is the hull of the points
 *   where most sources overlap (steps 3 and 4 of 11.2.1), ends included, and a truechimer is whoever
 *   touches it. A majority is more than half of those that vote; with an even split the side that has
 *   more than half of the preferred sources wins.
 * - Trusted sources, if any, vote alone; others follow them when they touch the interval and their
 *   offset lies inside it: no untrusted source pulls the clock out of what the trusted ones allow.
 * - A hard bound of old samples is wide, for the rate may have changed meanwhile, and would agree with
 *   everybody: a source votes with the part of it that is likely (likely_s). What comes out, the
 *   interval that is served and clamped to, is where the whole bounds of more than half of the voters
 *   overlap: it holds the truth whenever most of them are right, though a liar may be among them
 *   that is wrong by less than the others' bounds.
 * - A source that claims nothing (has_bound false) votes with offset +- (4 sigma + 10 us), sigma being
 *   the larger of the estimate's error and jitter: enough to work alone and to be outvoted when it
 *   is wrong. The agreed interval is then only as hard as those that voted.
 * - Clustering drops a source only if it is inexplicable by the spread of those that stay: the
 *   estimates' own errors are far below path asymmetry, and 11.2.2 would always cut down to NMIN.
 * - Hysteresis: the system peer, and the sources in use, have to be clearly worse to be left.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "select/bound.h"
#include "select/estimate.h"

#define TS_SELECT_MAX_SOURCES 128

/* Why a source is or is not used; one value a reason. The order is that of the checks. */
typedef enum {
	TS_VERDICT_SYSTEM_PEER,     /* used, and it is the one that the state names */
	TS_VERDICT_COMBINED,        /* used, mixed in */
	TS_VERDICT_NOSELECT,        /* the operator said so */
	TS_VERDICT_OFFLINE,         /* the operator, or the network, took it off */
	TS_VERDICT_STOPPED,         /* kiss DENY or RSTR, or a failure that ended it: detail says */
	TS_VERDICT_DUPLICATE,       /* another source has the same address */
	TS_VERDICT_NO_SAMPLES,      /* nothing usable yet, or too few samples */
	TS_VERDICT_UNSYNCHRONISED,  /* it says so itself: leap 3, stratum 0 or 16 */
	TS_VERDICT_BAD_STRATUM,     /* outside the limits */
	TS_VERDICT_LOOP,            /* it follows us */
	TS_VERDICT_STALE,           /* unreachable, and too old */
	TS_VERDICT_TOO_DISTANT,     /* root distance beyond max-distance */
	TS_VERDICT_TOO_JITTERY,     /* jitter beyond max-jitter */
	TS_VERDICT_FALSETICKER,     /* its interval misses what a majority agrees on */
	TS_VERDICT_NO_MAJORITY,     /* no majority agrees on anything */
	TS_VERDICT_UNTRUSTED,       /* there are trusted sources, and it lies outside them */
	TS_VERDICT_WAITING,         /* require or min-sources is not met yet */
	TS_VERDICT_NOT_PREFERRED,   /* there are preferred sources, and it is none */
	TS_VERDICT_OUTLIER,         /* clustering left it out */
	TS_VERDICT_WORSE,           /* right, but so much worse that mixing it in would not help */
} TsVerdict;

/* Returns: "system-peer", "falseticker", ...: the word that D-Bus, JSON and metrics use. */
const char *ts_verdict_name(TsVerdict verdict);

/* Returns: the tally character of tables: '*' '+' '-' 'x' '~' '?' ' ' as chrony and ntpq show them. */
char ts_verdict_tally(TsVerdict verdict);

/* Returns: whether the source's samples steer the clock. */
static inline bool
ts_verdict_is_used(TsVerdict verdict)
{
	return verdict == TS_VERDICT_SYSTEM_PEER || verdict == TS_VERDICT_COMBINED;
}

/* Returns: whether the source agreed with the majority, used or not. */
static inline bool
ts_verdict_is_truechimer(TsVerdict verdict)
{
	return ts_verdict_is_used(verdict) || verdict == TS_VERDICT_NOT_PREFERRED ||
	       verdict == TS_VERDICT_OUTLIER || verdict == TS_VERDICT_WORSE;
}

typedef struct {
	/* what the source is */
	bool is_noselect, is_offline, is_stopped, is_duplicate;
	bool is_preferred, is_trusted, is_required;
	bool is_reference_clock;
	/* what is known of it now */
	bool has_estimate, has_bound;
	bool is_reachable;
	bool is_loop;
	bool is_orphan;           /* serves its own time for want of sources: no use beside a real one */
	bool was_selected;        /* the system peer of before */
	int leap, stratum;        /* as of the newest sample; leap 3 or stratum 0/16 for a server: unsynchronised */
	unsigned n_samples;
	int64_t newest_raw_ns;    /* of the newest sample */
	TsEstimate estimate;      /* at the common raw_ns */
	TsBound bound;            /* at the common raw_ns */
	double likely_s;          /* its time is believed within this of the estimate: claims, half the
				   * round trip, statistics; 0: nothing narrower than the bound is known */
	bool was_used;            /* its samples steered the clock until now: it stays in more easily */
} TsCandidate;

typedef struct {
	double max_distance_s;      /* 3 */
	double max_jitter_s;        /* 1 */
	int min_stratum, max_stratum; /* 0, 15 */
	unsigned min_sources;       /* 1: how many must agree */
	unsigned min_samples;       /* 1: before a source may be selected */
	double stratum_weight_s;    /* 0.001: distance that a stratum is worth */
	double reselect_distance_s; /* 0.0001: advantage of the present system peer */
	double combine_limit;       /* 3: distance over the peer's beyond which a source isn't mixed in */
	double stale_after_s;       /* 3600: how old the newest sample of an unreachable source may be */
} TsSelectOptions;

/* The defaults above. */
void ts_select_options_init(TsSelectOptions *options);

typedef struct {
	TsVerdict verdict;
	/* the figures behind it; those that the reason does not use are 0 */
	double distance_s;      /* half the width of the interval it votes with */
	double offset_s;        /* its offset minus reference_ns; of an outlier: minus the mean of the others */
	double limit_s;         /* the limit that it passed */
	unsigned n_agreeing, n_voting;
	int limit_n;            /* the count or stratum that it missed; 0 when a required source is missing */
	double age_s;           /* of its newest sample */
} TsDecision;

typedef struct {
	int system_peer;          /* index, or -1 */
	unsigned n_truechimers, n_used, n_voting;
	int64_t agreed_earliest_ns, agreed_latest_ns; /* what the majority's votes have in common */
	int64_t earliest_ns, latest_ns; /* hard, at raw_ns: where the bounds of most overlap */
	bool has_interval;
	int leap;                 /* the majority's vote, or 3 with no system peer */
	const char *cause;        /* why there is none, NULL when there is one: "no majority" ... */
	/* UTC minus raw that the decisions' offset_s count from: the mean of the used sources weighted by
	 * 1/distance, else the middle of the interval, else the median of those that voted */
	int64_t reference_ns;
	bool has_reference;
} TsSelection;

/**
 * ts_select:
 * @candidates: (array length=n): all at the same @raw_ns
 * @n: 0 to TS_SELECT_MAX_SOURCES
 * @options: limits
 * @raw_ns: now
 * @decisions: (out caller-allocates) (array length=n): verdict and figures for each
 * @selection: (out caller-allocates): the whole
 *
 * Nothing depends on the order of the candidates, except between equals. Infinite or NAN figures
 * make a source unusable, no more. Thread: any. Cost: O(n^2) at worst, no allocation.
 */
void ts_select(const TsCandidate *candidates, unsigned n, const TsSelectOptions *options,
	       int64_t raw_ns, TsDecision *decisions, TsSelection *selection);

/**
 * ts_decision_explain:
 *
 * Writes one sentence with figures: "falseticker: its interval +51.2 ms .. +53.9 ms misses the one
 * that 3 of 4 sources agree on, -1.1 ms .. +1.3 ms". Offsets count from the selection's reference_ns;
 * decimal points are points in every locale. 256 bytes hold every sentence.
 * Returns: @text. Thread: any.
 */
const char *ts_decision_explain(const TsDecision *decision, const TsCandidate *candidate,
				const TsSelection *selection, char *text, size_t size);
