/* SPDX-License-Identifier: BSD-2-Clause */
/* accept.h - what a source must be before it has a vote (RFC 5905 section 11.2, accept()); seen by
 * select/ alone */
#pragma once

#include "select/select.h"

/**
 * ts_accept:
 * @decision: (inout): its distance_s is set; on refusal gets the verdict and its figures
 *
 * Returns: whether @candidate may vote at @raw_ns.
 */
bool ts_accept(const TsCandidate *candidate, const TsSelectOptions *options, int64_t raw_ns,
	       TsDecision *decision);
