/* SPDX-License-Identifier: BSD-2-Clause */
/* cluster.c - see cluster.h */
#include "select/cluster.h"

#include <math.h>

/* How many sigmas from the others a source is inexplicable, times (all / those that stay)^2: the
 * sigma comes from few sources, and from the closest of them. Chosen by simulation: of 4 to 6
 * sources with one common Gaussian spread, 7 % of the sets lose a member; without the factor it is
 * 24 to 40 %. */
#define OUTLIER_SIGMAS	    4.0
#define OUTLIER_SIGMAS_USED 6.0

/* A source this much closer than the middle one stays: the others' paths are what differs. */
#define FAR_CLOSER 2.0

typedef struct {
	unsigned n;
	double mean_s, variance_s2; /* of the offsets */
	double error_s2;	    /* mean square of sd_s */
	double least_sd_s;
} Spread;

static Spread
find_spread(const TsClusterPoint *points, const bool *is_out, unsigned n)
{
	Spread spread = {.least_sd_s = (double)INFINITY};
	double sum = 0, squares = 0;

	for (unsigned i = 0; i < n; i++) {
		if (is_out[i])
			continue;
		spread.n++;
		sum += points[i].offset_s;
		spread.error_s2 += points[i].sd_s * points[i].sd_s;
		spread.least_sd_s = fmin(spread.least_sd_s, points[i].sd_s);
	}
	spread.mean_s = sum / spread.n;
	spread.error_s2 /= spread.n;
	for (unsigned i = 0; i < n; i++)
		if (!is_out[i])
			squares += pow(points[i].offset_s - spread.mean_s, 2);
	spread.variance_s2 = spread.n > 1 ? squares / (spread.n - 1) : 0;
	return spread;
}

/* Returns: how far @point, of @n, may be from the mean of @others, s. */
static double
allowed_deviation_s(const TsClusterPoint *point, const Spread *others, unsigned n)
{
	double sigmas = point->was_used ? OUTLIER_SIGMAS_USED : OUTLIER_SIGMAS;
	double share = (double)n / others->n;
	double variance_s2 = (others->variance_s2 + others->error_s2) * (1 + 1.0 / others->n) +
			     point->sd_s * point->sd_s;

	return sigmas * share * share * sqrt(variance_s2);
}

/* RFC 5905 section 11.2.2 step 3, by sums: the mean square of a point's differences to the others.
 */
static double
selection_jitter_s(const TsClusterPoint *point, const Spread *spread)
{
	double deviation_s = point->offset_s - spread->mean_s;

	return sqrt(spread->n * deviation_s * deviation_s / (spread->n - 1) + spread->variance_s2);
}

static void
keep_the_closest(const TsClusterPoint *points, unsigned n, bool *is_kept)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned farther = 0;
		for (unsigned j = 0; j < n; j++)
			farther += points[j].distance_s > FAR_CLOSER * points[i].distance_s;
		is_kept[i] = points[i].is_kept || 2 * farther >= n;
	}
}

/* Returns: the index of the one to set aside next, or -1 when no improvement is possible. */
static int
find_worst(const TsClusterPoint *points, const bool *is_out, const bool *is_kept, unsigned n)
{
	Spread spread = find_spread(points, is_out, n);
	double worst_s = -1;
	int worst = -1;

	if (spread.n <= TS_CLUSTER_MIN_SURVIVORS || 2 * (spread.n - 1) < n)
		return -1;
	for (unsigned i = 0; i < n; i++) {
		if (is_out[i] || is_kept[i])
			continue;
		double jitter_s = selection_jitter_s(&points[i], &spread);
		if (jitter_s > worst_s) {
			worst_s = jitter_s;
			worst = (int)i;
		}
	}
	return worst_s < spread.least_sd_s ? -1 : worst;
}

/* Returns: whether none of those set aside is explicable by the spread of the others. */
static bool
all_stand_apart(const TsClusterPoint *points, const bool *is_out, unsigned n)
{
	Spread others = find_spread(points, is_out, n);

	for (unsigned i = 0; i < n; i++)
		if (is_out[i] && !(fabs(points[i].offset_s - others.mean_s) >
				   allowed_deviation_s(&points[i], &others, n)))
			return false;
	return true;
}

static void
note_outliers(TsClusterPoint *points, const bool *is_out, unsigned n)
{
	Spread others = find_spread(points, is_out, n);

	for (unsigned i = 0; i < n; i++) {
		points[i].is_outlier = is_out[i];
		if (!is_out[i])
			continue;
		points[i].deviation_s = points[i].offset_s - others.mean_s;
		points[i].limit_s = allowed_deviation_s(&points[i], &others, n);
	}
}

void
ts_cluster(TsClusterPoint *points, unsigned n)
{
	bool is_out[TS_SELECT_MAX_SOURCES] = {false};
	bool is_kept[TS_SELECT_MAX_SOURCES];
	int worst;

	g_return_if_fail(n <= TS_SELECT_MAX_SOURCES);
	for (unsigned i = 0; i < n; i++)
		points[i].is_outlier = false;
	keep_the_closest(points, n, is_kept);
	/* further than the first that can be explained, for two outliers hide one another */
	while ((worst = find_worst(points, is_out, is_kept, n)) >= 0) {
		is_out[worst] = true;
		if (all_stand_apart(points, is_out, n))
			note_outliers(points, is_out, n);
	}
}
