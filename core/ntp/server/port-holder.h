/* SPDX-License-Identifier: BSD-2-Clause */
/* port-holder.h - which process holds a UDP port, as far as /proc shows it to us */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/address.h"

typedef struct {
	pid_t pid;     /* 0: a process that we can't see */
	char name[32]; /* "" then */
} TsPortHolder;

/**
 * ts_port_holder_find:
 * @address: what could not be bound; a wildcard matches every holder of the port, and a holder of
 * the wildcard matches every address
 *
 * Returns: false if no socket on that port is found. Another process goes before our own. Thread:
 * main.
 */
bool ts_port_holder_find(const TsAddress *address, TsPortHolder *holder);
