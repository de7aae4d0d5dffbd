/* SPDX-License-Identifier: BSD-2-Clause */
/* bound.c - see bound.h */
#include "select/bound.h"
