/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authorise.h - who asks, and what he may
 *
 * Reading is for all. Changing, and reading what is private, is for root, for the user that the daemon
 * runs as and for one group. Who somebody is comes from the kernel or the bus, never from himself.
 * Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include <gio/gio.h>

typedef struct {
	uid_t uid;
	gid_t *groups; /* the primary one and the others */
	unsigned n_groups;
} TsCaller;

void ts_caller_clear(TsCaller *caller);

/* The process at the other end of a connected unix socket, as it was when it connected. Returns: false
 * if the kernel can't say. */
bool ts_caller_from_socket(int fd, TsCaller *caller);

/* The same from the answer of GetConnectionCredentials. Returns: false when it names no user. */
bool ts_caller_from_credentials(GVariant *credentials, TsCaller *caller);

typedef enum {
	TS_ACCESS_READ,
	TS_ACCESS_PRIVATE,
	TS_ACCESS_CHANGE,
} TsAccess;

/* What a method needs, as its annotation org.timesrv1.Access says; CHANGE where there is none. */
TsAccess ts_access_of_method(const GDBusMethodInfo *method);

typedef struct {
	uid_t own_uid;
	bool has_group;
	gid_t group;
	char *group_name;
} TsAuthoriser;

/* @group: (nullable): looked up now; one that does not exist is said and counts as none. */
void ts_authoriser_init(TsAuthoriser *authoriser, const char *group);
void ts_authoriser_clear(TsAuthoriser *authoriser);

/* Returns: whether @caller is one of those who may do everything. */
bool ts_authoriser_trusts(const TsAuthoriser *authoriser, const TsCaller *caller);

/* Errors: TIMESRV_ERROR_PERMISSION, which says who may. @what: the method. */
bool ts_authorise(const TsAuthoriser *authoriser, const TsCaller *caller, TsAccess access,
		  const char *what, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TsCaller, ts_caller_clear)
