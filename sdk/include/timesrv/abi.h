/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * abi.h - the rules of the border between the daemon and its plugins, and a plugin's facts
 *
 * Units     a suffix names them: _ns (int64_t nanoseconds), _s (double seconds). An instant also says
 *           on which clock: _raw_ns, _mono_ns, _real_ns, _utc_ns; see host.h.
 * Errors    functions return 0, or a count, or a negative errno value (-EINVAL, -EAGAIN ...). errno is
 *           never used across the border.
 * Text      UTF-8, NUL-terminated. The callee copies what it keeps.
 * Threads   each function says from which thread it may be called:
 *             main   the daemon's main thread. May take 100 ms at most and never waits for a peer, a
 *                    device or another plugin.
 *             any    that one, or a thread that the plugin started itself.
 *           A plugin that starts threads has joined them when its stop() returns.
 * Growth    every struct that crosses begins with struct_size, set by its producer. Members are only
 *           appended: never removed, moved, retyped or given another meaning. Who reads a member that
 *           is newer than minor 0 asks TIMESRV_HAS() first. Nobody writes beyond the size that
 *           the owner of the memory stated.
 * Version   anything appended raises the minor. The daemon takes a plugin of its own major whose
 *           abi_minor_min is not above its own minor.
 *
 * Minor 0 is not frozen yet: until the first release, rebuild plugins with the daemon.
 *
 * A plugin leaves nothing in the process but what it takes back in stop() and destroy(): no signal
 * handlers, on_exit(), thread keys with destructors, umask, chdir, setlocale, static GTypes, static
 * quarks, GSources of its own. A plugin that can't promise that (C++, Rust) sets
 * TIMESRV_PLUGIN_RESIDENT: its code is then never unmapped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIMESRV_ABI_MAJOR 1u
#define TIMESRV_ABI_MINOR 0u /* the newest minor that these headers know */

/* The oldest minor of a daemon that the plugin can run on. Define it before the first include of
 * the SDK if the plugin needs what was appended later. */
#ifndef TIMESRV_ABI_MINOR_MIN
#define TIMESRV_ABI_MINOR_MIN 0u
#endif

/* Whether @struct_pointer (which may be NULL) reaches as far as @member: it was made by somebody
 * who knows that member. */
#define TIMESRV_HAS(struct_pointer, member)                                                        \
	((struct_pointer) != NULL &&                                                               \
	 (size_t)(struct_pointer)->struct_size >=                                                  \
		 (size_t)((const char *)&(struct_pointer)->member -                                \
			  (const char *)(struct_pointer)) +                                        \
			 sizeof((struct_pointer)->member))

#define TIMESRV_EXPORT __attribute__((visibility("default")))

/* What a plugin is for. Kinds without ops in this SDK are reserved: no daemon loads them yet. */
enum timesrv_kind {
	TIMESRV_KIND_REFCLOCK = 1,   /* gives samples: refclock.h */
	TIMESRV_KIND_AUTH = 2,       /* reserved: authenticates packets */
	TIMESRV_KIND_SERVICE = 3,    /* one instance, no ops of its own: exporters, services */
	TIMESRV_KIND_KEYSTORE = 4,   /* reserved: keeps and rotates shared keys */
	TIMESRV_KIND_ACCELERATOR = 5 /* reserved: answers requests before the workers */
};

enum timesrv_plugin_flag {
	TIMESRV_PLUGIN_RESIDENT = 1u << 0 /* never unmapped, not even when it is unloaded */
};

/*
 * A plugin's facts stand in two ELF notes of the file, so that they can be read, and settings be
 * checked, without running its code. They survive strip(1).
 */
#define TIMESRV_NOTE_OWNER  "timesrv" /* 8 bytes with its NUL */
#define TIMESRV_NOTE_INFO   0x101u    /* its content: struct timesrv_note_info */
#define TIMESRV_NOTE_SCHEMA 0x102u    /* its content: the settings' schema, a text */

/* Texts are NUL-terminated within their arrays. Fixed layout, no pointers. */
struct timesrv_note_info {
	uint32_t struct_size;
	uint16_t abi_major;
	uint16_t abi_minor;     /* that it was built for */
	uint16_t abi_minor_min; /* that it can run on */
	uint16_t kind;          /* enum timesrv_kind */
	uint32_t flags;         /* enum timesrv_plugin_flag; unknown ones are ignored */
	char name[32];          /* [a-z0-9-]+; the file is NAME.so */
	char version[24];       /* the plugin's own, as "1.4.2" */
	char license[24];       /* SPDX identifier */
	char summary[96];       /* one line: what it does */
};

#define TIMESRV_NOTE_PLACEMENT_(name)                                                              \
	__attribute__((used, aligned(4), section(".note.timesrv." name)))

/**
 * TIMESRV_PLUGIN_INFO:
 * @kind_: enum timesrv_kind
 * @name_, @version_, @license_, @summary_: string literals that fit struct timesrv_note_info
 * @flags_: enum timesrv_plugin_flag, or 0
 *
 * States the plugin's facts; once a plugin, at file scope.
 */
#define TIMESRV_PLUGIN_INFO(kind_, name_, version_, license_, summary_, flags_)                    \
	static const struct {                                                                      \
		uint32_t owner_size, content_size, type;                                           \
		char owner[8];                                                                     \
		struct timesrv_note_info info;                                                     \
	} timesrv_note_info_ TIMESRV_NOTE_PLACEMENT_("info") = {                                   \
		8,                                                                                 \
		sizeof(struct timesrv_note_info),                                                  \
		TIMESRV_NOTE_INFO,                                                                 \
		TIMESRV_NOTE_OWNER,                                                                \
		{sizeof(struct timesrv_note_info), TIMESRV_ABI_MAJOR, TIMESRV_ABI_MINOR,           \
		 TIMESRV_ABI_MINOR_MIN, (kind_), (flags_), name_, version_, license_, summary_}}

/**
 * TIMESRV_PLUGIN_SCHEMA:
 * @text_: a string literal, one setting a line, six fields with '|' between them:
 *
 *     name|type|default|range|unit|what it is for, in one sentence
 *
 *     name     as the operator writes it: [a-z0-9-]+
 *     type     bool, int, number, duration (in a file "1s", "20ms"; read in seconds), mode (octal file
 *              permission), string, path (absolute), enum
 *     default  as in a file; '!' for a setting that must be given; empty: none, reading it is -ENOENT
 *     range    "LOW..HIGH" of int, number and duration; "one,two,three" of enum; else empty
 *     unit     of int and number, as shown to people; else empty
 *
 * States the settings; once a plugin, at file scope. A plugin without settings leaves it out.
 */
#define TIMESRV_PLUGIN_SCHEMA(text_)                                                               \
	static const struct {                                                                      \
		uint32_t owner_size, content_size, type;                                           \
		char owner[8];                                                                     \
		char text[(sizeof(text_) + 3u) & ~(size_t)3u];                                     \
	} timesrv_note_schema_ TIMESRV_NOTE_PLACEMENT_("schema") = {                               \
		8, sizeof(text_), TIMESRV_NOTE_SCHEMA, TIMESRV_NOTE_OWNER, text_}
