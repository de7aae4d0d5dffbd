/* SPDX-License-Identifier: BSD-2-Clause */
/* clock-object.h - /org/timesrv1/clock: the state of the clock */
#pragma once

#include "control/object.h"

extern const TsInterface ts_clock_object_interface;
