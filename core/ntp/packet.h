/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * packet.h - the NTP header and the extension fields behind it, bytes to struct and back
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |LI | VN  |Mode |    Stratum    |     Poll      |   Precision   |
 *   |                          Root Delay                           |
 *   |                       Root Dispersion                         |
 *   |                        Reference ID                           |
 *   |                    Reference Timestamp (64)                   |
 *   |                      Origin Timestamp (64)                    |
 *   |                     Receive Timestamp (64)                    |
 *   |                     Transmit Timestamp (64)                   |
 *   |                  Extension fields, MAC ...                    |
 *
 * Source: RFC 5905 section 7.3, RFC 7822. Nothing here allocates; server workers use it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_NTP_PORT        123
#define TS_NTP_HEADER_SIZE 48
/* The longest datagram that is looked at: NTS requests with 8 placeholders fit (RFC 8915 5.7). */
#define TS_NTP_MAX_SIZE    1472

typedef enum {
	TS_NTP_MODE_RESERVED = 0,
	TS_NTP_MODE_SYMMETRIC_ACTIVE = 1,
	TS_NTP_MODE_SYMMETRIC_PASSIVE = 2,
	TS_NTP_MODE_CLIENT = 3,
	TS_NTP_MODE_SERVER = 4,
	TS_NTP_MODE_BROADCAST = 5,
	TS_NTP_MODE_CONTROL = 6,
	TS_NTP_MODE_PRIVATE = 7,
} TsNtpMode;

typedef struct {
	uint8_t leap;     /* TsLeap */
	uint8_t version;
	uint8_t mode;     /* TsNtpMode */
	uint8_t stratum;  /* as on the wire: 0 is unspecified or a kiss */
	int8_t poll_log2s;
	int8_t precision_log2s;
	uint32_t root_delay_ntp32; /* unsigned, whatever a sender meant */
	uint32_t root_dispersion_ntp32;
	uint32_t refid;            /* host byte order */
	uint64_t reference_ntp64;
	uint64_t origin_ntp64;
	uint64_t receive_ntp64;
	uint64_t transmit_ntp64;
} TsNtpHeader;

/* Kiss codes: the refid of a reply with stratum 0 (RFC 5905 section 7.4, RFC 8915 5.7). */
#define TS_NTP_KISS_RATE UINT32_C(0x52415445)
#define TS_NTP_KISS_DENY UINT32_C(0x44454e59)
#define TS_NTP_KISS_RSTR UINT32_C(0x52535452)
#define TS_NTP_KISS_NTSN UINT32_C(0x4e54534e)

/* Reads a header. Returns: false if @length is less than a header. */
bool ts_ntp_header_parse(const uint8_t *bytes, size_t length, TsNtpHeader *header);

/* Writes TS_NTP_HEADER_SIZE bytes. */
void ts_ntp_header_format(const TsNtpHeader *header, uint8_t *bytes);

/* What follows the header. */
typedef enum {
	TS_NTP_TAIL_NONE,      /* the header alone */
	TS_NTP_TAIL_MAC,       /* key id and digest directly behind the header or the fields */
	TS_NTP_TAIL_FIELDS,    /* extension fields up to the end */
	TS_NTP_TAIL_MALFORMED, /* neither: lengths that run over, not a multiple of 4, ... */
} TsNtpTailKind;

typedef struct {
	TsNtpTailKind kind;
	size_t fields_end;  /* offset behind the last extension field; 48 with none */
	size_t mac_offset;  /* offset of the key id, 0 without MAC */
	size_t mac_length;  /* key id and digest: 4 (crypto-NAK), 20, 24 ... octets; 0 without MAC */
	unsigned n_fields;
} TsNtpTail;

/**
 * ts_ntp_tail_parse:
 *
 * Tells MAC from extension fields as RFC 7822 section 7.5 says: what remains is a MAC if it is 4, 20, 24
 * (up to 68 for longer digests) octets long and no field fits exactly. Version 3 has no fields.
 */
void ts_ntp_tail_parse(const uint8_t *bytes, size_t length, int version, TsNtpTail *tail);

typedef struct {
	uint16_t type;
	uint16_t length;     /* of the whole field, header included: a multiple of 4, >= 16 (RFC 7822) */
	const uint8_t *body; /* borrowed from the packet: length - 4 octets */
	size_t offset;       /* of the field in the packet */
} TsNtpField;

/* Reads the field at *@offset and moves *@offset behind it. Returns: false at @fields_end or when the
 * field does not fit. */
bool ts_ntp_field_next(const uint8_t *bytes, size_t fields_end, size_t *offset, TsNtpField *field);

/* Types that are known here (IANA). */
#define TS_NTP_FIELD_UNIQUE_ID     0x0104
#define TS_NTP_FIELD_NTS_COOKIE    0x0204
