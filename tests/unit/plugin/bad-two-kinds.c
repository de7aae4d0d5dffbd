/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-two-kinds.c - a service in its note, a refclock in its struct */
#include "plain-plugin.h"

TIMESRV_PLUGIN_INFO(TIMESRV_KIND_SERVICE, "bad-two-kinds", "1.0", "BSD-2-Clause", "for a test", 0);
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
