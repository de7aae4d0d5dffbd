/* SPDX-License-Identifier: BSD-2-Clause */
/* random.h - randomness from the kernel */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Fills @buffer with @length random bytes; ends the program if the kernel gives none, for a guessed
 * nonce would be worse. Thread: any. */
void ts_random_bytes(void *buffer, size_t length);

/* Returns: 64 random bits. Thread: any. */
uint64_t ts_random_u64(void);
