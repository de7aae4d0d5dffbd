/* SPDX-License-Identifier: BSD-2-Clause */
/* registry.c - see registry.h */
#include "metrics/registry.h"
