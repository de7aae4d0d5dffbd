/* SPDX-License-Identifier: BSD-2-Clause */
/* schema.c - see schema.h */
#include "config/schema.h"

#include <math.h>
#include <string.h>

#include "config/scalar.h"
#include "config/sections.h"
#include "config/suggest.h"

#define MAX_FIELDS 64

static void *
member(const TsField *field, void *object)
{
	return (char *)object + field->offset;
}

static void
complain(TsConfigReader *reader, const TsField *field, const TsNode *value, char *complaint)
{
	g_autofree char *owned = complaint;

	ts_problems_error(reader->problems, ts_node_origin(value), "%s: %s", field->key, owned);
}

static const TsWord *
find_word(const TsField *field, const TsNode *value)
{
	if (!field->words || ts_node_kind(value) != TS_NODE_SCALAR)
		return NULL;
	for (const TsWord *word = field->words; word->name; word++)
		if (strcmp(word->name, ts_node_text(value)) == 0)
			return word;
	return NULL;
}

/* "; did you mean 'X'?", or what is known. Returns: (transfer full). */
static char *
hint_at(const char *word, const char *const *known, unsigned n_known)
{
	const char *nearest = ts_suggest(word, known, n_known);
	GString *all = g_string_new("; known are ");
	unsigned n = 0;

	if (nearest) {
		g_string_printf(all, "; did you mean '%s'?", nearest);
		return g_string_free(all, FALSE);
	}
	for (unsigned i = 0; i < n_known; i++)
		if (known[i])
			g_string_append_printf(all, "%s%s", n++ ? ", " : "", known[i]);
	return g_string_free(all, FALSE);
}

static unsigned
collect_words(const TsField *field, const char *names[MAX_FIELDS + 1])
{
	unsigned n = 0;

	for (const TsWord *word = field->words; word && word->name && n < MAX_FIELDS; word++)
		names[n++] = word->name;
	names[n] = NULL;
	return n;
}

/* " or none": the words that a number's key takes besides. Returns: (transfer full). */
static char *
words_besides(const TsField *field)
{
	GString *text = g_string_new(NULL);

	for (const TsWord *word = field->words; word && word->name; word++)
		g_string_append_printf(text, " or %s", word->name);
	return g_string_free(text, FALSE);
}

static TsQuantity
quantity_of(TsFieldKind kind)
{
	switch (kind) {
	case TS_FIELD_DURATION:
		return TS_QUANTITY_DURATION;
	case TS_FIELD_PPM:
		return TS_QUANTITY_PPM;
	case TS_FIELD_SIZE:
		return TS_QUANTITY_SIZE;
	default:
		return TS_QUANTITY_NUMBER;
	}
}

static char *
explain_range(const TsField *field, double value)
{
	TsQuantity quantity = quantity_of(field->kind);
	g_autofree char *written = ts_quantity_format(quantity, value);
	g_autofree char *min = ts_quantity_format(quantity, field->min);
	g_autofree char *max = ts_quantity_format(quantity, field->max);
	g_autofree char *besides = words_besides(field);

	if (field->kind == TS_FIELD_POLL) {
		g_autofree char *min_s = ts_quantity_format(TS_QUANTITY_DURATION, exp2(field->min));
		g_autofree char *max_s = ts_quantity_format(TS_QUANTITY_DURATION, exp2(field->max));
		return g_strdup_printf(
			"%s is out of range; allowed are %s to %s, log2 of seconds, or "
			"%s to %s",
			written, min, max, min_s, max_s);
	}
	return g_strdup_printf("%s is out of range; allowed are %s to %s%s", written, min, max,
			       besides);
}

/* Reads a number of whatever unit. Returns: (transfer full) (nullable): what is wrong with it. */
static char *
read_number(const TsField *field, const TsNode *value, double *number)
{
	int64_t whole = 0;
	int log2s = 0;
	char *complaint;

	switch (field->kind) {
	case TS_FIELD_UNSIGNED:
	case TS_FIELD_INT:
	case TS_FIELD_UINT16:
	case TS_FIELD_UINT32:
		complaint = ts_scalar_read_whole(value, &whole);
		*number = (double)whole;
		break;
	case TS_FIELD_POLL:
		complaint = ts_scalar_read_poll(value, &log2s);
		*number = log2s;
		break;
	default:
		complaint = ts_scalar_read_quantity(value, quantity_of(field->kind), number);
	}
	if (!complaint && !(*number >= field->min && *number <= field->max))
		complaint = explain_range(field, *number);
	return complaint;
}

