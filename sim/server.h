/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - a scenario's servers that are no daemons of ours: right, wrong, drifting, silent, kissing */
#pragma once

#include "config/schema.h"
#include "ntp/virtual/virtual-server.h"

typedef struct {
	double offset_s;      /* its clock minus true time */
	double drift_ppm;     /* how fast that grows */
	double processing_s;
	unsigned leap;        /* TsLeap */
	unsigned stratum;
	int precision_log2s;
	double root_delay_s, root_dispersion_s;
	char *kiss;           /* (nullable) "RATE", "DENY", "RSTR" */
	bool is_silent, is_interleaved;
} SimServerSettings;

void sim_server_settings_init(SimServerSettings *settings);
void sim_server_settings_clear(SimServerSettings *settings);

/* Changes what @map says. */
void sim_server_settings_read(SimServerSettings *settings, TsConfigReader *reader, const TsNode *map);

typedef struct _SimServer SimServer;

/* @settings: copied */
SimServer *sim_server_new(TsVirtualNet *net, const TsAddress *address, const TsClock *true_time,
			  const SimServerSettings *settings);
void sim_server_free(SimServer *server);

/* Changes what @map says, from now on. */
void sim_server_change(SimServer *server, TsConfigReader *reader, const TsNode *map);

/* Returns: what it claims of its own error, s. */
double sim_server_claim(const SimServer *server);
