/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-note-long.c - its note is said to be longer than what follows it */
#include "plain-plugin.h"

static const struct {
	uint32_t owner_size, content_size, type;
	char owner[8];
} note TIMESRV_NOTE_PLACEMENT_("info") = {8, 0x7ffffff0, TIMESRV_NOTE_INFO, TIMESRV_NOTE_OWNER};

TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
