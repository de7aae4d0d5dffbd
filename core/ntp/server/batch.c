/* SPDX-License-Identifier: BSD-2-Clause */
/* batch.c - see batch.h */
#include "ntp/server/batch.h"

#include "base/time.h"

/* A stamp that is older, or in the future by more than the reading of two clocks takes, was made on
 * a clock that was stepped since. */
#define MAX_STAMP_AGE_NS  (4 * TS_NS_PER_S)
#define MAX_STAMP_LEAD_NS (10 * TS_NS_PER_US)

/* What sending one reply takes at most, for the forecast of when it leaves. */
#define MAX_SEND_COST_NS (50 * TS_NS_PER_US)

struct _TsBatch {
	const TsWorkerShared *shared;
	TsClientTable *clients; /* (nullable) */
	TsPairTable *pairs;	/* (nullable) */
	TsServerIo *io;
	TsFastRandom random;
	int64_t send_cost_ns; /* of one reply in a batch, smoothed */

	/* of the batch under way */
	TsReplyFrame frame;
	bool is_unsynchronised;
	int64_t utc_ns, utc_minus_real_ns, raw_ns;
	TsExchange exchanges[TS_BATCH_SIZE];
	TsExchange *alive[TS_BATCH_SIZE]; /* those that go on to the next stage */
	unsigned n_alive;
};

TsBatch *
ts_batch_new(const TsWorkerShared *shared, TsClientTable *clients, TsPairTable *pairs)
{
	TsBatch *self = g_new0(TsBatch, 1);

	self->shared = shared;
	self->clients = clients;
	self->pairs = pairs;
	self->io = ts_server_io_new();
	ts_fast_random_seed(&self->random);
	return self;
}

void
ts_batch_free(TsBatch *batch)
{
	if (!batch)
		return;
	ts_server_io_free(batch->io);
	g_free(batch);
}

/* parse, access */

/* No answer may go to our own port: there the loop would begin (field case B44). */
static bool
has_good_address(const TsServing *serving, const TsServerSocket *socket, const TsDatagram *datagram)
{
	uint16_t port = ts_address_port(&datagram->client);

	if (port == 0 || datagram->is_to_many)
		return false;
	return port != socket->port ||
	       !ts_own_addresses_contain(serving->own_addresses, &datagram->client);
}

/* Returns: the counter of what is wrong, TS_N_SERVER_COUNTERS if nothing is. */
static TsServerCounter
judge(const TsServing *serving, const TsServerSocket *socket, TsExchange *exchange)
{
	const TsDatagram *datagram = exchange->datagram;
	TsRequestVerdict verdict =
		ts_request_parse(datagram->request, datagram->request_length,
				 ts_address_port(&datagram->client), &exchange->request);

	switch (datagram->is_cut ? TS_REQUEST_MALFORMED : verdict) {
	case TS_REQUEST_MALFORMED:
		return TS_SERVER_MALFORMED;
	case TS_REQUEST_BAD_VERSION:
		return TS_SERVER_BAD_VERSION;
	case TS_REQUEST_BAD_MODE:
		return TS_SERVER_BAD_MODE;
	case TS_REQUEST_AUTHENTICATED:
		return TS_SERVER_AUTHENTICATED;
	case TS_REQUEST_VALID:
		break;
	}
	if (!has_good_address(serving, socket, datagram))
		return TS_SERVER_BAD_ADDRESS;
	if (!ts_access_allows(serving->access, &datagram->client))
		return TS_SERVER_DENIED;
	return TS_N_SERVER_COUNTERS;
}

static void
select_valid(TsBatch *batch, const TsServing *serving, const TsServerSocket *socket,
	     TsDatagram *datagrams, unsigned n, uint32_t *counts)
{
	batch->n_alive = 0;
	for (unsigned i = 0; i < n; i++) {
		TsExchange *exchange = &batch->exchanges[i];
		exchange->datagram = &datagrams[i];
		TsServerCounter fault = judge(serving, socket, exchange);
		if (fault != TS_N_SERVER_COUNTERS) {
			counts[fault]++;
			continue;
		}
		if (batch->clients) {
			ts_client_table_key(batch->clients, &exchange->datagram->client,
					    &exchange->key);
			ts_client_table_prefetch(batch->clients, &exchange->key);
		}
		if (batch->pairs && exchange->request.may_be_interleaved)
			ts_pair_table_prefetch(batch->pairs, exchange->request.origin_ntp64);
		batch->alive[batch->n_alive++] = exchange;
	}
}

/* rate and client table */

static uint8_t
version_mode_of(const TsRequest *request)
{
	return (uint8_t)(request->version << 4 | request->mode);
}

