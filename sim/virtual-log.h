/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-log.h - what the daemons of a scenario log, with virtual time before each line */
#pragma once

#include "base/log.h"
#include "world.h"

typedef struct {
	TsLogLevel threshold;
	SimWorld *world; /* (nullable): whose time it is */
} SimLog;

/* Takes over GLib's log writer for this process, for good. @log: outlives all logging. */
void sim_log_setup(SimLog *log);
