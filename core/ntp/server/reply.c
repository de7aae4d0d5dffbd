/* SPDX-License-Identifier: BSD-2-Clause */
/* reply.c - see reply.h */
#include "ntp/server/reply.h"

#include <endian.h>
#include <string.h>

#include <glib.h>

#include "base/time.h"

/* RFC 5905 figure 5 (MAXDISP): what an unsynchronised host says of its error at least. */
#define UNSYNCHRONISED_DISPERSION_S 16.0

/* Read as signed it is still positive (field case B10). */
#define MAX_NTP32 UINT32_C(0x7fffffff)

/* A unique identifier that ends a packet without MAC needs 28 octets, else it could be taken for
 * one (RFC 7822 section 7.5.1.4). */
#define UNIQUE_ID_MIN 28

#define LOCAL_REFID UINT32_C(0x4c4f434c) /* LOCL */

static uint64_t
read_u64(const uint8_t *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof value);
	return be64toh(value);
}

static void
write_u64(uint8_t *bytes, uint64_t value)
{
	uint64_t swapped = htobe64(value);

	memcpy(bytes, &swapped, sizeof swapped);
}

static bool
is_request_mode(unsigned version, unsigned mode, uint16_t source_port)
{
	if (mode == TS_NTP_MODE_RESERVED)
		return version == 1 && source_port != TS_NTP_PORT;
	return mode == TS_NTP_MODE_CLIENT || mode == TS_NTP_MODE_SYMMETRIC_ACTIVE;
}

static void
find_unique_id(const uint8_t *bytes, const TsNtpTail *tail, TsRequest *request)
{
	size_t offset = TS_NTP_HEADER_SIZE;
	TsNtpField field;

	while (ts_ntp_field_next(bytes, tail->fields_end, &offset, &field))
		if (field.type == TS_NTP_FIELD_UNIQUE_ID && field.length >= UNIQUE_ID_MIN) {
			request->unique_id_offset = (uint16_t)field.offset;
			request->unique_id_length = field.length;
			return;
		}
}

static TsRequestVerdict
parse_tail(const uint8_t *bytes, size_t length, TsRequest *request)
{
	TsNtpTail tail;

	ts_ntp_tail_parse(bytes, length, request->version, &tail);
	if (tail.kind == TS_NTP_TAIL_MALFORMED)
		return TS_REQUEST_MALFORMED;
	if (tail.mac_length > 0)
		return TS_REQUEST_AUTHENTICATED;
	find_unique_id(bytes, &tail, request);
	return TS_REQUEST_VALID;
}

TsRequestVerdict
ts_request_parse(const uint8_t *bytes, size_t length, uint16_t source_port, TsRequest *request)
{
	if (length == 0)
		return TS_REQUEST_MALFORMED;
	request->version = bytes[0] >> 3 & 7;
	request->mode = bytes[0] & 7;
	if (request->version < 1 || request->version > 4)
		return TS_REQUEST_BAD_VERSION;
	if (!is_request_mode(request->version, request->mode, source_port))
		return TS_REQUEST_BAD_MODE;
	if (length < TS_NTP_HEADER_SIZE)
		return TS_REQUEST_MALFORMED;

	request->poll_log2s = (int8_t)bytes[2];
	request->origin_ntp64 = read_u64(bytes + 24);
	request->receive_ntp64 = read_u64(bytes + 32);
	request->transmit_ntp64 = read_u64(bytes + 40);
	request->may_be_interleaved = request->mode == TS_NTP_MODE_CLIENT &&
				      (request->origin_ntp64 & 1) &&
				      request->receive_ntp64 != request->transmit_ntp64;
	request->unique_id_offset = 0;
	request->unique_id_length = 0;
	if (length == TS_NTP_HEADER_SIZE)
		return TS_REQUEST_VALID;
	return parse_tail(bytes, length, request);
}

static uint32_t
bounded_ntp32(double interval_s)
{
	return MIN(ts_ntp32_from_s(interval_s), MAX_NTP32);
}