/* Returns: whether there is a reply; sets the kiss. */
static bool
account(TsBatch *batch, const TsServing *serving, TsExchange *exchange, uint32_t *counts)
{
	uint32_t now_ticks = (uint32_t)(batch->raw_ns >> TS_RATE_TICK_SHIFT);

	exchange->fields.kiss = 0;
	if (!batch->clients)
		return true;
	switch (ts_client_table_account(batch->clients, &exchange->key, now_ticks,
					version_mode_of(&exchange->request), &serving->rate_limit,
					&batch->random, &exchange->place)) {
	case TS_RATE_REPLY:
		return true;
	case TS_RATE_LEAK:
		counts[TS_SERVER_LEAKED_RATE]++;
		return true;
	case TS_RATE_KISS:
		counts[TS_SERVER_KOD_RATE]++;
		exchange->fields.kiss = TS_NTP_KISS_RATE;
		exchange->fields.kiss_poll_log2s = serving->rate_limit.poll_log2s;
		return true;
	case TS_RATE_DROP:
		break;
	}
	counts[TS_SERVER_DROPPED_RATE]++;
	return false;
}

static void
apply_rate_limit(TsBatch *batch, const TsServing *serving, uint32_t *counts)
{
	unsigned n_alive = 0;

	for (unsigned i = 0; i < batch->n_alive; i++)
		if (account(batch, serving, batch->alive[i], counts))
			batch->alive[n_alive++] = batch->alive[i];
	batch->n_alive = n_alive;
}

/* fill */

static void
read_clock_and_state(TsBatch *batch, const TsServing *serving)
{
	const TsWorkerShared *shared = batch->shared;
	TsSystemState state;

	ts_system_state_read(shared->state, &state);
	batch->raw_ns = ts_clock_raw_now(shared->clock);
	batch->utc_minus_real_ns = ts_clock_utc_minus_real(shared->clock);
	/* the clock was disrupted (suspend, a foreign step) and nothing was published since */
	if (state.epoch != ts_clock_epoch(shared->clock))
		state.may_serve = false;
	ts_reply_frame_init(&batch->frame, &state, batch->raw_ns, serving->serve_unsynchronised);
	batch->is_unsynchronised = !state.may_serve && !serving->serve_unsynchronised;
}

static int64_t
receive_time(const TsBatch *batch, const TsExchange *exchange, uint32_t *counts)
{
	int64_t rx_real_ns = exchange->datagram->rx_real_ns;
	int64_t rx_utc_ns = rx_real_ns + batch->utc_minus_real_ns;
	int64_t age_ns = batch->utc_ns - rx_utc_ns;

	if (rx_real_ns == 0 || age_ns > MAX_STAMP_AGE_NS || age_ns < -MAX_STAMP_LEAD_NS)
		return batch->utc_ns;
	counts[TS_SERVER_KERNEL_RX]++;
	return rx_utc_ns;
}

/* RFC 9769 section 2: origin and transmit timestamp of an interleaved reply are those of before. */
static bool
interleave(TsBatch *batch, TsExchange *exchange)
{
	if (!ts_pair_table_take(batch->pairs, exchange->request.origin_ntp64,
				(uint32_t)exchange->key.hash, &exchange->fields.transmit_ntp64))
		return false;
	exchange->fields.origin_ntp64 = exchange->request.receive_ntp64;
	return true;
}

static void
fill(TsBatch *batch, const TsServing *serving, TsExchange *exchange, int64_t tx_utc_ns,
     uint32_t *counts)
{
	TsReplyFields *fields = &exchange->fields;
	TsDatagram *datagram = exchange->datagram;
	int64_t rx_utc_ns = receive_time(batch, exchange, counts);

	fields->receive_ntp64 = ts_reply_receive_stamp(&batch->frame, rx_utc_ns, &batch->random);
	datagram->wants_stamp = serving->is_interleaved && batch->pairs && !fields->kiss &&
				exchange->request.may_be_interleaved;
	exchange->is_interleaved = datagram->wants_stamp && interleave(batch, exchange);
	if (!exchange->is_interleaved) {
		fields->origin_ntp64 = exchange->request.transmit_ntp64;
		fields->transmit_ntp64 = ts_reply_transmit_stamp(
			&batch->frame, tx_utc_ns, fields->receive_ntp64, &batch->random);
	}
	datagram->reply_length = ts_reply_format(&batch->frame, &exchange->request,
						 datagram->request, fields, datagram->reply);
}

/* The last of 64 replies leaves some 200 us after the first, so each gets the time at which it will
 * leave, as the batches before it tell. */
static void
fill_all(TsBatch *batch, const TsServing *serving, uint32_t *counts)
{
	batch->utc_ns = ts_clock_utc_now(batch->shared->clock);
	for (unsigned i = 0; i < batch->n_alive; i++) {
		int64_t tx_utc_ns = batch->utc_ns + (int64_t)i * batch->send_cost_ns;
		fill(batch, serving, batch->alive[i], tx_utc_ns, counts);
	}
}

