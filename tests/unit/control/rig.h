/* SPDX-License-Identifier: BSD-2-Clause */
/* rig.h - something to control: an engine on a software clock, a roster whose sources never ask anybody */
#pragma once

#include "control/authorise.h"
#include "control/control.h"
#include "control/object.h"

typedef struct {
	TsSched *sched;
	TsClock *clock;
	TsMetrics *metrics;
	TsSettings *settings;
	TsEngine *engine;
	TsPluginHost *plugins;
	TsRoster *roster;
	GPtrArray *sources;      /* of TestSource */
	TsControlSubjects subjects;
	TsAuthoriser authoriser; /* trusts root, user 100 and group 200 */
	bool keep_fails;
	char *kept;              /* label that was last kept or forgotten */
	unsigned n_reloads, n_bursts, n_offline;
} Rig;

Rig *rig_new(void);
void rig_free(Rig *rig);

/* Adds a source at once, as "server=192.0.2.1" and what else is in @options. */
TsSource *rig_add_source(Rig *rig, const char *const *options);

/* Gives a source a good sample. */
void rig_add_sample(Rig *rig, TsSource *source, double offset_s);

/* One turn of the main loop after another until @is_done says so; the test's own time limit ends it. */
void rig_run_until(bool (*is_done)(void *user_data), void *user_data);
