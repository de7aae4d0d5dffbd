/* SPDX-License-Identifier: BSD-2-Clause */
/* authorise.c - see authorise.h */
#include "control/authorise.h"

#include <errno.h>
#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define TS_LOG_COMPONENT "control"

#define ACCESS_ANNOTATION "org.timesrv1.Access"

/* More groups than this are not asked for: Linux knows at most 65536. */
#define MAX_GROUPS 65536

void
ts_caller_clear(TsCaller *caller)
{
	g_clear_pointer(&caller->groups, g_free);
	caller->n_groups = 0;
}

/* Supplementary groups of the peer; the primary one stands before them already. */
static void
add_peer_groups(int fd, TsCaller *caller)
{
	socklen_t size = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE ||
	    size > MAX_GROUPS * sizeof(gid_t))
		return;
	caller->groups = g_realloc(caller->groups, sizeof(gid_t) + size);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, caller->groups + 1, &size) == 0)
		caller->n_groups += (unsigned)(size / sizeof(gid_t));
}

bool
ts_caller_from_socket(int fd, TsCaller *caller)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || size != sizeof peer ||
	    peer.uid == (uid_t)-1)
		return false;
	caller->uid = peer.uid;
	caller->groups = g_new(gid_t, 1);
	caller->groups[0] = peer.gid;
	caller->n_groups = 1;
	add_peer_groups(fd, caller);
	return true;
}

bool
ts_caller_from_credentials(GVariant *credentials, TsCaller *caller)
{
	guint32 uid;

	if (!g_variant_lookup(credentials, "UnixUserID", "u", &uid))
		return false;
	caller->uid = uid;
	caller->groups = NULL;
	caller->n_groups = 0;
	g_autoptr(GVariant) groups =
		g_variant_lookup_value(credentials, "UnixGroupIDs", G_VARIANT_TYPE("au"));
	if (groups) {
		gsize n;
		const guint32 *ids = g_variant_get_fixed_array(groups, &n, sizeof *ids);
		caller->groups = g_memdup2(ids, n * sizeof *ids);
		caller->n_groups = (unsigned)n;
	}
	return true;
}

TsAccess
ts_access_of_method(const GDBusMethodInfo *method)
{
	const char *access =
		g_dbus_annotation_info_lookup(method->annotations, ACCESS_ANNOTATION);

	if (g_strcmp0(access, "read") == 0)
		return TS_ACCESS_READ;
	return g_strcmp0(access, "private") == 0 ? TS_ACCESS_PRIVATE : TS_ACCESS_CHANGE;
}

void
ts_authoriser_init(TsAuthoriser *authoriser, const char *group)
{
	char buffer[16384];
	struct group entry, *found = NULL;

	*authoriser = (TsAuthoriser){.own_uid = geteuid()};
	if (!group || !*group)
		return;
	if (getgrnam_r(group, &entry, buffer, sizeof buffer, &found) != 0 || !found) {
		ts_info("there is no group %s: only root and the daemon's user may change things",
			group);
		return;
	}
	authoriser->has_group = true;
	authoriser->group = found->gr_gid;
	authoriser->group_name = g_strdup(group);
}

void
ts_authoriser_clear(TsAuthoriser *authoriser)
{
	g_clear_pointer(&authoriser->group_name, g_free);
}

bool
ts_authoriser_trusts(const TsAuthoriser *authoriser, const TsCaller *caller)
{
	if (caller->uid == 0 || caller->uid == authoriser->own_uid)
		return true;
	if (!authoriser->has_group)
		return false;
	for (unsigned i = 0; i < caller->n_groups; i++)
		if (caller->groups[i] == authoriser->group)
			return true;
	return false;
}

bool
ts_authorise(const TsAuthoriser *authoriser, const TsCaller *caller, TsAccess access,
	     const char *what, GError **error)
{
	if (access == TS_ACCESS_READ || ts_authoriser_trusts(authoriser, caller))
		return true;
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_PERMISSION,
		    "%s is for root%s%s, and the caller is user %u", what,
		    authoriser->has_group ? " and the group " : "",
		    authoriser->has_group ? authoriser->group_name : "", (unsigned)caller->uid);
	return false;
}
