/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.h - what the daemon offers to a plugin: a table of functions, one handle an instance
 *
 * The table is the plugin's only way to the daemon: it links to nothing of it, so a test can hand
 * in a table of its own, and the same file runs in another process. Every call begins with the
 * handle `h`. What an instance made (timers, watches, metrics, services) vanishes with it by
 * itself.
 *
 * The clocks:
 *   _raw_ns   the undisciplined clock that samples refer to: nothing ever adjusts it
 *   _mono_ns  the daemon's timers; only differences mean something
 *   _real_ns  the system's clock, CLOCK_REALTIME: what the kernel and other programs stamp with
 *   _utc_ns   the time that the daemon serves, ns since 1970-01-01
 */
#pragma once

#include <stdint.h>

#include <timesrv/abi.h>
#include <timesrv/sample.h>

/* One instance of a plugin in the daemon. */
typedef struct timesrv_instance timesrv_instance;

/* A timer, watch or metric. 0: none. Never reused. */
typedef uint64_t timesrv_id;

/* A counted use of another plugin's service. */
typedef struct timesrv_service_ref timesrv_service_ref;

enum timesrv_log_level {
	TIMESRV_LOG_ERROR = 3,   /* what was asked for can't be done */
	TIMESRV_LOG_WARNING = 4, /* it works, but the operator should look */
	TIMESRV_LOG_NOTICE = 5,  /* a change of state */
	TIMESRV_LOG_INFO = 6,    /* normal events, one a change */
	TIMESRV_LOG_DEBUG = 7
};

enum timesrv_watch_event {
	TIMESRV_WATCH_READ = 1u << 0,
	TIMESRV_WATCH_WRITE = 1u << 1,
	TIMESRV_WATCH_ERROR = 1u << 2 /* error or hang-up; always told */
};

enum timesrv_metric_kind {
	TIMESRV_METRIC_COUNTER = 1, /* only grows */
	TIMESRV_METRIC_GAUGE = 2    /* is set */
};

typedef void (*timesrv_timer_func)(void *user_data);

/* @events: enum timesrv_watch_event, those that hold */
typedef void (*timesrv_watch_func)(int fd, uint32_t events, void *user_data);

struct timesrv_host {
	uint32_t struct_size;
	uint16_t abi_major;
	uint16_t abi_minor;  /* the daemon's own */
	timesrv_instance *h; /* first argument of every call below */

	/* Says one line: lower case, no full stop, no newline; 480 octets at most. @level: enum
	 * timesrv_log_level. The daemon names the instance and holds back a flood, telling how much
	 * it left out. Thread: any. */
	void (*log)(timesrv_instance *h, uint32_t level, const char *format, ...)
		__attribute__((format(printf, 3, 4)));

	/* ---- clocks; thread: any; no system call beyond reading a clock ---- */

	int64_t (*raw_now)(timesrv_instance *h);  /* _raw_ns */
	int64_t (*mono_now)(timesrv_instance *h); /* _mono_ns; thread: main */
	int64_t (*utc_now)(timesrv_instance *h);  /* _utc_ns; may be far off before it is set */

	/* Carries a stamp that was taken on the system's clock over to the raw one. -ESTALE: it
	 * lies in the future or is more than 4 s old, so the clock may have been stepped in
	 * between. */
	int (*raw_of_real)(timesrv_instance *h, int64_t real_ns, int64_t *raw_ns);

	/* Raised when the raw clock itself was disturbed: suspend, a frozen or cloned machine. */
	uint32_t (*epoch)(timesrv_instance *h);

	/* ---- timers and descriptors; thread: main ----
	 * Callbacks run on the main thread, never inside the call that made them, and never after
	 * stop() began. A callback may cancel any id, its own too. */

	/* First after @first_ns, then every @period_ns; 0: once. 0 and *@id, or -EINVAL for a
	 * negative time or a period under 1 ms, -ESHUTDOWN outside of start() .. stop(). */
	int (*timer_add)(timesrv_instance *h, int64_t first_ns, int64_t period_ns,
			 timesrv_timer_func func, void *user_data, timesrv_id *id);

