/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-name.c - calls itself otherwise than its file */
#include "plain-plugin.h"

PLAIN_INFO("good-name");
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
