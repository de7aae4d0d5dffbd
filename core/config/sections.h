/* SPDX-License-Identifier: BSD-2-Clause */
/* sections.h - the tables of all keys, one a section of the file, and how each section is read */
#pragma once

#include "config/schema.h"

extern const TsSection ts_section_root;
extern const TsSection ts_section_source;
extern const TsSection ts_section_server;
extern const TsSection ts_section_rate_limit;
extern const TsSection ts_section_local;
extern const TsSection ts_section_listen;
extern const TsSection ts_section_clock;
extern const TsSection ts_section_step;
extern const TsSection ts_section_software;
extern const TsSection ts_section_selection;
extern const TsSection ts_section_control;
extern const TsSection ts_section_log;

/* Returns: (nullable): the section in which @key stands, for who wrote it in another. */
const char *ts_sections_home_of(const char *key);

/* What the root's table calls: each fills in its part of the settings. @object is a TsSettings. */
void ts_section_read_sources(TsConfigReader *reader, const TsField *field, const TsNode *value,
			     void *object);
void ts_section_read_server(TsConfigReader *reader, const TsField *field, const TsNode *value,
			    void *object);
void ts_section_read_clock(TsConfigReader *reader, const TsField *field, const TsNode *value,
			   void *object);
void ts_section_read_selection(TsConfigReader *reader, const TsField *field, const TsNode *value,
			       void *object);
void ts_section_read_control(TsConfigReader *reader, const TsField *field, const TsNode *value,
			     void *object);
void ts_section_read_plugins(TsConfigReader *reader, const TsField *field, const TsNode *value,
			     void *object);
void ts_section_read_hwtimestamp(TsConfigReader *reader, const TsField *field, const TsNode *value,
				 void *object);
void ts_section_read_log(TsConfigReader *reader, const TsField *field, const TsNode *value,
			 void *object);

/* Reads one entry of "sources". Returns: (transfer full) (nullable): NULL if it is so wrong that its
 * kind and name are not known. */
TsSourceSettings *ts_section_read_source(TsConfigReader *reader, const TsNode *entry);

/* Checks how the parts of the merged settings fit together, and adds what follows from them: the
 * loopback's access rules, the plugins that sources name. */
void ts_config_check_sources(TsConfigReader *reader);
void ts_config_check_server(TsConfigReader *reader);
void ts_config_check_plugins(TsConfigReader *reader);

/* Is @name a plugin's: lower case letters, digits and '-'? */
bool ts_is_plugin_name(const char *name);

/* Checks of TEXT fields. Return: (transfer full) (nullable): what is wrong. */
char *ts_check_absolute_path(const char *text);
char *ts_check_interface(const char *text);
