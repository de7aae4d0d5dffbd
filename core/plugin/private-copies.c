/* SPDX-License-Identifier: BSD-2-Clause */
/* private-copies.c - see private-copies.h */
#include "plugin/private-copies.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/fd.h"

#define RUN_DIRECTORY "/run/timesrv"

struct _TsPrivateCopies {
	char *directory;  /* (nullable) until the first copy, unless it was given */
	int directory_fd; /* holds the lock by which another daemon knows that it is taken; -1 */
	gboolean is_temporary;
	uint64_t generation; /* of the last copy */
};

TsPrivateCopies *
ts_private_copies_new(const char *directory)
{
	TsPrivateCopies *self = g_new0(TsPrivateCopies, 1);

	self->directory = g_strdup(directory);
	self->directory_fd = -1;
	return self;
}

void
ts_private_copies_free(TsPrivateCopies *copies)
{
	if (!copies)
		return;
	ts_fd_clear(&copies->directory_fd);
	if (copies->is_temporary)
		g_rmdir(copies->directory);
	g_free(copies->directory);
	g_free(copies);
}

/* Copies that a daemon left when it died: nobody else has the lock, so nobody has them mapped. */
static void
remove_leftovers(const char *directory)
{
	g_autoptr(GDir) entries = g_dir_open(directory, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		if (g_str_has_suffix(name, ".so"))
			g_unlink(path);
	}
}

/* Returns: a descriptor that holds the lock of a directory that is ours alone, or -1. */
static int
claim_directory(const char *directory)
{
	g_auto(TsFd) fd = -1;
	struct stat status;

	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return -1;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) != 0 || status.st_uid != geteuid() ||
	    (status.st_mode & (S_IWGRP | S_IWOTH)) || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return -1;
	remove_leftovers(directory);
	return ts_fd_steal(&fd);
}

static gboolean
claim_run_directory(TsPrivateCopies *self)
{
	const char *variable = g_getenv("RUNTIME_DIRECTORY");
	/* systemd separates several by ':' */
	g_autofree char *parent =
		variable ? g_strndup(variable, strcspn(variable, ":")) : g_strdup(RUN_DIRECTORY);

	if (!variable && mkdir(parent, 0755) != 0 && errno != EEXIST)
		return FALSE;
	g_autofree char *directory = g_build_filename(parent, "plugins", NULL);
	self->directory_fd = claim_directory(directory);
	if (self->directory_fd < 0)
		return FALSE;
	self->directory = g_steal_pointer(&directory);
	return TRUE;
}

static gboolean
claim_any_directory(TsPrivateCopies *self, GError **error)
{
	if (self->directory || claim_run_directory(self))
		return TRUE;
	g_autoptr(GError) cause = NULL;
	self->directory = g_dir_make_tmp("timesrv-plugins-XXXXXX", &cause);
	if (!self->directory) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "no directory for the copies of plugins: %s", cause->message);
		return FALSE;
	}
	self->is_temporary = TRUE;
	return TRUE;
}

static gboolean
copy_bytes(int from, int to, const char *path, GError **error)
{
	char buffer[16384];
	off_t offset = 0;
	ssize_t n;

	while ((n = pread(from, buffer, sizeof buffer, offset)) > 0) {
		for (ssize_t done = 0; done < n;) {
			ssize_t written = write(to, buffer + done, (size_t)(n - done));
			if (written < 0)
				return ts_set_error_errno(error, errno, "cannot write the copy %s",
							  path);
			done += written;
		}
		offset += n;
	}
	if (n < 0)
		return ts_set_error_errno(error, errno, "cannot read what is to be copied to %s",
					  path);
	return TRUE;
}

char *
ts_private_copies_add(TsPrivateCopies *copies, const char *name, int fd, GError **error)
{
	g_autofree char *path = NULL;
	g_auto(TsFd) copy = -1;

	if (!claim_any_directory(copies, error))
		return NULL;
	do {
		g_free(path);
		path = g_strdup_printf("%s/%s.%" G_GUINT64_FORMAT ".so", copies->directory, name,
				       ++copies->generation);
		copy = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	} while (copy < 0 && errno == EEXIST);
	if (copy < 0) {
		ts_set_error_errno(error, errno, "cannot make the copy %s", path);
		return NULL;
	}
	if (!copy_bytes(fd, copy, path, error)) {
		g_unlink(path);
		return NULL;
	}
	return g_steal_pointer(&path);
}
