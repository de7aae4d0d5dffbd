/* SPDX-License-Identifier: BSD-2-Clause */
/* loader.c - see loader.h */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/fd.h"
#include "plugin/lint.h"
#include "plugin/refclock.h"
#include "plugin/trusted-file.h"

/* The members that minor 0 demands; later ones are asked for with TIMESRV_HAS(). */
#define MIN_PLUGIN_BYTES                                                                           \
	(offsetof(struct timesrv_plugin, on_disruption) +                                          \
	 sizeof(((struct timesrv_plugin *)NULL)->on_disruption))

static gboolean
refuse(GError **error, const char *path, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INCOMPATIBLE, "%s: %s", path, what);
	return FALSE;
}

/* Reads notes, schema and symbols of @fd into @module. */
static gboolean
look_at(TsModule *module, int fd, GError **error)
{
	module->facts = ts_plugin_facts_read(fd, module->path, error);
	if (!module->facts)
		return FALSE;
	g_autoptr(GError) cause = NULL;
	module->schema = ts_plugin_schema_new();
	if (module->facts->info.kind == TIMESRV_KIND_REFCLOCK)
		ts_plugin_schema_add(module->schema, ts_refclock_schema, NULL);
	if (!ts_plugin_schema_add(module->schema, module->facts->schema, &cause))
		return refuse(error, module->path, "its schema note is broken: %s", cause->message);
	module->lint = ts_plugin_lint(fd, module->facts->info.flags & TIMESRV_PLUGIN_RESIDENT);
	return TRUE;
}

TsModule *
ts_module_look(const char *path, uid_t user, GError **error)
{
	g_autoptr(TsModule) module = g_new0(TsModule, 1);
	g_auto(TsFd) fd = ts_trusted_file_open(path, user, error);

	module->path = g_strdup(path);
	if (fd < 0 || !look_at(module, fd, error))
		return NULL;
	return g_steal_pointer(&module);
}

static gboolean
check_name(const TsModule *module, const char *expected, GError **error)
{
	const char *name = module->facts->info.name;
	g_autofree char *base = g_path_get_basename(module->path);

	if (!expected && g_str_has_suffix(base, ".so"))
		base[strlen(base) - strlen(".so")] = '\0';
	const char *wanted = expected ? expected : base;
	if (!g_str_equal(name, wanted))
		return refuse(error, module->path,
			      "calls itself '%s' in its note, but '%s' was asked "
			      "for; name the file %s.so",
			      name, wanted, name);
	return TRUE;
}

static gboolean
map_copy(TsModule *module, GError **error)
{
	module->handle = dlopen(module->copy_path, RTLD_NOW | RTLD_LOCAL);
	if (module->handle)
		return TRUE;
	const char *reason = dlerror();
	g_autofree char *own_prefix = g_strconcat(module->copy_path, ": ", NULL);
	if (g_str_has_prefix(reason, own_prefix))
		reason += strlen(own_prefix);
	if (strstr(reason, "undefined symbol"))
		return refuse(error, module->path,
			      "can't be loaded: %s; the daemon exports no symbols: "
			      "link the plugin with the library that has it, and with -Wl,-z,defs",
			      reason);
	if (strstr(reason, "failed to map"))
		return refuse(error, module->path,
			      "can't be loaded: %s; the copy is in %s: is that "
			      "mounted noexec?",
			      reason, module->copy_path);
	return refuse(error, module->path, "can't be loaded: %s", reason);
}

static gboolean
check_refclock(const TsModule *module, GError **error)
{
	const struct timesrv_refclock_ops *ops = module->plugin->kind_ops;

	if (!ops || !TIMESRV_HAS(ops, poll))
		return refuse(error, module->path,
			      "is a refclock without kind_ops; set it to a struct "
			      "timesrv_refclock_ops with its struct_size");
	return TRUE;
}

static gboolean
check_plugin(TsModule *module, GError **error)
{
	const struct timesrv_plugin *plugin = dlsym(module->handle, TIMESRV_PLUGIN_SYMBOL);
	const struct timesrv_note_info *info = &module->facts->info;

	if (!plugin)
		return refuse(error, module->path,
			      "has no symbol %s; define it with "
			      "TIMESRV_PLUGIN_DEFINE",
			      TIMESRV_PLUGIN_SYMBOL);
	if (plugin->struct_size < MIN_PLUGIN_BYTES || plugin->abi_major != TIMESRV_ABI_MAJOR)
		return refuse(error, module->path,
			      "its struct timesrv_plugin is of ABI %u with %u bytes, "
			      "%zu are the least; set struct_size and abi_major",
			      plugin->abi_major, plugin->struct_size, MIN_PLUGIN_BYTES);
	if (plugin->kind != info->kind)
		return refuse(error, module->path,
			      "is of kind %s in its note and of kind %s in its "
			      "struct",
			      ts_plugin_kind_name(info->kind), ts_plugin_kind_name(plugin->kind));
	if (!plugin->create || !plugin->start || !plugin->destroy)
		return refuse(error, module->path,
			      "has no create, start or destroy; a plugin needs all "
			      "three");
	module->plugin = plugin;
	return plugin->kind != TIMESRV_KIND_REFCLOCK || check_refclock(module, error);
}

static gboolean
load_copy(TsModule *module, const char *name, GError **error)
{
	g_auto(TsFd) copy = open(module->copy_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (copy < 0)
		return ts_set_error_errno(error, errno, "cannot open the copy %s",
					  module->copy_path);
	return look_at(module, copy, error) && check_name(module, name, error) &&
	       ts_plugin_facts_check(module->facts, module->path, error) &&
	       map_copy(module, error) && check_plugin(module, error);
}

TsModule *
ts_module_open(TsPrivateCopies *copies, const char *path, const char *name, uid_t user,
	       GError **error)
{
	g_autoptr(TsModule) module = g_new0(TsModule, 1);
	g_auto(TsFd) fd = ts_trusted_file_open(path, user, error);

	if (fd < 0)
		return NULL;
	module->path = g_strdup(path);
	/* the copy is called by what was asked for: its note was not read yet */
	g_autofree char *base = g_path_get_basename(path);
	g_strdelimit(base, ".", '\0');
	module->copy_path = ts_private_copies_add(copies, base, fd, error);
	if (!module->copy_path || !load_copy(module, name, error))
		return NULL;
	return g_steal_pointer(&module);
}

static bool
is_mapped(const char *path)
{
	g_autofree char *maps = NULL;

	/* where /proc is hidden nothing can be said: then we trust dlclose() */
	if (!g_file_get_contents("/proc/self/maps", &maps, NULL, NULL))
		return false;
	return strstr(maps, path) != NULL;
}

bool
ts_module_close(TsModule *module)
{
	bool is_gone = true;

	if (!module)
		return true;
	if (module->handle) {
		if (!(module->facts->info.flags & TIMESRV_PLUGIN_RESIDENT))
			dlclose(module->handle);
		is_gone = !is_mapped(module->copy_path);
	}
	/* a debugger wants the file as long as its code is mapped */
	if (module->copy_path && is_gone)
		g_unlink(module->copy_path);
	g_clear_pointer(&module->lint, g_ptr_array_unref);
	ts_plugin_schema_free(module->schema);
	ts_plugin_facts_free(module->facts);
	g_free(module->copy_path);
	g_free(module->path);
	g_free(module);
	return is_gone;
}
