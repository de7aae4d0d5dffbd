/* SPDX-License-Identifier: BSD-2-Clause */
/* source.c - see source.h */
#include "source/source.h"
