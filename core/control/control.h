/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * control.h - the D-Bus objects, on the private socket and on the bus
 *
 * org.timesrv1.Manager, .Clock, .Source, .Server, .Plugin (data/org.timesrv1.xml) with properties,
 * change signals and the object manager. Reading is for all, changing for root and the group of the
 * settings. Thread: main.
 */
#pragma once

#include <glib.h>

#include "config/settings.h"
#include "metrics/registry.h"
#include "ntp/client/client.h"
#include "ntp/server/responder.h"
#include "plugin/host.h"
#include "source/engine.h"
#include "source/roster.h"

/* What is controlled. All outlive the control. */
typedef struct {
	TsEngine *engine;
	TsRoster *roster;
	TsNtpClient *client;
	TsPluginHost *plugins;
	TsMetrics *metrics;
	/* (nullable result): the responder now; it may come and go with a reload */
	TsResponder *(*get_responder)(void *user_data);
	TsSettings *(*get_settings)(void *user_data); /* (transfer none) */
	/* rereads the files; on error (all problems in its message, one a line) the old settings stay.
	 * Runs within a call: it must not free the control */
	bool (*reload)(void *user_data, GError **error);
	/* (transfer full): the problems that a reload would find, for config check */
	GPtrArray *(*check)(void *user_data);
	/* keeps @settings (NULL: removes @label) in a drop-in of the operator, for source add --keep */
	bool (*keep)(void *user_data, const char *label, const TsSourceSettings *settings,
		     GError **error);
	void *user_data;
} TsControlSubjects;

typedef struct _TsControl TsControl;

/**
 * ts_control_new:
 * @subjects: copied
 * @settings: socket, bus, group. No bus at hand is a line of information, not an error; a socket that
 *   can't be made is one. With neither nothing is made, and no thread is started: then the scheduler
 *   may be a virtual one
 */
TsControl *ts_control_new(const TsControlSubjects *subjects, const TsControlSettings *settings,
			  GError **error);
void ts_control_free(TsControl *control);

/* The settings are new (a reload by command or by signal): tells what changed. Doors stay as they are:
 * changed "control:" settings count after a restart. */
void ts_control_reloaded(TsControl *control);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsControl, ts_control_free)
