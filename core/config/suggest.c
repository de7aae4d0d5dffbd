/* SPDX-License-Identifier: BSD-2-Clause */
/* suggest.c - see suggest.h */
#include "config/suggest.h"

#include <string.h>

/* Longer words are no typing error of ours; it bounds the work, too. */
#define MAX_LENGTH 40

/* Lower case, without '-' and '_'. Returns: the length, or MAX_LENGTH + 1 if it is longer. */
static unsigned
normalise(const char *word, char normal[MAX_LENGTH + 1])
{
	unsigned length = 0;

	for (; *word; word++) {
		if (*word == '-' || *word == '_')
			continue;
		if (length == MAX_LENGTH)
			return MAX_LENGTH + 1;
		normal[length++] = g_ascii_tolower(*word);
	}
	normal[length] = '\0';
	return length;
}

/* Edit distance with swaps of neighbours (optimal string alignment). */
static unsigned
distance(const char *a, unsigned a_length, const char *b, unsigned b_length)
{
	unsigned rows[3][MAX_LENGTH + 1];
	unsigned *before = rows[0], *last = rows[1], *row = rows[2];

	for (unsigned j = 0; j <= b_length; j++)
		last[j] = j;
	memcpy(before, last, sizeof rows[0]);
	for (unsigned i = 1; i <= a_length; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b_length; j++) {
			unsigned cost = a[i - 1] != b[j - 1];
			row[j] = MIN(MIN(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
		unsigned *recycled = before;
		before = last;
		last = row;
		row = recycled;
	}
	return last[b_length];
}

const char *
ts_suggest(const char *word, const char *const *known, unsigned n_known)
{
	char wanted[MAX_LENGTH + 1], candidate[MAX_LENGTH + 1];
	unsigned length = normalise(word, wanted);
	const char *nearest = NULL;

	if (length > MAX_LENGTH)
		return NULL;
	unsigned limit = length <= 2 ? 1 : MAX(2, length / 3);
	for (unsigned i = 0; i < n_known; i++) {
		if (!known[i])
			continue;
		unsigned found =
			distance(wanted, length, candidate, normalise(known[i], candidate));
		if (found < limit || (found == limit && !nearest && found < length)) {
			limit = found;
			nearest = known[i];
		}
	}
	return nearest;
}
