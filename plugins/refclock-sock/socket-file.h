/* SPDX-License-Identifier: BSD-2-Clause */
/* socket-file.h - a datagram socket in the file system, that takes its place without taking
 * another's */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct socket_file {
	int fd;
	dev_t device; /* whose file it is: another may lie there when we go */
	ino_t inode;
};

/**
 * socket_file_open:
 * @path: absolute
 * @perm: permission of the file
 * @cause: (out) (array length=size): set on failure, one line with the remedy
 *
 * A socket that a dead program left there is removed; one that somebody listens on, and any other
 * file, is not. Returns: 0, or a negative errno.
 */
int socket_file_open(struct socket_file *file, const char *path, mode_t perm, char *cause,
		     size_t size);

/* Closes it, and removes the file if it is still ours. Fine with fd -1. */
void socket_file_close(struct socket_file *file, const char *path);
