/* SPDX-License-Identifier: BSD-2-Clause */
/* responder.c - see responder.h */
#include "ntp/responder.h"
