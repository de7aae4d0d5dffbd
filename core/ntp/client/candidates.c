/* SPDX-License-Identifier: BSD-2-Clause */
/* candidates.c - see candidates.h */
#include "ntp/client/candidates.h"

typedef struct {
	TsAddress address;
	int64_t failed_mono_ns; /* 0: it did not */
	bool is_denied;
	bool is_current; /* among the answers of the last lookup */
} Candidate;

struct _TsCandidates {
	GArray *list; /* of Candidate */
};

TsCandidates *
ts_candidates_new(void)
{
	TsCandidates *self = g_new0(TsCandidates, 1);

	self->list = g_array_new(FALSE, TRUE, sizeof(Candidate));
	return self;
}

void
ts_candidates_free(TsCandidates *self)
{
	if (!self)
		return;
	g_array_unref(self->list);
	g_free(self);
}

static Candidate *
candidate_at(const TsCandidates *self, guint index)
{
	return &g_array_index(self->list, Candidate, index);
}

static Candidate *
find(const TsCandidates *self, const TsAddress *address)
{
	for (guint i = 0; i < self->list->len; i++)
		if (ts_address_equal(&candidate_at(self, i)->address, address))
			return candidate_at(self, i);
	return NULL;
}

/* Those of the last lookup first, in its order; then the others. */
static void
rebuild(TsCandidates *self, const GArray *addresses, uint16_t port, bool keep_others)
{
	g_autoptr(GArray) before = g_steal_pointer(&self->list);
	self->list = g_array_new(FALSE, TRUE, sizeof(Candidate));

	for (guint i = 0; i < addresses->len && self->list->len < TS_CANDIDATES_MAX; i++) {
		Candidate fresh = {.address = g_array_index(addresses, TsAddress, i)};
		ts_address_set_port(&fresh.address, port);
		if (!find(self, &fresh.address))
			g_array_append_val(self->list, fresh);
	}
	for (guint i = 0; i < before->len; i++) {
		Candidate *known = &g_array_index(before, Candidate, i);
		Candidate *again = find(self, &known->address);
		if (again) {
			again->failed_mono_ns = known->failed_mono_ns;
			again->is_denied = known->is_denied;
		} else if ((keep_others || known->is_denied) &&
			   self->list->len < TS_CANDIDATES_MAX) {
			g_array_append_val(self->list, *known);
		}
	}
}

void
ts_candidates_update(TsCandidates *self, const GArray *addresses, uint16_t port, bool is_pool)
{
	rebuild(self, addresses, port, is_pool);
	for (guint i = 0; i < self->list->len; i++)
		candidate_at(self, i)->is_current = i < addresses->len;
}

void
ts_candidates_mark_failed(TsCandidates *self, const TsAddress *address, int64_t mono_ns)
{
	Candidate *candidate = find(self, address);

	if (candidate)
		candidate->failed_mono_ns = MAX(mono_ns, 1);
}

void
ts_candidates_mark_denied(TsCandidates *self, const TsAddress *address)
{
	Candidate *candidate = find(self, address);

	if (candidate)
		candidate->is_denied = true;
}

void
ts_candidates_forgive(TsCandidates *self)
{
	for (guint i = 0; i < self->list->len; i++)
		candidate_at(self, i)->failed_mono_ns = 0;
}

bool
ts_candidates_contain(const TsCandidates *self, const TsAddress *address)
{
	const Candidate *candidate = find(self, address);

	return candidate && candidate->is_current;
}

unsigned
ts_candidates_size(const TsCandidates *self)
{
	return self->list->len;
}

const TsAddress *
ts_candidates_at(const TsCandidates *self, unsigned index)
{
	return &candidate_at(self, index)->address;
}

const TsAddress *
ts_candidates_pick(const TsCandidates *self, bool with_failed, TsCandidatesFreeFunc is_free,
		   void *user_data)
{
	const Candidate *best = NULL;

	for (guint i = 0; i < self->list->len; i++) {
		const Candidate *candidate = candidate_at(self, i);
		if (candidate->is_denied || (candidate->failed_mono_ns && !with_failed) ||
		    (best && candidate->failed_mono_ns >= best->failed_mono_ns) ||
		    !is_free(&candidate->address, user_data))
			continue;
		best = candidate;
	}
	return best ? &best->address : NULL;
}
