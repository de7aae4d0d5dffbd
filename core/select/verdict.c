/* SPDX-License-Identifier: BSD-2-Clause */
/* verdict.c - the names and tally characters of the verdicts */
#include "select/select.h"

static const struct {
	const char *name;
	char tally;
} verdicts[] = {
	[TS_VERDICT_SYSTEM_PEER] = {"system-peer", '*'},
	[TS_VERDICT_COMBINED] = {"combined", '+'},
	[TS_VERDICT_NOSELECT] = {"noselect", ' '},
	[TS_VERDICT_OFFLINE] = {"offline", ' '},
	[TS_VERDICT_STOPPED] = {"stopped", ' '},
	[TS_VERDICT_DUPLICATE] = {"duplicate", ' '},
	[TS_VERDICT_NO_SAMPLES] = {"no-samples", '?'},
	[TS_VERDICT_UNSYNCHRONISED] = {"unsynchronised", '?'},
	[TS_VERDICT_BAD_STRATUM] = {"bad-stratum", '?'},
	[TS_VERDICT_LOOP] = {"loop", '?'},
	[TS_VERDICT_STALE] = {"stale", '?'},
	[TS_VERDICT_TOO_DISTANT] = {"too-distant", '?'},
	[TS_VERDICT_TOO_JITTERY] = {"too-jittery", '~'},
	[TS_VERDICT_FALSETICKER] = {"falseticker", 'x'},
	[TS_VERDICT_NO_MAJORITY] = {"no-majority", 'x'},
	[TS_VERDICT_UNTRUSTED] = {"untrusted", '?'},
	[TS_VERDICT_WAITING] = {"waiting", '-'},
	[TS_VERDICT_NOT_PREFERRED] = {"not-preferred", '-'},
	[TS_VERDICT_OUTLIER] = {"outlier", '-'},
	[TS_VERDICT_WORSE] = {"worse", '-'},
};

const char *
ts_verdict_name(TsVerdict verdict)
{
	return (unsigned)verdict < G_N_ELEMENTS(verdicts) ? verdicts[verdict].name : "unknown";
}

char
ts_verdict_tally(TsVerdict verdict)
{
	return (unsigned)verdict < G_N_ELEMENTS(verdicts) ? verdicts[verdict].tally : '?';
}
