/* SPDX-License-Identifier: BSD-2-Clause */
/* suggest.h - the word that was probably meant */
#pragma once

#include <glib.h>

/**
 * ts_suggest:
 * @word: what was written
 * @known: (array length=n_known): what could have been; NULL entries are skipped
 *
 * Case, '-' and '_' count for nothing, so that chrony's "minpoll" finds "min-poll"; beyond that an
 * insertion, a deletion, a replacement and a swap of neighbours cost one each, and a third of the word
 * may be wrong. Returns: (transfer none) (nullable): the nearest. Thread: any.
 */
const char *ts_suggest(const char *word, const char *const *known, unsigned n_known);
