/* SPDX-License-Identifier: BSD-2-Clause */
/* host.c - see host.h */
#include "plugin/host.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "plugin/loader.h"
#include "plugin/plugin-files.h"
#include "plugin/refclock.h"
#include "plugin/view.h"

#define TS_LOG_COMPONENT "plugin"

/* A source of a refclock plugin. */
typedef struct {
	char *label;
	TsRefclock *refclock;
	TsSourceSettings *settings;
} Use;

/* A plugin in memory. */
typedef struct {
	TsPluginHost *host;
	char *name;
	TsModule *module;
	TsInstance *service;   /* (nullable): the one instance of a service */
	GPtrArray *uses;       /* of Use */
	bool is_wanted;        /* by an entry of the files */
	bool is_asked_for;     /* by the operator: stays without a source */
	bool is_pinned;        /* somebody still calls it: its code may never go */
	TsNode *defaults;      /* (nullable): its entry's settings, as last applied */
} Plugin;

struct _TsPluginHost {
	TsPluginContext context;
	TsPrivateCopies *copies;
	TsSettings *settings;
	GHashTable *plugins;     /* name -> Plugin */
	GHashTable *left_mapped; /* name -> how many copies could not be unmapped */
	unsigned subscription;
};

/* ---- life of a plugin ------------------------------------------------------------------------ */

static void
use_free(Use *use)
{
	ts_source_settings_free(use->settings);
	g_free(use->label);
	g_free(use);
}

/* Ends the sources and the code of @plugin. */
static void
plugin_free(Plugin *plugin)
{
	TsPluginHost *host = plugin->host;
	bool is_unused = ts_instance_free(plugin->service) && !plugin->is_pinned;
	bool is_resident = plugin->module->facts->info.flags & TIMESRV_PLUGIN_RESIDENT;

	for (unsigned i = 0; i < plugin->uses->len; i++) {
		Use *use = g_ptr_array_index(plugin->uses, i);
		is_unused &= ts_refclock_free(use->refclock);
		use_free(use);
	}
	/* a module that is still in use is left as it is, and lost */
	if (!is_unused || !ts_module_close(plugin->module)) {
		unsigned n = GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, plugin->name));
		g_hash_table_insert(host->left_mapped, g_strdup(plugin->name), GUINT_TO_POINTER(n + 1));
		if (!is_resident)
			ts_warning("%s: its code is still mapped after it was unloaded; see "
				   "timesrvctl plugin info %s", plugin->name, plugin->name);
	}
	g_clear_pointer(&plugin->defaults, ts_node_unref);
	g_ptr_array_unref(plugin->uses);
	g_free(plugin->name);
	g_free(plugin);
}

static void
unload(Plugin *plugin)
{
	TsPluginHost *host = plugin->host;

	ts_info("%s unloaded", plugin->name);
	g_hash_table_remove(host->plugins, plugin->name);
	plugin_free(plugin);
}

static void
unload_if_unused(Plugin *plugin)
{
	if (plugin->uses->len == 0 && !plugin->is_wanted && !plugin->is_asked_for)
		unload(plugin);
}

static char *
problems_to_text(const GPtrArray *problems)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = g_ptr_array_index(problems, i);
		g_autofree char *place = ts_origin_format(&problem->origin);
		bool has_place = problem->origin.file != NULL;
		g_string_append_printf(text, "%s%s%s%s", i ? "; " : "", has_place ? place : "",
				       has_place ? ": " : "", problem->text);
	}
	return g_string_free(text, FALSE);
}

/* Returns: (transfer full) (nullable): the values of an instance whose own keys are @own. */
static GHashTable *
read_values(const Plugin *plugin, TsNode *own, const TsOrigin *where, GError **error)
{
	g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();
	TsNode *maps[] = {own, plugin->defaults};
	GHashTable *values = ts_plugin_schema_read(plugin->module->schema, maps, G_N_ELEMENTS(maps),
						   where, plugin->name, problems);

	if (!values) {
		g_autofree char *text = problems_to_text(problems);
		g_set_error_literal(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG, text);
	}
	return values;
}

