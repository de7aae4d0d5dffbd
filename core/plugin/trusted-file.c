/* SPDX-License-Identifier: BSD-2-Clause */
/* trusted-file.c - see trusted-file.h */
#include "plugin/trusted-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

static gboolean
check_status(const struct stat *status, const char *path, const char *what, uid_t user,
	     GError **error)
{
	mode_t others = S_IWGRP | S_IWOTH;

	if (status->st_uid != 0 && status->st_uid != user) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION,
			    "%s: %s belongs to user %u; a plugin runs as the daemon, so it must be "
			    "root's or the daemon's own (user %u): chown root %s",
			    path, what, status->st_uid, user, path);
		return FALSE;
	}
	if (S_ISDIR(status->st_mode) && (status->st_mode & S_ISVTX))
		return TRUE;
	if (status->st_mode & others) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION,
			    "%s: %s may be written by %s (mode %04o); a plugin runs as the daemon: "
			    "chmod go-w %s",
			    path, what, status->st_mode & S_IWOTH ? "everybody" : "its group",
			    (unsigned)(status->st_mode & 07777), path);
		return FALSE;
	}
	return TRUE;
}

/* Each directory above @path, an absolute one, up to the root. */
static gboolean
check_directories(const char *path, uid_t user, GError **error)
{
	g_autofree char *directory = g_strdup(path);
	char *slash;

	while ((slash = strrchr(directory, '/'))) {
		struct stat status;
		slash[slash == directory ? 1 : 0] = '\0';
		if (stat(directory, &status) != 0)
			return ts_set_error_errno(error, errno, "cannot look at %s", directory);
		if (!check_status(&status, directory, "this directory on the way to a plugin", user,
				  error))
			return FALSE;
		if (slash == directory)
			break;
	}
	return TRUE;
}

int
ts_trusted_file_open(const char *path, uid_t user, GError **error)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	char *resolved = realpath(absolute, NULL);

	if (!resolved) {
		ts_set_error_errno(error, errno, "cannot open %s", path);
		return -1;
	}
	g_autofree char *real = g_strdup(resolved);
	free(resolved);
	/* what the links lead through could be changed as well as where they end */
	if (!check_directories(absolute, user, error) || !check_directories(real, user, error))
		return -1;
	g_auto(TsFd) fd = open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0) {
		ts_set_error_errno(error, errno, "cannot open %s", path);
		return -1;
	}
	struct stat status;
	if (fstat(fd, &status) != 0) {
		ts_set_error_errno(error, errno, "cannot look at %s", path);
		return -1;
	}
	if (!S_ISREG(status.st_mode)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "%s: is no regular file; give the plugin's .so", path);
		return -1;
	}
	if (!check_status(&status, real, "this file", user, error))
		return -1;
	return ts_fd_steal(&fd);
}
