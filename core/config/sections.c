/* SPDX-License-Identifier: BSD-2-Clause */
/* sections.c - the file's top level, and checks that several sections use */
#include "config/sections.h"

#include <net/if.h>
#include <string.h>

#define SECTION_FIELD(name, reader)                                                                \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_CUSTOM, .read = reader                               \
	}

static const TsField root_fields[] = {
	SECTION_FIELD("sources", ts_section_read_sources),
	SECTION_FIELD("server", ts_section_read_server),
	SECTION_FIELD("clock", ts_section_read_clock),
	SECTION_FIELD("selection", ts_section_read_selection),
	SECTION_FIELD("control", ts_section_read_control),
	SECTION_FIELD("plugins", ts_section_read_plugins),
	SECTION_FIELD("hwtimestamp", ts_section_read_hwtimestamp),
	SECTION_FIELD("log", ts_section_read_log),
};

const TsSection ts_section_root = {"the file", root_fields, G_N_ELEMENTS(root_fields)};

const char *
ts_sections_home_of(const char *key)
{
	const TsSection *const sections[] = {
		&ts_section_root,	&ts_section_source,    &ts_section_server,
		&ts_section_clock,	&ts_section_selection, &ts_section_control,
		&ts_section_log,	&ts_section_step,      &ts_section_software,
		&ts_section_rate_limit, &ts_section_local,
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(sections); i++)
		if (ts_schema_find(sections[i], key))
			return i == 0 ? "the top level of the file" : sections[i]->name;
	return NULL;
}

bool
ts_is_plugin_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < 64 && g_ascii_isalnum(name[0]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

char *
ts_check_absolute_path(const char *text)
{
	g_autofree char *quoted = ts_quote(text);

	return *text == '/' ? NULL
			    : g_strdup_printf("%s is no path from the root ('/...')", quoted);
}

char *
ts_check_interface(const char *text)
{
	size_t length = strlen(text);
	g_autofree char *quoted = ts_quote(text);

	if (length == 0 || length >= IF_NAMESIZE || strpbrk(text, "/ \t:") ||
	    strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return g_strdup_printf(
			"%s is no name of a network interface (1 to %d characters, no "
			"'/', ':' or space)",
			quoted, IF_NAMESIZE - 1);
	return NULL;
}