static bool
start_service(Plugin *plugin, const TsOrigin *where, GError **error)
{
	static const TsOrigin nowhere;
	GHashTable *values = read_values(plugin, NULL, where ? where : &nowhere, error);

	if (!values)
		return false;
	plugin->service = ts_instance_new(&plugin->host->context, plugin->module, plugin->name, values,
					  NULL, error);
	if (!plugin->service)
		return false;
	if (ts_instance_start(plugin->service, error))
		return true;
	ts_instance_free(g_steal_pointer(&plugin->service));
	return false;
}

/* Returns: (nullable): a plugin of @path, newly mapped. */
static Plugin *
load(TsPluginHost *host, const char *path, GError **error)
{
	g_autofree char *name = ts_plugin_files_name(path);
	TsModule *module = ts_module_open(host->copies, path, name, geteuid(), error);

	if (!module)
		return NULL;
	Plugin *plugin = g_new0(Plugin, 1);
	plugin->host = host;
	plugin->name = g_steal_pointer(&name);
	plugin->module = module;
	plugin->uses = g_ptr_array_new();
	const TsPluginSettings *entry = ts_plugin_files_entry(host->settings, plugin->name);
	if (entry && entry->settings)
		plugin->defaults = ts_node_ref(entry->settings);
	if (module->plugin->kind == TIMESRV_KIND_SERVICE &&
	    !start_service(plugin, entry ? &entry->origin : NULL, error)) {
		plugin_free(plugin);
		return NULL;
	}
	g_hash_table_insert(host->plugins, plugin->name, plugin);
	ts_info("%s %s loaded from %s", plugin->name, module->facts->info.version, path);
	for (unsigned i = 0; i < module->lint->len; i++)
		ts_debug("%s: %s", plugin->name, (char *)g_ptr_array_index(module->lint, i));
	return plugin;
}

/* Returns: (nullable): the plugin that @name means, loaded now if it was not. */
static Plugin *
need(TsPluginHost *host, const char *name, GError **error)
{
	const TsPluginSettings *entry = ts_plugin_files_entry(host->settings, name);

	if (entry && !entry->is_enabled) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "plugin %s is not enabled; set plugins: %s: enabled: true", name, entry->name);
		return NULL;
	}
	g_autofree char *path = ts_plugin_files_find(host->settings, name, error);
	if (!path)
		return NULL;
	g_autofree char *plugin_name = ts_plugin_files_name(path);
	Plugin *plugin = g_hash_table_lookup(host->plugins, plugin_name);
	return plugin ? plugin : load(host, path, error);
}

/* ---- sources --------------------------------------------------------------------------------- */

/* Returns: (nullable): who has the source @label; *@index is its place there. */
static Plugin *
find_use(TsPluginHost *host, const char *label, unsigned *index)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Plugin *plugin = value;
		for (*index = 0; *index < plugin->uses->len; ++*index)
			if (g_str_equal(((Use *)g_ptr_array_index(plugin->uses, *index))->label, label))
				return plugin;
	}
	return NULL;
}

static bool
has_instance(const Plugin *plugin, const char *name)
{
	for (unsigned i = 0; i < plugin->uses->len; i++) {
		const Use *use = g_ptr_array_index(plugin->uses, i);
		if (g_str_equal(ts_refclock_instance_name(use->refclock), name))
			return true;
	}
	return false;
}

/* In logs and metrics: the plugin's name, with the label where that says more. */
static char *
instance_name(const Plugin *plugin, const char *label)
{
	g_autofree char *plain = g_ascii_strdown(label, -1);

	g_strcanon(plain, "abcdefghijklmnopqrstuvwxyz0123456789_-", '-');
	char *name = ts_plugin_files_is_same(plain, plugin->name) ?
			     g_strdup(plugin->name) :
			     g_strconcat(plugin->name, "-", plain, NULL);
	for (unsigned n = 2; has_instance(plugin, name); n++) {
		g_free(name);
		name = g_strdup_printf("%s-%s-%u", plugin->name, plain, n);
	}
	return name;
}

