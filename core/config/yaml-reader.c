/* SPDX-License-Identifier: BSD-2-Clause */
/* yaml-reader.c - see yaml-reader.h */
#include "config/yaml-reader.h"

#include <string.h>

#include <yaml.h>

typedef struct {
	yaml_parser_t parser;
	const char *file;
	const char *bytes;
	size_t length;
	TsProblems *problems;
	GHashTable *anchors; /* name -> TsNode, NULL while the node is still open */
	unsigned n_values;
	unsigned depth;
} Reader;

static TsNode *read_node(Reader *reader, const yaml_event_t *event);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(yaml_event_t, yaml_event_delete)

static TsOrigin
origin_at(const Reader *reader, const yaml_mark_t *mark)
{
	return (TsOrigin){
		.file = reader->file,
		.line = (unsigned)mark->line + 1,
		.column = (unsigned)mark->column + 1,
	};
}

/* Does the line of @mark begin with white space that has a tab in it? */
static bool
has_tab_in_indent(const Reader *reader, const yaml_mark_t *mark)
{
	const char *line = reader->bytes, *end = reader->bytes + reader->length;

	for (size_t i = 0; i < mark->line && line < end; i++) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		line = newline ? newline + 1 : end;
	}
	for (; line < end && (*line == ' ' || *line == '\t'); line++)
		if (*line == '\t')
			return true;
	return false;
}

static void
report_syntax(Reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	TsOrigin origin = origin_at(reader, &parser->problem_mark);
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const char *context = parser->context ? parser->context : "";

	if (parser->error == YAML_SCANNER_ERROR && has_tab_in_indent(reader, &parser->problem_mark))
		ts_problems_error(reader->problems, &origin,
				  "a tab can't indent in YAML; use spaces");
	else if (strstr(context, "scanning an alias"))
		ts_problems_error(reader->problems, &origin,
				  "'*' begins an alias here; quote a value that begins with it");
	else if (strstr(problem, "cannot start any token"))
		ts_problems_error(reader->problems, &origin,
				  "no value can begin with this character; quote the value");
	else if (*context && parser->context_mark.line != parser->problem_mark.line)
		ts_problems_error(reader->problems, &origin, "YAML syntax: %s, %s of line %zu",
				  problem, context, parser->context_mark.line + 1);
	else
		ts_problems_error(reader->problems, &origin, "YAML syntax: %s%s%s", problem,
				  *context ? ", " : "", context);
}

static bool
next_event(Reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	report_syntax(reader);
	return false;
}

/* Counts @n more values; a small file must not become a large tree. */
static bool
count_values(Reader *reader, unsigned n, const TsOrigin *origin)
{
	reader->n_values += n;
	if (reader->n_values <= TS_YAML_MAX_VALUES)
		return true;
	ts_problems_error(reader->problems, origin, "more than %d values, aliases expanded",
			  TS_YAML_MAX_VALUES);
	return false;
}

/* A long scalar counts as several, so that aliases of it do not multiply either. */
static unsigned
scalar_weight(size_t length)
{
	return 1 + (unsigned)(length / 32);
}

/* How many values a tree has; cheap, because what it counts was counted before against the limit.
 */
static unsigned
weight(const TsNode *node)
{
	bool is_scalar = ts_node_kind(node) == TS_NODE_SCALAR;
	unsigned sum = scalar_weight(is_scalar ? strlen(ts_node_text(node)) : 0);

	for (unsigned i = 0; i < ts_node_size(node); i++)
		sum += weight(ts_node_at(node, i));
	return sum;
}

static TsNode *
read_alias(Reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	TsOrigin origin = origin_at(reader, &event->start_mark);
	gpointer target;

	if (!g_hash_table_lookup_extended(reader->anchors, name, NULL, &target)) {
		ts_problems_error(reader->problems, &origin,
				  "alias *%.60s: no anchor &%.60s before it", name, name);
		return NULL;
	}
	if (!target) {
		ts_problems_error(reader->problems, &origin, "alias *%.60s contains itself", name);
		return NULL;
	}
	if (!count_values(reader, weight(target), &origin))
		return NULL;
	return ts_node_ref(target);
}

