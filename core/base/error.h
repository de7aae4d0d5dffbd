/* SPDX-License-Identifier: BSD-2-Clause */
/* error.h - the one error domain of the control path: few codes, by what the caller can do */
#pragma once

#include <glib.h>

typedef enum {
	TIMESRV_ERROR_INVALID_CONFIG, /* the operator mends a file or an argument */
	TIMESRV_ERROR_NOT_FOUND,      /* no such source, plugin, name */
	TIMESRV_ERROR_EXISTS,         /* it is there already */
	TIMESRV_ERROR_UNAVAILABLE,    /* try again later, or another way */
	TIMESRV_ERROR_PERMISSION,     /* the caller or the daemon may not */
	TIMESRV_ERROR_INCOMPATIBLE,   /* another ABI, format or kernel */
	TIMESRV_ERROR_INTERNAL,       /* a fault of ours */
} TimesrvError;

#define TIMESRV_ERROR (timesrv_error_quark())
GQuark timesrv_error_quark(void);

/**
 * ts_set_error_errno:
 * @error: (out) (optional)
 * @saved_errno: the errno of the failed call
 * @format: what was tried, as "cannot open /etc/x"; ": strerror" is added
 *
 * Sets @error with the code that fits @saved_errno. Returns: false, for `return`. Thread: any.
 */
gboolean ts_set_error_errno(GError **error, int saved_errno, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
