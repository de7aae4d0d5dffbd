/* SPDX-License-Identifier: BSD-2-Clause */
/* virtual-resolver.c - see virtual-resolver.h */
#include "ntp/virtual/virtual-resolver.h"

typedef struct {
	char *name;
	TsLookupStatus status;
	GArray *addresses; /* of TsAddress */
	unsigned n_lookups;
} Name;

typedef struct {
	TsResolver head;
	TsSched *sched;
	int64_t delay_ns;
	GPtrArray *names; /* of Name */
} VirtualResolver;

typedef struct {
	TsLookup head;
	TsTimer *timer;
	Name *name;
	TsFamily family;
	TsLookupFunc func;
	void *user_data;
} VirtualLookup;

static void
free_name(gpointer data)
{
	Name *name = data;

	g_array_unref(name->addresses);
	g_free(name->name);
	g_free(name);
}

static Name *
find_name(const VirtualResolver *self, const char *text)
{
	for (guint i = 0; i < self->names->len; i++) {
		Name *name = g_ptr_array_index(self->names, i);
		if (g_str_equal(name->name, text))
			return name;
	}
	return NULL;
}

static Name *
ensure_name(VirtualResolver *self, const char *text)
{
	Name *name = find_name(self, text);

	if (name)
		return name;
	name = g_new0(Name, 1);
	name->name = g_strdup(text);
	name->status = TS_LOOKUP_NO_SUCH_NAME;
	name->addresses = g_array_new(FALSE, TRUE, sizeof(TsAddress));
	g_ptr_array_add(self->names, name);
	return name;
}

void
ts_virtual_resolver_set(TsResolver *resolver, const char *text, TsLookupStatus status,
			const char *addresses)
{
	Name *name = ensure_name((VirtualResolver *)resolver, text);
	g_auto(GStrv) parts = g_strsplit(addresses, " ", -1);
	TsAddress address;

	name->status = status;
	g_array_set_size(name->addresses, 0);
	for (char **part = parts; *part; part++)
		if (ts_address_parse(*part, 0, &address))
			g_array_append_val(name->addresses, address);
}

unsigned
ts_virtual_resolver_n_lookups(const TsResolver *resolver, const char *text)
{
	const Name *name = find_name((const VirtualResolver *)resolver, text);

	return name ? name->n_lookups : 0;
}

static bool
is_wanted(const TsAddress *address, TsFamily family)
{
	switch (family) {
	case TS_FAMILY_ANY:
		return true;
	case TS_FAMILY_IPV4:
		return address->any.sa_family == AF_INET;
	case TS_FAMILY_IPV6:
		return address->any.sa_family == AF_INET6;
	}
	return false;
}

static void
virtual_cancel(TsLookup *head)
{
	VirtualLookup *lookup = (VirtualLookup *)head;

	ts_timer_free(lookup->timer);
	g_free(lookup);
}

static void
on_answer(void *user_data)
{
	VirtualLookup *lookup = user_data;
	g_autoptr(GArray) wanted = g_array_new(FALSE, TRUE, sizeof(TsAddress));
	const GArray *all = lookup->name->addresses;
	TsLookupStatus status = lookup->name->status;

	for (guint i = 0; status == TS_LOOKUP_FOUND && i < all->len; i++) {
		TsAddress address = g_array_index(all, TsAddress, i);
		if (is_wanted(&address, lookup->family))
			g_array_append_val(wanted, address);
	}
	if (status == TS_LOOKUP_FOUND && wanted->len == 0)
		status = TS_LOOKUP_NO_SUCH_NAME;
	lookup->func(status, wanted, status == TS_LOOKUP_FOUND ? "" : "says the table",
		     lookup->user_data);
	virtual_cancel(&lookup->head);
}

static TsLookup *
virtual_lookup(TsResolver *resolver, const char *text, TsFamily family, TsLookupFunc func,
	       void *user_data)
{
	VirtualResolver *self = (VirtualResolver *)resolver;
	VirtualLookup *lookup = g_new0(VirtualLookup, 1);

	lookup->name = ensure_name(self, text);
	lookup->name->n_lookups++;
	lookup->family = family;
	lookup->func = func;
	lookup->user_data = user_data;
	lookup->timer = ts_timer_new(self->sched, on_answer, lookup);
	ts_timer_arm_after(lookup->timer, self->delay_ns);
	return &lookup->head;
}

static void
virtual_free(TsResolver *resolver)
{
	VirtualResolver *self = (VirtualResolver *)resolver;

	g_ptr_array_unref(self->names);
	g_free(self);
}

static const TsResolverOps virtual_ops = {
	.free = virtual_free,
	.lookup = virtual_lookup,
	.cancel = virtual_cancel,
};

TsResolver *
ts_virtual_resolver_new(TsSched *sched, int64_t delay_ns)
{
	VirtualResolver *self = g_new0(VirtualResolver, 1);

	self->head.ops = &virtual_ops;
	self->sched = sched;
	self->delay_ns = delay_ns;
	self->names = g_ptr_array_new_with_free_func(free_name);
	return &self->head;
}
