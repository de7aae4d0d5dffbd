/* SPDX-License-Identifier: BSD-2-Clause */
/* node.c - see node.h */
#include "config/node.h"
