/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * node.h - a YAML value that remembers where it stood
 *
 * Nodes are immutable once the files are merged, and shared by reference count.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

typedef struct {
	const char *file; /* interned; NULL: a default, or given at run time */
	unsigned line;    /* from 1 */
	unsigned column;  /* from 1 */
} TsOrigin;

/* Writes "FILE:LINE:COLUMN", "FILE" where the line is 0, "(no file)" where there is none; returns a
 * new string. */
char *ts_origin_format(const TsOrigin *origin);

typedef enum {
	TS_NODE_NULL,
	TS_NODE_SCALAR,
	TS_NODE_LIST,
	TS_NODE_MAP,
} TsNodeKind;

typedef struct _TsNode TsNode;

TsNode *ts_node_ref(TsNode *node);
void ts_node_unref(TsNode *node); /* NULL is fine */

TsNodeKind ts_node_kind(const TsNode *node);
const TsOrigin *ts_node_origin(const TsNode *node);

/* Scalar: its text, and whether it was quoted (then it is a string whatever it looks like). */
const char *ts_node_text(const TsNode *node);
bool ts_node_is_quoted(const TsNode *node);

/* List and map: how many entries. */
unsigned ts_node_size(const TsNode *node);
TsNode *ts_node_at(const TsNode *list, unsigned index);

/* Map: entries in the order in which they were written. */
const char *ts_node_key_at(const TsNode *map, unsigned index);
const TsOrigin *ts_node_key_origin_at(const TsNode *map, unsigned index);
TsNode *ts_node_value_at(const TsNode *map, unsigned index);

/* Returns: (transfer none) (nullable). */
TsNode *ts_node_find(const TsNode *map, const char *key);

/* Returns: (nullable): where @key stands, if it is there. */
const TsOrigin *ts_node_find_key(const TsNode *map, const char *key);

/* Same values; origins and the order of a map's entries do not count. NULL equals NULL only. */
bool ts_node_equal(const TsNode *a, const TsNode *b);

/*
 * Building: by the reader, the merge and tests, before anybody else has seen the node. A copy of
 * @origin is kept; NULL stands for "no file".
 */
TsNode *ts_node_new_null(const TsOrigin *origin);
TsNode *ts_node_new_scalar(const char *text, bool is_quoted, const TsOrigin *origin);
TsNode *ts_node_new_list(const TsOrigin *origin);
TsNode *ts_node_new_map(const TsOrigin *origin);

/* Both take a reference of @value. */
void ts_node_append(TsNode *list, TsNode *value);

/* Adds an entry, or replaces the value of the one that is there (its place and key stay). */
void ts_node_set(TsNode *map, const char *key, const TsOrigin *key_origin, TsNode *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNode, ts_node_unref)