static void
store_number(const TsField *field, double number, void *target)
{
	switch (field->kind) {
	case TS_FIELD_UNSIGNED:
		*(unsigned *)target = (unsigned)number;
		break;
	case TS_FIELD_INT:
	case TS_FIELD_POLL:
		*(int *)target = (int)number;
		break;
	case TS_FIELD_UINT16:
		*(uint16_t *)target = (uint16_t)number;
		break;
	case TS_FIELD_UINT32:
		*(uint32_t *)target = (uint32_t)number;
		break;
	case TS_FIELD_SIZE:
		*(uint64_t *)target = (uint64_t)number;
		break;
	case TS_FIELD_NUMBER:
	case TS_FIELD_DURATION:
	case TS_FIELD_PPM:
		*(double *)target = number;
		break;
	case TS_FIELD_WORD: /* an enum without negative values: gcc and clang store it as unsigned
			     */
		*(unsigned *)target = (unsigned)number;
		break;
	case TS_FIELD_BOOL:
	case TS_FIELD_TEXT:
	case TS_FIELD_CUSTOM:
		break;
	}
}

static bool
read_word(TsConfigReader *reader, const TsField *field, const TsNode *value)
{
	const char *names[MAX_FIELDS + 1];
	unsigned n = collect_words(field, names);

	if (!ts_schema_expect_text(reader, value, field->key))
		return false;
	g_autofree char *quoted = ts_quote(ts_node_text(value));
	const char *nearest = ts_suggest(ts_node_text(value), names, n);
	g_autofree char *all = g_strjoinv(", ", (char **)names);
	complain(reader, field, value,
		 nearest ? g_strdup_printf("%s is none of %s; did you mean '%s'?", quoted, all,
					   nearest)
			 : g_strdup_printf("%s is none of %s", quoted, all));
	return false;
}

static bool
read_text(TsConfigReader *reader, const TsField *field, const TsNode *value, char **target)
{
	if (!ts_schema_expect_text(reader, value, field->key))
		return false;
	char *complaint = field->check ? field->check(ts_node_text(value)) : NULL;
	if (complaint) {
		complain(reader, field, value, complaint);
		return false;
	}
	g_free(*target);
	*target = g_strdup(ts_node_text(value));
	return true;
}

static bool
read_bool(TsConfigReader *reader, const TsField *field, const TsNode *value, bool *target)
{
	char *complaint = ts_scalar_read_bool(value, target);

	if (complaint)
		complain(reader, field, value, complaint);
	return !complaint;
}

static bool
read_number_field(TsConfigReader *reader, const TsField *field, const TsNode *value, void *target)
{
	double number = 0;
	char *complaint = read_number(field, value, &number);

	if (!complaint) {
		store_number(field, number, target);
		return true;
	}
	if (field->words && ts_node_kind(value) == TS_NODE_SCALAR) {
		g_autofree char *besides = words_besides(field);
		if (!strstr(complaint, besides)) {
			char *longer = g_strconcat(complaint, ";", besides + strlen(" or"),
						   " is allowed, too", NULL);
			g_free(complaint);
			complaint = longer;
		}
	}
	complain(reader, field, value, complaint);
	return false;
}

bool
ts_schema_read_field(TsConfigReader *reader, const TsField *field, const TsNode *value,
		     void *object)
{
	void *target = member(field, object);
	const TsWord *word = find_word(field, value);

	if (field->kind == TS_FIELD_CUSTOM) {
		field->read(reader, field, value, object);
		return true;
	}
	if (word && field->kind == TS_FIELD_TEXT) {
		g_clear_pointer((char **)target, g_free);
		return true;
	}
	if (word) {
		store_number(field, word->value, target);
		return true;
	}
	switch (field->kind) {
	case TS_FIELD_BOOL:
		return read_bool(reader, field, value, target);
	case TS_FIELD_TEXT:
		return read_text(reader, field, value, target);
	case TS_FIELD_WORD:
		return read_word(reader, field, value);
	default:
		return read_number_field(reader, field, value, target);
	}
}

