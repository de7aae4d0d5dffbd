/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.h - a map's keys to the members of a C struct, by a table
 *
 * The tables (sections.h) are the one place where a key, its type and its limits stand. Every mistake
 * is reported and reading goes on; a member whose key is wrong keeps its default.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/node.h"
#include "config/problems.h"
#include "config/settings.h"

typedef enum {
	TS_FIELD_BOOL,     /* bool */
	TS_FIELD_UNSIGNED, /* unsigned */
	TS_FIELD_INT,      /* int */
	TS_FIELD_UINT16,   /* uint16_t */
	TS_FIELD_UINT32,   /* uint32_t */
	TS_FIELD_SIZE,     /* uint64_t, bytes */
	TS_FIELD_NUMBER,   /* double */
	TS_FIELD_DURATION, /* double, s */
	TS_FIELD_PPM,      /* double, ppm */
	TS_FIELD_POLL,     /* int, log2 s */
	TS_FIELD_TEXT,     /* char * */
	TS_FIELD_WORD,     /* an enum: one of words */
	TS_FIELD_CUSTOM,   /* read() does it */
} TsFieldKind;

/* A word that a value may be; for a TEXT it stands for NULL. */
typedef struct {
	const char *name;
	double value;
} TsWord;

/* What the reading of one tree shares. */
typedef struct {
	TsProblems *problems;
	TsSettings *settings; /* being filled in */
	bool is_merged;       /* the merged tree: how values fit together is checked, too */
} TsConfigReader;

typedef struct _TsField TsField;
struct _TsField {
	const char *key;
	TsFieldKind kind;
	size_t offset;        /* of the member in the struct */
	double min, max;      /* of numbers */
	const TsWord *words;  /* (nullable) ends with a NULL name */
	unsigned kinds;       /* sources: bits of TsSourceKind that have it; 0: all */
	char *(*check)(const char *text); /* (nullable) TEXT: returns (transfer full) what is wrong */
	void (*read)(TsConfigReader *reader, const TsField *field, const TsNode *value,
		     void *object); /* CUSTOM */
};

/* A table of fields, at most 64. */
typedef struct {
	const char *name; /* for messages: "server", "a source" */
	const TsField *fields;
	unsigned n_fields;
} TsSection;

/**
 * ts_schema_read:
 * @map: a map node, or a null node: nothing is written in it
 * @object: the struct
 * @rest: (nullable): a map node that takes the entries the table does not know; NULL: they are errors
 *
 * Returns: a bit for each field that was set from a valid value.
 */
uint64_t ts_schema_read(TsConfigReader *reader, const TsSection *section, const TsNode *map,
			void *object, TsNode *rest);

/* Reads the value of one field, as above. Returns: whether it was valid. */
bool ts_schema_read_field(TsConfigReader *reader, const TsField *field, const TsNode *value,
			  void *object);

/* Returns: (nullable). */
const TsField *ts_schema_find(const TsSection *section, const char *key);

/* Returns: the bit of @key in what ts_schema_read() returns. */
uint64_t ts_schema_bit(const TsSection *section, const char *key);

/* Is @node a map or empty? Else says so. @what: "server". */
bool ts_schema_expect_map(TsConfigReader *reader, const TsNode *node, const char *what);

/* Is @node a list or empty? Else says so, with an example of what to write. */
bool ts_schema_expect_list(TsConfigReader *reader, const TsNode *node, const char *what,
			   const char *example);

/* Is @node a scalar? Else says so. */
bool ts_schema_expect_text(TsConfigReader *reader, const TsNode *node, const char *what);
