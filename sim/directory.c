/* SPDX-License-Identifier: BSD-2-Clause */
/* directory.c - see directory.h */
#include "directory.h"

typedef struct {
	char *name;
	bool is_host;
	TsAddress address;
	char *addresses; /* as the resolver takes them */
} Entry;

struct _SimDirectory {
	GPtrArray *entries; /* of Entry */
	unsigned n_hosts;
};

static void
free_entry(gpointer data)
{
	Entry *entry = data;

	g_free(entry->name);
	g_free(entry->addresses);
	g_free(entry);
}

SimDirectory *
sim_directory_new(void)
{
	SimDirectory *self = g_new0(SimDirectory, 1);

	self->entries = g_ptr_array_new_with_free_func(free_entry);
	return self;
}

void
sim_directory_free(SimDirectory *self)
{
	if (!self)
		return;
	g_ptr_array_unref(self->entries);
	g_free(self);
}

static const Entry *
find(const SimDirectory *self, const char *name)
{
	for (unsigned i = 0; i < self->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(self->entries, i);
		if (g_str_equal(entry->name, name))
			return entry;
	}
	return NULL;
}

bool
sim_directory_add_host(SimDirectory *self, const char *name)
{
	if (find(self, name))
		return false;
	Entry *entry = g_new0(Entry, 1);
	unsigned n = ++self->n_hosts;
	entry->name = g_strdup(name);
	entry->is_host = true;
	entry->addresses = g_strdup_printf("10.0.%u.%u", n / 250, n % 250 + 1);
	ts_address_parse(entry->addresses, 123, &entry->address);
	g_ptr_array_add(self->entries, entry);
	return true;
}

bool
sim_directory_add_pool(SimDirectory *self, const char *name, const char *const *hosts)
{
	g_autoptr(GString) addresses = g_string_new(NULL);

	if (find(self, name))
		return false;
	for (; *hosts; hosts++) {
		const Entry *host = find(self, *hosts);
		if (host)
			g_string_append_printf(addresses, "%s%s", addresses->len ? " " : "",
					       host->addresses);
	}
	Entry *entry = g_new0(Entry, 1);
	entry->name = g_strdup(name);
	entry->addresses = g_strdup(addresses->str);
	g_ptr_array_add(self->entries, entry);
	return true;
}

const TsAddress *
sim_directory_find(const SimDirectory *self, const char *host)
{
	const Entry *entry = find(self, host);

	return entry && entry->is_host ? &entry->address : NULL;
}

const TsAddress *
sim_directory_find_address(const SimDirectory *self, const TsAddress *address)
{
	for (unsigned i = 0; i < self->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(self->entries, i);
		if (entry->is_host && ts_address_equal_host(&entry->address, address))
			return &entry->address;
	}
	return NULL;
}

bool
sim_directory_knows(const SimDirectory *self, const char *name)
{
	TsAddress address;

	return find(self, name) || ts_address_parse(name, 123, &address);
}

void
sim_directory_publish(const SimDirectory *self, TsResolver *resolver)
{
	for (unsigned i = 0; i < self->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(self->entries, i);
		ts_virtual_resolver_set(resolver, entry->name, TS_LOOKUP_FOUND, entry->addresses);
	}
}

char *
sim_directory_list(const SimDirectory *self)
{
	GString *all = g_string_new(NULL);

	for (unsigned i = 0; i < self->entries->len; i++) {
		const Entry *entry = g_ptr_array_index(self->entries, i);
		g_string_append_printf(all, "%s%s", i ? ", " : "", entry->name);
	}
	return g_string_free(all, FALSE);
}
