/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "ntp/packet.h"
#include "suite.h"

START_TEST(test_header_every_field_has_its_place)
{
	const uint8_t wire[TS_NTP_HEADER_SIZE] = {
		0x5c, 0x02, 0xfa, 0xe9, 0x01, 0x02, 0x03, 0x04, 0x11, 0x12, 0x13, 0x14,
		0x21, 0x22, 0x23, 0x24, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38,
		0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x51, 0x52, 0x53, 0x54,
		0x55, 0x56, 0x57, 0x58, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68,
	};
	uint8_t again[TS_NTP_HEADER_SIZE];
	TsNtpHeader header;

	ck_assert(ts_ntp_header_parse(wire, sizeof wire, &header));
	ts_ntp_header_format(&header, again);

	ck_assert_uint_eq(header.leap, 1);
	ck_assert_uint_eq(header.version, 3);
	ck_assert_uint_eq(header.mode, 4);
	ck_assert_uint_eq(header.stratum, 2);
	ck_assert_int_eq(header.poll_log2s, -6);
	ck_assert_int_eq(header.precision_log2s, -23);
	ck_assert_uint_eq(header.root_delay_ntp32, 0x01020304);
	ck_assert_uint_eq(header.root_dispersion_ntp32, 0x11121314);
	ck_assert_uint_eq(header.refid, 0x21222324);
	ck_assert_uint_eq(header.reference_ntp64, 0x3132333435363738);
	ck_assert_uint_eq(header.origin_ntp64, 0x4142434445464748);
	ck_assert_uint_eq(header.receive_ntp64, 0x5152535455565758);
	ck_assert_uint_eq(header.transmit_ntp64, 0x6162636465666768);
	ck_assert_mem_eq(again, wire, sizeof wire);
}
END_TEST

START_TEST(test_header_format_cuts_what_is_too_wide)
{
	TsNtpHeader header = {.leap = 7, .version = 12, .mode = 11};
	uint8_t wire[TS_NTP_HEADER_SIZE];

	ts_ntp_header_format(&header, wire);

	ck_assert_uint_eq(wire[0], 3 << 6 | 4 << 3 | 3);
}
END_TEST

START_TEST(test_header_one_octet_short_is_none)
{
	uint8_t wire[TS_NTP_HEADER_SIZE] = {0};
	TsNtpHeader header;

	ck_assert(!ts_ntp_header_parse(wire, sizeof wire - 1, &header));
}
END_TEST

/* A packet whose tail is made of fields of these lengths (0 ends), then mac_length octets. */
typedef struct {
	uint16_t fields[4];
	size_t rest;
	int version;
	TsNtpTailKind kind;
	unsigned n_fields;
	size_t mac_length;
} TailCase;

static const TailCase tail_cases[] = {
	{{0}, 0, 4, TS_NTP_TAIL_NONE, 0, 0},
	{{0}, 0, 3, TS_NTP_TAIL_NONE, 0, 0},
	/* RFC 7822 section 7.5.1.4: a MAC of 20 or 24 octets, or a crypto-NAK */
	{{0}, 4, 4, TS_NTP_TAIL_MAC, 0, 4},
	{{0}, 20, 4, TS_NTP_TAIL_MAC, 0, 20},
	{{0}, 24, 4, TS_NTP_TAIL_MAC, 0, 24},
	{{0}, 20, 3, TS_NTP_TAIL_MAC, 0, 20},
	{{0}, 68, 3, TS_NTP_TAIL_MAC, 0, 68},
	{{0}, 68, 4, TS_NTP_TAIL_MALFORMED, 0, 0},
	{{0}, 8, 4, TS_NTP_TAIL_MALFORMED, 0, 0},
	{{0}, 21, 4, TS_NTP_TAIL_MALFORMED, 0, 0},
	{{0}, 72, 3, TS_NTP_TAIL_MALFORMED, 0, 0},
	/* the last field without MAC has 28 octets at least, others 16 */
	{{28}, 0, 4, TS_NTP_TAIL_FIELDS, 1, 0},
	{{16, 28}, 0, 4, TS_NTP_TAIL_FIELDS, 2, 0},
	{{16, 36, 104}, 0, 4, TS_NTP_TAIL_FIELDS, 3, 0},
	{{24}, 0, 4, TS_NTP_TAIL_MAC, 0, 24},
	{{16}, 0, 4, TS_NTP_TAIL_FIELDS, 1, 0},
	{{16, 20}, 0, 4, TS_NTP_TAIL_FIELDS, 1, 20},
	{{28}, 20, 4, TS_NTP_TAIL_FIELDS, 1, 20},
	{{28, 16}, 24, 4, TS_NTP_TAIL_FIELDS, 2, 24},
	{{28}, 4, 4, TS_NTP_TAIL_FIELDS, 1, 4},
	{{28}, 8, 4, TS_NTP_TAIL_MALFORMED, 1, 0},
	{{12}, 20, 4, TS_NTP_TAIL_MALFORMED, 0, 0},
	/* version 3 has no fields */
	{{28}, 20, 3, TS_NTP_TAIL_MAC, 0, 48},
	{{128}, 0, 3, TS_NTP_TAIL_MALFORMED, 0, 0},
};

