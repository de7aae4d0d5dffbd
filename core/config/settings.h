/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * settings.h - the checked settings: what the YAML files come to, in C
 *
 * Made by config/load.h; immutable afterwards and shared by reference count. A part of the daemon
 * takes its struct and never looks at YAML. Every limit here has been checked: no later code has to
 * doubt a value. docs/timesrv.yaml.5 describes each key.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "base/address.h"
#include "base/log.h"
#include "config/node.h"

/* All sources together, a pool counted as its max-sources: what the selection can take. */
#define TS_CONFIG_MAX_SOURCES 128
#define TS_CONFIG_MAX_WORKERS 16
#define TS_CONFIG_MAX_LISTENERS 64
#define TS_CONFIG_MAX_INTERFACES 64 /* in hwtimestamp */

#define TS_CONFIG_DRIFT_FILE     "/var/lib/timesrv/drift"
#define TS_CONFIG_CONTROL_SOCKET "/run/timesrv/control.sock"

typedef enum {
	TS_SOURCE_SERVER,   /* "server: NAME" */
	TS_SOURCE_POOL,     /* "pool: NAME": members come from DNS */
	TS_SOURCE_REFCLOCK, /* "refclock: PLUGIN" */
} TsSourceKind;

typedef enum {
	TS_FAMILY_ANY,
	TS_FAMILY_IPV4,
	TS_FAMILY_IPV6,
} TsFamily;

/* One entry of "sources:". Units in names; 0 of a limit means "no limit" where it says so. */
typedef struct {
	TsSourceKind kind;
	char *name;            /* host name, address or plugin name: the value of the first key */
	char *label;           /* "name:", what the operator calls it; by default the same as name, with
				* ":PORT" where the port is not 123. Unique */
	TsOrigin origin;       /* where it was written */

	/* selection, of every kind */
	bool prefer, trust, require, noselect;
	double offset_s;       /* "offset": added to what the source says */
	unsigned min_samples;  /* default 6 */
	unsigned max_samples;  /* default 64 */
	unsigned filter;       /* "filter": samples made into one by the median; 1: off */
	double max_distance_s; /* 0: the global one */

	/* NTP */
	uint16_t port;         /* 123 */
	int version;           /* 3 or 4 */
	int min_poll, max_poll; /* log2 s, -4 to 17; 6 and 10 */
	bool iburst, burst, xleave;
	bool is_online;        /* "online: false" waits for timesrvctl online */
	unsigned max_sources;  /* of a pool: 4 */
	TsFamily family;
	double max_delay_s;    /* 3 */
	double max_delay_ratio; /* 0: off */
	double max_delay_dev_ratio; /* 10; 0: off */
	char *bind_address;    /* (nullable) numeric */
	char *device;          /* (nullable) network interface */
	int dscp;              /* 0 to 63 */
	uint32_t key;          /* symmetric key id, 0: none */
	TsNode *nts;           /* (nullable) the node of "nts:", read by the plugins that do it */
	bool is_authenticated_only; /* nts or key is set: never plain NTP */

	/* refclock */
	char *refid;           /* (nullable) up to 4 letters; the plugin's name by default */
	int stratum;           /* what we take the refclock's own stratum for: 0 */
	TsNode *plugin;        /* (nullable) map of the keys that are the plugin's: checked by its schema */
} TsSourceSettings;

typedef struct {
	bool is_allow;         /* else deny */
	bool is_all;           /* "all" */
	TsPrefix prefix;
	TsOrigin origin;
} TsAccessRule;

typedef struct {
	bool is_enabled;
	double interval_s;     /* one reply an interval is always allowed: 8 */
	unsigned burst;        /* and this many at once: 8 */
	unsigned leak;         /* 1 of 2^leak requests over the limit is answered all the same: 2; 0: none */
	unsigned kod;          /* if kod_enabled, 1 of 2^kod of those dropped gets a KoD RATE */
	bool kod_enabled;
} TsRateLimitSettings;

typedef struct {
	GArray *listen;        /* of TsListen; empty: a pure client */
	GArray *access;        /* of TsAccessRule, as written; the longest prefix decides, and no match
				* is a deny. Rules that allow 127.0.0.0/8 and ::1 are added to these */
	TsRateLimitSettings rate_limit;
	unsigned workers;      /* 0: one a processor, at most 16 */
	uint64_t client_table_bytes; /* for all workers together: 1 MiB; 0: no table, so no rate limit */
	bool interleaved;      /* true */
	bool serve_unsynchronised; /* false */
	int dscp;
	/* "local": time to serve without sources */
	bool local_enabled;
	int local_stratum;     /* 10 */
	bool local_orphan;
	double local_activate_s; /* root distance below which a clock that was never set isn't used */
} TsServerSettings;

