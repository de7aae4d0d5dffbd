/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host-table.c - the functions behind struct timesrv_host (sdk/include/timesrv/host.h)
 *
 * Plugins are not trusted to be right: each argument is looked at, and what an instance made is
 * kept in its list of handles.
 */
#include "plugin/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/time.h"
#include "clock/clock.h"

#define MAX_LOG_BYTES 480

/* So many lines at once, and then one each so often: a plugin in trouble says enough with that. */
#define LOG_BURST    20.0
#define LOG_REFILL_S 5.0

#define MIN_PERIOD_NS TS_NS_PER_MS

/* What an instance made: one of timer, watch, metric is set. */
typedef struct {
	TsInstance *instance;
	uint64_t id;
	TsTimer *timer;
	int64_t period_ns; /* 0: once */
	TsWatch *watch;
	TsMetric *metric;
	union {
		timesrv_timer_func timer;
		timesrv_watch_func watch;
	} func;
	void *user_data;
} Handle;

static void
handle_free(gpointer data)
{
	Handle *handle = data;

	ts_timer_free(handle->timer);
	ts_watch_free(handle->watch);
	if (handle->metric)
		ts_metrics_remove(handle->instance->context->metrics, handle->metric);
	g_free(handle);
}

static Handle *
handle_new(TsInstance *instance, timesrv_id *id)
{
	Handle *handle = g_new0(Handle, 1);

	handle->instance = instance;
	handle->id = ++instance->last_id;
	g_hash_table_insert(instance->handles, &handle->id, handle);
	if (id)
		*id = handle->id;
	return handle;
}

static gboolean
is_revoked(gpointer key, gpointer value, gpointer user_data)
{
	const Handle *handle = value;
	const bool *with_metrics = user_data;

	(void)key;
	return *with_metrics || !handle->metric;
}

void
ts_host_table_revoke(TsInstance *instance, bool with_metrics)
{
	g_hash_table_foreach_remove(instance->handles, is_revoked, &with_metrics);
}

/* ---- log ------------------------------------------------------------------------------------- */

static TsLogLevel
log_level(uint32_t level)
{
	switch (level) {
	case TIMESRV_LOG_ERROR:
		return TS_LOG_ERROR;
	case TIMESRV_LOG_WARNING:
		return TS_LOG_WARNING;
	case TIMESRV_LOG_NOTICE:
		return TS_LOG_NOTICE;
	case TIMESRV_LOG_DEBUG:
		return TS_LOG_DEBUG;
	default: /* a number that a plugin gave */
		return TS_LOG_INFO;
	}
}

/* Returns: whether a line may be said now; *@n_suppressed is how many were not since the last
 * one. */
static bool
take_log_token(TsInstance *instance, unsigned *n_suppressed)
{
	TsLogLimiter *limiter = &instance->limiter;
	int64_t now_raw_ns = ts_clock_raw_now(ts_engine_clock(instance->context->engine));

	g_mutex_lock(&limiter->lock);
	double gained = ts_ns_to_s(now_raw_ns - limiter->refilled_raw_ns) / LOG_REFILL_S;
	limiter->tokens = MIN(LOG_BURST, limiter->tokens + MAX(gained, 0));
	limiter->refilled_raw_ns = now_raw_ns;
	bool may_log = limiter->tokens >= 1;
	if (may_log) {
		limiter->tokens -= 1;
		*n_suppressed = limiter->n_suppressed;
		limiter->n_suppressed = 0;
	} else {
		limiter->n_suppressed++;
	}
	g_mutex_unlock(&limiter->lock);
	return may_log;
}

G_GNUC_PRINTF(3, 4)
static void
host_log(timesrv_instance *h, uint32_t level, const char *format, ...)
{
	char line[MAX_LOG_BYTES + 1];
	unsigned n_suppressed = 0;
	va_list arguments;

	if (!take_log_token(h, &n_suppressed))
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	if (n_suppressed)
		ts_log(TS_LOG_WARNING, h->name, "%u lines were left out", n_suppressed);
	ts_log(log_level(level), h->name, "%s", line);
}

/* ---- clocks ---------------------------------------------------------------------------------- */

static TsClock *
clock_of(const TsInstance *instance)
{
	return ts_engine_clock(instance->context->engine);
}

static int64_t
host_raw_now(timesrv_instance *h)
{
	return ts_clock_raw_now(clock_of(h));
}

static int64_t
host_mono_now(timesrv_instance *h)
{
	return ts_sched_now(ts_engine_sched(h->context->engine));
}

static int64_t
host_utc_now(timesrv_instance *h)
{
	return ts_clock_utc_now(clock_of(h));
}

static int
host_raw_of_real(timesrv_instance *h, int64_t real_ns, int64_t *raw_ns)
{
	return ts_clock_raw_of_real(clock_of(h), real_ns, raw_ns) ? 0 : -ESTALE;
}

