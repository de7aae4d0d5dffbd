/* SPDX-License-Identifier: BSD-2-Clause */
/* drift-file.c - see drift-file.h */
#include "clock/drift-file.h"

#include <errno.h>
#include <math.h>

#include "base/error.h"

/* No oscillator of a computer is off by more: such a file is broken. */
#define MAX_PPM 100000.0

/* What the error of a frequency is taken for where the file does not say. */
#define DEFAULT_SD_PPM 10.0

static bool
parse_numbers(const char *text, double *numbers, unsigned n, unsigned *n_found)
{
	for (*n_found = 0; *n_found < n; (*n_found)++) {
		char *end;
		while (g_ascii_isspace(*text))
			text++;
		if (*text == '\0')
			break;
		numbers[*n_found] = g_ascii_strtod(text, &end);
		if (end == text || !isfinite(numbers[*n_found]) ||
		    (*end && !g_ascii_isspace(*end)))
			return false;
		text = end;
	}
	return *n_found > 0;
}

bool
ts_drift_file_load(const char *path, TsDrift *drift, GError **error)
{
	g_autoptr(GError) cause = NULL;
	g_autofree char *text = NULL;
	double ppm[3] = {0, DEFAULT_SD_PPM, 0};
	unsigned n_found;

	if (!g_file_get_contents(path, &text, NULL, &cause)) {
		bool is_missing = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_NOENT);
		g_set_error(error, TIMESRV_ERROR,
			    is_missing ? TIMESRV_ERROR_NOT_FOUND : TIMESRV_ERROR_UNAVAILABLE,
			    "cannot read the drift file: %s", cause->message);
		return false;
	}
	if (!parse_numbers(text, ppm, G_N_ELEMENTS(ppm), &n_found) || fabs(ppm[0]) > MAX_PPM ||
	    ppm[1] < 0 || ppm[1] > MAX_PPM || ppm[2] < 0 || ppm[2] > MAX_PPM) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_INVALID_CONFIG,
			    "%s is no drift file: expected \"FREQUENCY ERROR WANDER\" in ppm; remove it",
			    path);
		return false;
	}
	drift->frequency = ppm[0] * 1e-6;
	drift->frequency_sd = ppm[1] * 1e-6;
	drift->wander = ppm[2] * ppm[2] * 1e-12;
	return true;
}

bool
ts_drift_file_save(const char *path, const TsDrift *drift, GError **error)
{
	char frequency[G_ASCII_DTOSTR_BUF_SIZE], sd[G_ASCII_DTOSTR_BUF_SIZE];
	char wander[G_ASCII_DTOSTR_BUF_SIZE];
	g_autoptr(GError) cause = NULL;

	/* plain decimals whatever the locale */
	g_ascii_formatd(frequency, sizeof frequency, "%.6f", drift->frequency * 1e6);
	g_ascii_formatd(sd, sizeof sd, "%.6f", drift->frequency_sd * 1e6);
	g_ascii_formatd(wander, sizeof wander, "%.9f", sqrt(drift->wander) * 1e6);
	g_autofree char *text = g_strdup_printf("%20s %20s %20s\n", frequency, sd, wander);
	if (!g_file_set_contents_full(path, text, -1,
				      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
				      0644, &cause)) {
		g_set_error(error, TIMESRV_ERROR, TIMESRV_ERROR_UNAVAILABLE,
			    "cannot write the drift file: %s", cause->message);
		return false;
	}
	return true;
}
