/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - see world.h */
#include "world.h"

#include <check.h>
#include <math.h>

#include "base/time.h"
#include "config/load.h"

static double
next_unit(World *world)
{
	uint64_t z = world->random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static void
on_event(TsEvent event, TsSource *source, const char *detail, void *user_data)
{
	World *world = user_data;
	(void)source;
	(void)detail;

	world->n_panics += event == TS_EVENT_PANIC;
	world->n_steps += event == TS_EVENT_CLOCK_STEPPED;
	world->n_disruptions += event == TS_EVENT_CLOCK_DISRUPTED;
}

World *
world_new(const TsOscillator *oscillator, uint64_t seed)
{
	static const char *const no_dirs[] = {NULL};
	World *world = g_new0(World, 1);
	TsConfigPaths paths = {.conf_dirs = no_dirs};
	g_autoptr(GPtrArray) problems = NULL;

	world->random_state = seed;
	world->sched = ts_sched_new_virtual(0);
	world->clock = ts_clock_new_virtual(world->sched, oscillator);
	world->settings = ts_config_load(&paths, &problems);
	ck_assert_ptr_nonnull(world->settings);
	g_clear_pointer(&world->settings->clock.drift_file, g_free);
	world->metrics = ts_metrics_new();
	world->engine = ts_engine_new(world->sched, world->clock, world->settings, world->metrics);
	world->tellers = g_ptr_array_new();
	ts_engine_subscribe(world->engine, on_event, world);
	return world;
}

void
world_remove_teller(World *world, Teller *teller)
{
	ts_timer_free(teller->timer);
	ts_engine_remove_source(world->engine, teller->source);
	g_ptr_array_remove(world->tellers, teller);
	g_free(teller);
}

void
world_free(World *world)
{
	while (world->tellers->len > 0)
		world_remove_teller(world, g_ptr_array_index(world->tellers, 0));
	g_ptr_array_unref(world->tellers);
	ts_engine_free(world->engine);
	ts_metrics_free(world->metrics);
	ts_clock_free(world->clock);
	ts_settings_unref(world->settings);
	ts_sched_free(world->sched);
	g_free(world);
}

static void
tell(Teller *teller)
{
	World *world = teller->world;
	double there_s = teller->path_s - teller->jitter_s * log(1 - next_unit(world));
	double back_s = teller->path_s - teller->jitter_s * log(1 - next_unit(world));

	if (teller->is_dead) {
		ts_source_update_reach(teller->source, false);
		return;
	}
	/* the exchange ended now: the middle of it and the server's reading differ by the asymmetry */
	int64_t delay_ns = ts_s_to_ns(there_s + back_s);
	int64_t raw_ns = ts_clock_raw_now(world->clock) - delay_ns / 2;
	int64_t server_utc_ns = ts_clock_virtual_true_utc(world->clock) - delay_ns / 2 +
				ts_s_to_ns((there_s - back_s) / 2 + teller->lie_s);
	TsSample sample = {
		.raw_ns = raw_ns,
		.offset_ns = server_utc_ns - raw_ns,
		.delay_ns = delay_ns,
		.noise_s = 1e-6,
		.max_error_s = teller->claim_s + 2e-6,
		.root_dispersion_s = teller->claim_s,
		.refid = 0x47505300,
		.epoch = ts_clock_epoch(world->clock),
		.stratum = teller->stratum,
		.leap = TS_LEAP_NONE,
	};
	ts_source_update_reach(teller->source, true);
	ts_source_add_sample(teller->source, &sample);
}

static void
on_poll(void *user_data)
{
	Teller *teller = user_data;

	ts_timer_arm_after(teller->timer, ts_s_to_ns(teller->poll_s));
	tell(teller);
}

static bool
on_burst(void *owner, unsigned n_good, unsigned n_total, GError **error)
{
	Teller *teller = owner;
	(void)n_good;
	(void)n_total;
	(void)error;

	teller->n_bursts++;
	ts_timer_arm_after(teller->timer, 2 * TS_NS_PER_S);
	return true;
}

static void
on_replace(void *owner)
{
	((Teller *)owner)->n_replaced++;
}

static const TsSourceOps teller_ops = {.burst = on_burst, .replace = on_replace};

Teller *
world_add_teller(World *world, const char *label, double poll_s)
{
	Teller *teller = g_new0(Teller, 1);
	g_autoptr(TsSourceSettings) settings = ts_source_settings_new(TS_SOURCE_SERVER, label);
	TsAddress address;
	g_autofree char *text = g_strdup_printf("192.0.2.%u", world->tellers->len + 1);

	teller->world = world;
	teller->poll_s = poll_s;
	teller->path_s = 1e-3;
	teller->jitter_s = 1e-4;
	teller->claim_s = 1e-3;
	teller->stratum = 1;
	teller->timer = ts_timer_new(world->sched, on_poll, teller);
	teller->source = ts_engine_add_source(world->engine, settings, NULL, NULL, &teller_ops, teller);
	ck_assert(ts_address_parse(text, 123, &address));
	ts_source_set_address(teller->source, &address);
	ts_source_set_poll(teller->source, poll_s);
	ck_assert(ts_address_parse("192.0.2.2", 123, &address));
	ts_source_set_local_address(teller->source, &address);
	ts_timer_arm_after(teller->timer, ts_s_to_ns(next_unit(world) * 2));
	g_ptr_array_add(world->tellers, teller);
	return teller;
}

void
world_run(World *world, double seconds)
{
	ts_sched_run_until(world->sched, ts_sched_now(world->sched) + ts_s_to_ns(seconds));
}

double
world_error_s(const World *world)
{
	return ts_ns_to_s(ts_clock_utc_now(world->clock) - ts_clock_virtual_true_utc(world->clock));
}

TsClockView
world_clock(const World *world)
{
	TsClockView view;

	ts_engine_get_clock_view(world->engine, &view);
	return view;
}

TsVerdict
teller_verdict(const Teller *teller)
{
	TsSourceView view;

	ts_source_get_view(teller->source, &view);
	return view.verdict;
}
