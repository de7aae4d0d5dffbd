/* SPDX-License-Identifier: BSD-2-Clause */
/* plot.h - a run as an SVG file: each node's error over time, and the bound that it claimed */
#pragma once

#include "world.h"

/* Errors: of GFileError. */
bool sim_plot_write(const SimWorld *world, const char *path, GError **error);
