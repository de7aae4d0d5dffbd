/* SPDX-License-Identifier: BSD-2-Clause */
/* host-name.h - how a server is written: a DNS name or a numeric address, with a port or without */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/**
 * ts_host_name_split:
 * @written: "time.example.net", "time.example.net:1123", "192.0.2.1:1123", "2001:db8::1",
 *   "[2001:db8::1]:1123"
 * @host: (out) (transfer full): without port and brackets
 * @port: (out): 0 if none is written
 *
 * Returns: false if it is neither a valid name nor an address. Thread: any.
 */
bool ts_host_name_split(const char *written, char **host, uint16_t *port);

/* Returns: (transfer full): the one spelling of @host: an address as inet_ntop writes it, a name in lower
 * case, IDNA and without the final dot. Thread: any. */
char *ts_host_name_canonical(const char *host);

/* Is it a numeric address (a scope need not be an interface that exists)? Then *is_v6 is set. */
bool ts_host_name_is_address(const char *host, bool *is_v6);
