/* SPDX-License-Identifier: BSD-2-Clause */
/* merge.c - see merge.h */
#include "config/merge.h"

#include "config/host-name.h"

static TsNode *
merge_maps(TsNode *base, TsNode *over)
{
	TsNode *merged = ts_node_new_map(ts_node_origin(base));

	for (unsigned i = 0; i < ts_node_size(base); i++) {
		const char *key = ts_node_key_at(base, i);
		TsNode *other = ts_node_find(over, key);
		g_autoptr(TsNode) value = other ? ts_node_merge(ts_node_value_at(base, i), other)
						: ts_node_ref(ts_node_value_at(base, i));
		ts_node_set(merged, key, ts_node_key_origin_at(base, i), value);
	}
	for (unsigned i = 0; i < ts_node_size(over); i++) {
		const char *key = ts_node_key_at(over, i);
		if (!ts_node_find(base, key))
			ts_node_set(merged, key, ts_node_key_origin_at(over, i),
				    ts_node_value_at(over, i));
	}
	return merged;
}

static void
append_all(TsNode *list, const TsNode *more)
{
	for (unsigned i = 0; i < ts_node_size(more); i++)
		ts_node_append(list, ts_node_at(more, i));
}

TsNode *
ts_node_merge(TsNode *base, TsNode *over)
{
	TsNodeKind kind = ts_node_kind(over);

	if (kind == TS_NODE_NULL)
		return ts_node_ref(base);
	if (kind != ts_node_kind(base) || kind == TS_NODE_SCALAR)
		return ts_node_ref(over);
	if (kind == TS_NODE_MAP)
		return merge_maps(base, over);
	TsNode *list = ts_node_new_list(ts_node_origin(base));
	append_all(list, base);
	append_all(list, over);
	return list;
}

static const char *
scalar_text(const TsNode *map, const char *key)
{
	const TsNode *node = ts_node_find(map, key);

	return node && ts_node_kind(node) == TS_NODE_SCALAR ? ts_node_text(node) : NULL;
}

static char *
network_identity(const TsNode *entry, const char *kind, const char *written)
{
	g_autofree char *host = NULL;
	uint16_t port = 0;
	const char *port_text = scalar_text(entry, "port");

	if (!ts_host_name_split(written, &host, &port))
		return NULL;
	g_autofree char *canonical = ts_host_name_canonical(host);
	g_autofree char *own_port = port ? g_strdup_printf("%u", port) : NULL;
	return g_strdup_printf("%s %s %s", kind, canonical,
			       port_text  ? port_text
			       : own_port ? own_port
					  : "123");
}

char *
ts_source_identity(const TsNode *entry)
{
	static const char *const network[] = {"server", "pool"};
	const char *plugin = scalar_text(entry, "refclock"), *label = scalar_text(entry, "name");

	for (unsigned i = 0; i < G_N_ELEMENTS(network); i++) {
		const char *written = scalar_text(entry, network[i]);
		if (written)
			return network_identity(entry, network[i], written);
	}
	return plugin && label ? g_strdup_printf("refclock %s %s", plugin, label) : NULL;
}

/* Returns: (transfer full): identity -> index of its first entry. */
static GHashTable *
index_sources(const TsNode *sources)
{
	GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = ts_node_size(sources); i-- > 0;) {
		char *identity = ts_source_identity(ts_node_at(sources, i));
		if (identity)
			g_hash_table_replace(index, identity, GUINT_TO_POINTER(i));
	}
	return index;
}

static TsNode *
unite(TsNode *before, TsNode *entry, TsProblems *problems)
{
	g_autofree char *place = ts_origin_format(ts_node_origin(before));

	ts_problems_warn(problems, ts_node_origin(entry),
			 "this source is listed at %s too; it is one source, to which this entry's "
			 "options are added, and they win",
			 place);
	return ts_node_merge(before, entry);
}

static TsNode *
merge_sources(TsNode *base, TsNode *over, TsProblems *problems)
{
	g_autoptr(GHashTable) index = index_sources(base);
	g_autoptr(GPtrArray) united = g_ptr_array_new_with_free_func((GDestroyNotify)ts_node_unref);

	for (unsigned i = 0; i < ts_node_size(base); i++)
		g_ptr_array_add(united, ts_node_ref(ts_node_at(base, i)));
	for (unsigned i = 0; i < ts_node_size(over); i++) {
		TsNode *entry = ts_node_at(over, i);
		g_autofree char *identity = ts_source_identity(entry);
		gpointer found;
		if (!identity || !g_hash_table_lookup_extended(index, identity, NULL, &found)) {
			g_ptr_array_add(united, ts_node_ref(entry));
			continue;
		}
		TsNode *before = united->pdata[GPOINTER_TO_UINT(found)];
		united->pdata[GPOINTER_TO_UINT(found)] = unite(before, entry, problems);
		ts_node_unref(before);
	}
	TsNode *list = ts_node_new_list(ts_node_origin(base));
	for (unsigned i = 0; i < united->len; i++)
		ts_node_append(list, united->pdata[i]);
	return list;
}

TsNode *
ts_config_merge(TsNode *base, TsNode *over, TsProblems *problems)
{
	TsNode *merged = ts_node_merge(base, over);
	TsNode *before = ts_node_find(base, "sources"), *after = ts_node_find(over, "sources");

	if (before && after && ts_node_kind(before) == TS_NODE_LIST &&
	    ts_node_kind(after) == TS_NODE_LIST) {
		g_autoptr(TsNode) sources = merge_sources(before, after, problems);
		ts_node_set(merged, "sources", NULL, sources);
	}
	return merged;
}
