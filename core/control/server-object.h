/* SPDX-License-Identifier: BSD-2-Clause */
/* server-object.h - /org/timesrv1/server: listeners, counters and clients of the NTP server */
#pragma once

#include "control/object.h"

extern const TsInterface ts_server_object_interface;
