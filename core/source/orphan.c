/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * orphan.c - servers that lost their sources agree on one of them ("server: local: orphan")
 *
 * Each is configured to ask all the others. One without sources serves its own time at the local stratum; a
 * source at that stratum or beyond is taken for such an orphan and has no vote beside a real one. Without
 * any other, the orphan with the lowest reference id, that of its address, is followed by those whose own
 * is higher: so all follow one, and the lowest of those left when it dies.
 */
#include "source/engine-data.h"

static bool
is_orphan(const TsEngine *self, const TsSource *source, const TsCandidate *candidate)
{
	return source->settings->kind != TS_SOURCE_REFCLOCK &&
	       candidate->stratum >= self->settings->server.local_stratum &&
	       candidate->stratum < TS_STRATUM_UNSYNCHRONISED;
}

bool
ts_engine_mark_orphans(TsEngine *engine, unsigned n)
{
	const TsServerSettings *server = &engine->settings->server;
	bool has_any = false;

	if (!server->local_enabled || !server->local_orphan)
		return false;
	for (unsigned i = 0; i < n; i++) {
		TsCandidate *candidate = &engine->candidates[i];
		candidate->is_orphan =
			is_orphan(engine, g_ptr_array_index(engine->sources, i), candidate);
		has_any |= candidate->is_orphan;
	}
	return has_any;
}

/* What we know from real sources is better than an orphan's time, as long as its claim is within the
 * limit of holdover. */
static bool
may_follow(const TsEngine *self)
{
	switch (self->kind) {
	case TS_CLOCK_UNSYNCHRONISED:
	case TS_CLOCK_FREERUN:
		return true;
	case TS_CLOCK_LOCKED:
		return self->system_peer &&
		       self->system_peer->remote_stratum >= self->settings->server.local_stratum;
	case TS_CLOCK_HOLDOVER:
		return false;
	}
	return false;
}

bool
ts_engine_admit_leader(TsEngine *engine, unsigned n)
{
	TsCandidate *leader = NULL;
	uint32_t lowest = UINT32_MAX;

	if (!may_follow(engine))
		return false;
	for (unsigned i = 0; i < n; i++) {
		const TsSource *source = g_ptr_array_index(engine->sources, i);
		TsCandidate *candidate = &engine->candidates[i];
		if (!candidate->is_orphan || !candidate->is_reachable || candidate->is_loop ||
		    !source->has_address || !source->has_local_refid)
			continue;
		uint32_t refid = ts_address_refid(&source->address);
		if (refid >= lowest || refid >= source->local_refid)
			continue;
		lowest = refid;
		leader = candidate;
	}
	if (leader)
		leader->is_orphan = false;
	return leader != NULL;
}
