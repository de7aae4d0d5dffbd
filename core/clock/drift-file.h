/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drift-file.h - what is known of the local oscillator, kept across restarts
 *
 * One line: frequency and its error in ppm, as chronyd's driftfile has them, then the wander in
 * ppm after a second. A chronyd's or ntpd's drift file can be read, with less in it.
 */
#pragma once

#include <stdbool.h>

#include <glib.h>

typedef struct {
	double frequency;    /* s/s: how fast UTC gains on the raw clock */
	double frequency_sd; /* s/s */
	double wander;       /* (s/s)^2/s; 0: not known */
} TsDrift;

/* Errors: TIMESRV_ERROR_NOT_FOUND when there is no file, TIMESRV_ERROR_INVALID_CONFIG for one that is
 * none; @drift is untouched then. Thread: main. */
bool ts_drift_file_load(const char *path, TsDrift *drift, GError **error);

/* Replaces the file as a whole: after a crash there is the old or the new one. Thread: main. */
bool ts_drift_file_save(const char *path, const TsDrift *drift, GError **error);