const TsField *
ts_schema_find(const TsSection *section, const char *key)
{
	for (unsigned i = 0; i < section->n_fields; i++)
		if (strcmp(section->fields[i].key, key) == 0)
			return &section->fields[i];
	return NULL;
}

uint64_t
ts_schema_bit(const TsSection *section, const char *key)
{
	const TsField *field = ts_schema_find(section, key);

	g_return_val_if_fail(field, 0);
	return UINT64_C(1) << (field - section->fields);
}

static void
report_unknown(TsConfigReader *reader, const TsSection *section, const TsNode *map, unsigned index)
{
	const char *key = ts_node_key_at(map, index);
	const TsOrigin *origin = ts_node_key_origin_at(map, index);
	const char *known[MAX_FIELDS], *home = ts_sections_home_of(key);
	g_autofree char *quoted = ts_quote(key);

	if (ts_problems_is_full(
		    reader->problems)) { /* a nearest key costs more than all the rest */
		ts_problems_error(reader->problems, origin, "unknown key %s", quoted);
		return;
	}
	for (unsigned i = 0; i < section->n_fields; i++)
		known[i] = section->fields[i].key;
	if (home && strcmp(home, section->name) != 0) {
		ts_problems_error(reader->problems, origin, "key %s stands in %s, not in %s",
				  quoted, home, section->name);
		return;
	}
	g_autofree char *hint = hint_at(key, known, section->n_fields);
	ts_problems_error(reader->problems, origin, "unknown key %s in %s%s", quoted, section->name,
			  hint);
}

uint64_t
ts_schema_read(TsConfigReader *reader, const TsSection *section, const TsNode *map, void *object,
	       TsNode *rest)
{
	uint64_t set = 0;

	for (unsigned i = 0; i < ts_node_size(map); i++) {
		const char *key = ts_node_key_at(map, i);
		TsNode *value = ts_node_value_at(map, i);
		const TsField *field = ts_schema_find(section, key);
		if (field && ts_schema_read_field(reader, field, value, object))
			set |= UINT64_C(1) << (field - section->fields);
		else if (!field && rest)
			ts_node_set(rest, key, ts_node_key_origin_at(map, i), value);
		else if (!field)
			report_unknown(reader, section, map, i);
	}
	return set;
}

static const char *
kind_name(const TsNode *node)
{
	switch (ts_node_kind(node)) {
	case TS_NODE_NULL:
		return "nothing";
	case TS_NODE_SCALAR:
		return "a single value";
	case TS_NODE_LIST:
		return "a list";
	case TS_NODE_MAP:
		return "a map";
	}
	return "?";
}

bool
ts_schema_expect_map(TsConfigReader *reader, const TsNode *node, const char *what)
{
	TsNodeKind kind = ts_node_kind(node);

	if (kind == TS_NODE_MAP || kind == TS_NODE_NULL)
		return true;
	ts_problems_error(reader->problems, ts_node_origin(node),
			  "%s takes a map of keys and values, not %s", what, kind_name(node));
	return false;
}

bool
ts_schema_expect_list(TsConfigReader *reader, const TsNode *node, const char *what,
		      const char *example)
{
	TsNodeKind kind = ts_node_kind(node);

	if (kind == TS_NODE_LIST || kind == TS_NODE_NULL)
		return true;
	ts_problems_error(reader->problems, ts_node_origin(node), "%s takes a list, as %s, not %s",
			  what, example, kind_name(node));
	return false;
}

bool
ts_schema_expect_text(TsConfigReader *reader, const TsNode *node, const char *what)
{
	if (ts_node_kind(node) == TS_NODE_SCALAR)
		return true;
	ts_problems_error(reader->problems, ts_node_origin(node), "%s takes a single value, not %s",
			  what, kind_name(node));
	return false;
}
