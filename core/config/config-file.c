/* SPDX-License-Identifier: BSD-2-Clause */
/* config-file.c - see config-file.h */
#include "config/config-file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(DIR, closedir)

static void
report(TsProblems *problems, const char *path, const char *format, const char *argument)
{
	TsOrigin origin = {.file = g_intern_string(path)};
	g_autofree char *text = g_strdup_printf(format, argument);

	ts_problems_add_file(problems, origin.file);
	ts_problems_error(problems, &origin, "%s", text);
}

/* Names the directory on the way to @path that may not be entered, if it is that. */
static void
report_errno(TsProblems *problems, const char *path, int saved_errno)
{
	g_autofree char *prefix = g_strdup(path);

	if (saved_errno != EACCES) {
		report(problems, path, "cannot read: %s", g_strerror(saved_errno));
		return;
	}
	for (char *slash = strchr(prefix + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (faccessat(AT_FDCWD, prefix, X_OK, AT_EACCESS) == -1 && errno == EACCES) {
			report(problems, path, "cannot read: directory %s may not be entered",
			       prefix);
			return;
		}
		*slash = '/';
	}
	report(problems, path, "cannot read: %s", g_strerror(saved_errno));
}

static bool
is_dev_null(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(1, 3);
}

/* Returns: (nullable): what is wrong with reading it. */
static const char *
refuse_type(const struct stat *status)
{
	if (S_ISDIR(status->st_mode))
		return "a directory";
	if (S_ISFIFO(status->st_mode))
		return "a FIFO";
	if (S_ISSOCK(status->st_mode))
		return "a socket";
	if (!S_ISREG(status->st_mode))
		return "a device";
	return NULL;
}

static bool
check_status(const struct stat *status, const char *path, TsProblems *problems)
{
	const char *type = refuse_type(status);

	if (type)
		report(problems, path, "is %s, not a file", type);
	else if (status->st_size > TS_CONFIG_MAX_FILE_BYTES)
		report(problems, path, "is larger than %s", "1 MiB");
	return !type && status->st_size <= TS_CONFIG_MAX_FILE_BYTES;
}

/* Reads at most one byte more than is allowed: the size that fstat told may be out of date. */
static GBytes *
read_descriptor(int fd, const char *path, TsProblems *problems)
{
	g_autoptr(GByteArray) bytes = g_byte_array_new();
	guint8 buffer[16384];

	while (bytes->len <= TS_CONFIG_MAX_FILE_BYTES) {
		ssize_t n = read(fd, buffer, sizeof buffer);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1) {
			report_errno(problems, path, errno);
			return NULL;
		}
		if (n == 0)
			return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
		g_byte_array_append(bytes, buffer, (guint)n);
	}
	report(problems, path, "is larger than %s", "1 MiB");
	return NULL;
}

GBytes *
ts_config_file_read(const char *path, bool is_optional, TsProblems *problems)
{
	struct stat status;

	/* The type first: opening a device may do something. Then again on what was opened. */
	if (stat(path, &status) == -1) {
		if (!is_optional || (errno != ENOENT && errno != ENOTDIR))
			report_errno(problems, path, errno);
		return NULL;
	}
	if (is_dev_null(&status))
		return g_bytes_new(NULL, 0);
	if (!check_status(&status, path, problems))
		return NULL;
	g_auto(TsFd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1 || fstat(fd, &status) == -1) {
		report_errno(problems, path, errno);
		return NULL;
	}
	return check_status(&status, path, problems) ? read_descriptor(fd, path, problems) : NULL;
}

/* Warns of names that look meant but are not taken. */
static bool
is_drop_in(const char *directory, const char *name, TsProblems *problems)
{
	if (name[0] == '.' || name[0] == '#')
		return false;
	if (g_str_has_suffix(name, ".yaml"))
		return true;
	if (g_str_has_suffix(name, ".yml") || g_str_has_suffix(name, ".conf") ||
	    g_str_has_suffix(name, ".YAML")) {
		g_autofree char *path = g_build_filename(directory, name, NULL);
		TsOrigin origin = {.file = g_intern_string(path)};
		ts_problems_warn(problems, &origin,
				 "not read: the name of a drop-in must end in .yaml");
	}
	return false;
}

static void
list_directory(GHashTable *paths, const char *directory, TsProblems *problems)
{
	g_autoptr(DIR) stream = opendir(directory);

	if (!stream) {
		if (errno != ENOENT)
			report_errno(problems, directory, errno);
		return;
	}
	for (;;) {
		errno = 0;
		const struct dirent *entry = readdir(stream);
		if (!entry)
			break;
		if (is_drop_in(directory, entry->d_name, problems))
			g_hash_table_replace(paths, g_strdup(entry->d_name),
					     g_build_filename(directory, entry->d_name, NULL));
	}
	if (errno)
		report_errno(problems, directory, errno);
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(a, b);
}

char **
ts_config_list_drop_ins(const char *const *directories, TsProblems *problems)
{
	g_autoptr(GHashTable) paths =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_autoptr(GStrvBuilder) sorted = g_strv_builder_new();

	for (; directories && *directories; directories++)
		list_directory(paths, *directories, problems);
	g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(paths), compare_names);
	for (const GList *name = names; name; name = name->next)
		g_strv_builder_add(sorted, g_hash_table_lookup(paths, name->data));
	return g_strv_builder_end(sorted);
}
