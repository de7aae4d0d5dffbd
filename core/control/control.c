/* SPDX-License-Identifier: BSD-2-Clause */
/* control.c - see control.h */
#include "control/control.h"
