/* SPDX-License-Identifier: BSD-2-Clause */
/* resolver.c - see resolver.h */
#include "ntp/client/resolver.h"

#include <string.h>

#include <gio/gio.h>

/* RFC 1035 section 2.3.4. */
#define MAX_LABEL 63
#define MAX_NAME  253

typedef struct {
	TsLookup head;
	GCancellable *cancellable;
	char *name;
	TsLookupFunc func; /* NULL once it is cancelled */
	void *user_data;
} SystemLookup;

void
ts_resolver_free(TsResolver *resolver)
{
	if (resolver)
		resolver->ops->free(resolver);
}

TsLookup *
ts_resolver_lookup(TsResolver *resolver, const char *name, TsFamily family, TsLookupFunc func,
		   void *user_data)
{
	TsLookup *lookup = resolver->ops->lookup(resolver, name, family, func, user_data);

	lookup->resolver = resolver;
	return lookup;
}

void
ts_lookup_cancel(TsLookup *lookup)
{
	if (lookup)
		lookup->resolver->ops->cancel(lookup);
}

bool
ts_resolver_is_host_name(const char *name)
{
	g_autofree char *ascii = g_hostname_to_ascii(name);

	if (!ascii)
		return false;
	size_t length = strlen(ascii);
	if (length > 0 && ascii[length - 1] == '.')
		ascii[--length] = '\0';
	if (length == 0 || length > MAX_NAME)
		return false;
	g_auto(GStrv) labels = g_strsplit(ascii, ".", -1);
	for (char **label = labels; *label; label++) {
		size_t label_length = strlen(*label);
		if (label_length == 0 || label_length > MAX_LABEL || strpbrk(*label, " \t\r\n/:@%"))
			return false;
	}
	return true;
}

static bool
contains(const GArray *addresses, const TsAddress *address)
{
	for (guint i = 0; i < addresses->len; i++)
		if (ts_address_equal(&g_array_index(addresses, TsAddress, i), address))
			return true;
	return false;
}

static GArray *
collect_addresses(GList *found)
{
	GArray *addresses = g_array_new(FALSE, TRUE, sizeof(TsAddress));

	for (GList *item = found; item; item = item->next) {
		g_autofree char *text = g_inet_address_to_string(item->data);
		TsAddress address;
		if (!ts_address_parse(text, 0, &address))
			continue;
		ts_address_unmap(&address);
		if (!contains(addresses, &address))
			g_array_append_val(addresses, address);
	}
	return addresses;
}

static TsLookupStatus
status_of_error(const GError *error)
{
	if (g_error_matches(error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND))
		return TS_LOOKUP_NO_SUCH_NAME;
	return TS_LOOKUP_NO_RESOLVER;
}

static void
free_lookup(SystemLookup *lookup)
{
	g_object_unref(lookup->cancellable);
	g_free(lookup->name);
	g_free(lookup);
}

static void
on_looked_up(GObject *object, GAsyncResult *result, gpointer user_data)
{
	SystemLookup *lookup = user_data;
	g_autoptr(GError) error = NULL;
	GList *found =
		g_resolver_lookup_by_name_with_flags_finish(G_RESOLVER(object), result, &error);
	g_autoptr(GArray) addresses = collect_addresses(found);

	g_resolver_free_addresses(found);
	if (!lookup->func) {
		free_lookup(lookup);
		return;
	}
	TsLookupStatus status = TS_LOOKUP_FOUND;
	if (error)
		status = status_of_error(error);
	else if (addresses->len == 0)
		status = TS_LOOKUP_NO_SUCH_NAME;
	TsLookupFunc func = lookup->func;
	void *func_data = lookup->user_data;
	free_lookup(lookup);
	func(status, addresses, error ? error->message : "", func_data);
}

static gboolean
report_bad_name(gpointer user_data)
{
	SystemLookup *lookup = user_data;
	g_autoptr(GArray) none = g_array_new(FALSE, TRUE, sizeof(TsAddress));

	if (lookup->func)
		lookup->func(TS_LOOKUP_BAD_NAME, none, "not a host name", lookup->user_data);
	free_lookup(lookup);
	return G_SOURCE_REMOVE;
}

static void
report_later(SystemLookup *lookup)
{
	GSource *idle = g_idle_source_new();

	g_source_set_callback(idle, report_bad_name, lookup, NULL);
	g_source_attach(idle, g_main_context_get_thread_default());
	g_source_unref(idle);
}

static GResolverNameLookupFlags
flags_of_family(TsFamily family)
{
	switch (family) {
	case TS_FAMILY_ANY:
		return G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT;
	case TS_FAMILY_IPV4:
		return G_RESOLVER_NAME_LOOKUP_FLAGS_IPV4_ONLY;
	case TS_FAMILY_IPV6:
		return G_RESOLVER_NAME_LOOKUP_FLAGS_IPV6_ONLY;
	}
	return G_RESOLVER_NAME_LOOKUP_FLAGS_DEFAULT;
}

static TsLookup *
system_lookup(TsResolver *resolver, const char *name, TsFamily family, TsLookupFunc func,
	      void *user_data)
{
	SystemLookup *lookup = g_new0(SystemLookup, 1);
	(void)resolver;

	lookup->cancellable = g_cancellable_new();
	lookup->name = g_strdup(name);
	lookup->func = func;
	lookup->user_data = user_data;
	if (!ts_resolver_is_host_name(name)) {
		report_later(lookup);
		return &lookup->head;
	}
	/* the default resolver is fetched for each lookup: it watches /etc/resolv.conf */
	g_autoptr(GResolver) system = g_resolver_get_default();
	g_resolver_lookup_by_name_with_flags_async(system, name, flags_of_family(family),
						   lookup->cancellable, on_looked_up, lookup);
	return &lookup->head;
}

/* GLib calls back all the same, later: what it calls with lives until then. */
static void
system_cancel(TsLookup *head)
{
	SystemLookup *lookup = (SystemLookup *)head;

	lookup->func = NULL;
	g_cancellable_cancel(lookup->cancellable);
}

static void
system_free(TsResolver *resolver)
{
	g_free(resolver);
}

static const TsResolverOps system_ops = {
	.free = system_free,
	.lookup = system_lookup,
	.cancel = system_cancel,
};

TsResolver *
ts_resolver_new_system(void)
{
	TsResolver *self = g_new0(TsResolver, 1);

	self->ops = &system_ops;
	return self;
}
