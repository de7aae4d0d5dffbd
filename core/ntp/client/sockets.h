/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sockets.h - the client's packets over UDP sockets, stamped by kernel or hardware
 *
 * Each port is a socket of its own, connected to the server, with a local port that the kernel
 * chooses at random (RFC 9109); so ICMP errors come back too. Stamps are asked for by
 * SO_TIMESTAMPING; that of the request comes by the error queue, often after the reply: a reply
 * waits for it for a moment. Where neither hardware nor kernel stamps, the daemon's own reading
 * stands. Thread: main.
 */
#pragma once

#include <glib.h>

#include "clock/clock.h"
#include "ntp/client/transport.h"
#include "sched/sched.h"

/**
 * ts_ntp_sockets_new:
 * @sched: a real scheduler
 * @hwtimestamp: (nullable): array of char *, interfaces whose hardware shall stamp, "*" for all
 * that can; one that is named but can't is warned of
 *
 * @sched and @clock must outlive the transport. Returns: (transfer full).
 */
TsNtpTransport *ts_ntp_sockets_new(TsSched *sched, TsClock *clock, const GPtrArray *hwtimestamp);
