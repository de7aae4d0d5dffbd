/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cluster.h - which of the truechimers stand apart from the others; seen by select/ alone
 *
 * As in RFC 5905 section 11.2.2, rounds set aside the one with the largest selection jitter, until
 * that is below the smallest error of a single source or NMIN are left. Then as many of them as can
 * be explained by the spread of those that stay are taken back in, for a source more averages
 * better.
 */
#pragma once

#include "select/select.h"

/* NMIN: fewer can't say which of them stands apart. */
#define TS_CLUSTER_MIN_SURVIVORS 3

typedef struct {
	double offset_s;   /* from any common point */
	double sd_s;       /* 1-sigma of it */
	double distance_s; /* one far better than the rest is not dropped for their asymmetry */
	bool is_kept;      /* may not be dropped */
	bool was_used;     /* stays in more easily */
	/* the outcome */
	bool is_outlier;
	double deviation_s; /* of an outlier: from the mean of those that stay */
	double limit_s;     /* and what would have been allowed */
} TsClusterPoint;

/* Fills in the outcomes of @points; at least half of them and TS_CLUSTER_MIN_SURVIVORS stay.
 * Cost: O(n^2), no allocation. */
void ts_cluster(TsClusterPoint *points, unsigned n);
