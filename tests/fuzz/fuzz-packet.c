/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-packet.c - the NTP wire format: nothing is read outside the packet, what is found lies in it,
 * and a header survives the way out and in
 */
#include "ntp/packet.h"

#include <glib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_header_round_trip(const uint8_t *data, const TsNtpHeader *header)
{
	uint8_t again[TS_NTP_HEADER_SIZE];

	ts_ntp_header_format(header, again);
	g_assert_cmpmem(again, sizeof again, data, TS_NTP_HEADER_SIZE);
}

static void
check_fields(const uint8_t *data, const TsNtpTail *tail)
{
	size_t offset = TS_NTP_HEADER_SIZE;
	unsigned n_fields = 0;
	TsNtpField field;

	while (ts_ntp_field_next(data, tail->fields_end, &offset, &field)) {
		g_assert_cmpuint(field.length, >=, 4);
		g_assert_cmpuint(field.offset + field.length, ==, offset);
		g_assert_true(field.body == data + field.offset + 4);
		g_assert_cmpuint(offset, <=, tail->fields_end);
		n_fields++;
	}
	g_assert_cmpuint(n_fields, ==, tail->n_fields);
	g_assert_cmpuint(offset, ==, tail->fields_end);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	TsNtpHeader header;
	TsNtpTail tail;

	if (!ts_ntp_header_parse(data, size, &header)) {
		g_assert_cmpuint(size, <, TS_NTP_HEADER_SIZE);
		return 0;
	}
	check_header_round_trip(data, &header);
	ts_ntp_tail_parse(data, size, header.version, &tail);
	if (tail.kind == TS_NTP_TAIL_MALFORMED)
		return 0;
	g_assert_cmpuint(tail.fields_end, <=, size);
	if (tail.kind == TS_NTP_TAIL_MAC)
		g_assert_cmpuint(tail.mac_offset + tail.mac_length, ==, size);
	check_fields(data, &tail);
	return 0;
}
