/* SPDX-License-Identifier: BSD-2-Clause */
/* roster.c - see roster.h */
#include "source/roster.h"

#include "base/error.h"
#include "base/log.h"

#define TS_LOG_COMPONENT "roster"

#define N_KINDS 3

typedef struct {
	TsSourceSettings *settings;
	bool is_runtime;
	bool is_made;      /* its provider took it */
	bool is_wanted;    /* mark of a sweep */
} Entry;

typedef struct {
	const TsSourceProvider *ops;
	void *user_data;
} Provider;

struct _TsRoster {
	Provider providers[N_KINDS]; /* by TsSourceKind */
	GPtrArray *entries;          /* of Entry */
};

static void
entry_free(void *data)
{
	Entry *entry = data;

	ts_source_settings_free(entry->settings);
	g_free(entry);
}

TsRoster *
ts_roster_new(void)
{
	TsRoster *self = g_new0(TsRoster, 1);

	self->entries = g_ptr_array_new_with_free_func(entry_free);
	return self;
}

static Provider *
provider_of(TsRoster *self, const Entry *entry)
{
	return &self->providers[entry->settings->kind];
}

static void
unmake(TsRoster *self, Entry *entry)
{
	Provider *provider = provider_of(self, entry);

	if (entry->is_made)
		provider->ops->remove(provider->user_data, entry->settings->label);
	entry->is_made = false;
}

void
ts_roster_free(TsRoster *roster)
{
	if (!roster)
		return;
	for (unsigned i = 0; i < roster->entries->len; i++)
		unmake(roster, g_ptr_array_index(roster->entries, i));
	g_ptr_array_unref(roster->entries);
	g_free(roster);
}

void
ts_roster_set_provider(TsRoster *roster, TsSourceKind kind, const TsSourceProvider *provider,
		       void *user_data)
{
	roster->providers[kind] = (Provider){provider, user_data};
}

/* Whether the other entries leave room for @settings in place of @entry's: the selection takes no more, and
 * those from commands add to what the files may have. */
static bool
has_room(const TsRoster *self, const Entry *entry, const TsSourceSettings *settings, GError **error)
{
	unsigned n = settings->max_sources;

	for (unsigned i = 0; i < self->entries->len; i++) {
		const Entry *other = g_ptr_array_index(self->entries, i);
		if (other != entry && other->is_made)
			n += other->settings->max_sources;
	}
	if (n <= TS_CONFIG_MAX_SOURCES)
		return true;
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
		    "that would make %u sources (a pool counts as its max-sources); %d are the most", n,
		    TS_CONFIG_MAX_SOURCES);
	return false;
}

static bool
make(TsRoster *self, Entry *entry, GError **error)
{
	Provider *provider = provider_of(self, entry);

	if (!provider->ops) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "nothing here makes sources of this kind");
		return false;
	}
	if (!has_room(self, entry, entry->settings, error))
		return false;
	entry->is_made = provider->ops->add(provider->user_data, entry->settings, error);
	return entry->is_made;
}

static Entry *
find(const TsRoster *self, const char *label, unsigned *index)
{
	for (unsigned i = 0; i < self->entries->len; i++) {
		Entry *entry = g_ptr_array_index(self->entries, i);
		if (!g_str_equal(entry->settings->label, label))
			continue;
		if (index)
			*index = i;
		return entry;
	}
	return NULL;
}

static Entry *
append(TsRoster *self, const TsSourceSettings *settings, bool is_runtime)
{
	Entry *entry = g_new0(Entry, 1);

	entry->settings = ts_source_settings_copy(settings);
	entry->is_runtime = is_runtime;
	g_ptr_array_add(self->entries, entry);
	return entry;
}

/* Brings a living entry in line; another kind or name is another source. */
static bool
change(TsRoster *self, Entry *entry, const TsSourceSettings *settings, GError **error)
{
	TsChange change = ts_source_settings_compare(entry->settings, settings);
	bool is_other = entry->settings->kind != settings->kind ||
			!g_str_equal(entry->settings->name, settings->name);

	if (entry->is_made && !is_other && change != TS_CHANGE_NONE) {
		Provider *provider = provider_of(self, entry);
		if (!has_room(self, entry, settings, error) ||
		    !provider->ops->update(provider->user_data, settings, change, error))
			return false;
	}
	if (is_other)
		unmake(self, entry);
	ts_source_settings_free(entry->settings);
	entry->settings = ts_source_settings_copy(settings);
	return entry->is_made || make(self, entry, error);
}

static void
warn_about(const TsSourceSettings *settings, const GError *error)
{
	g_autofree char *origin = ts_origin_format(&settings->origin);

	ts_warning("%s: source %s: %s", origin, settings->label, error->message);
}

static void
sweep_unwanted(TsRoster *self)
{
	for (unsigned i = self->entries->len; i-- > 0;) {
		Entry *entry = g_ptr_array_index(self->entries, i);
		if (entry->is_wanted || entry->is_runtime)
			continue;
		unmake(self, entry);
		g_ptr_array_remove_index(self->entries, i);
	}
}

void
ts_roster_apply(TsRoster *roster, const TsSettings *settings)
{
	for (unsigned i = 0; i < roster->entries->len; i++)
		((Entry *)g_ptr_array_index(roster->entries, i))->is_wanted = false;
	for (unsigned i = 0; i < settings->sources->len; i++) {
		Entry *entry = find(roster, ((TsSourceSettings *)settings->sources->pdata[i])->label,
				    NULL);
		if (entry)
			entry->is_wanted = true;
	}
	/* first those that go: a new entry may want the address of one of them */
	sweep_unwanted(roster);
	for (unsigned i = 0; i < settings->sources->len; i++) {
		const TsSourceSettings *wanted = g_ptr_array_index(settings->sources, i);
		g_autoptr(GError) error = NULL;
		Entry *entry = find(roster, wanted->label, NULL);
		bool is_good = true;
		if (entry) {
			is_good = change(roster, entry, wanted, &error);
			entry->is_runtime = false; /* the files have it now */
		} else {
			entry = append(roster, wanted, false);
			is_good = make(roster, entry, &error);
		}
		entry->is_wanted = true;
		if (!is_good)
			warn_about(wanted, error);
	}
}

bool
ts_roster_add(TsRoster *roster, const TsSourceSettings *settings, GError **error)
{
	if (find(roster, settings->label, NULL)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "there is a source %s already", settings->label);
		return false;
	}
	Entry *entry = append(roster, settings, true);
	if (make(roster, entry, error))
		return true;
	g_ptr_array_remove(roster->entries, entry);
	return false;
}

static bool
set_not_found(GError **error, const char *label)
{
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "there is no source %s", label);
	return false;
}

bool
ts_roster_remove(TsRoster *roster, const char *label, GError **error)
{
	unsigned index;
	Entry *entry = find(roster, label, &index);

	if (!entry)
		return set_not_found(error, label);
	unmake(roster, entry);
	g_ptr_array_remove_index(roster->entries, index);
	return true;
}

bool
ts_roster_set(TsRoster *roster, const TsSourceSettings *settings, GError **error)
{
	Entry *entry = find(roster, settings->label, NULL);

	return entry ? change(roster, entry, settings, error) : set_not_found(error, settings->label);
}

const TsSourceSettings *
ts_roster_find(const TsRoster *roster, const char *label, bool *is_runtime)
{
	Entry *entry = find(roster, label, NULL);

	if (entry && is_runtime)
		*is_runtime = entry->is_runtime;
	return entry ? entry->settings : NULL;
}

unsigned
ts_roster_size(const TsRoster *roster)
{
	return roster->entries->len;
}
