/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.h - a file descriptor with a scope: `g_auto(TsFd) fd = open(...)` closes itself, keeping errno */
#pragma once

#include <glib.h>

typedef int TsFd;

/* Closes *@fd if it is open and sets it to -1; errno is kept. Thread: any. */
void ts_fd_clear(TsFd *fd);

/* Returns: *@fd, which becomes -1; the descriptor is now the caller's to close. Thread: any. */
static inline int
ts_fd_steal(TsFd *fd)
{
	int stolen = *fd;
	*fd = -1;
	return stolen;
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsFd, ts_fd_clear)
