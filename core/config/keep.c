/* SPDX-License-Identifier: BSD-2-Clause */
/* keep.c - see keep.h; the YAML is written by libyaml, the keys come from the section's table */
#include "config/keep.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <glib/gstdio.h>
#include <yaml.h>

#include "base/error.h"
#include "config/sections.h"

static int
append_bytes(void *data, unsigned char *bytes, size_t size)
{
	g_string_append_len(data, (const char *)bytes, (gssize)size);
	return 1;
}

/* libyaml refuses only what it can't allocate; GLib ends the program then, and so do we. */
static void
emit(yaml_emitter_t *emitter, yaml_event_t *event)
{
	if (!yaml_emitter_emit(emitter, event))
		g_error("libyaml: %s", emitter->problem ? emitter->problem : "out of memory");
}

static void
emit_text(yaml_emitter_t *emitter, const char *text, yaml_scalar_style_t style)
{
	yaml_event_t event;

	yaml_scalar_event_initialize(&event, NULL, NULL, (yaml_char_t *)text, (int)strlen(text), 1,
				     1, style);
	emit(emitter, &event);
}

static void
emit_entry(yaml_emitter_t *emitter, const char *key, const char *value, bool is_text)
{
	emit_text(emitter, key, YAML_PLAIN_SCALAR_STYLE);
	emit_text(emitter, value,
		  is_text ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
}

static void
emit_node(yaml_emitter_t *emitter, TsNode *node)
{
	yaml_event_t event;
	bool is_map = ts_node_kind(node) == TS_NODE_MAP;

	if (!is_map && ts_node_kind(node) != TS_NODE_LIST) {
		bool is_quoted = ts_node_kind(node) == TS_NODE_SCALAR && ts_node_is_quoted(node);
		emit_text(emitter, ts_node_kind(node) == TS_NODE_NULL ? "null" : ts_node_text(node),
			  is_quoted ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_PLAIN_SCALAR_STYLE);
		return;
	}
	if (is_map)
		yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_FLOW_MAPPING_STYLE);
	else
		yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
						     YAML_FLOW_SEQUENCE_STYLE);
	emit(emitter, &event);
	for (unsigned i = 0; i < ts_node_size(node); i++) {
		if (is_map)
			emit_text(emitter, ts_node_key_at(node, i), YAML_ANY_SCALAR_STYLE);
		emit_node(emitter, is_map ? ts_node_value_at(node, i) : ts_node_at(node, i));
	}
	if (is_map)
		yaml_mapping_end_event_initialize(&event);
	else
		yaml_sequence_end_event_initialize(&event);
	emit(emitter, &event);
}

/* Returns: (transfer full): a number as the reader takes it, without an exponent where it can be. */
static char *
format_number(double value)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	for (int decimals = 0; decimals <= 12; decimals++) {
		g_autofree char *format = g_strdup_printf("%%.%df", decimals);
		g_ascii_formatd(text, sizeof text, format, value);
		if (g_ascii_strtod(text, NULL) == value)
			break;
	}
	return g_strdup(text);
}

static char *
format_word(const TsField *field, double value)
{
	for (const TsWord *word = field->words; word && word->name; word++)
		if (word->value == value)
			return g_strdup(word->name);
	return NULL;
}

static double
read_number(const TsField *field, const void *member)
{
	switch (field->kind) {
	case TS_FIELD_BOOL:
		return *(const bool *)member;
	case TS_FIELD_UNSIGNED:
	case TS_FIELD_WORD:
		return *(const unsigned *)member;
	case TS_FIELD_INT:
	case TS_FIELD_POLL:
		return *(const int *)member;
	case TS_FIELD_UINT16:
		return *(const uint16_t *)member;
	case TS_FIELD_UINT32:
		return *(const uint32_t *)member;
	case TS_FIELD_SIZE:
		return (double)*(const uint64_t *)member;
	case TS_FIELD_NUMBER:
	case TS_FIELD_DURATION:
	case TS_FIELD_PPM:
		return *(const double *)member;
	case TS_FIELD_TEXT:
	case TS_FIELD_CUSTOM:
		break;
	}
	return NAN;
}

static void
emit_field(yaml_emitter_t *emitter, const TsField *field, const TsSourceSettings *source,
	   const TsSourceSettings *standard)
{
	const void *member = (const char *)source + field->offset;
	const void *usual = (const char *)standard + field->offset;

	if (field->kind == TS_FIELD_CUSTOM)
		return;
	if (field->kind == TS_FIELD_TEXT) {
		const char *text = *(const char *const *)member;
		if (text && g_strcmp0(text, *(const char *const *)usual) != 0)
			emit_entry(emitter, field->key, text, true);
		return;
	}
	double value = read_number(field, member);
	if (value == read_number(field, usual))
		return;
	g_autofree char *text = field->kind == TS_FIELD_BOOL
					? g_strdup(value != 0 ? "true" : "false")
					: format_word(field, value);
	if (!text)
		text = format_number(value);
	emit_entry(emitter, field->key, text, false);
}

