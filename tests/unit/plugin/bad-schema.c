/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-schema.c - the second line of its schema is none */
#include "plain-plugin.h"

PLAIN_INFO("bad-schema");
TIMESRV_PLUGIN_SCHEMA("unit|int|0|0..255||which one\n"
		      "speed|baud|9600|||how fast\n");
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