static bool
make_refclock(Plugin *plugin, const TsSourceSettings *settings, GError **error)
{
	GHashTable *values = read_values(plugin, settings->plugin, &settings->origin, error);

	if (!values)
		return false;
	g_autofree char *name = instance_name(plugin, settings->label);
	TsRefclock *refclock = ts_refclock_new(&plugin->host->context, plugin->module, settings, name,
					       values, error);
	if (!refclock)
		return false;
	Use *use = g_new0(Use, 1);
	use->label = g_strdup(settings->label);
	use->settings = ts_source_settings_copy(settings);
	use->refclock = refclock;
	g_ptr_array_add(plugin->uses, use);
	return true;
}

static bool
add_source(void *provider, const TsSourceSettings *settings, GError **error)
{
	Plugin *plugin = need(provider, settings->name, error);

	if (!plugin)
		return false;
	if (plugin->module->plugin->kind != TIMESRV_KIND_REFCLOCK) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "plugin %s is of kind %s: it gives no time; name one of kind refclock",
			    plugin->name, ts_plugin_kind_name(plugin->module->plugin->kind));
		unload_if_unused(plugin);
		return false;
	}
	if (make_refclock(plugin, settings, error))
		return true;
	unload_if_unused(plugin);
	return false;
}

/* Ends the source at @index. */
static void
end_use(Plugin *plugin, unsigned index)
{
	Use *use = g_ptr_array_steal_index(plugin->uses, index);

	if (!ts_refclock_free(use->refclock))
		plugin->is_pinned = true;
	use_free(use);
}

static void
remove_source(void *provider, const char *label)
{
	unsigned index;
	Plugin *plugin = find_use(provider, label, &index);

	if (!plugin)
		return;
	end_use(plugin, index);
	unload_if_unused(plugin);
}

static bool
update_source(void *provider, const TsSourceSettings *settings, TsChange change, GError **error)
{
	unsigned index;
	Plugin *plugin = find_use(provider, settings->label, &index);

	if (!plugin || change == TS_CHANGE_RESTART) {
		/* its plugin may be the same: then it need not be unloaded in between */
		Plugin *next = need(provider, settings->name, error);
		if (!next)
			return false;
		if (plugin)
			end_use(plugin, index);
		if (plugin && plugin != next)
			unload_if_unused(plugin);
		return add_source(provider, settings, error);
	}
	Use *use = g_ptr_array_index(plugin->uses, index);
	ts_source_settings_free(use->settings);
	use->settings = ts_source_settings_copy(settings);
	ts_refclock_set_settings(use->refclock, settings);
	return true;
}

const TsSourceProvider ts_plugin_host_provider = {
	.add = add_source,
	.remove = remove_source,
	.update = update_source,
};

/* ---- the host -------------------------------------------------------------------------------- */

static void
tell_disruption(const Plugin *plugin)
{
	const struct timesrv_plugin *code = plugin->module->plugin;

	for (unsigned i = 0; i < plugin->uses->len; i++)
		ts_refclock_tell_disruption(((Use *)g_ptr_array_index(plugin->uses, i))->refclock);
	if (plugin->service && code->on_disruption)
		code->on_disruption(plugin->service->self,
				    plugin->service->table.epoch(plugin->service));
}

static void
on_engine_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	TsPluginHost *host = user_data;
	GHashTableIter iter;
	gpointer value;

	(void)source;
	(void)detail;
	if (event != TS_EVENT_CLOCK_STEPPED && event != TS_EVENT_CLOCK_DISRUPTED)
		return;
	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		tell_disruption(value);
}

