/* SPDX-License-Identifier: BSD-2-Clause */
/* load.c - see load.h */
#include "config/load.h"
