/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trusted-file.h - opens a file that will run as the daemon, if only those who may could have
 * written it
 *
 * Thread: main.
 */
#pragma once

#include <sys/types.h>

#include <glib.h>

/**
 * ts_trusted_file_open:
 * @path: absolute or not; symbolic links are followed
 * @user: who may own it besides root: the daemon's own user
 *
 * The file and every directory that leads to it must belong to root or @user and be writable for
 * nobody else; in a directory with the sticky bit (/tmp) others may write, for they can't replace
 * the file. Returns: a descriptor for reading, or -1 with @error: TIMESRV_ERROR_NOT_FOUND,
 * _PERMISSION, _INVALID_CONFIG for what is no regular file; with the remedy.
 */
int ts_trusted_file_open(const char *path, uid_t user, GError **error);
