/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - see entry.h
 *
 *   event, lookup result, new options -> flags -> [work timer] -> settle(): who gets which address
 *                                                              -> look up again, or later
 */
#include "ntp/client/entry.h"

#include "base/log.h"
#include "base/time.h"
#include "ntp/client/entry-data.h"

#define TS_LOG_COMPONENT "ntp"

/* A lookup that failed is repeated after 2 s, 4 s ... 512 s; one whose addresses were of no use
 * after 64 s, 128 s ... 4096 s. */
#define FAILED_LOOKUP_S	     2.0
#define FAILED_LOOKUP_MAX_S  512.0
#define USELESS_LOOKUP_S     64.0
#define USELESS_LOOKUP_MAX_S 4096.0

static TsNtpMember *
member_at(const TsNtpEntry *self, guint index)
{
	return g_ptr_array_index(self->members, index);
}

/* ---- who gets which address ------------------------------------------------------------------ */

static bool
is_address_free(const TsAddress *address, void *user_data)
{
	const TsNtpEntryContext *context = ((const TsNtpEntry *)user_data)->context;

	return context->find_address(context->client, address) == NULL;
}

/* Returns: whether the member has what it wants now. */
static bool
settle_member(TsNtpMember *member)
{
	TsNtpEntry *self = member->entry;

	if (!member->is_online || (member->association && !member->wants_other))
		return true;
	const TsAddress *picked = ts_candidates_pick(
		self->candidates, self->is_fresh || !member->association, is_address_free, self);
	if (!picked)
		return false;
	bool has_freed = member->association != NULL;
	ts_ntp_member_give_address(member, picked);
	if (has_freed)
		self->context->address_freed(self->context->client);
	return true;
}

/* A pool takes further addresses as long as there are fresh ones. Returns: whether it is complete.
 */
static bool
grow(TsNtpEntry *self)
{
	while (self->members->len < self->settings->max_sources) {
		if (!ts_candidates_pick(self->candidates, false, is_address_free, self))
			return false;
		settle_member(ts_ntp_member_new(self));
	}
	return true;
}

/* A refresh found that an address is not the name's any more. */
static void
leave_old_addresses(TsNtpEntry *self)
{
	self->must_be_current = false;
	for (guint i = 0; i < self->members->len; i++) {
		TsNtpMember *member = member_at(self, i);
		if (member->association && !ts_ntp_entry_is_pool(self) &&
		    !ts_candidates_contain(self->candidates,
					   ts_association_address(member->association)))
			member->wants_other = true;
	}
}

static void start_lookup_if_due(TsNtpEntry *self);

static void
settle(void *user_data)
{
	TsNtpEntry *self = user_data;
	bool is_content = true, is_asking = false;

	if (self->settings->is_authenticated_only)
		return; /* until a plugin that can do it asks for its addresses */
	if (self->is_fresh && self->must_be_current)
		leave_old_addresses(self);
	for (guint i = 0; i < self->members->len; i++) {
		is_content &= settle_member(member_at(self, i));
		is_asking |= member_at(self, i)->is_online;
	}
	if (is_content && is_asking && ts_ntp_entry_is_pool(self))
		is_content = grow(self);
	/* who found no other address stays with what he has until he complains again */
	for (guint i = 0; self->is_fresh && i < self->members->len; i++)
		member_at(self, i)->wants_other = false;
	self->is_fresh = false;
	if (is_asking && (!is_content || self->must_look_up))
		start_lookup_if_due(self);
	for (guint i = 0; i < self->members->len; i++)
		ts_ntp_member_show_waiting(member_at(self, i));
}

/* ---- lookups --------------------------------------------------------------------------------- */

static void
set_progress(TsNtpEntry *self, char *progress)
{
	g_free(self->progress);
	self->progress = progress;
}

static void
report_lookup(TsNtpEntry *self, TsLookupStatus status, unsigned n_found, const char *detail)
{
	const char *name = self->settings->name;
	bool is_news = !self->has_looked_up || self->status != status;

	self->has_looked_up = true;
	self->status = status;
	switch (status) {
	case TS_LOOKUP_FOUND:
		set_progress(self, g_strdup_printf("no further address of %s is free", name));
		if (is_news)
			ts_info("%s: %u address%s", name, n_found, n_found == 1 ? "" : "es");
		return;
	case TS_LOOKUP_NO_SUCH_NAME:
		set_progress(self, g_strdup_printf("%s has no address: %s", name, detail));
		break;
	case TS_LOOKUP_NO_RESOLVER:
		set_progress(self, g_strdup_printf("cannot look up %s now: %s", name, detail));
		break;
	case TS_LOOKUP_BAD_NAME:
		set_progress(self, g_strdup_printf("%s is no host name", name));
		break;
	}
	if (is_news)
		ts_warning("%s", self->progress);
}

static double
backoff_s(const TsNtpEntry *self, double first_s, double limit_s)
{
	unsigned n = MIN(self->n_in_vain, 16);
	double delay_s = MIN(first_s * ts_log2s_to_s((int)n), limit_s);
	TsNtpTransport *transport = self->context->association->transport;
	double unit = (double)(transport->ops->random(transport) >> 11) * 0x1p-53;

	return delay_s * (0.75 + 0.5 * unit);
}