static uint32_t
host_epoch(timesrv_instance *h)
{
	return ts_clock_epoch(clock_of(h));
}

/* ---- timers and descriptors ------------------------------------------------------------------ */

static void
on_timer(void *user_data)
{
	Handle *handle = user_data;
	timesrv_timer_func func = handle->func.timer;
	void *plugin_data = handle->user_data;

	/* before the call, which may cancel it */
	if (handle->period_ns > 0)
		ts_timer_arm_after(handle->timer, handle->period_ns);
	else
		g_hash_table_remove(handle->instance->handles, &handle->id);
	func(plugin_data);
}

static int
host_timer_add(timesrv_instance *h, int64_t first_ns, int64_t period_ns, timesrv_timer_func func,
	       void *user_data, timesrv_id *id)
{
	if (!h->is_started)
		return -ESHUTDOWN;
	if (!func || first_ns < 0 || (period_ns != 0 && period_ns < MIN_PERIOD_NS))
		return -EINVAL;
	Handle *handle = handle_new(h, id);
	handle->func.timer = func;
	handle->user_data = user_data;
	handle->period_ns = period_ns;
	handle->timer = ts_timer_new(ts_engine_sched(h->context->engine), on_timer, handle);
	ts_timer_arm_after(handle->timer, first_ns);
	return 0;
}

static void
on_watch(int fd, GIOCondition condition, void *user_data)
{
	Handle *handle = user_data;
	uint32_t events = 0;

	if (condition & (G_IO_IN | G_IO_PRI))
		events |= TIMESRV_WATCH_READ;
	if (condition & G_IO_OUT)
		events |= TIMESRV_WATCH_WRITE;
	if (condition & (G_IO_ERR | G_IO_HUP | G_IO_NVAL))
		events |= TIMESRV_WATCH_ERROR;
	handle->func.watch(fd, events, handle->user_data);
}

static int
host_watch_add(timesrv_instance *h, int fd, uint32_t events, timesrv_watch_func func,
	       void *user_data, timesrv_id *id)
{
	TsSched *sched = ts_engine_sched(h->context->engine);
	unsigned condition = 0;

	if (!h->is_started)
		return -ESHUTDOWN;
	if (!func || !(events & (TIMESRV_WATCH_READ | TIMESRV_WATCH_WRITE)))
		return -EINVAL;
	if (fcntl(fd, F_GETFD) < 0)
		return -EBADF;
	if (ts_sched_is_virtual(sched))
		return -ENOTSUP;
	if (events & TIMESRV_WATCH_READ)
		condition |= G_IO_IN;
	if (events & TIMESRV_WATCH_WRITE)
		condition |= G_IO_OUT;
	Handle *handle = handle_new(h, id);
	handle->func.watch = func;
	handle->user_data = user_data;
	handle->watch = ts_watch_new(sched, fd, (GIOCondition)condition, on_watch, handle);
	return 0;
}

