/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - see engine.h */
#include "source/engine.h"
