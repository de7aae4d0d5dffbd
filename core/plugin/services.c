/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * services.c - see services.h
 *
 * One lock for all: services are used some times a second at most. A way without a lock for server
 * workers comes with the first plugin that needs it, together with their quiet points.
 */
#include "plugin/services.h"

typedef struct {
	char *interface;
	/* protected by lock */
	const void *owner; /* NULL: nobody offers it */
	uint32_t version;
	const void *table;
	void *object;
	unsigned n_pins;
} Entry;

struct _TsServices {
	GMutex lock;
	GCond unpinned;
	/* main only */
	GHashTable *entries; /* interface -> Entry; never removed before the end */
	GPtrArray *refs;     /* of TsServiceRef, borrowed */
};

struct _TsServiceRef {
	TsServices *services;
	Entry *entry;
	uint32_t min_version;
	TsServiceFunc func;
	void *user_data;
};

static void
entry_free(gpointer data)
{
	Entry *entry = data;

	g_free(entry->interface);
	g_free(entry);
}

TsServices *
ts_services_new(void)
{
	TsServices *self = g_new0(TsServices, 1);

	g_mutex_init(&self->lock);
	g_cond_init(&self->unpinned);
	self->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
	self->refs = g_ptr_array_new();
	return self;
}

void
ts_services_free(TsServices *services)
{
	if (!services)
		return;
	g_ptr_array_unref(services->refs);
	g_hash_table_unref(services->entries);
	g_cond_clear(&services->unpinned);
	g_mutex_clear(&services->lock);
	g_free(services);
}

static Entry *
get_entry(TsServices *services, const char *interface)
{
	Entry *entry = g_hash_table_lookup(services->entries, interface);

	if (!entry) {
		entry = g_new0(Entry, 1);
		entry->interface = g_strdup(interface);
		g_hash_table_insert(services->entries, entry->interface, entry);
	}
	return entry;
}

/* Tells those who asked for @entry. One of them may take or give back references meanwhile: so a
 * copy. */
static void
tell(TsServices *services, const Entry *entry, bool is_present)
{
	g_autoptr(GPtrArray) refs = g_ptr_array_copy(services->refs, NULL, NULL);

	for (unsigned i = 0; i < refs->len; i++) {
		TsServiceRef *ref = g_ptr_array_index(refs, i);
		if (g_ptr_array_find(services->refs, ref, NULL) && ref->entry == entry &&
		    ref->func && entry->version >= ref->min_version)
			ref->func(entry->interface, is_present, ref->user_data);
	}
}

bool
ts_services_publish(TsServices *services, const void *owner, const char *interface,
		    uint32_t version, const void *table, void *object)
{
	Entry *entry = get_entry(services, interface);

	g_mutex_lock(&services->lock);
	bool is_free = !entry->owner && entry->n_pins == 0;
	if (is_free) {
		entry->owner = owner;
		entry->version = version;
		entry->table = table;
		entry->object = object;
	}
	g_mutex_unlock(&services->lock);
	if (is_free)
		tell(services, entry, true);
	return is_free;
}

static bool
wait_for_pins(TsServices *services, Entry *entry, int64_t deadline_us)
{
	bool is_unpinned = true;

	g_mutex_lock(&services->lock);
	entry->owner = NULL;
	entry->table = NULL;
	while (entry->n_pins > 0 && is_unpinned)
		is_unpinned = g_cond_wait_until(&services->unpinned, &services->lock, deadline_us);
	is_unpinned = entry->n_pins == 0;
	g_mutex_unlock(&services->lock);
	return is_unpinned;
}

bool
ts_services_withdraw(TsServices *services, const void *owner, int64_t limit_us)
{
	int64_t deadline_us = g_get_monotonic_time() + limit_us;
	bool is_unused = true;
	GHashTableIter iter;
	gpointer value;

	g_autoptr(GPtrArray) own = g_ptr_array_new();
	g_hash_table_iter_init(&iter, services->entries);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (((Entry *)value)->owner == owner)
			g_ptr_array_add(own, value);
	for (unsigned i = 0; i < own->len; i++) {
		Entry *entry = g_ptr_array_index(own, i);
		tell(services, entry, false);
		is_unused &= wait_for_pins(services, entry, deadline_us);
	}
	return is_unused;
}

TsServiceRef *
ts_services_acquire(TsServices *services, const char *interface, uint32_t min_version,
		    TsServiceFunc func, void *user_data)
{
	TsServiceRef *ref = g_new0(TsServiceRef, 1);

	*ref = (TsServiceRef){services, get_entry(services, interface), min_version, func,
			      user_data};
	g_ptr_array_add(services->refs, ref);
	return ref;
}

void
ts_services_release(TsServices *services, TsServiceRef *ref)
{
	if (g_ptr_array_remove(services->refs, ref))
		g_free(ref);
}

const void *
ts_service_use(TsServiceRef *ref, void **object)
{
	TsServices *services = ref->services;
	Entry *entry = ref->entry;
	const void *table = NULL;

	g_mutex_lock(&services->lock);
	if (entry->owner && entry->version >= ref->min_version) {
		table = entry->table;
		*object = entry->object;
		entry->n_pins++;
	}
	g_mutex_unlock(&services->lock);
	return table;
}

void
ts_service_done(TsServiceRef *ref)
{
	TsServices *services = ref->services;

	g_mutex_lock(&services->lock);
	if (ref->entry->n_pins > 0 && --ref->entry->n_pins == 0)
		g_cond_broadcast(&services->unpinned);
	g_mutex_unlock(&services->lock);
}
