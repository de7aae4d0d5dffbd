/* SPDX-License-Identifier: BSD-2-Clause */
/* verbs.h - what timesrvctl can do: one function a verb, called by the table in main.c */
#pragma once

#include <stdbool.h>

#include "json.h"
#include "link.h"
#include "table.h"

/* What the command line says, with the defaults of main.c. */
typedef struct {
	const char *socket;
	GBusType bus;       /* G_BUS_TYPE_NONE: the private socket */
	bool is_json;
	bool is_wide;
	bool is_kept;       /* --keep */
	bool is_check;      /* --check */
	double timeout_s;
	double max_error_s; /* NAN: any */
	double interval_s;
	double seconds_s;   /* NAN: for ever */
	int count;          /* 0: for ever */
	int limit;          /* 0: all */
	int good, total;    /* of a burst */
	TsStyle style;
	TsLink *link;       /* NULL for the verbs that connect by themselves */
} TsCtl;

/* @args: (array zero-terminated=1): what follows the verb. Returns: the exit status; -1 with @error. */
typedef int (*TsVerbFunc)(TsCtl *ctl, char **args, GError **error);

int ts_verb_status(TsCtl *ctl, char **args, GError **error);
int ts_verb_sources(TsCtl *ctl, char **args, GError **error);
int ts_verb_source(TsCtl *ctl, char **args, GError **error);
int ts_verb_why(TsCtl *ctl, char **args, GError **error);
int ts_verb_clients(TsCtl *ctl, char **args, GError **error);
int ts_verb_server(TsCtl *ctl, char **args, GError **error);
int ts_verb_access(TsCtl *ctl, char **args, GError **error);
int ts_verb_metrics(TsCtl *ctl, char **args, GError **error);

int ts_verb_source_add(TsCtl *ctl, char **args, GError **error);
int ts_verb_source_set(TsCtl *ctl, char **args, GError **error);
int ts_verb_source_remove(TsCtl *ctl, char **args, GError **error);
int ts_verb_refresh(TsCtl *ctl, char **args, GError **error);
int ts_verb_burst(TsCtl *ctl, char **args, GError **error);
int ts_verb_online(TsCtl *ctl, char **args, GError **error);
int ts_verb_offline(TsCtl *ctl, char **args, GError **error);
int ts_verb_step(TsCtl *ctl, char **args, GError **error);
int ts_verb_log(TsCtl *ctl, char **args, GError **error);

int ts_verb_plugin_list(TsCtl *ctl, char **args, GError **error);
int ts_verb_plugin_info(TsCtl *ctl, char **args, GError **error);
int ts_verb_plugin_load(TsCtl *ctl, char **args, GError **error);
int ts_verb_plugin_unload(TsCtl *ctl, char **args, GError **error);

int ts_verb_config_check(TsCtl *ctl, char **args, GError **error);
int ts_verb_config_show(TsCtl *ctl, char **args, GError **error);
int ts_verb_reload(TsCtl *ctl, char **args, GError **error);

int ts_verb_watch(TsCtl *ctl, char **args, GError **error);
int ts_verb_wait(TsCtl *ctl, char **args, GError **error);

/* ---- for the files of verbs ------------------------------------------------------------------- */

/* Connects as the options say. */
TsLink *ts_ctl_connect(const TsCtl *ctl, GError **error);

/* Writes to standard output. Returns: TS_EXIT_OK, or TS_EXIT_FAILED if nobody takes it. */
int ts_ctl_print(const char *text);
int ts_ctl_print_json(JsonNode *node); /* taken over */

/* For a verb that changed something: nothing for people, {"ok": true} for programs. */
int ts_ctl_print_done(const TsCtl *ctl);

/* Calls a method of the manager without results, and says that it is done. Returns: as a verb. */
int ts_ctl_do(TsCtl *ctl, const char *method, GVariant *arguments, GError **error);

/* manager and clock, as status and watch show them. (transfer full) */
JsonNode *ts_ctl_status_json(GVariant *manager, GVariant *clock);
JsonNode *ts_ctl_sources_json(GPtrArray *sources);