static void
emit_source(yaml_emitter_t *emitter, const TsSourceSettings *source)
{
	g_autoptr(TsSourceSettings) standard = ts_source_settings_new(source->kind, source->name);

	emit_entry(emitter, ts_source_kind_name(source->kind), source->name, true);
	for (unsigned i = 0; i < ts_section_source.n_fields; i++) {
		const TsField *field = &ts_section_source.fields[i];
		if (!field->kinds || field->kinds & 1u << source->kind)
			emit_field(emitter, field, source, standard);
	}
	if (source->nts) {
		emit_text(emitter, "nts", YAML_PLAIN_SCALAR_STYLE);
		emit_node(emitter, source->nts);
	}
	for (unsigned i = 0; source->plugin && i < ts_node_size(source->plugin); i++) {
		emit_text(emitter, ts_node_key_at(source->plugin, i), YAML_ANY_SCALAR_STYLE);
		emit_node(emitter, ts_node_value_at(source->plugin, i));
	}
}

/* Returns: (transfer full): "sources: [ENTRY]". */
static char *
format_file(const TsSourceSettings *source)
{
	GString *text = g_string_new("# Kept by timesrvctl source add --keep; remove it with\n"
				     "# timesrvctl source remove --keep, or by hand.\n");
	yaml_emitter_t emitter;
	yaml_event_t event;

	yaml_emitter_initialize(&emitter);
	yaml_emitter_set_output(&emitter, append_bytes, text);
	yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
	emit(&emitter, &event);
	yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
	emit(&emitter, &event);
	yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
	emit(&emitter, &event);
	emit_text(&emitter, "sources", YAML_PLAIN_SCALAR_STYLE);
	yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
	emit(&emitter, &event);
	yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
	emit(&emitter, &event);
	emit_source(&emitter, source);
	yaml_mapping_end_event_initialize(&event);
	emit(&emitter, &event);
	yaml_sequence_end_event_initialize(&event);
	emit(&emitter, &event);
	yaml_mapping_end_event_initialize(&event);
	emit(&emitter, &event);
	yaml_document_end_event_initialize(&event, 1);
	emit(&emitter, &event);
	yaml_stream_end_event_initialize(&event);
	emit(&emitter, &event);
	yaml_emitter_delete(&emitter);
	return g_string_free(text, FALSE);
}

/* The label as a part of a file name: what is neither letter nor digit becomes a code, so that two
 * labels never meet. */
static char *
drop_in_path(const char *directory, const char *label)
{
	g_autoptr(GString) name = g_string_new("90-kept-");

	for (const char *c = label; *c; c++)
		if (g_ascii_isalnum(*c) || *c == '-' || (*c == '.' && c > label))
			g_string_append_c(name, *c);
		else
			g_string_append_printf(name, "_%02x", (unsigned char)*c);
	g_string_append(name, ".yaml");
	return g_build_filename(directory, name->str, NULL);
}

static bool
remove_drop_in(const char *path, const char *label, GError **error)
{
	if (g_unlink(path) == 0)
		return true;
	if (errno != ENOENT)
		return ts_set_error_errno(error, errno, "cannot remove %s", path);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND,
		    "source %s was not kept by timesrvctl: config show tells which file has it", label);
	return false;
}

bool
ts_config_keep_source(const char *directory, const char *label, const TsSourceSettings *settings,
		      GError **error)
{
	g_autofree char *path = drop_in_path(directory, label);
	g_autoptr(GError) cause = NULL;

	if (!settings)
		return remove_drop_in(path, label, error);
	g_autofree char *text = format_file(settings);
	if (!g_file_test(directory, G_FILE_TEST_IS_DIR) && g_mkdir_with_parents(directory, 0755) < 0)
		return ts_set_error_errno(error, errno, "cannot make the directory %s", directory);
	if (g_file_set_contents_full(path, text, -1,
				     G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				     0644, &cause))
		return true;
	g_set_error(error, TIMESRV_ERROR,
		    g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES)
			    ? TIMESRV_ERROR_PERMISSION
			    : TIMESRV_ERROR_UNAVAILABLE,
		    "cannot keep the source: %s", cause->message);
	return false;
}
