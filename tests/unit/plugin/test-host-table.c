/* SPDX-License-Identifier: BSD-2-Clause */
/* test-host-table.c - what a plugin gets from its table of functions, whatever it asks for */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "host-world.h"
#include "plugin/instance.h"
#include "suite.h"

#define MS TS_NS_PER_MS

static const char schema_text[] = "flag|bool|true|||x\n"
				  "whole|int|-5|||x\n"
				  "perm|mode|0640|||x\n"
				  "wait|duration|20ms|||x\n"
				  "word|enum|two|one,two||x\n"
				  "nothing|string||||x\n";

/* The plugin is a part of this program: what it does is told by its tests. */
typedef struct {
	const struct timesrv_host *host;
	unsigned n_calls;
	timesrv_id id;
	unsigned n_starts, n_stops;
	bool adds_timer;
} Guest;

static Guest guest;
static TsInstance *instance;
static HostWorld world;
static TsPluginContext context;

static void
on_timer(void *data)
{
	((Guest *)data)->n_calls++;
}

static int
guest_create(const struct timesrv_host *host, void **self)
{
	guest.host = host;
	*self = &guest;
	return 0;
}

static int
guest_start(void *data)
{
	Guest *self = data;

	self->n_starts++;
	return self->adds_timer ? self->host->timer_add(self->host->h, 0, TS_NS_PER_S, on_timer,
							self, &self->id)
				: 0;
}

static void
guest_stop(void *data)
{
	((Guest *)data)->n_stops++;
}

static void
guest_destroy(void *data)
{
	(void)data;
}

static const struct timesrv_plugin plugin = {
	.struct_size = sizeof plugin,
	.kind = TIMESRV_KIND_SERVICE,
	.create = guest_create,
	.start = guest_start,
	.stop = guest_stop,
	.destroy = guest_destroy,
};
static const TsModule module = {.plugin = &plugin};

static GHashTable *
read_defaults(void)
{
	g_autoptr(TsPluginSchema) schema = ts_plugin_schema_new();
	g_autoptr(GPtrArray) problems = ts_plugin_schema_problems_new();

	ck_assert(ts_plugin_schema_add(schema, schema_text, NULL));
	GHashTable *values = ts_plugin_schema_read(schema, NULL, 0, NULL, "guest", problems);
	ck_assert_ptr_nonnull(values);
	return values;
}

static void
set_up(void)
{
	host_world_init(&world, 0);
	guest = (Guest){0};
	context = (TsPluginContext){world.engine, world.metrics, ts_services_new()};
	instance = ts_instance_new(&context, &module, "guest", read_defaults(), NULL, NULL);
	ck_assert_ptr_nonnull(instance);
	ck_assert(ts_instance_start(instance, NULL));
}

static void
tear_down(void)
{
	if (instance)
		ck_assert(ts_instance_free(instance));
	ts_services_free(context.services);
	host_world_clear(&world);
}

/* ---- timers ---------------------------------------------------------------------------------- */

static int
add_timer(int64_t first_ns, int64_t period_ns, timesrv_timer_func func)
{
	return guest.host->timer_add(guest.host->h, first_ns, period_ns, func, &guest, &guest.id);
}

START_TEST(test_timer_once_runs_once)
{
	ck_assert_int_eq(add_timer(50 * MS, 0, on_timer), 0);

	host_world_run(&world, 0.049);
	ck_assert_uint_eq(guest.n_calls, 0);
	host_world_run(&world, 10);

	ck_assert_uint_eq(guest.n_calls, 1);
	guest.host->cancel(guest.host->h, guest.id); /* gone already: fine */
}
END_TEST

START_TEST(test_timer_with_period_runs_until_cancelled)
{
	ck_assert_int_eq(add_timer(0, 100 * MS, on_timer), 0);
	host_world_run(&world, 0.95);
	ck_assert_uint_eq(guest.n_calls, 10);

	guest.host->cancel(guest.host->h, guest.id);
	host_world_run(&world, 10);

	ck_assert_uint_eq(guest.n_calls, 10);
}
END_TEST

static void
cancel_itself(void *data)
{
	Guest *self = data;

	self->n_calls++;
	self->host->cancel(self->host->h, self->id);
}

START_TEST(test_timer_may_cancel_itself)
{
	ck_assert_int_eq(add_timer(0, 100 * MS, cancel_itself), 0);

	host_world_run(&world, 10);

	ck_assert_uint_eq(guest.n_calls, 1);
}
END_TEST

