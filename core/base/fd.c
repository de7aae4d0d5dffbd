/* SPDX-License-Identifier: BSD-2-Clause */
/* fd.c - see fd.h */
#include "base/fd.h"

#include <errno.h>
#include <unistd.h>

void
ts_fd_clear(TsFd *fd)
{
	int saved_errno = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved_errno;
}