TsPluginHost *
ts_plugin_host_new(TsEngine *engine, TsMetrics *metrics)
{
	TsPluginHost *self = g_new0(TsPluginHost, 1);

	self->context = (TsPluginContext){engine, metrics, ts_services_new()};
	self->copies = ts_private_copies_new(NULL);
	self->settings = ts_settings_new();
	self->plugins = g_hash_table_new(g_str_hash, g_str_equal);
	self->left_mapped = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->subscription = ts_engine_subscribe(engine, on_engine_event, self);
	return self;
}

void
ts_plugin_host_free(TsPluginHost *host)
{
	if (!host)
		return;
	ts_engine_unsubscribe(host->context.engine, host->subscription);
	g_autoptr(GList) plugins = g_hash_table_get_values(host->plugins);
	g_hash_table_remove_all(host->plugins);
	g_list_foreach(plugins, (GFunc)(void (*)(void))plugin_free, NULL);
	g_hash_table_unref(host->plugins);
	g_hash_table_unref(host->left_mapped);
	ts_settings_unref(host->settings);
	ts_private_copies_free(host->copies);
	ts_services_free(host->context.services);
	g_free(host);
}

/* ---- the files' entries ---------------------------------------------------------------------- */

/* Its defaults changed: who depends on them starts anew. */
static void
apply_defaults(Plugin *plugin, const TsPluginSettings *entry)
{
	g_autoptr(GError) error = NULL;
	TsNode *defaults = entry ? entry->settings : NULL;

	if (ts_node_equal(plugin->defaults, defaults))
		return;
	g_clear_pointer(&plugin->defaults, ts_node_unref);
	if (defaults)
		plugin->defaults = ts_node_ref(defaults);
	if (plugin->service) {
		ts_instance_free(g_steal_pointer(&plugin->service));
		if (!start_service(plugin, entry ? &entry->origin : NULL, &error))
			ts_warning("%s", error->message);
	}
	for (unsigned left = plugin->uses->len; left > 0; left--) {
		const Use *use = g_ptr_array_index(plugin->uses, 0);
		g_autoptr(TsSourceSettings) settings = ts_source_settings_copy(use->settings);
		g_autoptr(GError) cause = NULL;
		end_use(plugin, 0);
		if (!make_refclock(plugin, settings, &cause))
			ts_warning("source %s: %s", settings->label, cause->message);
	}
}

static void
apply_entry(TsPluginHost *host, const TsPluginSettings *entry)
{
	g_autoptr(GError) error = NULL;

	if (!entry->is_enabled || ts_plugin_files_has_source(host->settings, entry))
		return;
	Plugin *plugin = need(host, entry->name, &error);
	if (plugin) {
		plugin->is_wanted = true;
		return;
	}
	g_autofree char *place = ts_origin_format(&entry->origin);
	ts_warning("%s: %s", place, error->message);
}

void
ts_plugin_host_apply(TsPluginHost *host, const TsSettings *settings)
{
	g_autoptr(GList) plugins = g_hash_table_get_values(host->plugins);

	ts_settings_unref(host->settings);
	host->settings = ts_settings_ref((TsSettings *)settings);
	for (GList *item = plugins; item; item = item->next) {
		Plugin *plugin = item->data;
		const TsPluginSettings *entry = ts_plugin_files_entry(settings, plugin->name);
		plugin->is_wanted = false;
		if (entry || plugin->is_asked_for || plugin->uses->len > 0)
			apply_defaults(plugin, entry);
	}
	for (unsigned i = 0; i < settings->plugins->len; i++)
		apply_entry(host, g_ptr_array_index(settings->plugins, i));
	for (GList *item = plugins; item; item = item->next)
		unload_if_unused(item->data);
}

/* ---- what the control interface asks --------------------------------------------------------- */

static TsPluginView *
view_of(TsPluginHost *host, const Plugin *plugin)
{
	TsPluginView *view = ts_plugin_view_new(plugin->module);

	view->n_instances = plugin->uses->len + (plugin->service != NULL);
	view->n_left_mapped =
		GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, plugin->name));
	return view;
}