static void
replace_itself(void *data)
{
	Guest *self = data;

	cancel_itself(data);
	if (self->n_calls < 5)
		ck_assert_int_eq(add_timer(100 * MS, 0, replace_itself), 0);
}

START_TEST(test_timer_may_replace_itself)
{
	ck_assert_int_eq(add_timer(0, 100 * MS, replace_itself), 0);

	host_world_run(&world, 10);

	ck_assert_uint_eq(guest.n_calls, 5);
}
END_TEST

START_TEST(test_timer_nonsense_is_refused)
{
	ck_assert_int_eq(add_timer(-1, 0, on_timer), -EINVAL);
	ck_assert_int_eq(add_timer(0, -1, on_timer), -EINVAL);
	ck_assert_int_eq(add_timer(0, MS - 1, on_timer), -EINVAL); /* it would eat a processor */
	ck_assert_int_eq(add_timer(0, 0, NULL), -EINVAL);
}
END_TEST

/* ---- start and stop -------------------------------------------------------------------------- */

START_TEST(test_stop_ends_timers_and_start_may_follow)
{
	guest.adds_timer = true;
	ts_instance_stop(instance);
	ck_assert(ts_instance_start(instance, NULL));
	host_world_run(&world, 2.5);
	ck_assert_uint_eq(guest.n_calls, 3);

	ts_instance_stop(instance);
	host_world_run(&world, 10);
	ck_assert_uint_eq(guest.n_calls, 3);
	ck_assert(ts_instance_start(instance, NULL));
	host_world_run(&world, 2.5);

	ck_assert_uint_eq(guest.n_calls, 6);
	ck_assert_uint_eq(guest.n_starts, 3);
	ck_assert_uint_eq(guest.n_stops, 2);
}
END_TEST

START_TEST(test_stopped_instance_can_start_nothing)
{
	struct timesrv_sample sample = {.struct_size = sizeof sample};
	ts_instance_stop(instance);

	ck_assert_int_eq(add_timer(0, 0, on_timer), -ESHUTDOWN);
	ck_assert_int_eq(
		guest.host->watch_add(guest.host->h, 0, TIMESRV_WATCH_READ, NULL, NULL, NULL),
		-ESHUTDOWN);
	ck_assert_int_eq(guest.host->service_publish(guest.host->h, "x", 1, &guest, NULL),
			 -ESHUTDOWN);
	ck_assert_int_eq(guest.host->submit_sample(guest.host->h, &sample), -EPERM);
}
END_TEST

/* ---- settings -------------------------------------------------------------------------------- */

START_TEST(test_setting_has_its_own_type_only)
{
	const struct timesrv_host *host = guest.host;
	const char *text;
	int64_t whole;
	double number;
	int flag;

	ck_assert_int_eq(host->setting_bool(host->h, "flag", &flag), 0);
	ck_assert_int_eq(flag, 1);
	ck_assert_int_eq(host->setting_int(host->h, "whole", &whole), 0);
	ck_assert_int_eq(whole, -5);
	ck_assert_int_eq(host->setting_int(host->h, "perm", &whole), 0);
	ck_assert_int_eq(whole, 0640);
	ck_assert_int_eq(host->setting_number(host->h, "wait", &number), 0);
	ck_assert_double_eq(number, 0.02);
	ck_assert_int_eq(host->setting_text(host->h, "word", &text), 0);
	ck_assert_str_eq(text, "two");
	ck_assert_int_eq(host->setting_text(host->h, "nothing", &text), -ENOENT);
	ck_assert_int_eq(host->setting_text(host->h, "absent", &text), -EINVAL);
	ck_assert_int_eq(host->setting_text(host->h, "flag", &text), -EINVAL);
	ck_assert_int_eq(host->setting_int(host->h, "wait", &whole), -EINVAL);
	ck_assert_int_eq(host->setting_number(host->h, "whole", &number), -EINVAL);
	ck_assert_int_eq(host->setting_bool(host->h, "whole", &flag), -EINVAL);
}
END_TEST

/* ---- metrics --------------------------------------------------------------------------------- */

static int
add_metric(uint32_t kind, const char *name, timesrv_id *id)
{
	return guest.host->metric_add(guest.host->h, kind, name, "", "For a test", id);
}

