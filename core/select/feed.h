/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * feed.h - how the samples of several sources go into one pool of filters
 *
 * Each source has an estimator of its own, which learns how good its samples are: floor, noise
 * model, scatter. The samples go to the pool with that noise. A source whose samples fit the pool
 * worse than the others' do counts for less, so that one that turns bad does little harm until
 * selection drops it. Thread: any.
 */
#pragma once

#include "select/combine.h"
#include "select/pool.h"

typedef struct {
	uint64_t id;
	TsEstimator *estimator;
	double bias_scale_s;   /* as in pool.h */
	TsNoiseModel model;    /* the likely one, */
	double model_weight;   /* and how likely it is */
	double misfit;         /* mean of late, about 1 */
	unsigned recent_break; /* samples for which a break of this source is remembered */
} TsFeedMember;

typedef struct {
	TsFeedMember members[TS_COMBINE_MAX_SOURCES]; /* in the order of the pool */
	unsigned n_members;
	TsBankPrior prior;
	TsPool pool;
	TsBankAnswer answer; /* of the pool, as of the last refresh */
	int64_t raw_ns;      /* of the pool */
	int64_t frame_ns;    /* offset that is 0 s in it */
} TsFeed;

/* Feeds a new pool with all that the members' windows hold, judged by what is known of each path
 * now. */
void ts_feed_rebuild(TsFeed *feed);

/* The pool goes on from what member @index alone says at @raw_ns. */
void ts_feed_restart(TsFeed *feed, unsigned index, int64_t raw_ns);

/* Moves the pool to @raw_ns, if that is later. */
void ts_feed_predict(TsFeed *feed, int64_t raw_ns);

/* The newest sample of member @index. */
void ts_feed_take_newest(TsFeed *feed, unsigned index);

/* What is known of a source before it joined counts as one sample of it. */
void ts_feed_take_estimate(TsFeed *feed, unsigned index);

/* Brings answer up to date; the frame may move. */
void ts_feed_refresh(TsFeed *feed);

/* Returns: the middle of the members' mean misfits, the lower one of two; with a member only. */
double ts_feed_usual_misfit(const TsFeed *feed);