static size_t
make_tail(const TailCase *tail_case, uint8_t *bytes)
{
	size_t length = TS_NTP_HEADER_SIZE;

	for (int i = 0; i < 4 && tail_case->fields[i]; i++) {
		bytes[length + 1] = 0x77;
		bytes[length + 2] = (uint8_t)(tail_case->fields[i] >> 8);
		bytes[length + 3] = (uint8_t)tail_case->fields[i];
		length += tail_case->fields[i];
	}
	return length + tail_case->rest;
}

START_TEST(test_tail_is_told_by_its_lengths)
{
	const TailCase *tail_case = &tail_cases[_i];
	uint8_t bytes[512] = {0};
	TsNtpTail tail;

	size_t length = make_tail(tail_case, bytes);
	ts_ntp_tail_parse(bytes, length, tail_case->version, &tail);

	ck_assert_int_eq(tail.kind, tail_case->kind);
	if (tail.kind == TS_NTP_TAIL_MALFORMED)
		return;
	ck_assert_uint_eq(tail.n_fields, tail_case->n_fields);
	ck_assert_uint_eq(tail.mac_length, tail_case->mac_length);
	ck_assert_uint_eq(tail.fields_end + tail.mac_length, length);
	ck_assert_uint_eq(tail.mac_offset, tail.mac_length ? tail.fields_end : 0);
}
END_TEST

START_TEST(test_field_next_walks_over_all)
{
	const TailCase two = {.fields = {16, 36}};
	uint8_t bytes[512] = {0};
	size_t end = make_tail(&two, bytes), offset = TS_NTP_HEADER_SIZE;
	TsNtpField field;

	ck_assert(ts_ntp_field_next(bytes, end, &offset, &field));
	ck_assert_uint_eq(field.type, 0x77);
	ck_assert_uint_eq(field.length, 16);
	ck_assert_uint_eq(field.offset, 48);
	ck_assert_ptr_eq(field.body, bytes + 52);
	ck_assert(ts_ntp_field_next(bytes, end, &offset, &field));
	ck_assert_uint_eq(field.length, 36);
	ck_assert(!ts_ntp_field_next(bytes, end, &offset, &field));
	ck_assert_uint_eq(offset, end);
}
END_TEST

static const uint16_t bad_lengths[] = {0, 1, 2, 3, 5, 17, 20, 0xfffc, 0xffff};

START_TEST(test_field_next_refuses_what_does_not_fit)
{
	uint8_t bytes[64] = {0};
	size_t offset = TS_NTP_HEADER_SIZE;
	TsNtpField field;

	bytes[50] = (uint8_t)(bad_lengths[_i] >> 8);
	bytes[51] = (uint8_t)bad_lengths[_i];

	ck_assert(!ts_ntp_field_next(bytes, sizeof bytes, &offset, &field));
	ck_assert_uint_eq(offset, TS_NTP_HEADER_SIZE);
}
END_TEST

TS_TEST_MAIN("packet", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_header_every_field_has_its_place);
	tcase_add_test(core, test_header_format_cuts_what_is_too_wide);
	tcase_add_test(core, test_header_one_octet_short_is_none);
	tcase_add_loop_test(core, test_tail_is_told_by_its_lengths, 0,
			    sizeof tail_cases / sizeof *tail_cases);
	tcase_add_test(core, test_field_next_walks_over_all);
	tcase_add_loop_test(core, test_field_next_refuses_what_does_not_fit, 0,
			    sizeof bad_lengths / sizeof *bad_lengths);
	suite_add_tcase(suite, core);
})