START_TEST(test_metric_is_shown_until_cancelled)
{
	const struct timesrv_host *host = guest.host;
	timesrv_id counter, gauge;
	ck_assert_int_eq(add_metric(TIMESRV_METRIC_COUNTER, "seen", &counter), 0);
	ck_assert_int_eq(add_metric(TIMESRV_METRIC_GAUGE, "level", &gauge), 0);

	host->metric_count(host->h, counter, 3);
	host->metric_count(host->h, counter, -3); /* a counter only grows */
	host->metric_set(host->h, gauge, 2.5);

	ck_assert_double_eq(host_world_metric(&world, "guest", "seen"), 3);
	ck_assert_double_eq(host_world_metric(&world, "guest", "level"), 2.5);
	host->cancel(host->h, counter);
	host->metric_count(host->h, counter, 3);
	ck_assert_double_nan(host_world_metric(&world, "guest", "seen"));
}
END_TEST

START_TEST(test_metric_nonsense_is_refused)
{
	timesrv_id id;

	ck_assert_int_eq(add_metric(TIMESRV_METRIC_COUNTER, "seen", &id), 0);
	ck_assert_int_eq(add_metric(TIMESRV_METRIC_COUNTER, "seen", &id), -EEXIST);
	ck_assert_int_eq(add_metric(99, "other", &id), -EINVAL);
	ck_assert_int_eq(add_metric(TIMESRV_METRIC_COUNTER, NULL, &id), -EINVAL);
	ck_assert_int_lt(add_metric(TIMESRV_METRIC_COUNTER, "no name", &id), 0);
}
END_TEST

/* ---- what is not there ----------------------------------------------------------------------- */

START_TEST(test_table_knows_its_size_and_version)
{
	ck_assert_uint_eq(guest.host->struct_size, sizeof(struct timesrv_host));
	ck_assert_uint_eq(guest.host->abi_major, TIMESRV_ABI_MAJOR);
	ck_assert(TIMESRV_HAS(guest.host, service_release));
	struct timesrv_host older = *guest.host;
	older.struct_size = offsetof(struct timesrv_host, service_release) + 1;
	ck_assert(!TIMESRV_HAS(&older, service_release));
	ck_assert(TIMESRV_HAS(&older, service_done));
}
END_TEST

START_TEST(test_service_has_no_samples_to_give)
{
	struct timesrv_sample sample = {.struct_size = sizeof sample};

	ck_assert_int_eq(guest.host->submit_sample(guest.host->h, &sample), -EPERM);
	guest.host->set_progress(guest.host->h, "nothing is shown and nothing breaks");
}
END_TEST

START_TEST(test_watch_in_a_simulation_is_not_supported)
{
	int ends[2];
	timesrv_id id;
	ck_assert_int_eq(pipe(ends), 0);

	ck_assert_int_eq(guest.host->watch_add(guest.host->h, ends[0], TIMESRV_WATCH_READ,
					       (timesrv_watch_func)(void (*)(void))on_timer, NULL,
					       &id),
			 -ENOTSUP);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

/* ---- descriptors, on real time ---------------------------------------------------------------- */

typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsSettings *settings;
	TsMetrics *metrics;
	int ends[2];
	unsigned n_octets;
	uint32_t events;
} RealWorld;

static RealWorld real;

static void
set_up_real(void)
{
	guest = (Guest){0};
	real = (RealWorld){0};
	real.settings = ts_settings_new();
	g_clear_pointer(&real.settings->clock.drift_file, g_free);
	real.sched = ts_sched_new_real(NULL);
	real.clock = ts_clock_new_software(NULL);
	real.metrics = ts_metrics_new();
	context = (TsPluginContext){
		ts_engine_new(real.sched, real.clock, real.settings, real.metrics), real.metrics,
		ts_services_new()};
	instance = ts_instance_new(&context, &module, "guest", read_defaults(), NULL, NULL);
	ck_assert(ts_instance_start(instance, NULL));
	ck_assert_int_eq(pipe2(real.ends, O_NONBLOCK | O_CLOEXEC), 0);
}

static void
tear_down_real(void)
{
	ck_assert(ts_instance_free(instance));
	close(real.ends[0]);
	close(real.ends[1]);
	ts_services_free(context.services);
	ts_engine_free(context.engine);
	ts_metrics_free(real.metrics);
	ts_clock_free(real.clock);
	ts_sched_free(real.sched);
	ts_settings_unref(real.settings);
}

static void
read_octets(int fd, uint32_t events, void *data)
{
	char bytes[16];
	ssize_t n = read(fd, bytes, sizeof bytes);
	Guest *self = data;

	real.events |= events;
	if (n > 0)
		real.n_octets += (unsigned)n;
	if (events & TIMESRV_WATCH_ERROR)
		self->host->cancel(self->host->h, self->id);
}

