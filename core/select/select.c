/* SPDX-License-Identifier: BSD-2-Clause */
/* select.c - see select.h */
#include "select/select.h"
