/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-kind.c - of a kind that no daemon loads yet */
#include "plain-plugin.h"

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_ACCELERATOR, "bad-kind", "1.0", "BSD-2-Clause", "for a test", 0);
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
