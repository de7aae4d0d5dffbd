/* SPDX-License-Identifier: BSD-2-Clause */
/* member.c - see entry-data.h: one address of an entry that is asked, or the place for one */
#include "base/error.h"
#include "base/log.h"
#include "ntp/client/entry-data.h"

#define TS_LOG_COMPONENT "ntp"

/* ---- what the engine asks of a member -------------------------------------------------------- */

static bool
on_burst(void *owner, unsigned n_good, unsigned n_total, GError **error)
{
	TsNtpMember *member = owner;

	if (member->association)
		return ts_association_burst(member->association, n_good, n_total, error);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE, "%s has no address yet",
		    member->settings->label);
	return false;
}

static void
on_set_online(void *owner, bool is_online)
{
	TsNtpMember *member = owner;

	member->is_online = is_online;
	member->entry->is_online = is_online;
	ts_source_set_online(member->source, is_online);
	if (member->association)
		ts_association_set_online(member->association, is_online);
	ts_ntp_entry_wake(member->entry);
}

static void
on_replace(void *owner)
{
	TsNtpMember *member = owner;

	if (member->entry->is_numeric || !member->association)
		return;
	ts_candidates_mark_failed(member->entry->candidates,
				  ts_association_address(member->association),
				  ts_ntp_entry_now(member->entry));
	member->wants_other = true;
	ts_ntp_entry_wake(member->entry);
}

static void
on_clock_disrupted(void *owner)
{
	TsNtpMember *member = owner;

	if (member->association)
		ts_association_clock_disrupted(member->association);
}

static void
on_describe(void *owner, void (*add)(void *user_data, const char *name, const char *value),
	    void *user_data)
{
	TsNtpMember *member = owner;
	g_autofree char *spares =
		g_strdup_printf("%u", ts_candidates_size(member->entry->candidates));

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

/* ---- its life -------------------------------------------------------------------------------- */

static TsSourceSettings *
settings_of_member(const TsNtpEntry *self, unsigned number)
{
	TsSourceSettings *settings = ts_source_settings_copy(self->settings);

	if (ts_ntp_entry_is_pool(self)) {
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

TsNtpMember *
ts_ntp_member_new(TsNtpEntry *self)
{
	TsNtpMember *member = g_new0(TsNtpMember, 1);
	g_autofree char *lack = dup_authentication_lack(self->settings);

	member->entry = self;
	member->number = self->members->len + 1;
	member->settings = settings_of_member(self, member->number);
	member->is_online = self->is_online;
	member->source = ts_engine_add_source(
		self->context->engine, member->settings, member->settings->label,
		ts_ntp_entry_is_pool(self) ? self->settings->label : NULL, &member_ops, member);
	ts_source_set_online(member->source, member->is_online);
	if (lack)
		ts_source_set_stopped(member->source, lack);
	if (lack && member->number == 1) /* a pool says it once */
		ts_warning("%s: it is not asked: %s", self->settings->label, lack);
	g_ptr_array_add(self->members, member);
	return member;
}

void
ts_ntp_member_free(TsNtpMember *member)
{
	ts_association_free(member->association);
	ts_engine_remove_source(member->entry->context->engine, member->source);
	ts_source_settings_free(member->settings);
	g_free(member);
}

static void
on_association_event(TsAssociation *association, TsAssociationEvent event, void *user_data)
{
	TsNtpMember *member = user_data;
	TsCandidates *candidates = member->entry->candidates;
	const TsAddress *address = ts_association_address(association);

	if (member->entry->is_numeric)
		return;
	switch (event) {
	case TS_ASSOCIATION_ANSWERED:
		member->entry->n_in_vain = 0;
		member->wants_other = false;
		return;
	case TS_ASSOCIATION_NO_ROUTE:
	case TS_ASSOCIATION_UNREACHABLE:
		ts_candidates_mark_failed(candidates, address, ts_ntp_entry_now(member->entry));
		break;
	case TS_ASSOCIATION_DENIED:
		ts_candidates_mark_denied(candidates, address);
		break;
	}
	member->wants_other = true;
	ts_ntp_entry_wake(member->entry);
}

void
ts_ntp_member_give_address(TsNtpMember *member, const TsAddress *address)
{
	const TsNtpEntryContext *context = member->entry->context;
	char text[TS_ADDRESS_TEXT_SIZE];

	g_clear_pointer(&member->association, ts_association_free);
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

void
ts_ntp_member_pass_settings(TsNtpMember *member, bool has_new_online)
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
ts_ntp_member_show_waiting(TsNtpMember *member)
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
