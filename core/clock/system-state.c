/* SPDX-License-Identifier: BSD-2-Clause */
/* system-state.c - see system-state.h */
#include "clock/system-state.h"

#include <glib.h>

#include "base/seqlock.h"
#include "base/time.h"

struct _TsSystemStatePublisher {
	TsSeqlock lock;
	TsSystemState state; /* written by main, read by any, under the lock */
};

G_STATIC_ASSERT(sizeof(TsSystemState) % 8 == 0);

TsSystemStatePublisher *
ts_system_state_publisher_new(void)
{
	TsSystemStatePublisher *self = g_new0(TsSystemStatePublisher, 1);

	self->state.stratum = TS_STRATUM_UNSYNCHRONISED;
	self->state.leap = TS_LEAP_UNSYNCHRONISED;
	return self;
}

void
ts_system_state_publisher_free(TsSystemStatePublisher *publisher)
{
	g_free(publisher);
}

void
ts_system_state_publish(TsSystemStatePublisher *publisher, const TsSystemState *state)
{
	ts_seqlock_write(&publisher->lock, &publisher->state, state, sizeof *state);
}

void
ts_system_state_read(const TsSystemStatePublisher *publisher, TsSystemState *state)
{
	ts_seqlock_read(&publisher->lock, state, &publisher->state, sizeof *state);
}

double
ts_system_state_root_dispersion(const TsSystemState *state, int64_t raw_ns)
{
	int64_t age_ns = MAX(raw_ns - state->reference_raw_ns, 0);

	return state->root_dispersion_s + ts_ns_to_s(age_ns) * state->root_dispersion_rate;
}
