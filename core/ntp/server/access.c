/* SPDX-License-Identifier: BSD-2-Clause */
/* access.c - see access.h */
#include "ntp/server/access.h"

#include <endian.h>
#include <string.h>

#define NO_RULE (-1)

/* An address as a number, so that a prefix is a range. An IPv4 address stands in the low 32 bits.
 */
typedef unsigned __int128 Key;

typedef struct {
	Key first, last;
	int rule; /* index into rules */
} Range;

/* Disjoint pieces in order; each ends where the next begins. */
typedef struct {
	Key first;
	int rule; /* index into rules, NO_RULE where none applies */
} Piece;

typedef struct {
	Piece *pieces; /* (array length=n): pieces[0].first is 0, so each address lies in one */
	guint n;
} Family;

struct _TsAccess {
	Family v4, v6;
	TsAccessRule *rules;
};

static Key
key_of(const TsAddress *address)
{
	uint64_t words[2];

	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr);
	memcpy(words, &address->v6.sin6_addr, sizeof words);
	return (Key)be64toh(words[0]) << 64 | be64toh(words[1]);
}

static Range
range_of(const TsPrefix *prefix, unsigned address_bits, int rule)
{
	unsigned host_bits = address_bits - prefix->length;
	/* 2^128 - 1 can't be made by one shift of 128 */
	Key host_mask = host_bits == 128 ? ~(Key)0 : ((Key)1 << host_bits) - 1;
	Key first = key_of(&prefix->address);

	return (Range){.first = first, .last = first | host_mask, .rule = rule};
}

/* Outer prefixes before those within them; of the same prefix, the one written last comes last. */
static int
compare_ranges(gconstpointer left, gconstpointer right)
{
	const Range *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (a->last != b->last)
		return a->last > b->last ? -1 : 1;
	return a->rule - b->rule;
}

static void
add_piece(GArray *pieces, Key first, int rule)
{
	if (pieces->len > 0) {
		Piece *previous = &g_array_index(pieces, Piece, pieces->len - 1);
		if (previous->first == first) {
			previous->rule = rule;
			return;
		}
	}
	Piece piece = {.first = first, .rule = rule};
	g_array_append_val(pieces, piece);
}

static int
innermost_rule(const GArray *open)
{
	return open->len > 0 ? g_array_index(open, Range, open->len - 1).rule : NO_RULE;
}

/* Ends the prefixes that are open and end before @next: what follows each is the one around it. */
static void
close_before(GArray *open, GArray *pieces, const Range *next)
{
	while (open->len > 0) {
		Key last = g_array_index(open, Range, open->len - 1).last;
		if (next && last >= next->first)
			return;
		g_array_set_size(open, open->len - 1);
		if (last != ~(Key)0)
			add_piece(pieces, last + 1, innermost_rule(open));
	}
}

static Family
cut_into_pieces(GArray *ranges)
{
	g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(Range));
	GArray *pieces = g_array_new(FALSE, FALSE, sizeof(Piece));

	g_array_sort(ranges, compare_ranges);
	add_piece(pieces, 0, NO_RULE);
	for (guint i = 0; i < ranges->len; i++) {
		Range *range = &g_array_index(ranges, Range, i);
		close_before(open, pieces, range);
		add_piece(pieces, range->first, range->rule);
		g_array_append_val(open, *range);
	}
	close_before(open, pieces, NULL);
	guint n = pieces->len;
	return (Family){.pieces = (Piece *)(void *)g_array_free(pieces, FALSE), .n = n};
}

TsAccess *
ts_access_new(const GArray *rules)
{
	TsAccess *self = g_new0(TsAccess, 1);
	g_autoptr(GArray) v4 = g_array_new(FALSE, FALSE, sizeof(Range));
	g_autoptr(GArray) v6 = g_array_new(FALSE, FALSE, sizeof(Range));
	const TsPrefix all_v4 = {.address.v4.sin_family = AF_INET};
	const TsPrefix all_v6 = {.address.v6.sin6_family = AF_INET6};

	self->rules = g_memdup2(rules->data, rules->len * sizeof(TsAccessRule));
	for (guint i = 0; i < rules->len; i++) {
		const TsAccessRule *rule = &self->rules[i];
		bool is_v6 = rule->prefix.address.any.sa_family == AF_INET6;
		if (rule->is_all || !is_v6) {
			Range range = range_of(rule->is_all ? &all_v4 : &rule->prefix, 32, (int)i);
			g_array_append_val(v4, range);
		}
		if (rule->is_all || is_v6) {
			Range range = range_of(rule->is_all ? &all_v6 : &rule->prefix, 128, (int)i);
			g_array_append_val(v6, range);
		}
	}
	self->v4 = cut_into_pieces(v4);
	self->v6 = cut_into_pieces(v6);
	return self;
}

void
ts_access_free(TsAccess *access)
{
	if (!access)
		return;
	g_free(access->v4.pieces);
	g_free(access->v6.pieces);
	g_free(access->rules);
	g_free(access);
}

static const TsAccessRule *
find_rule(const TsAccess *access, const TsAddress *client)
{
	const Family *family = client->any.sa_family == AF_INET ? &access->v4 : &access->v6;
	Key key = key_of(client);
	guint low = 0, high = family->n; /* the piece is in [low, high) */

	while (high - low > 1) {
		guint middle = low + (high - low) / 2;
		if (family->pieces[middle].first <= key)
			low = middle;
		else
			high = middle;
	}
	int rule = family->pieces[low].rule;
	return rule == NO_RULE ? NULL : &access->rules[rule];
}

bool
ts_access_allows(const TsAccess *access, const TsAddress *client)
{
	const TsAccessRule *rule = find_rule(access, client);

	return rule && rule->is_allow;
}

bool
ts_access_find(const TsAccess *access, const TsAddress *client, TsAccessRule *rule)
{
	const TsAccessRule *found = find_rule(access, client);

	if (found)
		*rule = *found;
	return found;
}
