/* SPDX-License-Identifier: BSD-2-Clause */
/* section-control.c - the keys of "control", "log" and "hwtimestamp" */
#include "config/sections.h"

#include <string.h>
#include <sys/un.h>

#define CONTROL(name, type, member, ...)                                                           \
	{                                                                                          \
		.key = name, .kind = TS_FIELD_##type,                                              \
		.offset = offsetof(TsControlSettings, member), __VA_ARGS__                         \
	}

static const TsWord bus_words[] = {
	{"system", TS_BUS_SYSTEM},
	{"session", TS_BUS_SESSION},
	{"none", TS_BUS_NONE},
	{NULL, 0},
};
static const TsWord none_words[] = {{"none", 0}, {NULL, 0}};
static const TsWord level_words[] = {
	{"error", TS_LOG_ERROR}, {"warning", TS_LOG_WARNING}, {"notice", TS_LOG_NOTICE},
	{"info", TS_LOG_INFO},	 {"debug", TS_LOG_DEBUG},     {NULL, 0},
};

static char *
check_socket(const char *text)
{
	const size_t room = sizeof(((struct sockaddr_un *)NULL)->sun_path);

	if (strlen(text) >= room)
		return g_strdup_printf("a socket's path has at most %zu bytes", room - 1);
	return ts_check_absolute_path(text);
}

static char *
check_group(const char *text)
{
	g_autofree char *quoted = ts_quote(text);

	if (*text && !strpbrk(text, ":, \t\n/") && strlen(text) <= 32)
		return NULL;
	return g_strdup_printf("%s is no group's name", quoted);
}

static const TsField control_fields[] = {
	CONTROL("socket", TEXT, socket, .words = none_words, .check = check_socket),
	CONTROL("bus", WORD, bus, .words = bus_words),
	CONTROL("group", TEXT, group, .check = check_group),
};

const TsSection ts_section_control = {"control", control_fields, G_N_ELEMENTS(control_fields)};

void
ts_section_read_control(TsConfigReader *reader, const TsField *field, const TsNode *value,
			void *object)
{
	TsSettings *settings = object;

	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &ts_section_control, value, &settings->control, NULL);
}

static const TsField log_fields[] = {
	{.key = "level",
	 .kind = TS_FIELD_WORD,
	 .offset = offsetof(TsSettings, log_level),
	 .words = level_words},
};

const TsSection ts_section_log = {"log", log_fields, G_N_ELEMENTS(log_fields)};

void
ts_section_read_log(TsConfigReader *reader, const TsField *field, const TsNode *value, void *object)
{
	if (ts_schema_expect_map(reader, value, field->key))
		ts_schema_read(reader, &ts_section_log, value, object, NULL);
}

void
ts_section_read_hwtimestamp(TsConfigReader *reader, const TsField *field, const TsNode *value,
			    void *object)
{
	TsSettings *settings = object;

	if (!ts_schema_expect_list(reader, value, field->key, "[eth0]"))
		return;
	if (ts_node_size(value) > TS_CONFIG_MAX_INTERFACES) {
		ts_problems_error(reader->problems, ts_node_origin(value),
				  "hwtimestamp: more than %d interfaces", TS_CONFIG_MAX_INTERFACES);
		return;
	}
	for (unsigned i = 0; i < ts_node_size(value); i++) {
		const TsNode *item = ts_node_at(value, i);
		if (!ts_schema_expect_text(reader, item, "an interface in hwtimestamp"))
			continue;
		const char *name = ts_node_text(item);
		g_autofree char *complaint = strcmp(name, "*") ? ts_check_interface(name) : NULL;
		if (complaint)
			ts_problems_error(reader->problems, ts_node_origin(item), "hwtimestamp: %s",
					  complaint);
		else if (!g_ptr_array_find_with_equal_func(settings->hwtimestamp, name, g_str_equal,
							   NULL))
			g_ptr_array_add(settings->hwtimestamp, g_strdup(name));
	}
}
