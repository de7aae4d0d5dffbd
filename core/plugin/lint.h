/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lint.h - a look at a plugin's file for what makes it hard to unload
 *
 * Advice, no verdict: a static library can hide calls, and not each of them does harm. Runs no code
 * of the file. Thread: main.
 */
#pragma once

#include <glib.h>

/**
 * ts_plugin_lint:
 * @fd: the file, an ELF file that ts_plugin_facts_read() took
 * @is_resident: it says of itself that it is never unmapped: what only hinders that is left out
 *
 * Returns: (transfer full) (element-type char *): one sentence for each thing found; empty if
 * nothing is.
 */
GPtrArray *ts_plugin_lint(int fd, gboolean is_resident);