static void
on_looked_up(TsLookupStatus status, const GArray *addresses, const char *detail, void *user_data)
{
	TsNtpEntry *self = user_data;
	double pause_s;

	self->lookup = NULL;
	report_lookup(self, status, addresses->len, detail);
	if (status == TS_LOOKUP_FOUND) {
		ts_candidates_update(self->candidates, addresses, self->settings->port,
				     ts_ntp_entry_is_pool(self));
		self->is_fresh = true;
		pause_s = backoff_s(self, USELESS_LOOKUP_S, USELESS_LOOKUP_MAX_S);
	} else {
		pause_s = backoff_s(self, FAILED_LOOKUP_S, FAILED_LOOKUP_MAX_S);
	}
	self->n_in_vain++;
	self->next_lookup_mono_ns = ts_ntp_entry_now(self) + ts_s_to_ns(pause_s);
	ts_ntp_entry_wake(self);
}

static void
start_lookup_if_due(TsNtpEntry *self)
{
	if (self->is_numeric || self->lookup)
		return;
	if (!self->must_look_up && ts_ntp_entry_now(self) < self->next_lookup_mono_ns) {
		ts_timer_arm(self->work_timer, self->next_lookup_mono_ns);
		return;
	}
	self->must_look_up = false;
	if (!self->has_looked_up)
		set_progress(self, g_strdup_printf("looking up %s", self->settings->name));
	self->lookup = ts_resolver_lookup(self->context->resolver, self->settings->name,
					  self->settings->family, on_looked_up, self);
}

/* ---- public ---------------------------------------------------------------------------------- */

static void
take_numeric_address(TsNtpEntry *self)
{
	g_autoptr(GArray) single = g_array_new(FALSE, TRUE, sizeof(TsAddress));
	TsAddress address;

	self->is_numeric = ts_address_parse(self->settings->name, self->settings->port, &address);
	if (!self->is_numeric)
		return;
	uint16_t port = ts_address_port(&address);
	ts_address_unmap(&address);
	g_array_append_val(single, address);
	ts_candidates_update(self->candidates, single, port, false);
}

static void
free_member(gpointer data)
{
	ts_ntp_member_free(data);
}

TsNtpEntry *
ts_ntp_entry_new(const TsNtpEntryContext *context, const TsSourceSettings *settings)
{
	TsNtpEntry *self = g_new0(TsNtpEntry, 1);

	self->context = context;
	self->settings = ts_source_settings_copy(settings);
	self->is_online = settings->is_online;
	self->members = g_ptr_array_new_with_free_func(free_member);
	self->candidates = ts_candidates_new();
	self->work_timer = ts_timer_new(context->association->sched, settle, self);
	take_numeric_address(self);
	ts_ntp_member_new(self);
	ts_ntp_entry_wake(self);
	return self;
}

void
ts_ntp_entry_free(TsNtpEntry *self)
{
	if (!self)
		return;
	ts_lookup_cancel(self->lookup);
	g_ptr_array_unref(self->members);
	ts_timer_free(self->work_timer);
	ts_candidates_free(self->candidates);
	ts_source_settings_free(self->settings);
	g_free(self->progress);
	g_free(self);
}

const char *
ts_ntp_entry_label(const TsNtpEntry *self)
{
	return self->settings->label;
}

const char *
ts_ntp_entry_find_address(const TsNtpEntry *self, const TsAddress *address)
{
	for (guint i = 0; i < self->members->len; i++) {
		const TsNtpMember *member = member_at(self, i);
		if (member->association &&
		    ts_address_equal(ts_association_address(member->association), address))
			return member->settings->label;
	}
	return NULL;
}

/* The pool became smaller: those that came last go. */
static void
remove_surplus_members(TsNtpEntry *self)
{
	bool has_freed = false;

	while (self->members->len > MAX(self->settings->max_sources, 1)) {
		has_freed |= member_at(self, self->members->len - 1)->association != NULL;
		g_ptr_array_set_size(self->members, (gint)self->members->len - 1);
	}
	if (has_freed)
		self->context->address_freed(self->context->client);
}

void
ts_ntp_entry_set_settings(TsNtpEntry *self, const TsSourceSettings *settings)
{
	bool has_new_online = settings->is_online != self->settings->is_online;

	ts_source_settings_free(self->settings);
	self->settings = ts_source_settings_copy(settings);
	if (has_new_online)
		self->is_online = settings->is_online;
	remove_surplus_members(self);
	for (guint i = 0; i < self->members->len; i++)
		ts_ntp_member_pass_settings(member_at(self, i), has_new_online);
	ts_ntp_entry_wake(self);
}

void
ts_ntp_entry_look_again(TsNtpEntry *self)
{
	for (guint i = 0; i < self->members->len; i++)
		if (!member_at(self, i)->association)
			ts_ntp_entry_wake(self);
}

static bool
is_without_address(const TsNtpEntry *self)
{
	for (guint i = 0; i < self->members->len; i++)
		if (!member_at(self, i)->association)
			return true;
	return false;
}

void
ts_ntp_entry_network_changed(TsNtpEntry *self)
{
	ts_candidates_forgive(self->candidates);
	self->n_in_vain = 0;
	self->next_lookup_mono_ns = 0;
	self->must_look_up = is_without_address(self);
	for (guint i = 0; i < self->members->len; i++)
		if (member_at(self, i)->association)
			ts_association_retry(member_at(self, i)->association);
	ts_ntp_entry_wake(self);
}

void
ts_ntp_entry_refresh(TsNtpEntry *self)
{
	if (self->is_numeric)
		return;
	self->must_look_up = self->must_be_current = true;
	ts_ntp_entry_wake(self);
}
