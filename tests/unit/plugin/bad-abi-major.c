/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-abi-major.c - built for the next ABI */
#include "plain-plugin.h"

#undef TIMESRV_ABI_MAJOR
#define TIMESRV_ABI_MAJOR 2

PLAIN_INFO("bad-abi-major");
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
