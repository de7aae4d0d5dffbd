/* SPDX-License-Identifier: BSD-2-Clause */
/* port-holder.c - see port-holder.h */
#include "ntp/server/port-holder.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line of /proc/net/udp or udp6: the address as it lies in memory, in 32-bit words. */
static bool
parse_line(const char *line, bool is_v6, TsAddress *address, unsigned long *inode)
{
	char hex[33];
	unsigned port;

	if (sscanf(line, " %*d: %32[0-9A-F]:%4x %*s %*s %*s %*s %*s %*s %*s %lu", hex, &port,
		   inode) != 3 ||
	    strlen(hex) != (is_v6 ? 32 : 8))
		return false;
	uint32_t words[4] = {0};
	for (size_t i = 0; i < strlen(hex) / 8; i++) {
		char word[9] = {0};
		memcpy(word, hex + 8 * i, 8);
		words[i] = (uint32_t)strtoul(word, NULL, 16);
	}
	memset(address, 0, sizeof *address);
	address->any.sa_family = is_v6 ? AF_INET6 : AF_INET;
	if (is_v6)
		memcpy(&address->v6.sin6_addr, words, 16);
	else
		memcpy(&address->v4.sin_addr, words, 4);
	ts_address_set_port(address, (uint16_t)port);
	return true;
}

static bool
is_wildcard(const TsAddress *address)
{
	if (address->any.sa_family == AF_INET)
		return address->v4.sin_addr.s_addr == INADDR_ANY;
	return IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr);
}

static bool
is_in_conflict(const TsAddress *wanted, TsAddress *held)
{
	if (ts_address_port(wanted) != ts_address_port(held))
		return false;
	/* a socket on [::] that is not bound to IPv6 alone holds the IPv4 port too */
	if (wanted->any.sa_family != held->any.sa_family)
		return held->any.sa_family == AF_INET6 && is_wildcard(held);
	if (held->any.sa_family == AF_INET6)
		held->v6.sin6_scope_id = wanted->v6.sin6_scope_id; /* /proc doesn't tell it */
	return is_wildcard(wanted) || is_wildcard(held) || ts_address_equal_host(wanted, held);
}

static void
collect_inodes(const char *path, bool is_v6, const TsAddress *wanted, GArray *inodes)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		TsAddress held;
		unsigned long inode;
		if (parse_line(*line, is_v6, &held, &inode) && is_in_conflict(wanted, &held))
			g_array_append_val(inodes, inode);
	}
}

static bool
is_one_of(unsigned long inode, const GArray *inodes)
{
	for (guint i = 0; i < inodes->len; i++)
		if (g_array_index(inodes, unsigned long, i) == inode)
			return true;
	return false;
}

static bool
holds_one_of(const char *pid, const GArray *inodes)
{
	g_autofree char *folder = g_build_filename("/proc", pid, "fd", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		char target[64];
		ssize_t length = readlink(path, target, sizeof target - 1);
		unsigned long inode;
		if (length <= 0)
			continue;
		target[length] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) == 1 && is_one_of(inode, inodes))
			return true;
	}
	return false;
}

static void
set_holder(const char *pid, TsPortHolder *holder)
{
	g_autofree char *path = g_build_filename("/proc", pid, "comm", NULL);
	g_autofree char *name = NULL;

	holder->pid = (pid_t)atoi(pid);
	if (g_file_get_contents(path, &name, NULL, NULL))
		g_strlcpy(holder->name, g_strchomp(name), sizeof holder->name);
}

bool
ts_port_holder_find(const TsAddress *address, TsPortHolder *holder)
{
	g_autoptr(GArray) inodes = g_array_new(FALSE, FALSE, sizeof(unsigned long));
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *name;

	*holder = (TsPortHolder){0};
	collect_inodes("/proc/net/udp", false, address, inodes);
	collect_inodes("/proc/net/udp6", true, address, inodes);
	if (inodes->len == 0)
		return false;
	while (proc && (name = g_dir_read_name(proc))) {
		if (!g_ascii_isdigit(*name) || !holds_one_of(name, inodes))
			continue;
		set_holder(name, holder);
		if (holder->pid != getpid())
			return true;
	}
	return true;
}