static bool
is_null_text(const char *text)
{
	return !*text || strcmp(text, "~") == 0 || strcmp(text, "null") == 0 ||
	       strcmp(text, "Null") == 0 || strcmp(text, "NULL") == 0;
}

/* Takes the standard tags. Returns: false if @tag is another. */
static bool
check_tag(Reader *reader, const yaml_char_t *tag, const TsOrigin *origin, bool *is_string)
{
	static const char *const plain[] = {YAML_NULL_TAG,  YAML_BOOL_TAG, YAML_INT_TAG,
					    YAML_FLOAT_TAG, YAML_SEQ_TAG,  YAML_MAP_TAG};
	const char *name = (const char *)tag;

	if (!name)
		return true;
	if (strcmp(name, "!") == 0 || strcmp(name, YAML_STR_TAG) == 0) {
		*is_string = true;
		return true;
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++)
		if (strcmp(name, plain[i]) == 0)
			return true;
	g_autofree char *quoted = ts_quote(name);
	ts_problems_error(reader->problems, origin, "the YAML tag %s has no meaning here", quoted);
	return false;
}

static TsNode *
read_scalar(Reader *reader, const yaml_event_t *event)
{
	TsOrigin origin = origin_at(reader, &event->start_mark);
	const char *text = (const char *)event->data.scalar.value;
	bool is_string = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;

	if (!check_tag(reader, event->data.scalar.tag, &origin, &is_string))
		return NULL;
	if (event->data.scalar.length > TS_YAML_MAX_SCALAR)
		ts_problems_error(reader->problems, &origin, "value longer than %d bytes",
				  TS_YAML_MAX_SCALAR);
	if (strlen(text) != event->data.scalar.length)
		ts_problems_error(reader->problems, &origin, "a NUL character in a value");
	return !is_string && is_null_text(text) ? ts_node_new_null(&origin)
						: ts_node_new_scalar(text, is_string, &origin);
}

static TsNode *
read_list(Reader *reader, const yaml_event_t *start)
{
	TsOrigin origin = origin_at(reader, &start->start_mark);
	g_autoptr(TsNode) list = ts_node_new_list(&origin);

	for (;;) {
		g_auto(yaml_event_t) event = {0};
		if (!next_event(reader, &event))
			return NULL;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			return g_steal_pointer(&list);
		g_autoptr(TsNode) value = read_node(reader, &event);
		if (!value)
			return NULL;
		ts_node_append(list, value);
	}
}

/* Adds to @map what it has not got; explicit keys win wherever they stand. */
static void
merge_map(TsNode *map, const TsNode *merged)
{
	for (unsigned i = 0; i < ts_node_size(merged); i++) {
		const char *key = ts_node_key_at(merged, i);
		if (!ts_node_find(map, key))
			ts_node_set(map, key, ts_node_key_origin_at(merged, i),
				    ts_node_value_at(merged, i));
	}
}

/* The value of "<<": a map, or a list of maps of which the first wins. */
static void
apply_merge(Reader *reader, TsNode *map, const TsNode *value)
{
	bool is_list = ts_node_kind(value) == TS_NODE_LIST;

	if (ts_node_kind(value) == TS_NODE_MAP) {
		merge_map(map, value);
		return;
	}
	for (unsigned i = 0; is_list && i < ts_node_size(value); i++) {
		const TsNode *item = ts_node_at(value, i);
		if (ts_node_kind(item) != TS_NODE_MAP)
			is_list = false;
		else
			merge_map(map, item);
	}
	if (!is_list)
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "'<<' takes a map, an alias of one, or a list of these");
}

