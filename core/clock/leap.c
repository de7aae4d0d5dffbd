/* SPDX-License-Identifier: BSD-2-Clause */
/* leap.c - see leap.h */
#include "clock/leap.h"

const char *
ts_leap_name(TsLeap leap)
{
	switch (leap) {
	case TS_LEAP_NONE:
		return "none";
	case TS_LEAP_INSERT:
		return "insert";
	case TS_LEAP_DELETE:
		return "delete";
	case TS_LEAP_UNSYNCHRONISED:
		return "unsynchronised";
	}
	return "unsynchronised";
}
