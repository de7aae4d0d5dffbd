/* SPDX-License-Identifier: BSD-2-Clause */
/* override.c - see override.h */
#include "override.h"

#include <stdlib.h>
#include <string.h>

#include "config/yaml-reader.h"

static TsNode *replace(const TsNode *node, char *const *path, TsNode *value);

static TsNode *
replace_in_list(const TsNode *list, char *const *path, TsNode *value)
{
	char *end;
	unsigned long index = strtoul(path[0], &end, 10);

	if (*end || end == path[0] || index >= ts_node_size(list))
		return NULL;
	TsNode *copy = ts_node_new_list(ts_node_origin(list));
	bool is_found = true;
	for (unsigned i = 0; i < ts_node_size(list); i++) {
		g_autoptr(TsNode) entry = i == index ? replace(ts_node_at(list, i), path + 1, value)
						     : ts_node_ref(ts_node_at(list, i));
		is_found &= entry != NULL;
		if (entry)
			ts_node_append(copy, entry);
	}
	if (!is_found)
		g_clear_pointer(&copy, ts_node_unref);
	return copy;
}

static TsNode *
replace_in_map(const TsNode *map, char *const *path, TsNode *value)
{
	g_autoptr(TsNode) entry = replace(ts_node_find(map, path[0]), path + 1, value);

	if (!entry)
		return NULL;
	TsNode *copy = ts_node_new_map(map ? ts_node_origin(map) : NULL);
	for (unsigned i = 0; i < ts_node_size(map); i++)
		ts_node_set(copy, ts_node_key_at(map, i), ts_node_key_origin_at(map, i),
			    ts_node_value_at(map, i));
	ts_node_set(copy, path[0], ts_node_origin(value), entry);
	return copy;
}

/* Returns: (transfer full) (nullable): @node with the value at the end of @path; NULL: it leads nowhere. */
static TsNode *
replace(const TsNode *node, char *const *path, TsNode *value)
{
	g_autoptr(TsNode) nothing = node ? NULL : ts_node_new_map(NULL);

	if (!path[0])
		return ts_node_ref(value);
	if (!node)
		node = nothing;
	switch (ts_node_kind(node)) {
	case TS_NODE_LIST:
		return replace_in_list(node, path, value);
	case TS_NODE_MAP:
	case TS_NODE_NULL:
		return replace_in_map(node, path, value);
	case TS_NODE_SCALAR:
		break;
	}
	return NULL;
}

TsNode *
sim_override(TsNode *root, const char *const *overrides, TsProblems *problems)
{
	static const TsOrigin nowhere = {0};
	TsNode *tree = ts_node_ref(root);

	for (; overrides && *overrides; overrides++) {
		const char *equals = strchr(*overrides, '=');
		if (!equals) {
			ts_problems_error(problems, &nowhere, "%s is no PATH=VALUE", *overrides);
			continue;
		}
		g_autofree char *keys = g_strndup(*overrides, (gsize)(equals - *overrides));
		g_auto(GStrv) path = g_strsplit(keys, ".", -1);
		g_autoptr(TsNode) value =
			ts_yaml_read(equals + 1, strlen(equals + 1), *overrides, problems);
		if (!value)
			continue;
		TsNode *fresh = replace(tree, path, value);
		if (!fresh) {
			ts_problems_error(problems, &nowhere, "%s: the path leads nowhere", *overrides);
			continue;
		}
		ts_node_unref(tree);
		tree = fresh;
	}
	return tree;
}
