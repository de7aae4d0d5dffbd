/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test-mutations.c - a right file with a few bytes wrong, many times over: the loader ends, and
 * ends with settings or with errors (the checks are those of tests/fuzz/fuzz-config.c)
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#define ROUNDS 3000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char original[] =
	"x-c: &c {iburst: true, min-poll: 4}\n"
	"sources:\n"
	"- {server: time.example.net, <<: *c, max-poll: 64s, offset: -1ms, name: x}\n"
	"- {pool: '[2001:db8::1]:5', max-sources: 3, nts: {port: 5}}\n"
	"- refclock: gps\n"
	"  device: /dev/ttyS0\n"
	"server:\n"
	"  listen: ['0.0.0.0:123', {address: '::1', device: lo}]\n"
	"  allow: [192.0.2.0/24, all]\n"
	"  rate-limit: {interval: 1s, leak: none}\n"
	"clock: {driver: software, step: {threshold: 0.1, first-updates: never}, panic: none}\n"
	"plugins: {gps: {speed: 9600, a: [[b], {c: \"d\\\"\\n\"}]}}\n"
	"log: {level: debug}\n";

/* Replaces, inserts, deletes or moves a few bytes; what is put in is mostly of YAML's own. */
static void
mutate(GRand *rand, GByteArray *bytes)
{
	static const char spice[] = "{}[]:,-#&*!|>'\"%@`?~<<\n\t 0159.eE_+:/\\\xff\xc3";

	for (int n = g_rand_int_range(rand, 1, 6); n > 0 && bytes->len > 1; n--) {
		guint at = (guint)g_rand_int_range(rand, 0, (gint32)bytes->len);
		guint from = (guint)g_rand_int_range(rand, 0, (gint32)bytes->len);
		guint wanted = (guint)g_rand_int_range(rand, 1, 30);
		guint length = MIN(wanted, bytes->len - from);
		guint8 byte = (guint8)spice[g_rand_int_range(rand, 0, (gint32)sizeof spice)];
		switch (g_rand_int_range(rand, 0, 4)) {
		case 0:
			bytes->data[at] = byte;
			break;
		case 1:
			g_byte_array_append(bytes, &byte, 1);
			memmove(bytes->data + at + 1, bytes->data + at, bytes->len - at - 1);
			bytes->data[at] = byte;
			break;
		case 2:
			g_byte_array_remove_range(bytes, from, length);
			break;
		default: {
			g_autofree guint8 *piece = g_memdup2(bytes->data + from, length);
			g_byte_array_append(bytes, piece, length);
		}
		}
	}
}

START_TEST(test_mutated_file_ends_in_settings_or_errors)
{
	guint32 seed = g_random_int();
	g_autoptr(GRand) rand = g_rand_new_with_seed(seed);

	fprintf(stderr, "seed %u\n", seed); /* shown when the test fails */
	for (unsigned round = 0; round < ROUNDS; round++) {
		g_autoptr(GByteArray) bytes = g_byte_array_new();
		g_byte_array_append(bytes, (const guint8 *)original, sizeof original - 1);
		mutate(rand, bytes);
		ck_assert_int_eq(LLVMFuzzerTestOneInput(bytes->data, bytes->len), 0);
	}
}
END_TEST

START_TEST(test_original_is_a_right_file)
{
	ck_assert_int_eq(LLVMFuzzerTestOneInput((const uint8_t *)original, sizeof original - 1), 0);
}
END_TEST

START_TEST(test_every_beginning_of_a_file_ends_in_settings_or_errors)
{
	for (size_t length = 0; length < sizeof original; length++)
		ck_assert_int_eq(LLVMFuzzerTestOneInput((const uint8_t *)original, length), 0);
}
END_TEST

TS_TEST_MAIN("config-mutations", {
	TCase *core = tcase_create("core");
	tcase_set_timeout(core, 120);
	tcase_add_test(core, test_original_is_a_right_file);
	tcase_add_test(core, test_every_beginning_of_a_file_ends_in_settings_or_errors);
	tcase_add_test(core, test_mutated_file_ends_in_settings_or_errors);
	suite_add_tcase(suite, core);
})
