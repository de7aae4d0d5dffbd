/* SPDX-License-Identifier: BSD-2-Clause */
/* show.c - see show.h */
#include "config/show.h"

#include <string.h>

#define INDENT 2

/* Does YAML read @text as itself wherever it stands? What is not sure is put between quotes. */
static bool
is_bare(const char *text)
{
	size_t length = strlen(text);

	return length > 0 &&
	       (g_ascii_isalnum(*text) || (strchr("-+", *text) && g_ascii_isdigit(text[1])) ||
		*text == '/' || *text == '.') &&
	       strspn(text,
		      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:%+") ==
		       length &&
	       text[length - 1] != ':' && g_ascii_strcasecmp(text, "null") != 0;
}

static void
append_escaped(GString *out, gunichar character)
{
	if (character == '"' || character == '\\')
		g_string_append_printf(out, "\\%c", (char)character);
	else if (character == ' ' || g_unichar_isgraph(character))
		g_string_append_unichar(out, character);
	else
		g_string_append_printf(out, "\\U%08x", character);
}

static void
append_quoted(GString *out, const char *text)
{
	g_string_append_c(out, '"');
	for (; *text; text = g_utf8_next_char(text))
		append_escaped(out, g_utf8_get_char(text));
	g_string_append_c(out, '"');
}

static void
append_comment(GString *out, const TsNode *node)
{
	const TsOrigin *origin = ts_node_origin(node);

	g_string_append(out, "  # ");
	for (const char *c = origin->file ? origin->file : "run time"; *c; c++)
		g_string_append_c(out, (unsigned char)*c < ' ' ? '?' : *c);
	if (origin->line)
		g_string_append_printf(out, ":%u", origin->line);
	g_string_append_c(out, '\n');
}

static bool
is_leaf(const TsNode *node)
{
	return ts_node_size(node) == 0;
}

static void
append_leaf(GString *out, const TsNode *node)
{
	switch (ts_node_kind(node)) {
	case TS_NODE_NULL:
		g_string_append(out, "null");
		break;
	case TS_NODE_SCALAR:
		if (ts_node_is_quoted(node) || !is_bare(ts_node_text(node)))
			append_quoted(out, ts_node_text(node));
		else
			g_string_append(out, ts_node_text(node));
		break;
	case TS_NODE_LIST:
		g_string_append(out, "[]");
		break;
	case TS_NODE_MAP:
		g_string_append(out, "{}");
		break;
	}
	append_comment(out, node);
}

static void
append_indent(GString *out, unsigned indent)
{
	g_string_append_printf(out, "%*s", (int)indent, "");
}

static void append_node(GString *out, const TsNode *node, unsigned indent, bool is_begun);

/* @is_begun: the first line's indent is written already, by "- ". */
static void
append_map(GString *out, const TsNode *map, unsigned indent, bool is_begun)
{
	for (unsigned i = 0; i < ts_node_size(map); i++) {
		const char *key = ts_node_key_at(map, i);
		const TsNode *value = ts_node_value_at(map, i);
		if (i > 0 || !is_begun)
			append_indent(out, indent);
		if (is_bare(key))
			g_string_append(out, key);
		else
			append_quoted(out, key);
		g_string_append(out, is_leaf(value) ? ": " : ":\n");
		append_node(out, value, indent + INDENT, false);
	}
}

static void
append_list(GString *out, const TsNode *list, unsigned indent, bool is_begun)
{
	for (unsigned i = 0; i < ts_node_size(list); i++) {
		if (i > 0 || !is_begun)
			append_indent(out, indent);
		g_string_append(out, "- ");
		append_node(out, ts_node_at(list, i), indent + INDENT, true);
	}
}

static void
append_node(GString *out, const TsNode *node, unsigned indent, bool is_begun)
{
	if (is_leaf(node))
		append_leaf(out, node);
	else if (ts_node_kind(node) == TS_NODE_MAP)
		append_map(out, node, indent, is_begun);
	else
		append_list(out, node, indent, is_begun);
}

char *
ts_config_show(const TsSettings *settings)
{
	GString *out = g_string_new(NULL);

	append_map(out, settings->tree, 0, false);
	return g_string_free(out, FALSE);
}

static void
free_value(gpointer data)
{
	TsConfigValue *value = data;

	g_free(value->value);
	g_free(value->path);
	g_free(value);
}

static void
add_leaf(GPtrArray *values, const TsNode *node, const char *path)
{
	static const char *const empty[] = {
		[TS_NODE_NULL] = "",
		[TS_NODE_LIST] = "[]",
		[TS_NODE_MAP] = "{}",
	};
	TsNodeKind kind = ts_node_kind(node);
	TsConfigValue *value = g_new0(TsConfigValue, 1);

	value->path = g_strdup(path);
	value->value = g_strdup(kind == TS_NODE_SCALAR ? ts_node_text(node) : empty[kind]);
	value->origin = *ts_node_origin(node);
	g_ptr_array_add(values, value);
}

static void
add_values(GPtrArray *values, const TsNode *node, const char *path)
{
	bool is_map = ts_node_kind(node) == TS_NODE_MAP;

	if (is_leaf(node) && *path)
		add_leaf(values, node, path);
	for (unsigned i = 0; i < ts_node_size(node); i++) {
		g_autofree char *below = is_map ? g_strdup_printf("%s%s%s", path, *path ? "." : "",
								  ts_node_key_at(node, i))
						: g_strdup_printf("%s[%u]", path, i);
		add_values(values, ts_node_at(node, i), below);
	}
}

GPtrArray *
ts_config_list(const TsSettings *settings)
{
	GPtrArray *values = g_ptr_array_new_with_free_func(free_value);

	add_values(values, settings->tree, "");
	return values;
}
