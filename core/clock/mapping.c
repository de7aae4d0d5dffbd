/* SPDX-License-Identifier: BSD-2-Clause */
/* mapping.c - see mapping.h */
#include "clock/mapping.h"

#include <glib.h>
#include <math.h>

/* How far the disciplined clock gets ahead of the raw one between the anchor and @raw_ns, in ns. */
static double
gain_ns(const TsClockMapping *mapping, int64_t raw_ns)
{
	double since_ns = (double)(raw_ns - mapping->anchor_raw_ns);
	double slewing_ns = (double)(MIN(raw_ns, mapping->slew_end_raw_ns) - mapping->anchor_raw_ns);

	if (mapping->slew_end_raw_ns <= mapping->anchor_raw_ns)
		slewing_ns = 0;
	return since_ns * mapping->frequency + slewing_ns * mapping->slew_rate;
}

int64_t
ts_clock_mapping_utc_at(const TsClockMapping *mapping, int64_t raw_ns)
{
	double gained_ns = mapping->anchor_fraction_ns + gain_ns(mapping, raw_ns);

	return mapping->anchor_utc_ns + (raw_ns - mapping->anchor_raw_ns) +
	       (int64_t)floor(gained_ns);
}

double
ts_clock_mapping_slew_left(const TsClockMapping *mapping, int64_t raw_ns)
{
	int64_t left_ns = mapping->slew_end_raw_ns - MAX(raw_ns, mapping->anchor_raw_ns);

	return left_ns > 0 ? (double)left_ns * 1e-9 * mapping->slew_rate : 0;
}

void
ts_clock_mapping_advance(TsClockMapping *mapping, int64_t raw_ns)
{
	double gained_ns = mapping->anchor_fraction_ns + gain_ns(mapping, raw_ns);
	double whole_ns = floor(gained_ns);

	mapping->anchor_utc_ns += raw_ns - mapping->anchor_raw_ns + (int64_t)whole_ns;
	mapping->anchor_fraction_ns = gained_ns - whole_ns;
	mapping->anchor_raw_ns = raw_ns;
}
