/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz-address.c - addresses and prefixes: what is accepted is the same after it was written and read */
#include "base/address.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_address(const char *text)
{
	char written[TS_ADDRESS_TEXT_SIZE];
	TsAddress address, again;

	if (!ts_address_parse(text, 123, &address))
		return;
	ts_address_format_port(&address, written);
	g_assert_true(ts_address_parse(written, 1, &again));
	g_assert_true(ts_address_equal(&address, &again));
}

static void
check_prefix(const char *text)
{
	char written[TS_ADDRESS_TEXT_SIZE];
	TsPrefix prefix, again;

	if (!ts_prefix_parse(text, &prefix))
		return;
	ts_prefix_format(&prefix, written);
	g_assert_true(ts_prefix_parse(written, &again));
	g_assert_cmpuint(prefix.length, ==, again.length);
	g_assert_true(ts_address_equal_host(&prefix.address, &again.address));
	g_assert_true(ts_prefix_contains(&prefix, &again.address));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);

	check_address(text);
	check_prefix(text);
	return 0;
}
