/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * entry.c - see entry.h
 *
 *   event, lookup result, changed options -> flags -> [work timer] -> settle(): members and addresses
 *                                                                  -> look up again, or later
 */
#include "ntp/entry.h"

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "ntp/candidates.h"

#define TS_LOG_COMPONENT "ntp"

/* A lookup that failed is repeated after 2 s, 4 s ... 512 s; one whose addresses were of no use after 64 s,
 * 128 s ... 4096 s. */
#define FAILED_LOOKUP_S      2.0
#define FAILED_LOOKUP_MAX_S  512.0
#define USELESS_LOOKUP_S     64.0
#define USELESS_LOOKUP_MAX_S 4096.0

typedef struct {
	TsNtpEntry *entry;
	unsigned number;               /* of a pool's member, from 1 */
	TsSourceSettings *settings;    /* the entry's with the member's label */
	TsSource *source;
	TsAssociation *association;    /* (nullable) while there is no address */
	bool is_online;
	bool wants_other;              /* another address, if there is one */
} Member;

struct _TsNtpEntry {
	const TsNtpEntryContext *context;
	TsSourceSettings *settings;
	bool is_numeric;
	bool is_online;                /* what new members start with */
	GPtrArray *members;            /* of Member, by number */
	TsCandidates *candidates;
	TsTimer *work_timer;

	/* the lookup */
	TsLookup *lookup;              /* (nullable) under way */
	TsLookupStatus status;         /* of the last one */
	bool has_looked_up;            /* ever, with whatever result */
	bool is_fresh;                 /* it just gave its answer: the failed ones may be tried again */
	bool must_look_up;             /* now, whatever the backoff says */
	bool must_be_current;          /* after a refresh: addresses that are gone are left */
	unsigned n_in_vain;            /* lookups since an address of this name last began to answer */
	int64_t next_lookup_mono_ns;
	char *progress;                /* (nullable) what members without address wait for */
};

static void
wake(TsNtpEntry *self)
{
	ts_timer_arm_after(self->work_timer, 0);
}

static int64_t
now(const TsNtpEntry *self)
{
	return ts_sched_now(self->context->association->sched);
}

static bool
is_pool(const TsNtpEntry *self)
{
	return self->settings->kind == TS_SOURCE_POOL;
}

static Member *
member_at(const TsNtpEntry *self, guint index)
{
	return g_ptr_array_index(self->members, index);
}

/* ---- what the engine asks of a member -------------------------------------------------------- */

static bool
on_burst(void *owner, unsigned n_good, unsigned n_total, GError **error)
{
	Member *member = owner;

	if (member->association)
		return ts_association_burst(member->association, n_good, n_total, error);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE, "%s has no address yet",
		    member->settings->label);
	return false;
}

static void
on_set_online(void *owner, bool is_online)
{
	Member *member = owner;

	member->is_online = is_online;
	member->entry->is_online = is_online;
	ts_source_set_online(member->source, is_online);
	if (member->association)
		ts_association_set_online(member->association, is_online);
	wake(member->entry);
}

static void
on_replace(void *owner)
{
	Member *member = owner;

	if (member->entry->is_numeric || !member->association)
		return;
	ts_candidates_mark_failed(member->entry->candidates,
				  ts_association_address(member->association), now(member->entry));
	member->wants_other = true;
	wake(member->entry);
}

static void
on_clock_disrupted(void *owner)
{
	Member *member = owner;

	if (member->association)
		ts_association_clock_disrupted(member->association);
}

static void
on_describe(void *owner, void (*add)(void *user_data, const char *name, const char *value),
	    void *user_data)
{
	Member *member = owner;
	g_autofree char *spares = g_strdup_printf("%u", ts_candidates_size(member->entry->candidates));

	if (!member->entry->is_numeric)
		add(user_data, "known-addresses", spares);
	if (member->association)
		ts_association_describe(member->association, add, user_data);
}

static const TsSourceOps member_ops = {
	.burst = on_burst,
	.set_online = on_set_online,
	.replace = on_replace,
	.clock_disrupted = on_clock_disrupted,
	.describe = on_describe,
};

/* ---- members --------------------------------------------------------------------------------- */

static TsSourceSettings *
settings_of_member(const TsNtpEntry *self, unsigned number)
{
	TsSourceSettings *settings = ts_source_settings_copy(self->settings);

	if (is_pool(self)) {
		g_free(settings->label);
		settings->label = g_strdup_printf("%s#%u", self->settings->label, number);
	}
	return settings;
}

/* Why it may never be asked: without a way to authenticate, plain NTP would be a downgrade. */
static char *
dup_authentication_lack(const TsSourceSettings *settings)
{
	if (!settings->is_authenticated_only)
		return NULL;
	if (settings->nts)
		return g_strdup("needs NTS, and no loaded plugin does it");
	return g_strdup_printf("needs key %u, and no loaded plugin authenticates", settings->key);
}

static void
add_member(TsNtpEntry *self)
{
	Member *member = g_new0(Member, 1);
	g_autofree char *lack = dup_authentication_lack(self->settings);

	member->entry = self;
	member->number = self->members->len + 1;
	member->settings = settings_of_member(self, member->number);
	member->is_online = self->is_online;
	member->source = ts_engine_add_source(self->context->engine, member->settings,
					      member->settings->label,
					      is_pool(self) ? self->settings->label : NULL,
					      &member_ops, member);
	ts_source_set_online(member->source, member->is_online);
	if (lack)
		ts_source_set_stopped(member->source, lack);
	g_ptr_array_add(self->members, member);
}