void
ts_reply_frame_init(TsReplyFrame *frame, const TsSystemState *state, int64_t raw_ns,
		    bool serve_unsynchronised)
{
	double dispersion_s = ts_system_state_root_dispersion(state, raw_ns);
	TsNtpHeader header = {
		.precision_log2s = (int8_t)CLAMP(state->precision_log2s, -32, 0),
		.root_delay_ntp32 = bounded_ntp32(state->root_delay_s),
		.root_dispersion_ntp32 = bounded_ntp32(dispersion_s),
	};

	if (state->stratum < TS_STRATUM_UNSYNCHRONISED)
		header.reference_ntp64 = ts_ntp64_from_utc_ns(state->reference_utc_ns);
	if (state->may_serve || serve_unsynchronised) {
		header.leap = (uint8_t)state->leap;
		if (serve_unsynchronised && state->leap == TS_LEAP_UNSYNCHRONISED)
			header.leap = TS_LEAP_NONE;
		header.stratum = (uint8_t)CLAMP(state->stratum, 1, TS_STRATUM_UNSYNCHRONISED - 1);
		header.refid = state->refid ? state->refid : LOCAL_REFID;
	} else {
		header.leap = TS_LEAP_UNSYNCHRONISED;
		header.root_dispersion_ntp32 =
			bounded_ntp32(MAX(dispersion_s, UNSYNCHRONISED_DISPERSION_S));
	}
	ts_ntp_header_format(&header, frame->header);
	/* a precision of 2^-20 s leaves 12 bits of the 32-bit fraction; the lowest is not random */
	unsigned n_random_bits = (unsigned)(32 + header.precision_log2s);
	frame->random_mask = ((UINT64_C(1) << n_random_bits) - 1) & ~UINT64_C(1);
}

uint64_t
ts_reply_receive_stamp(const TsReplyFrame *frame, int64_t utc_ns, TsFastRandom *random)
{
	uint64_t noise = ts_fast_random_next(random) & frame->random_mask;

	return (ts_ntp64_from_utc_ns(utc_ns) & ~frame->random_mask) | noise | 1;
}

uint64_t
ts_reply_transmit_stamp(const TsReplyFrame *frame, int64_t utc_ns, uint64_t receive_ntp64,
			TsFastRandom *random)
{
	uint64_t noise = ts_fast_random_next(random) & frame->random_mask;
	uint64_t stamp =
		((ts_ntp64_from_utc_ns(utc_ns) & ~frame->random_mask) | noise) & ~UINT64_C(1);

	/* the difference of two timestamps is signed, across eras too; the receive stamp is odd */
	return (int64_t)(stamp - receive_ntp64) > 0 ? stamp : receive_ntp64 + 1;
}

size_t
ts_reply_format(const TsReplyFrame *frame, const TsRequest *request, const uint8_t *request_bytes,
		const TsReplyFields *fields, uint8_t *reply)
{
	uint8_t mode = request->mode == TS_NTP_MODE_SYMMETRIC_ACTIVE ? TS_NTP_MODE_SYMMETRIC_PASSIVE
								     : TS_NTP_MODE_SERVER;

	if (fields->kiss) {
		TsNtpHeader kiss = {
			.leap = TS_LEAP_UNSYNCHRONISED,
			.refid = fields->kiss,
			.precision_log2s = (int8_t)frame->header[3],
		};
		ts_ntp_header_format(&kiss, reply);
		reply[2] = (uint8_t)MAX(request->poll_log2s, fields->kiss_poll_log2s);
	} else {
		memcpy(reply, frame->header, 24);
		reply[2] = (uint8_t)request->poll_log2s;
	}
	reply[0] = (uint8_t)((reply[0] & 0xc0) | request->version << 3 | mode);
	write_u64(reply + 24, fields->origin_ntp64);
	write_u64(reply + 32, fields->receive_ntp64);
	write_u64(reply + 40, fields->transmit_ntp64);
	if (request->unique_id_length == 0)
		return TS_NTP_HEADER_SIZE;
	memcpy(reply + TS_NTP_HEADER_SIZE, request_bytes + request->unique_id_offset,
	       request->unique_id_length);
	return TS_NTP_HEADER_SIZE + request->unique_id_length;
}
