/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * virtual.c - the scheduler of tests and simulations: time jumps from one due timer to the next
 *
 * A balanced tree (GTree) orders the armed timers by due time, then by the order of arming, so that
 * a run is the same on every machine.
 */
#include "sched/backend.h"

typedef struct {
	TsSched head;
	int64_t now_mono_ns;
	uint64_t next_serial;
	GTree *armed; /* of VirtualTimer, key and value alike */
} VirtualSched;

typedef struct {
	TsTimer head;
	uint64_t serial;
} VirtualTimer;

static gint
compare_timers(gconstpointer a, gconstpointer b, gpointer user_data)
{
	const VirtualTimer *first = a, *second = b;
	(void)user_data;

	if (first->head.due_mono_ns != second->head.due_mono_ns)
		return first->head.due_mono_ns < second->head.due_mono_ns ? -1 : 1;
	if (first->serial != second->serial)
		return first->serial < second->serial ? -1 : 1;
	return 0;
}

TsSched *
ts_sched_new_virtual(int64_t start_mono_ns)
{
	VirtualSched *self = g_new0(VirtualSched, 1);

	self->head.backend = &ts_sched_virtual_backend;
	self->now_mono_ns = start_mono_ns;
	self->armed = g_tree_new_full(compare_timers, NULL, NULL, NULL);
	return &self->head;
}

static void
virtual_free(TsSched *sched)
{
	VirtualSched *self = (VirtualSched *)sched;

	g_tree_unref(self->armed);
	g_free(self);
}

static int64_t
virtual_now(const TsSched *sched)
{
	return ((const VirtualSched *)sched)->now_mono_ns;
}

static VirtualTimer *
find_earliest(VirtualSched *self)
{
	GTreeNode *first = g_tree_node_first(self->armed);

	return first ? g_tree_node_value(first) : NULL;
}

void
ts_sched_run_until(TsSched *sched, int64_t limit_mono_ns)
{
	VirtualSched *self = (VirtualSched *)sched;
	VirtualTimer *timer;

	g_return_if_fail(ts_sched_is_virtual(sched));
	while ((timer = find_earliest(self)) && timer->head.due_mono_ns <= limit_mono_ns) {
		g_tree_remove(self->armed, timer);
		self->now_mono_ns = MAX(self->now_mono_ns, timer->head.due_mono_ns);
		timer->head.due_mono_ns = -1;
		timer->serial = 0;
		timer->head.func(timer->head.user_data); /* may free the timer */
	}
	self->now_mono_ns = MAX(self->now_mono_ns, limit_mono_ns);
}

void
ts_sched_jump(TsSched *sched, int64_t by_ns)
{
	g_return_if_fail(ts_sched_is_virtual(sched));
	((VirtualSched *)sched)->now_mono_ns += by_ns;
}

static TsTimer *
virtual_timer_new(TsSched *sched, TsTimerFunc func, void *user_data)
{
	VirtualTimer *timer = g_new0(VirtualTimer, 1);
	(void)sched;
	(void)func;
	(void)user_data;

	return &timer->head;
}

static void
remove_armed(VirtualTimer *timer)
{
	VirtualSched *self = (VirtualSched *)timer->head.sched;

	if (timer->serial)
		g_tree_remove(self->armed, timer);
	timer->serial = 0;
}

static void
virtual_timer_arm(TsTimer *timer, int64_t due_mono_ns)
{
	VirtualTimer *armed = (VirtualTimer *)timer;
	VirtualSched *self = (VirtualSched *)timer->sched;

	remove_armed(armed);
	timer->due_mono_ns = due_mono_ns;
	armed->serial = ++self->next_serial;
	g_tree_insert(self->armed, armed, armed);
}

static void
virtual_timer_disarm(TsTimer *timer)
{
	remove_armed((VirtualTimer *)timer);
}

static void
virtual_timer_free(TsTimer *timer)
{
	remove_armed((VirtualTimer *)timer);
	g_free(timer);
}

const TsSchedBackend ts_sched_virtual_backend = {
	.free = virtual_free,
	.now = virtual_now,
	.timer_new = virtual_timer_new,
	.timer_arm = virtual_timer_arm,
	.timer_disarm = virtual_timer_disarm,
	.timer_free = virtual_timer_free,
};