static void
report_duplicate(Reader *reader, const TsNode *map, const char *key, const TsOrigin *origin)
{
	g_autofree char *quoted = ts_quote(key);
	g_autofree char *first = ts_origin_format(ts_node_find_key(map, key));

	ts_problems_error(reader->problems, origin, "duplicate key %s, which stands at %s already",
			  quoted, first);
}

/* Returns: (nullable) (transfer full): the key's text. */
static char *
read_key(Reader *reader, const yaml_event_t *event)
{
	TsOrigin origin = origin_at(reader, &event->start_mark);

	if (event->type == YAML_SCALAR_EVENT) {
		g_autoptr(TsNode) scalar = read_scalar(reader, event);
		if (scalar && ts_node_kind(scalar) == TS_NODE_SCALAR)
			return g_strdup(ts_node_text(scalar));
		if (scalar)
			ts_problems_error(reader->problems, &origin, "a key is missing here");
		return NULL;
	}
	if (event->type == YAML_ALIAS_EVENT)
		ts_problems_error(reader->problems, &origin, "an alias can't be a key");
	else
		ts_problems_error(reader->problems, &origin, "a key must be a word");
	return NULL;
}

static TsNode *
read_next(Reader *reader)
{
	g_auto(yaml_event_t) event = {0};

	return next_event(reader, &event) ? read_node(reader, &event) : NULL;
}

static TsNode *
read_map(Reader *reader, const yaml_event_t *start)
{
	TsOrigin origin = origin_at(reader, &start->start_mark);
	g_autoptr(TsNode) map = ts_node_new_map(&origin);
	g_autoptr(TsNode) merged = NULL;

	for (;;) {
		g_auto(yaml_event_t) event = {0};
		if (!next_event(reader, &event))
			return NULL;
		if (event.type == YAML_MAPPING_END_EVENT)
			break;
		TsOrigin key_origin = origin_at(reader, &event.start_mark);
		g_autofree char *key = read_key(reader, &event);
		g_autoptr(TsNode) value = key ? read_next(reader) : NULL;
		if (!value)
			return NULL;
		bool is_merge = strcmp(key, "<<") == 0 &&
				event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		if (is_merge && merged)
			ts_problems_error(reader->problems, &key_origin,
					  "a second '<<'; write <<: [*a, *b]");
		else if (is_merge)
			merged = g_steal_pointer(&value);
		else if (ts_node_find(map, key))
			report_duplicate(reader, map, key, &key_origin);
		else
			ts_node_set(map, key, &key_origin, value);
	}
	if (merged)
		apply_merge(reader, map, merged);
	return g_steal_pointer(&map);
}

static TsNode *
read_collection(Reader *reader, const yaml_event_t *event)
{
	TsOrigin origin = origin_at(reader, &event->start_mark);
	bool is_map = event->type == YAML_MAPPING_START_EVENT, is_string = false;
	const yaml_char_t *tag =
		is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;

	if (!check_tag(reader, tag, &origin, &is_string))
		return NULL;
	if (reader->depth >= TS_YAML_MAX_DEPTH) {
		ts_problems_error(reader->problems, &origin, "nested deeper than %d levels",
				  TS_YAML_MAX_DEPTH);
		return NULL;
	}
	reader->depth++;
	TsNode *node = is_map ? read_map(reader, event) : read_list(reader, event);
	reader->depth--;
	return node;
}

