/* SPDX-License-Identifier: BSD-2-Clause */
/* error.c - see error.h */
#include "base/error.h"

#include <errno.h>

G_DEFINE_QUARK(timesrv-error, timesrv_error)

static TimesrvError
code_of_errno(int saved_errno)
{
	switch (saved_errno) {
	case EACCES:
	case EPERM:
		return TIMESRV_ERROR_PERMISSION;
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return TIMESRV_ERROR_NOT_FOUND;
	case EEXIST:
		return TIMESRV_ERROR_EXISTS;
	default:
		return TIMESRV_ERROR_UNAVAILABLE;
	}
}

gboolean
ts_set_error_errno(GError **error, int saved_errno, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	g_autofree char *what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, TIMESRV_ERROR, (gint)code_of_errno(saved_errno), "%s: %s", what,
		    g_strerror(saved_errno));
	return FALSE;
}
