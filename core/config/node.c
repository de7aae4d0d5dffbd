/* SPDX-License-Identifier: BSD-2-Clause */
/* node.c - see node.h */
#include "config/node.h"

#include <string.h>

/* A map with more entries than this gets an index, so that a long file is not read in square time.
 */
#define INDEX_FROM 16

typedef struct {
	char *key; /* NULL in a list */
	TsOrigin key_origin;
	TsNode *value;
} Entry;

struct _TsNode {
	gatomicrefcount references;
	TsNodeKind kind;
	bool is_quoted;
	TsOrigin origin;
	char *text;	   /* scalar */
	GArray *entries;   /* of Entry: list and map */
	GHashTable *index; /* (nullable) key -> position, of a large map */
};

char *
ts_origin_format(const TsOrigin *origin)
{
	if (!origin->file)
		return g_strdup("(no file)");
	if (origin->line == 0)
		return g_strdup(origin->file);
	return g_strdup_printf("%s:%u:%u", origin->file, origin->line, origin->column);
}

static void
clear_entry(gpointer data)
{
	Entry *entry = data;

	g_free(entry->key);
	ts_node_unref(entry->value);
}

static TsNode *
new_node(TsNodeKind kind, const TsOrigin *origin)
{
	TsNode *node = g_new0(TsNode, 1);

	g_atomic_ref_count_init(&node->references);
	node->kind = kind;
	if (origin)
		node->origin = *origin;
	if (kind == TS_NODE_LIST || kind == TS_NODE_MAP) {
		node->entries = g_array_new(FALSE, FALSE, sizeof(Entry));
		g_array_set_clear_func(node->entries, clear_entry);
	}
	return node;
}

TsNode *
ts_node_new_null(const TsOrigin *origin)
{
	return new_node(TS_NODE_NULL, origin);
}

TsNode *
ts_node_new_scalar(const char *text, bool is_quoted, const TsOrigin *origin)
{
	TsNode *node = new_node(TS_NODE_SCALAR, origin);

	node->text = g_strdup(text);
	node->is_quoted = is_quoted;
	return node;
}

TsNode *
ts_node_new_list(const TsOrigin *origin)
{
	return new_node(TS_NODE_LIST, origin);
}

TsNode *
ts_node_new_map(const TsOrigin *origin)
{
	return new_node(TS_NODE_MAP, origin);
}

TsNode *
ts_node_ref(TsNode *node)
{
	g_atomic_ref_count_inc(&node->references);
	return node;
}

void
ts_node_unref(TsNode *node)
{
	if (!node || !g_atomic_ref_count_dec(&node->references))
		return;
	g_clear_pointer(&node->index, g_hash_table_unref);
	g_clear_pointer(&node->entries, g_array_unref);
	g_free(node->text);
	g_free(node);
}

TsNodeKind
ts_node_kind(const TsNode *node)
{
	return node->kind;
}

const TsOrigin *
ts_node_origin(const TsNode *node)
{
	return &node->origin;
}

const char *
ts_node_text(const TsNode *node)
{
	return node->text;
}

bool
ts_node_is_quoted(const TsNode *node)
{
	return node->is_quoted;
}

unsigned
ts_node_size(const TsNode *node)
{
	return node->entries ? node->entries->len : 0;
}

static Entry *
entry_at(const TsNode *node, unsigned index)
{
	return &g_array_index(node->entries, Entry, index);
}

TsNode *
ts_node_at(const TsNode *list, unsigned index)
{
	return entry_at(list, index)->value;
}

const char *
ts_node_key_at(const TsNode *map, unsigned index)
{
	return entry_at(map, index)->key;
}

const TsOrigin *
ts_node_key_origin_at(const TsNode *map, unsigned index)
{
	return &entry_at(map, index)->key_origin;
}

TsNode *
ts_node_value_at(const TsNode *map, unsigned index)
{
	return entry_at(map, index)->value;
}

static Entry *
find_entry(const TsNode *map, const char *key)
{
	gpointer position;

	if (map->kind != TS_NODE_MAP)
		return NULL;
	if (map->index)
		return g_hash_table_lookup_extended(map->index, key, NULL, &position)
			       ? entry_at(map, GPOINTER_TO_UINT(position))
			       : NULL;
	for (unsigned i = 0; i < map->entries->len; i++)
		if (strcmp(entry_at(map, i)->key, key) == 0)
			return entry_at(map, i);
	return NULL;
}

TsNode *
ts_node_find(const TsNode *map, const char *key)
{
	const Entry *entry = find_entry(map, key);

	return entry ? entry->value : NULL;
}

const TsOrigin *
ts_node_find_key(const TsNode *map, const char *key)
{
	const Entry *entry = find_entry(map, key);

	return entry ? &entry->key_origin : NULL;
}

void
ts_node_append(TsNode *list, TsNode *value)
{
	Entry entry = {.value = ts_node_ref(value)};

	g_array_append_val(list->entries, entry);
}

static void
index_entry(TsNode *map, unsigned position)
{
	g_hash_table_insert(map->index, entry_at(map, position)->key, GUINT_TO_POINTER(position));
}

void
ts_node_set(TsNode *map, const char *key, const TsOrigin *key_origin, TsNode *value)
{
	Entry *present = find_entry(map, key);

	ts_node_ref(value);
	if (present) {
		ts_node_unref(present->value);
		present->value = value;
		return;
	}
	Entry entry = {.key = g_strdup(key), .value = value};
	if (key_origin)
		entry.key_origin = *key_origin;
	g_array_append_val(map->entries, entry);
	if (map->index) {
		index_entry(map, map->entries->len - 1);
	} else if (map->entries->len > INDEX_FROM) {
		map->index = g_hash_table_new(g_str_hash, g_str_equal);
		for (unsigned i = 0; i < map->entries->len; i++)
			index_entry(map, i);
	}
}

static bool
equal_entries(const TsNode *a, const TsNode *b)
{
	if (a->entries->len != b->entries->len)
		return false;
	for (unsigned i = 0; i < a->entries->len; i++) {
		const Entry *entry = entry_at(a, i);
		const TsNode *other = a->kind == TS_NODE_MAP ? ts_node_find(b, entry->key)
							     : entry_at(b, i)->value;
		if (!other || !ts_node_equal(entry->value, other))
			return false;
	}
	return true;
}

bool
ts_node_equal(const TsNode *a, const TsNode *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TS_NODE_NULL:
		return true;
	case TS_NODE_SCALAR:
		return a->is_quoted == b->is_quoted && strcmp(a->text, b->text) == 0;
	case TS_NODE_LIST:
	case TS_NODE_MAP:
		return equal_entries(a, b);
	}
	return false;
}
