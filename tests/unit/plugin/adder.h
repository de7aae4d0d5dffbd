/* SPDX-License-Identifier: BSD-2-Clause */
/* adder.h - the interface "test.adder", version 2 */
#pragma once

#include <stdint.h>

struct adder {
	uint32_t struct_size;
	int64_t (*add)(void *object, int64_t a, int64_t b);
};
