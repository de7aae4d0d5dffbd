/* SPDX-License-Identifier: BSD-2-Clause */
/* bad-no-symbol.c - has the note and not the symbol */
#include "plain-plugin.h"

PLAIN_INFO("bad-no-symbol");

extern TIMESRV_EXPORT const struct timesrv_plugin another_name;
const struct timesrv_plugin another_name = {PLAIN_MEMBERS};