static void
host_cancel(timesrv_instance *h, timesrv_id id)
{
	g_hash_table_remove(h->handles, &id);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Returns: 0, -ENOENT or -EINVAL; @types: bits of TsSettingType that are good */
static int
find_value(const TsInstance *instance, const char *name, unsigned types,
	   const TsSettingValue **value)
{
	*value = g_hash_table_lookup(instance->values, name);
	if (!*value || !(types & 1u << (*value)->type))
		return -EINVAL;
	return (*value)->is_set ? 0 : -ENOENT;
}

static int
host_setting_bool(timesrv_instance *h, const char *name, int *value)
{
	const TsSettingValue *found;
	int result = find_value(h, name, 1u << TS_SETTING_BOOL, &found);

	if (result == 0)
		*value = found->whole != 0;
	return result;
}

static int
host_setting_int(timesrv_instance *h, const char *name, int64_t *value)
{
	const TsSettingValue *found;
	int result = find_value(h, name, 1u << TS_SETTING_INT | 1u << TS_SETTING_MODE, &found);

	if (result == 0)
		*value = found->whole;
	return result;
}

static int
host_setting_number(timesrv_instance *h, const char *name, double *value)
{
	const TsSettingValue *found;
	int result =
		find_value(h, name, 1u << TS_SETTING_NUMBER | 1u << TS_SETTING_DURATION, &found);

	if (result == 0)
		*value = found->number;
	return result;
}

static int
host_setting_text(timesrv_instance *h, const char *name, const char **value)
{
	const TsSettingValue *found;
	unsigned types = 1u << TS_SETTING_STRING | 1u << TS_SETTING_PATH | 1u << TS_SETTING_ENUM;
	int result = find_value(h, name, types, &found);

	if (result == 0)
		*value = found->text;
	return result;
}

/* ---- refclocks ------------------------------------------------------------------------------- */

static int
host_submit_sample(timesrv_instance *h, const struct timesrv_sample *sample)
{
	if (!h->sink.submit)
		return -EPERM;
	if (!h->is_started)
		return -ESHUTDOWN;
	return h->sink.submit(h->sink.user_data, sample);
}

static void
host_set_progress(timesrv_instance *h, const char *text)
{
	if (h->sink.set_progress && h->self)
		h->sink.set_progress(h->sink.user_data, text);
}

/* ---- metrics --------------------------------------------------------------------------------- */

static int
host_metric_add(timesrv_instance *h, uint32_t kind, const char *name, const char *unit,
		const char *help, timesrv_id *id)
{
	TsMetrics *metrics = h->context->metrics;
	TsMetric *metric;

	if (!name || !help)
		return -EINVAL;
	if (kind == TIMESRV_METRIC_COUNTER)
		metric = ts_metrics_add_counter(metrics, h->name, name, help, 1);
	else if (kind == TIMESRV_METRIC_GAUGE)
		metric = ts_metrics_add_gauge(metrics, h->name, name, unit ? unit : "", help);
	else
		return -EINVAL;
	if (!metric)
		return -EEXIST;
	handle_new(h, id)->metric = metric;
	return 0;
}

static TsMetric *
find_metric(const TsInstance *instance, timesrv_id id)
{
	const Handle *handle = g_hash_table_lookup(instance->handles, &id);

	return handle ? handle->metric : NULL;
}

static void
host_metric_count(timesrv_instance *h, timesrv_id id, int64_t by)
{
	TsMetric *metric = find_metric(h, id);

	if (metric)
		ts_metric_add(metric, 0, by);
}

static void
host_metric_set(timesrv_instance *h, timesrv_id id, double value)
{
	TsMetric *metric = find_metric(h, id);

	if (metric)
		ts_metric_set(metric, value);
}

/* ---- services -------------------------------------------------------------------------------- */

static int
host_service_publish(timesrv_instance *h, const char *interface, uint32_t version,
		     const void *table, void *object)
{
	if (!h->is_started)
		return -ESHUTDOWN;
	if (!interface || !*interface || !table)
		return -EINVAL;
	return ts_services_publish(h->context->services, h, interface, version, table, object)
		       ? 0
		       : -EEXIST;
}

static void
on_service(const char *interface, bool is_present, void *user_data)
{
	TsInstance *instance = user_data;

	if (instance->is_started && instance->module->plugin->on_service)
		instance->module->plugin->on_service(instance->self, interface, is_present);
}

/* Plugins see references as another type, of which they know nothing. */
static TsServiceRef *
ref_of(timesrv_service_ref *ref)
{
	return (TsServiceRef *)(void *)ref;
}

static int
host_service_acquire(timesrv_instance *h, const char *interface, uint32_t min_version,
		     timesrv_service_ref **ref)
{
	if (!interface || !*interface || !ref)
		return -EINVAL;
	TsServiceRef *made =
		ts_services_acquire(h->context->services, interface, min_version, on_service, h);
	g_ptr_array_add(h->refs, made);
	*ref = (timesrv_service_ref *)(void *)made;
	return 0;
}

static const void *
host_service_use(timesrv_instance *h, timesrv_service_ref *ref, void **object)
{
	(void)h;
	return ts_service_use(ref_of(ref), object);
}

static void
host_service_done(timesrv_instance *h, timesrv_service_ref *ref)
{
	(void)h;
	ts_service_done(ref_of(ref));
}

static void
host_service_release(timesrv_instance *h, timesrv_service_ref *ref)
{
	if (g_ptr_array_remove(h->refs, ref))
		ts_services_release(h->context->services, ref_of(ref));
}

void
ts_host_table_init(TsInstance *instance)
{
	instance->handles = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, handle_free);
	instance->limiter.tokens = LOG_BURST;
	instance->limiter.refilled_raw_ns = ts_clock_raw_now(clock_of(instance));
	instance->table = (struct timesrv_host){
		.struct_size = sizeof instance->table,
		.abi_major = TIMESRV_ABI_MAJOR,
		.abi_minor = TIMESRV_ABI_MINOR,
		.h = instance,
		.log = host_log,
		.raw_now = host_raw_now,
		.mono_now = host_mono_now,
		.utc_now = host_utc_now,
		.raw_of_real = host_raw_of_real,
		.epoch = host_epoch,
		.timer_add = host_timer_add,
		.watch_add = host_watch_add,
		.cancel = host_cancel,
		.setting_bool = host_setting_bool,
		.setting_int = host_setting_int,
		.setting_number = host_setting_number,
		.setting_text = host_setting_text,
		.submit_sample = host_submit_sample,
		.set_progress = host_set_progress,
		.metric_add = host_metric_add,
		.metric_count = host_metric_count,
		.metric_set = host_metric_set,
		.service_publish = host_service_publish,
		.service_acquire = host_service_acquire,
		.service_use = host_service_use,
		.service_done = host_service_done,
		.service_release = host_service_release,
	};
}
