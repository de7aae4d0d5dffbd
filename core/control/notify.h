/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.h - tells the service manager how far we are (sd_notify's protocol, without its library)
 *
 * Without $NOTIFY_SOCKET everything here does nothing. Thread: main. Source: sd_notify(3).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Start is over: "READY=1". @status: (nullable): one line that systemctl status shows. */
void ts_notify_ready(const char *status);

/* A reload begins; ts_notify_ready() ends it. */
void ts_notify_reloading(void);

void ts_notify_stopping(void);

/* Changes the line that systemctl status shows. */
void ts_notify_status(const char *status);
