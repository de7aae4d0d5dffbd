/* SPDX-License-Identifier: BSD-2-Clause */
/* instance.c - see instance.h */
#include "plugin/instance.h"

#include "base/error.h"
#include "base/log.h"

#define TS_LOG_COMPONENT "plugin"

/* A pin on a service lasts for one call of the provider. */
#define SERVICE_LIMIT_US G_USEC_PER_SEC

static void
free_memory(TsInstance *instance)
{
	g_ptr_array_unref(instance->refs);
	g_hash_table_unref(instance->handles);
	g_hash_table_unref(instance->values);
	g_mutex_clear(&instance->limiter.lock);
	g_free(instance->name);
	g_free(instance);
}

static bool
refuse(const TsInstance *instance, const char *step, int result, GError **error)
{
	g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
		    "plugin %s: its %s failed: %s; the line that it logged before says why",
		    instance->name, step, g_strerror(result < 0 ? -result : result));
	return false;
}

TsInstance *
ts_instance_new(const TsPluginContext *context, const TsModule *module, const char *name,
		GHashTable *values, const TsSampleSink *sink, GError **error)
{
	TsInstance *self = g_new0(TsInstance, 1);

	self->context = context;
	self->module = module;
	self->name = g_strdup(name);
	self->values = values;
	if (sink)
		self->sink = *sink;
	self->refs = g_ptr_array_new();
	g_mutex_init(&self->limiter.lock);
	ts_host_table_init(self);
	int result = module->plugin->create(&self->table, &self->self);
	if (result == 0)
		return self;
	refuse(self, "create()", result, error);
	ts_host_table_revoke(self, true);
	free_memory(self);
	return NULL;
}

/* No callback comes any more, and no other plugin calls. */
static void
take_back(TsInstance *instance)
{
	ts_host_table_revoke(instance, false);
	if (!ts_services_withdraw(instance->context->services, instance, SERVICE_LIMIT_US))
		instance->is_pinned = true;
	instance->is_started = false;
}

bool
ts_instance_start(TsInstance *instance, GError **error)
{
	if (instance->is_started)
		return true;
	instance->is_started = true;
	int result = instance->module->plugin->start(instance->self);
	if (result == 0)
		return true;
	take_back(instance);
	return refuse(instance, "start()", result, error);
}

void
ts_instance_stop(TsInstance *instance)
{
	if (!instance->is_started)
		return;
	take_back(instance);
	if (instance->module->plugin->stop)
		instance->module->plugin->stop(instance->self);
}

bool
ts_instance_free(TsInstance *instance)
{
	if (!instance)
		return true;
	ts_instance_stop(instance);
	while (instance->refs->len > 0)
		ts_services_release(instance->context->services,
				    g_ptr_array_steal_index(instance->refs, 0));
	if (instance->is_pinned) {
		ts_warning(
			"%s: a service of it is in use and was not given back within 1 s; its code "
			"stays in memory",
			instance->name);
		ts_host_table_revoke(instance, true);
		return false;
	}
	instance->module->plugin->destroy(instance->self);
	ts_host_table_revoke(instance, true);
	free_memory(instance);
	return true;
}
