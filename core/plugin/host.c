/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - see host.h */
#include "plugin/host.h"
