/* SPDX-License-Identifier: BSD-2-Clause */
/* test-system-state.c - published whole: a reader in another thread never sees half of one */
#include "clock/system-state.h"

#include <glib.h>

#include "base/time.h"
#include "suite.h"

#define N_WRITES 200000

START_TEST(test_system_state_starts_unsynchronised)
{
	TsSystemStatePublisher *publisher = ts_system_state_publisher_new();
	TsSystemState state;

	ts_system_state_read(publisher, &state);

	ck_assert_int_eq(state.stratum, TS_STRATUM_UNSYNCHRONISED);
	ck_assert_int_eq(state.leap, TS_LEAP_UNSYNCHRONISED);
	ck_assert(!state.may_serve);
	ts_system_state_publisher_free(publisher);
}
END_TEST

START_TEST(test_system_state_dispersion_grows_and_never_shrinks)
{
	TsSystemState state = {
		.reference_raw_ns = 100 * TS_NS_PER_S,
		.root_dispersion_s = 0.001,
		.root_dispersion_rate = 1e-6,
	};

	ck_assert_double_eq_tol(ts_system_state_root_dispersion(&state, 1100 * TS_NS_PER_S), 0.002,
				1e-12);
	ck_assert_double_eq(ts_system_state_root_dispersion(&state, 0), 0.001);
}
END_TEST

/* Every field of state number n is made from n. */
static gpointer
read_all(gpointer data)
{
	const TsSystemStatePublisher *publisher = data;
	TsSystemState state;
	unsigned n_torn = 0;

	do {
		ts_system_state_read(publisher, &state);
		n_torn += state.refid != 0 && (state.reference_utc_ns != (int64_t)state.refid * 3 ||
					       state.root_delay_s != state.refid ||
					       state.epoch != state.refid);
	} while (state.refid < N_WRITES);
	return GUINT_TO_POINTER(n_torn);
}

START_TEST(test_system_state_is_never_torn)
{
	TsSystemStatePublisher *publisher = ts_system_state_publisher_new();
	GThread *reader = g_thread_new("reader", read_all, publisher);

	for (uint32_t i = 1; i <= N_WRITES; i++) {
		TsSystemState state = {.reference_utc_ns = (int64_t)i * 3,
				       .root_delay_s = i,
				       .refid = i,
				       .epoch = i};
		ts_system_state_publish(publisher, &state);
	}

	ck_assert_uint_eq(GPOINTER_TO_UINT(g_thread_join(reader)), 0);
	ts_system_state_publisher_free(publisher);
}
END_TEST

TS_TEST_MAIN("system-state", {
	TCase *core = tcase_create("core");
	tcase_add_test(core, test_system_state_starts_unsynchronised);
	tcase_add_test(core, test_system_state_dispersion_grows_and_never_shrinks);
	tcase_add_test(core, test_system_state_is_never_torn);
	suite_add_tcase(suite, core);
})
