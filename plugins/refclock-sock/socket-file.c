/* SPDX-License-Identifier: BSD-2-Clause */
/* socket-file.c - see socket-file.h */
#include "socket-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int
fail(int error, const char *path, const char *what, char *cause, size_t size)
{
	snprintf(cause, size, "%s: %s: %s", path, what, strerror(error));
	return -error;
}

static int
has_listener(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return 1; /* can't tell: so leave it alone */
	int is_refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
			 errno == ECONNREFUSED;
	close(fd);
	return !is_refused;
}

/* Removes a socket that nobody listens on. */
static int
clear_place(const struct sockaddr_un *address, char *cause, size_t size)
{
	struct stat status;
	const char *path = address->sun_path;

	if (lstat(path, &status) != 0)
		return 0; /* nothing there; what else is wrong bind() tells */
	if (!S_ISSOCK(status.st_mode))
		return fail(EEXIST, path, "is there and no socket; give another path", cause, size);
	if (has_listener(address))
		return fail(EADDRINUSE, path, "another program listens there (chronyd?)", cause,
			    size);
	if (unlink(path) != 0)
		return fail(errno, path, "cannot remove the socket that a dead program left", cause,
			    size);
	return 0;
}

static int
bind_file(struct socket_file *file, const struct sockaddr_un *address, mode_t perm, char *cause,
	  size_t size)
{
	const char *path = address->sun_path;
	struct stat status;

	/* the file gets the socket's mode, so that it is never more open than it shall be */
	if (fchmod(file->fd, perm) != 0 ||
	    bind(file->fd, (const struct sockaddr *)address, sizeof *address) != 0)
		return fail(errno, path,
			    "cannot bind; does its folder exist, and may we write there?", cause,
			    size);
	/* and what the umask took away */
	if (chmod(path, perm) != 0 || lstat(path, &status) != 0) {
		int error = errno;
		unlink(path);
		return fail(error, path, "cannot set its permission", cause, size);
	}
	file->device = status.st_dev;
	file->inode = status.st_ino;
	return 0;
}

int
socket_file_open(struct socket_file *file, const char *path, mode_t perm, char *cause, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	file->fd = -1;
	if (strlen(path) >= sizeof address.sun_path)
		return fail(ENAMETOOLONG, path, "is no path for a socket", cause, size);
	strcpy(address.sun_path, path);
	int result = clear_place(&address, cause, size);
	if (result != 0)
		return result;
	file->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file->fd < 0)
		return fail(errno, path, "cannot make a socket", cause, size);
	result = bind_file(file, &address, perm, cause, size);
	if (result != 0) {
		close(file->fd);
		file->fd = -1;
	}
	return result;
}

void
socket_file_close(struct socket_file *file, const char *path)
{
	struct stat status;

	if (file->fd < 0)
		return;
	if (lstat(path, &status) == 0 && status.st_dev == file->device &&
	    status.st_ino == file->inode)
		unlink(path);
	close(file->fd);
	file->fd = -1;
}