static int
watch_pipe(void)
{
	return guest.host->watch_add(guest.host->h, real.ends[0], TIMESRV_WATCH_READ, read_octets,
				     &guest, &guest.id);
}

/* Runs what is ready, without waiting. */
static void
run_ready(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

START_TEST(test_watch_tells_what_can_be_read)
{
	ck_assert_int_eq(watch_pipe(), 0);
	ck_assert_int_eq(write(real.ends[1], "abc", 3), 3);

	run_ready();

	ck_assert_uint_eq(real.n_octets, 3);
	ck_assert_uint_eq(real.events, TIMESRV_WATCH_READ);
}
END_TEST

START_TEST(test_watch_tells_the_end_and_may_cancel_itself)
{
	ck_assert_int_eq(watch_pipe(), 0);
	close(real.ends[1]);

	run_ready();

	ck_assert(real.events & TIMESRV_WATCH_ERROR);
}
END_TEST

START_TEST(test_watch_is_silent_after_stop)
{
	ck_assert_int_eq(watch_pipe(), 0);
	ck_assert_int_eq(write(real.ends[1], "abc", 3), 3);

	ts_instance_stop(instance);
	run_ready();

	ck_assert_uint_eq(real.n_octets, 0);
}
END_TEST

START_TEST(test_watch_nonsense_is_refused)
{
	const struct timesrv_host *host = guest.host;
	timesrv_id id;

	ck_assert_int_eq(host->watch_add(host->h, 9999, TIMESRV_WATCH_READ, read_octets, NULL, &id),
			 -EBADF);
	ck_assert_int_eq(host->watch_add(host->h, real.ends[0], 0, read_octets, NULL, &id),
			 -EINVAL);
	ck_assert_int_eq(
		host->watch_add(host->h, real.ends[0], TIMESRV_WATCH_READ, NULL, NULL, &id),
		-EINVAL);
}
END_TEST

START_TEST(test_clock_stamps_of_the_system_are_carried_over)
{
	const struct timesrv_host *host = guest.host;
	int64_t real_ns = g_get_real_time() * 1000, raw_ns;

	ck_assert_int_eq(host->raw_of_real(host->h, real_ns, &raw_ns), 0);

	ck_assert_int_le(raw_ns, host->raw_now(host->h));
	ck_assert_int_gt(raw_ns, host->raw_now(host->h) - 4 * TS_NS_PER_S);
	ck_assert_int_eq(host->raw_of_real(host->h, real_ns - 60 * TS_NS_PER_S, &raw_ns), -ESTALE);
	ck_assert_int_eq(host->raw_of_real(host->h, real_ns + 60 * TS_NS_PER_S, &raw_ns), -ESTALE);
}
END_TEST

TS_TEST_MAIN("host-table", {
	TCase *simulated = tcase_create("simulated");
	tcase_add_checked_fixture(simulated, set_up, tear_down);
	tcase_add_test(simulated, test_timer_once_runs_once);
	tcase_add_test(simulated, test_timer_with_period_runs_until_cancelled);
	tcase_add_test(simulated, test_timer_may_cancel_itself);
	tcase_add_test(simulated, test_timer_may_replace_itself);
	tcase_add_test(simulated, test_timer_nonsense_is_refused);
	tcase_add_test(simulated, test_stop_ends_timers_and_start_may_follow);
	tcase_add_test(simulated, test_stopped_instance_can_start_nothing);
	tcase_add_test(simulated, test_setting_has_its_own_type_only);
	tcase_add_test(simulated, test_metric_is_shown_until_cancelled);
	tcase_add_test(simulated, test_metric_nonsense_is_refused);
	tcase_add_test(simulated, test_table_knows_its_size_and_version);
	tcase_add_test(simulated, test_service_has_no_samples_to_give);
	tcase_add_test(simulated, test_watch_in_a_simulation_is_not_supported);
	suite_add_tcase(suite, simulated);
	TCase *on_real_time = tcase_create("real");
	tcase_add_checked_fixture(on_real_time, set_up_real, tear_down_real);
	tcase_add_test(on_real_time, test_watch_tells_what_can_be_read);
	tcase_add_test(on_real_time, test_watch_tells_the_end_and_may_cancel_itself);
	tcase_add_test(on_real_time, test_watch_is_silent_after_stop);
	tcase_add_test(on_real_time, test_watch_nonsense_is_refused);
	tcase_add_test(on_real_time, test_clock_stamps_of_the_system_are_carried_over);
	suite_add_tcase(suite, on_real_time);
})