static void
free_member(gpointer data)
{
	Member *member = data;

	ts_association_free(member->association);
	ts_engine_remove_source(member->entry->context->engine, member->source);
	ts_source_settings_free(member->settings);
	g_free(member);
}

/* The pool became smaller: the members without address go first. */
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

static void
on_association_event(TsAssociation *association, TsAssociationEvent event, void *user_data)
{
	Member *member = user_data;
	TsCandidates *candidates = member->entry->candidates;
	const TsAddress *address = ts_association_address(association);

	if (member->entry->is_numeric)
		return;
	switch (event) {
	case TS_ASSOCIATION_ANSWERED:
		member->entry->n_in_vain = 0;
		return;
	case TS_ASSOCIATION_NO_ROUTE:
	case TS_ASSOCIATION_UNREACHABLE:
		ts_candidates_mark_failed(candidates, address, now(member->entry));
		break;
	case TS_ASSOCIATION_DENIED:
		ts_candidates_mark_denied(candidates, address);
		break;
	}
	member->wants_other = true;
	wake(member->entry);
}

static void
give_address(Member *member, const TsAddress *address)
{
	const TsNtpEntryContext *context = member->entry->context;
	char text[TS_ADDRESS_TEXT_SIZE];

	if (!member->entry->is_numeric)
		ts_info("%s: asks %s", member->settings->label,
			ts_address_format_port(address, text));
	member->wants_other = false;
	ts_source_set_stopped(member->source, NULL);
	ts_source_set_duplicate(member->source, NULL);
	ts_source_set_progress(member->source, NULL);
	ts_source_set_address(member->source, address);
	member->association = ts_association_new(
		context->association, member->source, address, member->settings,
		context->start_delay_ns(context->client), on_association_event, member);
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
settle_member(Member *member)
{
	TsNtpEntry *self = member->entry;

	if (!member->is_online || (member->association && !member->wants_other))
		return true;
	const TsAddress *picked =
		ts_candidates_pick(self->candidates, self->is_fresh || !member->association,
				   is_address_free, self);
	if (!picked)
		return false;
	TsAddress address = *picked;
	bool has_freed = member->association != NULL;
	g_clear_pointer(&member->association, ts_association_free);
	give_address(member, &address);
	if (has_freed)
		self->context->address_freed(self->context->client);
	return true;
}

/* A member without address: says what it waits for. */
static void
show_waiting(Member *member)
{
	TsNtpEntry *self = member->entry;
	const char *other = NULL;

	if (member->association)
		return;
	for (guint i = 0; !other && i < ts_candidates_size(self->candidates); i++)
		other = self->context->find_address(self->context->client,
						    ts_candidates_at(self->candidates, i));
	ts_source_set_duplicate(member->source, other);
	ts_source_set_progress(member->source, other ? NULL : self->progress);
}

/* A pool takes further addresses as long as there are fresh ones. Returns: whether it is complete. */
static bool
grow(TsNtpEntry *self)
{
	while (self->members->len < self->settings->max_sources) {
		if (!ts_candidates_pick(self->candidates, false, is_address_free, self))
			return false;
		add_member(self);
		settle_member(member_at(self, self->members->len - 1));
	}
	return true;
}

/* A refresh found that an address is not the name's any more. */
static void
leave_old_addresses(TsNtpEntry *self)
{
	self->must_be_current = false;
	for (guint i = 0; i < self->members->len; i++) {
		Member *member = member_at(self, i);
		if (member->association && !is_pool(self) &&
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
	if (is_content && is_asking && is_pool(self))
		is_content = grow(self);
	/* who found no other address stays with what he has until he complains again */
	for (guint i = 0; self->is_fresh && i < self->members->len; i++)
		member_at(self, i)->wants_other = false;
	self->is_fresh = false;
	if (is_asking && (!is_content || self->must_look_up))
		start_lookup_if_due(self);
	for (guint i = 0; i < self->members->len; i++)
		show_waiting(member_at(self, i));
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
		ts_candidates_update(self->candidates, addresses, self->settings->port, is_pool(self));
		self->is_fresh = true;
		pause_s = backoff_s(self, USELESS_LOOKUP_S, USELESS_LOOKUP_MAX_S);
	} else {
		pause_s = backoff_s(self, FAILED_LOOKUP_S, FAILED_LOOKUP_MAX_S);
	}
	self->n_in_vain++;
	self->next_lookup_mono_ns = now(self) + ts_s_to_ns(pause_s);
	wake(self);
}

static void
start_lookup_if_due(TsNtpEntry *self)
{
	if (self->is_numeric || self->lookup)
		return;
	if (!self->must_look_up && now(self) < self->next_lookup_mono_ns) {
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
	add_member(self);
	wake(self);
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
		const Member *member = member_at(self, i);
		if (member->association &&
		    ts_address_equal(ts_association_address(member->association), address))
			return member->settings->label;
	}
	return NULL;
}

static void
pass_settings(Member *member, bool has_new_online)
{
	TsSourceSettings *before = member->settings;

	member->settings = settings_of_member(member->entry, member->number);
	ts_source_set_settings(member->source, member->settings);
	if (member->association)
		ts_association_set_settings(member->association, member->settings);
	ts_source_settings_free(before);
	if (has_new_online)
		on_set_online(member, member->settings->is_online);
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
		pass_settings(member_at(self, i), has_new_online);
	wake(self);
}

void
ts_ntp_entry_look_again(TsNtpEntry *self)
{
	for (guint i = 0; i < self->members->len; i++)
		if (!member_at(self, i)->association)
			wake(self);
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
	wake(self);
}

void
ts_ntp_entry_refresh(TsNtpEntry *self)
{
	if (self->is_numeric)
		return;
	self->must_look_up = self->must_be_current = true;
	wake(self);
}
