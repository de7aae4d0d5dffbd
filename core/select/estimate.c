/* SPDX-License-Identifier: BSD-2-Clause */
/* estimate.c - see estimate.h */
#include "select/estimate.h"