typedef struct {
	TsAddress address;     /* with port */
	char device[16];       /* "": any */
	bool is_wildcard;
	TsOrigin origin;
} TsListen;

typedef enum {
	TS_DRIVER_KERNEL,
	TS_DRIVER_SOFTWARE,
	TS_DRIVER_NONE,        /* follows its sources, steers nothing: the software clock, not served */
} TsDriver;

typedef struct {
	TsDriver driver;
	double step_threshold_s; /* 1 */
	int step_first_updates;  /* 3; -1: at any time; 0: never */
	double max_slew_ppm;     /* 83333 */
	double panic_s;          /* 1000; 0: none. Not for the first correction unless panic_at_start */
	bool panic_at_start;
	double max_drift_ppm;    /* 500: the oscillator's declared limit */
	double max_drift_change_ppm; /* 0.2: by how much its rate may change within a minute */
	char *drift_file;        /* (nullable) /var/lib/timesrv/drift for the kernel driver, else NULL */
	double holdover_limit_s; /* root distance at which holdover ends and stratum goes to 16: 1.0 */
	int precision_log2s;     /* 0: measured */
	/* "software": how wrong the software clock starts, for tests; 0 as the system's clock */
	double software_initial_offset_s;
	double software_initial_frequency_ppm;
} TsClockSettings;

typedef struct {
	unsigned min_sources;
	int min_stratum, max_stratum;
	double max_distance_s, max_jitter_s;
	double stratum_weight_s, reselect_distance_s, combine_limit;
} TsSelectionSettings;

typedef enum {
	TS_BUS_NONE,
	TS_BUS_SYSTEM,
	TS_BUS_SESSION,
} TsBus;

typedef struct {
	char *socket;          /* (nullable) path of the private socket */
	TsBus bus;
	char *group;           /* who else may change things: "timesrv" */
} TsControlSettings;

/* One entry of "plugins:", or a plugin that a source names. */
typedef struct {
	char *name;
	char *path;            /* (nullable) the file, else NAME.so in the plugin directory */
	bool is_enabled;
	TsNode *settings;      /* (nullable) map of the plugin's own keys */
	TsOrigin origin;
} TsPluginSettings;

typedef struct {
	gatomicrefcount references;
	GPtrArray *sources;    /* of TsSourceSettings */
	TsServerSettings server;
	TsClockSettings clock;
	TsSelectionSettings selection;
	TsControlSettings control;
	GPtrArray *plugins;    /* of TsPluginSettings */
	char *plugin_directory;
	bool plugins_watch;    /* "watch:", reserved: load again a plugin whose file changes */
	GPtrArray *hwtimestamp; /* of char *: interface names, or "*" */
	TsLogLevel log_level;
	TsNode *tree;          /* the merged tree, every value with its origin */
	GPtrArray *files;      /* of char *: what was read, in order */
} TsSettings;

/* Returns: (transfer full): every default, no source, no listener. For the loader, which fills it
 * in, and for tests and simulation; nobody changes settings that are in use. */
TsSettings *ts_settings_new(void);
TsSettings *ts_settings_ref(TsSettings *settings);
void ts_settings_unref(TsSettings *settings); /* NULL is fine */

/* Returns: (transfer full): a deep copy; for sources added at run time. */
TsSourceSettings *ts_source_settings_copy(const TsSourceSettings *source);
void ts_source_settings_free(TsSourceSettings *source);

/* Returns: a new source with every default. (transfer full) */
TsSourceSettings *ts_source_settings_new(TsSourceKind kind, const char *name);

/* Returns: "server", "pool" or "refclock". */
const char *ts_source_kind_name(TsSourceKind kind);

/* How two entries for the same source differ, so that a reload touches only what changed. */
typedef enum {
	TS_CHANGE_NONE,
	TS_CHANGE_OPTIONS, /* can be applied to the living source: nothing is lost */
	TS_CHANGE_RESTART, /* another port, version, key, device: the association starts anew */
} TsChange;

/* What differs only in where it was written is the same. */
TsChange ts_source_settings_compare(const TsSourceSettings *before, const TsSourceSettings *after);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSettings, ts_settings_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsSourceSettings, ts_source_settings_free)