/* send */

static void
send_all(TsBatch *batch, const TsServerSocket *socket, uint32_t *counts)
{
	TsDatagram *datagrams[TS_BATCH_SIZE];

	for (unsigned i = 0; i < batch->n_alive; i++)
		datagrams[i] = batch->alive[i]->datagram;
	counts[TS_SERVER_SEND_ERRORS] +=
		ts_server_io_send(batch->io, socket, datagrams, batch->n_alive);
}

/* Falls fast and rises slowly: a batch during which another thread had the processor took long, and
 * says nothing of the next one. A batch of one tells nothing of the others. */
static void
learn_send_cost(TsBatch *batch, int64_t took_ns)
{
	if (batch->n_alive < 2)
		return;
	int64_t cost_ns = CLAMP(took_ns / (int64_t)batch->n_alive, 0, MAX_SEND_COST_NS);
	int64_t more_ns = cost_ns - batch->send_cost_ns;
	batch->send_cost_ns += more_ns < 0 ? more_ns / 4 : MIN(more_ns, 1000) / 32;
}

/* save pairs */

/* The kernel's stamp is best and mostly there already. Where there is none the share of the time
 * that the batch took remains: a packet leaves in the first quarter of its send, before it is
 * delivered. */
static void
save_pairs(TsBatch *batch, TsServerSocket *socket, int64_t took_ns,
	   uint32_t counts[TS_N_SERVER_COUNTERS])
{
	bool was_asked = false, has_failed = false;

	for (unsigned i = 0; i < batch->n_alive; i++) {
		const TsExchange *exchange = batch->alive[i];
		if (!exchange->datagram->wants_stamp)
			continue;
		if (!exchange->datagram->is_sent) {
			has_failed = true;
			continue;
		}
		int64_t tx_utc_ns = batch->utc_ns +
				    took_ns * (4 * (int64_t)i + 1) / (4 * (int64_t)batch->n_alive);
		uint64_t rx_ntp64 = exchange->fields.receive_ntp64;
		uint64_t tx_ntp64 =
			ts_reply_transmit_stamp(&batch->frame, tx_utc_ns, rx_ntp64, &batch->random);
		uint32_t pair = ts_pair_table_save(batch->pairs, rx_ntp64,
						   (uint32_t)exchange->key.hash, tx_ntp64);
		if (socket->has_tx_stamps) {
			ts_tx_stamps_note(&socket->stamps, pair, rx_ntp64);
			was_asked = true;
		}
	}
	if (was_asked)
		ts_batch_collect_stamps(batch, socket, counts);
	if (has_failed && socket->has_tx_stamps)
		ts_tx_stamps_restart(&socket->stamps, socket->fd);
}

void
ts_batch_collect_stamps(TsBatch *batch, TsServerSocket *socket,
			uint32_t counts[TS_N_SERVER_COUNTERS])
{
	if (batch->pairs)
		counts[TS_SERVER_KERNEL_TX] += ts_tx_stamps_collect(
			&socket->stamps, socket->fd, batch->pairs, batch->utc_minus_real_ns);
}

static void
count_replies(TsBatch *batch, uint32_t *counts)
{
	for (unsigned i = 0; i < batch->n_alive; i++) {
		const TsExchange *exchange = batch->alive[i];
		if (!exchange->datagram->is_sent)
			continue;
		counts[TS_SERVER_REPLIES]++;
		counts[TS_SERVER_UNSYNCHRONISED] +=
			batch->is_unsynchronised && !exchange->fields.kiss;
		if (exchange->is_interleaved) {
			counts[TS_SERVER_INTERLEAVED]++;
			ts_client_table_count_interleaved(batch->clients, exchange->place);
		}
	}
}

unsigned
ts_batch_serve(TsBatch *batch, const TsServing *serving, TsServerSocket *socket,
	       uint32_t counts[TS_N_SERVER_COUNTERS])
{
	TsDatagram *datagrams;
	unsigned n = ts_server_io_receive(batch->io, socket, &datagrams);

	if (n == 0)
		return 0;
	counts[TS_SERVER_REQUESTS] += n;
	select_valid(batch, serving, socket, datagrams, n, counts);
	if (batch->n_alive == 0)
		return n;
	read_clock_and_state(batch, serving);
	apply_rate_limit(batch, serving, counts);
	fill_all(batch, serving, counts);
	send_all(batch, socket, counts);
	int64_t took_ns = ts_clock_utc_now(batch->shared->clock) - batch->utc_ns;
	learn_send_cost(batch, took_ns);
	save_pairs(batch, socket, took_ns, counts);
	count_replies(batch, counts);
	return n;
}
