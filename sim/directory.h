/* SPDX-License-Identifier: BSD-2-Clause */
/* directory.h - the names of a scenario's hosts and what they lead to */
#pragma once

#include <glib.h>

#include "base/address.h"
#include "ntp/virtual/virtual-resolver.h"

typedef struct _SimDirectory SimDirectory;

SimDirectory *sim_directory_new(void);
void sim_directory_free(SimDirectory *directory);

/* A host: gets the next address of 10.0.0.0/8. Returns: false if the name is taken. */
bool sim_directory_add_host(SimDirectory *directory, const char *name);

/* A name that leads to several hosts, added already. Returns: false if the name is taken. */
bool sim_directory_add_pool(SimDirectory *directory, const char *name, const char *const *hosts);

/* Returns: (nullable): a host's address, port 123. */
const TsAddress *sim_directory_find(const SimDirectory *directory, const char *host);

/* Returns: (nullable): the same for a numeric address; lives as long as the directory. */
const TsAddress *sim_directory_find_address(const SimDirectory *directory, const TsAddress *address);

/* Whether a client that asks for @name finds somebody: a host, a pool, or a numeric address. */
bool sim_directory_knows(const SimDirectory *directory, const char *name);

/* Gives the resolver every name. */
void sim_directory_publish(const SimDirectory *directory, TsResolver *resolver);

/* Returns: (transfer full): all names in a row, for messages. */
char *sim_directory_list(const SimDirectory *directory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimDirectory, sim_directory_free)
