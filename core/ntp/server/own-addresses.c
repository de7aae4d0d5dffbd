/* SPDX-License-Identifier: BSD-2-Clause */
/* own-addresses.c - see own-addresses.h */
#include "ntp/server/own-addresses.h"

#include <ifaddrs.h>
#include <stdlib.h>
#include <string.h>

struct _TsOwnAddresses {
	TsAddress *addresses; /* (array length=n): sorted */
	size_t n;
};

static int
compare(const void *left, const void *right)
{
	const TsAddress *a = left, *b = right;

	if (a->any.sa_family != b->any.sa_family)
		return a->any.sa_family - b->any.sa_family;
	if (a->any.sa_family == AF_INET)
		return memcmp(&a->v4.sin_addr, &b->v4.sin_addr, sizeof a->v4.sin_addr);
	return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr);
}

TsOwnAddresses *
ts_own_addresses_new(void)
{
	TsOwnAddresses *self = g_new0(TsOwnAddresses, 1);
	GArray *found = g_array_new(FALSE, TRUE, sizeof(TsAddress));
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list) == 0)
		for (struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
			TsAddress address = {0};
			if (!entry->ifa_addr)
				continue;
			address.any.sa_family = entry->ifa_addr->sa_family;
			socklen_t length = ts_address_length(&address);
			if (length == 0)
				continue;
			memcpy(&address, entry->ifa_addr, length);
			g_array_append_val(found, address);
		}
	freeifaddrs(list);
	self->n = found->len;
	self->addresses = (TsAddress *)(void *)g_array_free(found, FALSE);
	if (self->n > 0)
		qsort(self->addresses, self->n, sizeof(TsAddress), compare);
	return self;
}

void
ts_own_addresses_free(TsOwnAddresses *own)
{
	if (!own)
		return;
	g_free(own->addresses);
	g_free(own);
}

bool
ts_own_addresses_equal(const TsOwnAddresses *a, const TsOwnAddresses *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (compare(&a->addresses[i], &b->addresses[i]) != 0)
			return false;
	return true;
}

bool
ts_own_addresses_contain(const TsOwnAddresses *own, const TsAddress *address)
{
	/* the whole of 127/8 is ours, though only 127.0.0.1 is on the interface */
	if (address->any.sa_family == AF_INET && ntohl(address->v4.sin_addr.s_addr) >> 24 == 127)
		return true;
	return own->n > 0 &&
	       bsearch(address, own->addresses, own->n, sizeof(TsAddress), compare) != NULL;
}
