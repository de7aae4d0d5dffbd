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

/* Writes "FILE:LINE:COLUMN"; returns a new string. */
char *ts_origin_format(const TsOrigin *origin);

typedef enum {
	TS_NODE_NULL,
	TS_NODE_SCALAR,
	TS_NODE_LIST,
	TS_NODE_MAP,
} TsNodeKind;

typedef struct _TsNode TsNode;

TsNode *ts_node_ref(TsNode *node);
void ts_node_unref(TsNode *node);

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

bool ts_node_equal(const TsNode *a, const TsNode *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsNode, ts_node_unref)