	/* Tells whenever one of @events (enum timesrv_watch_event) holds on @fd, which stays the
	 * plugin's: cancel before closing it. Errors as above; -EBADF; -ENOTSUP in a simulation. */
	int (*watch_add)(timesrv_instance *h, int fd, uint32_t events, timesrv_watch_func func,
			 void *user_data, timesrv_id *id);

	/* Ends a timer, watch or metric. An id that is 0 or gone is fine. */
	void (*cancel)(timesrv_instance *h, timesrv_id id);

	/* ---- settings, checked against the schema before create(); thread: main ----
	 * Texts live until destroy() returns. -ENOENT: has no value; -EINVAL: not in the schema, or
	 * of another type. */

	int (*setting_bool)(timesrv_instance *h, const char *name, int *value);
	/* int, mode */
	int (*setting_int)(timesrv_instance *h, const char *name, int64_t *value);
	/* number, duration */
	int (*setting_number)(timesrv_instance *h, const char *name, double *value);
	/* string, path, enum */
	int (*setting_text)(timesrv_instance *h, const char *name, const char **value);

	/* ---- refclocks; thread: main ---- */

	/* Gives a sample (copied). 0: taken. -ENOTSUP: unknown flag; -EINVAL: not a number, absurd
	 * or contradicting itself; -ESTALE: too old, or of an older epoch; -EAGAIN: not usable now
	 * (a pulse that nothing numbers, a source that says it is unsynchronised), go on; -EPERM:
	 * no refclock; -ESHUTDOWN outside of start() .. stop(). The daemon counts each cause: the
	 * plugin need not. */
	int (*submit_sample)(timesrv_instance *h, const struct timesrv_sample *sample);

	/* What the source waits for ("no fix", "device is away"), for the operator; NULL:
	 * nothing. */
	void (*set_progress)(timesrv_instance *h, const char *text);

	/* ---- metrics ---- */

	/* Registers one, best in create(): [a-z0-9_]+, at once visible to every exporter under the
	 * instance's name. @metric_kind: enum timesrv_metric_kind; @unit: "", "seconds", "bytes",
	 * "ratio"; @help: one sentence. 0 and *@id, or -EEXIST, -EINVAL. Thread: main. */
	int (*metric_add)(timesrv_instance *h, uint32_t metric_kind, const char *name,
			  const char *unit, const char *help, timesrv_id *id);
	/* Adds to a counter; sets a gauge. Thread: main. */
	void (*metric_count)(timesrv_instance *h, timesrv_id id, int64_t by);
	void (*metric_set)(timesrv_instance *h, timesrv_id id, double value);

	/* ---- services: how plugins meet, by the name of an interface, never by linking ----
	 * An interface is a struct of functions that begins with struct_size; its name is written
	 * like "timesrv.nts-cookies". */

	/* Offers one, in start() or later; withdrawn by the daemon before stop(). @table and
	 * @object live until destroy(). -EEXIST: another plugin offers it; -ESHUTDOWN outside of
	 * start() .. stop(). Thread: main. */
	int (*service_publish)(timesrv_instance *h, const char *interface, uint32_t version,
			       const void *table, void *object);

	/* Asks for one of @min_version or newer. 0 and *@ref even while nobody offers it:
	 * service_use() tells, and on_service() does when that changes. Thread: main. */
	int (*service_acquire)(timesrv_instance *h, const char *interface, uint32_t min_version,
			       timesrv_service_ref **ref);

	/* Pins the provider and gives its table and *@object; NULL while there is none, and then
	 * service_done() is not called. Keep neither past service_done(), which must come soon: a
	 * provider that is to go waits for it. Not from a server's worker. Thread: any. */
	const void *(*service_use)(timesrv_instance *h, timesrv_service_ref *ref, void **object);
	void (*service_done)(timesrv_instance *h, timesrv_service_ref *ref);

	/* Gives @ref back; done by the daemon at destroy. Thread: main. */
	void (*service_release)(timesrv_instance *h, timesrv_service_ref *ref);

	/* ---- what later minors append goes below ---- */
};
