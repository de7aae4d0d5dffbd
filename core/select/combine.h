/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * combine.h - one estimate of UTC from the samples of all accepted sources
 *
 * The samples are pooled in one bank of filters with a bias for each source, which is worth a
 * factor of 1.5 to 2 over mixing finished estimates. Feed it every sample of the sources that are
 * in use; when that set changes it is told so and carries on with what it knows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "select/estimate.h"

#define TS_COMBINE_MAX_SOURCES 16

typedef struct _TsCombiner TsCombiner;

TsCombiner *ts_combiner_new(void);
void ts_combiner_free(TsCombiner *combiner);

/* Forgets samples and sources; the oscillator's wander is kept. */
void ts_combiner_reset(TsCombiner *combiner);
void ts_combiner_set_prior(TsCombiner *combiner, double frequency, double frequency_sd,
			   double wander);

/**
 * ts_combiner_set_sources:
 * @ids: (array length=n): the accepted sources, best first; ids are never reused
 * @n: how many; those past TS_COMBINE_MAX_SOURCES are left out
 * @histories: (array length=n): the samples kept of each, oldest first
 * @n_histories: (array length=n)
 *
 * A source that is new is taken up with its history, one that left goes; the estimate does not jump
 * further than the data say.
 */
void ts_combiner_set_sources(TsCombiner *combiner, const uint64_t *ids, unsigned n,
			     const TsSample *const *histories, const unsigned *n_histories);

/* A fresh sample of source @id; ignored if that is none of the accepted ones. */
void ts_combiner_add(TsCombiner *combiner, uint64_t id, const TsSample *sample);

/* Returns: false with no samples. */
bool ts_combiner_get(const TsCombiner *combiner, int64_t raw_ns, TsEstimate *estimate);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsCombiner, ts_combiner_free)
