/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-abi-minor.c - needs what a later minor appends */
#define TIMESRV_ABI_MINOR_MIN 9

#include "plain-plugin.h"

PLAIN_INFO("bad-abi-minor");
TIMESRV_PLUGIN_DEFINE = {PLAIN_MEMBERS};
