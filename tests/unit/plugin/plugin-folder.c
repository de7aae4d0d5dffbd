/* SPDX-License-Identifier: BSD-2-Clause */
#include "plugin-folder.h"

#include <check.h>
#include <sys/stat.h>

#include <glib/gstdio.h>

static void
make_private(char **path)
{
	*path = g_dir_make_tmp("test-plugins-XXXXXX", NULL);
	ck_assert_ptr_nonnull(*path);
}

void
plugin_folder_init(PluginFolder *folder)
{
	make_private(&folder->path);
	make_private(&folder->copies);
}

static void
remove_folder(char *path)
{
	g_autoptr(GDir) entries = g_dir_open(path, 0, NULL);
	const char *name;

	while (entries && (name = g_dir_read_name(entries))) {
		g_autofree char *entry = g_build_filename(path, name, NULL);
		if (g_file_test(entry, G_FILE_TEST_IS_DIR) &&
		    !g_file_test(entry, G_FILE_TEST_IS_SYMLINK))
			remove_folder(g_steal_pointer(&entry));
		else
			g_unlink(entry);
	}
	g_rmdir(path);
	g_free(path);
}

void
plugin_folder_clear(PluginFolder *folder)
{
	remove_folder(g_steal_pointer(&folder->copies));
	remove_folder(g_steal_pointer(&folder->path));
}

char *
plugin_folder_write(const PluginFolder *folder, const char *file, const char *content,
		    gssize length)
{
	char *path = g_build_filename(folder->path, file, NULL);

	/* no fsync: what is lost in a crash is not missed. It doesn't cut what was there: so that
	 * goes first */
	g_unlink(path);
	ck_assert(g_file_set_contents_full(path, content, length, G_FILE_SET_CONTENTS_NONE, 0644,
					   NULL));
	ck_assert_int_eq(g_chmod(path, 0644), 0);
	return path;
}

char *
plugin_folder_add_as(const PluginFolder *folder, const char *name, const char *as)
{
	g_autofree char *built = g_strconcat(TEST_PLUGINS, "/", name, ".so", NULL);
	g_autofree char *file = g_strconcat(as, ".so", NULL);
	g_autofree char *content = NULL;
	gsize length;

	ck_assert_msg(g_file_get_contents(built, &content, &length, NULL), "%s", built);
	return plugin_folder_write(folder, file, content, (gssize)length);
}

char *
plugin_folder_add(const PluginFolder *folder, const char *name)
{
	return plugin_folder_add_as(folder, name, name);
}