static const yaml_char_t *
anchor_of(const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
		return event->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return event->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return event->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static TsNode *
read_node(Reader *reader, const yaml_event_t *event)
{
	const char *anchor = (const char *)anchor_of(event);
	TsOrigin origin = origin_at(reader, &event->start_mark);

	if (event->type == YAML_ALIAS_EVENT)
		return read_alias(reader, event);
	size_t length = event->type == YAML_SCALAR_EVENT ? event->data.scalar.length : 0;
	if (!count_values(reader, scalar_weight(length), &origin))
		return NULL;
	if (anchor)
		g_hash_table_insert(reader->anchors, g_strdup(anchor), NULL);
	TsNode *node = event->type == YAML_SCALAR_EVENT ? read_scalar(reader, event)
							: read_collection(reader, event);
	if (anchor && node)
		g_hash_table_insert(reader->anchors, g_strdup(anchor), ts_node_ref(node));
	return node;
}

static TsNode *
read_document(Reader *reader)
{
	g_autoptr(TsNode) root = NULL;

	for (;;) {
		g_auto(yaml_event_t) event = {0};
		if (!next_event(reader, &event))
			return NULL;
		TsOrigin origin = origin_at(reader, &event.start_mark);
		if (event.type == YAML_STREAM_END_EVENT)
			return root ? g_steal_pointer(&root) : ts_node_new_null(&origin);
		if (event.type == YAML_DOCUMENT_START_EVENT && root) {
			ts_problems_error(reader->problems, &origin,
					  "a second YAML document; a file holds one");
			return NULL;
		}
		if (event.type == YAML_STREAM_START_EVENT ||
		    event.type == YAML_DOCUMENT_START_EVENT ||
		    event.type == YAML_DOCUMENT_END_EVENT)
			continue;
		root = read_node(reader, &event);
		if (!root)
			return NULL;
	}
}

/* Source: YAML 1.1 section 4.1.1, c-printable, without the byte order mark. */
static bool
is_yaml_character(gunichar character)
{
	return character == '\t' || character == '\n' || character == '\r' ||
	       (character >= ' ' && character <= '~') || character == 0x85 ||
	       (character >= 0xa0 && character <= 0xfffd && character != 0xfeff) ||
	       character >= 0x10000;
}

/* Finds bytes that no text file has, before libyaml says something dark about them. */
static bool
check_bytes(Reader *reader)
{
	TsOrigin origin = {.file = reader->file, .line = 1, .column = 1};
	const char *end = reader->bytes + reader->length;

	if (reader->length >= 2 && (memcmp(reader->bytes, "\xff\xfe", 2) == 0 ||
				    memcmp(reader->bytes, "\xfe\xff", 2) == 0)) {
		ts_problems_error(reader->problems, &origin,
				  "the file is UTF-16; it must be UTF-8");
		return false;
	}
	for (const char *byte = reader->bytes; byte < end;) {
		gunichar character = g_utf8_get_char_validated(byte, end - byte);
		const char *fault = NULL;
		if (*byte == '\0')
			fault = "a NUL byte; this is no text file";
		else if (character >= (gunichar)-2)
			fault = "this is not UTF-8";
		else if (!is_yaml_character(character))
			fault = "a control character";
		if (fault) {
			ts_problems_error(reader->problems, &origin, "%s", fault);
			return false;
		}
		origin.column++;
		if (*byte == '\n' || (*byte == '\r' && !(byte + 1 < end && byte[1] == '\n'))) {
			origin.line++;
			origin.column = 1;
		}
		byte = g_utf8_next_char(byte);
	}
	return true;
}

static void
unref_anchor(gpointer node)
{
	ts_node_unref(node);
}

TsNode *
ts_yaml_read(const char *bytes, size_t length, const char *file, TsProblems *problems)
{
	Reader reader = {
		.file = g_intern_string(file),
		.bytes = bytes,
		.length = length,
		.problems = problems,
	};

	if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* byte order mark */
		reader.bytes += 3;
		reader.length -= 3;
	}
	if (!check_bytes(&reader))
		return NULL;
	yaml_parser_initialize(&reader.parser);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const yaml_char_t *)reader.bytes,
				     reader.length);
	reader.anchors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, unref_anchor);
	TsNode *root = read_document(&reader);
	g_hash_table_unref(reader.anchors);
	yaml_parser_delete(&reader.parser);
	return root;
}
