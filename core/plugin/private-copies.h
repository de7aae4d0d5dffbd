/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private-copies.h - copies of plugins' files, each at a path that was never used before
 *
 * Opening a path again gives the old code (ld.so knows it by its name), and a file that is
 * overwritten while it is mapped crashes: so each load is of a copy of its own, NAME.GENERATION.so.
 * Thread: main.
 */
#pragma once

#include <glib.h>

typedef struct _TsPrivateCopies TsPrivateCopies;

/* @directory: (nullable): where they go; NULL: "plugins" in $RUNTIME_DIRECTORY, else
 * /run/timesrv/plugins, and where that is not ours or another daemon's, a fresh one in the
 * temporary directory. Made at the first copy. */
TsPrivateCopies *ts_private_copies_new(const char *directory);

/* Removes the directory if it is a temporary one and empty. */
void ts_private_copies_free(TsPrivateCopies *copies);

/* Copies all of @fd. Returns: (transfer full) (nullable): the copy's path. */
char *ts_private_copies_add(TsPrivateCopies *copies, const char *name, int fd, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsPrivateCopies, ts_private_copies_free)
