/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.c - see packet.h */
#include "ntp/packet.h"

#include <string.h>

static uint32_t
get_u32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static uint64_t
get_u64(const uint8_t *bytes)
{
	return (uint64_t)get_u32(bytes) << 32 | get_u32(bytes + 4);
}

static void
put_u32(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 24);
	bytes[1] = (uint8_t)(value >> 16);
	bytes[2] = (uint8_t)(value >> 8);
	bytes[3] = (uint8_t)value;
}

static void
put_u64(uint8_t *bytes, uint64_t value)
{
	put_u32(bytes, (uint32_t)(value >> 32));
	put_u32(bytes + 4, (uint32_t)value);
}

bool
ts_ntp_header_parse(const uint8_t *bytes, size_t length, TsNtpHeader *header)
{
	if (length < TS_NTP_HEADER_SIZE)
		return false;
	header->leap = bytes[0] >> 6;
	header->version = bytes[0] >> 3 & 7;
	header->mode = bytes[0] & 7;
	header->stratum = bytes[1];
	header->poll_log2s = (int8_t)bytes[2];
	header->precision_log2s = (int8_t)bytes[3];
	header->root_delay_ntp32 = get_u32(bytes + 4);
	header->root_dispersion_ntp32 = get_u32(bytes + 8);
	header->refid = get_u32(bytes + 12);
	header->reference_ntp64 = get_u64(bytes + 16);
	header->origin_ntp64 = get_u64(bytes + 24);
	header->receive_ntp64 = get_u64(bytes + 32);
	header->transmit_ntp64 = get_u64(bytes + 40);
	return true;
}

void
ts_ntp_header_format(const TsNtpHeader *header, uint8_t *bytes)
{
	bytes[0] = (uint8_t)(header->leap << 6 | (header->version & 7) << 3 | (header->mode & 7));
	bytes[1] = header->stratum;
	bytes[2] = (uint8_t)header->poll_log2s;
	bytes[3] = (uint8_t)header->precision_log2s;
	put_u32(bytes + 4, header->root_delay_ntp32);
	put_u32(bytes + 8, header->root_dispersion_ntp32);
	put_u32(bytes + 12, header->refid);
	put_u64(bytes + 16, header->reference_ntp64);
	put_u64(bytes + 24, header->origin_ntp64);
	put_u64(bytes + 32, header->receive_ntp64);
	put_u64(bytes + 40, header->transmit_ntp64);
}

/* The shortest extension field (RFC 7822 section 7.5). */
#define FIELD_MIN 16
#define FIELD_HEADER 4
/* Key id and the longest digest in use, SHA-512; a longer rest is a field (RFC 7822: 24 for version 4,
 * but longer ones were sent before it and still are by version 3). */
#define MAC_MIN 4
#define MAC_MAX 68

bool
ts_ntp_field_next(const uint8_t *bytes, size_t fields_end, size_t *offset, TsNtpField *field)
{
	size_t left = fields_end - *offset;

	if (*offset > fields_end || left < FIELD_HEADER)
		return false;
	uint32_t head = get_u32(bytes + *offset);
	uint16_t length = (uint16_t)head;
	if (length < FIELD_HEADER || length % 4 != 0 || length > left)
		return false;
	field->type = (uint16_t)(head >> 16);
	field->length = length;
	field->body = bytes + *offset + FIELD_HEADER;
	field->offset = *offset;
	*offset += length;
	return true;
}

/* RFC 7822 section 7.5.1.4: what is left is a MAC if it has the size of one; a field that is as long as a
 * MAC must be followed by something. Sizes: crypto-NAK 4; MD5, AES-CMAC 20; SHA-1 24; and longer
 * digests, of version 3 only where they can't be taken for a field. */
static bool
is_mac_size(size_t size, int version)
{
	if (size == MAC_MIN || size == 20 || size == 24)
		return true;
	return version < 4 && size > MAC_MIN && size <= MAC_MAX && size % 4 == 0;
}

static void
set_mac(TsNtpTail *tail, size_t offset, size_t size)
{
	tail->mac_offset = offset;
	tail->mac_length = size;
	if (tail->n_fields == 0)
		tail->kind = TS_NTP_TAIL_MAC;
}

void
ts_ntp_tail_parse(const uint8_t *bytes, size_t length, int version, TsNtpTail *tail)
{
	size_t offset = TS_NTP_HEADER_SIZE;
	TsNtpField field;

	memset(tail, 0, sizeof *tail);
	tail->fields_end = offset;
	if (length == offset)
		return;
	tail->kind = TS_NTP_TAIL_MALFORMED;
	if (length % 4 != 0)
		return;
	while (offset < length) {
		if (is_mac_size(length - offset, version)) {
			set_mac(tail, offset, length - offset);
			if (tail->n_fields > 0)
				tail->kind = TS_NTP_TAIL_FIELDS;
			return;
		}
		if (version < 4 || !ts_ntp_field_next(bytes, length, &offset, &field) ||
		    field.length < FIELD_MIN)
			return;
		tail->n_fields++;
		tail->fields_end = offset;
	}
	tail->kind = TS_NTP_TAIL_FIELDS;
}
