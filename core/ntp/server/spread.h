/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spread.h - which worker's socket gets a datagram: always the same one for a source address
 *
 * The kernel's own choice among sockets of one SO_REUSEPORT group depends on the source port too,
 * and a client that uses a new port each time would be known to every worker by a part of its
 * requests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * ts_spread_attach:
 * @fd: any socket of the group, whose sockets were bound in the order of the workers
 * @multiplier: odd and secret, the same for all groups, so that nobody can aim at one worker
 *
 * Returns: false with errno set if the kernel takes no filter. Thread: main.
 */
bool ts_spread_attach(int fd, bool is_v6, unsigned n_workers, uint32_t multiplier);
