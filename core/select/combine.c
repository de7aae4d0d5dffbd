/* SPDX-License-Identifier: BSD-2-Clause */
/* combine.c - see combine.h */
#include "select/combine.h"
