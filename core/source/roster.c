/* SPDX-License-Identifier: BSD-2-Clause */
/* roster.c - see roster.h */
#include "source/roster.h"
