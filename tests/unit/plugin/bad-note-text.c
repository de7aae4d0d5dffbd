/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-note-text.c - the version in its info note has no end */
#include "plain-plugin.h"

static const struct {
	uint32_t owner_size, content_size, type;
	char owner[8];
	struct timesrv_note_info info;
} note TIMESRV_NOTE_PLACEMENT_("info") = {
	8,
	sizeof(struct timesrv_note_info),
	TIMESRV_NOTE_INFO,
	TIMESRV_NOTE_OWNER,
	{.struct_size = sizeof(struct timesrv_note_info),
	 .abi_major = 1,
	 .kind = TIMESRV_KIND_REFCLOCK,
	 .name = "bad-note-text",
	 .version = {'1', '.', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0',
		     '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0', '0'}}};

TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
