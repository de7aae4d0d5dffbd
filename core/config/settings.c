/* SPDX-License-Identifier: BSD-2-Clause */
/* settings.c - see settings.h */
#include "config/settings.h"
