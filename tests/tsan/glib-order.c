/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * glib-order.c - makes what GLib orders visible to ThreadSanitizer (preloaded in its build only)
 *
 * GMutex and GCond are made of futexes inside a library that is not instrumented, so ThreadSanitizer
 * sees no order between those who hold them and calls correct code a race. Here each of them tells it.
 * GRecMutex, GRWLock and GThread rest on pthread and need nothing. A source that one thread attaches to
 * the main context of another is ordered before what that one does after its next poll.
 *
 * Programs without ThreadSanitizer that inherit the preload (python3, chronyd) find the hooks missing.
 */
#include <dlfcn.h>
#include <poll.h>

#include <glib.h>

__attribute__((weak)) void __tsan_acquire(void *address);
__attribute__((weak)) void __tsan_release(void *address);

static void
acquire(void *address)
{
	if (__tsan_acquire)
		__tsan_acquire(address);
}

static void
release(void *address)
{
	if (__tsan_release)
		__tsan_release(address);
}

/* Looked up at each call: no state of ours that itself would need a lock. */
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#undef g_mutex_trylock

void
g_mutex_lock(GMutex *mutex)
{
	REAL(g_mutex_lock)(mutex);
	acquire(mutex);
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
	gboolean is_locked = REAL(g_mutex_trylock)(mutex);

	if (is_locked)
		acquire(mutex);
	return is_locked;
}

void
g_mutex_unlock(GMutex *mutex)
{
	release(mutex);
	REAL(g_mutex_unlock)(mutex);
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
	release(mutex);
	REAL(g_cond_wait)(cond, mutex);
	acquire(mutex);
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
	release(mutex);
	gboolean is_signalled = REAL(g_cond_wait_until)(cond, mutex, end_time);
	acquire(mutex);
	return is_signalled;
}

/* Stands for all main contexts: only its address is used. */
static char attached;

guint
g_source_attach(GSource *source, GMainContext *context)
{
	release(&attached);
	return REAL(g_source_attach)(source, context);
}

/* What a main context does between two rounds of callbacks. */
int
poll(struct pollfd *fds, nfds_t n_fds, int timeout_ms)
{
	int n_ready = REAL(poll)(fds, n_fds, timeout_ms);

	acquire(&attached);
	return n_ready;
}