/* Returns: (transfer full): a file that is not loaded. */
static TsPluginView *
view_of_file(TsPluginHost *host, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsModule) module = ts_module_look(path, geteuid(), &error);

	if (!module)
		return ts_plugin_view_new_broken(path, error->message);
	TsPluginView *view = ts_plugin_view_new(module);
	view->n_left_mapped = GPOINTER_TO_UINT(g_hash_table_lookup(host->left_mapped, view->name));
	return view;
}

static void
view_free(gpointer data)
{
	ts_plugin_view_free(data);
}

static gint
compare_views(gconstpointer a, gconstpointer b)
{
	const TsPluginView *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

GPtrArray *
ts_plugin_host_list(TsPluginHost *host)
{
	GPtrArray *views = g_ptr_array_new_with_free_func(view_free);
	g_autoptr(GPtrArray) paths = ts_plugin_files_list(host->settings);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(views, view_of(host, value));
	for (unsigned i = 0; i < paths->len; i++) {
		g_autofree char *name = ts_plugin_files_name(g_ptr_array_index(paths, i));
		if (!g_hash_table_contains(host->plugins, name))
			g_ptr_array_add(views, view_of_file(host, g_ptr_array_index(paths, i)));
	}
	g_ptr_array_sort(views, compare_views);
	return views;
}

static bool
is_file(const char *name_or_file)
{
	return strchr(name_or_file, '/') != NULL;
}

static char *
path_of(TsPluginHost *host, const char *name_or_file, GError **error)
{
	return is_file(name_or_file) ? g_strdup(name_or_file) :
				       ts_plugin_files_find(host->settings, name_or_file, error);
}

/* Returns: (nullable): the loaded plugin that @name means, by its whole or short name. */
static Plugin *
find_loaded(TsPluginHost *host, const char *name)
{
	Plugin *plugin = g_hash_table_lookup(host->plugins, name);
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, host->plugins);
	while (!plugin && g_hash_table_iter_next(&iter, NULL, &value))
		if (ts_plugin_files_is_same(name, ((Plugin *)value)->name))
			plugin = value;
	return plugin;
}

TsPluginView *
ts_plugin_host_info(TsPluginHost *host, const char *name_or_file, GError **error)
{
	Plugin *plugin = is_file(name_or_file) ? NULL : find_loaded(host, name_or_file);

	if (plugin)
		return view_of(host, plugin);
	g_autofree char *path = path_of(host, name_or_file, error);
	g_autoptr(TsModule) module = path ? ts_module_look(path, geteuid(), error) : NULL;
	return module ? ts_plugin_view_new(module) : NULL;
}

bool
ts_plugin_host_load(TsPluginHost *host, const char *name_or_file, GError **error)
{
	g_autofree char *path = path_of(host, name_or_file, error);

	if (!path)
		return false;
	g_autofree char *name = ts_plugin_files_name(path);
	Plugin *plugin = g_hash_table_lookup(host->plugins, name);
	if (plugin) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS, "plugin %s is loaded already, from %s",
			    name, plugin->module->path);
		return false;
	}
	plugin = load(host, path, error);
	if (!plugin)
		return false;
	plugin->is_asked_for = true;
	return true;
}

bool
ts_plugin_host_unload(TsPluginHost *host, const char *name, GError **error)
{
	Plugin *plugin = find_loaded(host, name);

	if (!plugin) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_NOT_FOUND, "plugin %s is not loaded", name);
		return false;
	}
	if (plugin->uses->len > 0) {
		GString *labels = g_string_new(NULL);
		for (unsigned i = 0; i < plugin->uses->len; i++)
			g_string_append_printf(labels, "%s%s", i ? ", " : "",
					       ((Use *)g_ptr_array_index(plugin->uses, i))->label);
		g_autofree char *text = g_string_free(labels, FALSE);
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_EXISTS,
			    "plugin %s is used by: %s; remove these sources first", plugin->name, text);
		return false;
	}
	unload(plugin);
	return true;
}
