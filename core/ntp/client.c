/* SPDX-License-Identifier: BSD-2-Clause */
/* client.c - see client.h */
#include "ntp/client.h"
