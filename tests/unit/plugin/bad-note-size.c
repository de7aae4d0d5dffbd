/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-note-size.c - its info note claims more bytes than it has */
#include "plain-plugin.h"

static const struct {
	uint32_t owner_size, content_size, type;
	char owner[8];
	struct timesrv_note_info info;
} note TIMESRV_NOTE_PLACEMENT_("info") = {8,
					  sizeof(struct timesrv_note_info),
					  TIMESRV_NOTE_INFO,
					  TIMESRV_NOTE_OWNER,
					  {.struct_size = 4096,
					   .abi_major = 1,
					   .kind = TIMESRV_KIND_REFCLOCK,
					   .name = "bad-note-size"}};

TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
