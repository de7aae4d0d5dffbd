/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fuzz-config.c - a configuration file of any content: settings or a list of mistakes, never neither
 *
 * What is accepted has every limit checked already (config/settings.h), so some of those are asked here.
 */
#include "config/load.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
has_error(const GPtrArray *problems)
{
	for (unsigned i = 0; i < problems->len; i++) {
		const TsConfigProblem *problem = problems->pdata[i];

		g_assert_nonnull(problem->text);
		if (!problem->is_warning)
			return true;
	}
	return false;
}

static void
check_sources(const TsSettings *settings)
{
	g_assert_cmpuint(settings->sources->len, <=, TS_CONFIG_MAX_SOURCES);
	for (unsigned i = 0; i < settings->sources->len; i++) {
		const TsSourceSettings *source = settings->sources->pdata[i];

		g_assert_nonnull(source->name);
		g_assert_nonnull(source->label);
		g_assert_cmpint(source->min_poll, <=, source->max_poll);
		g_assert_cmpint(source->min_poll, >=, -4);
		g_assert_cmpint(source->max_poll, <=, 17);
		g_assert_cmpuint(source->min_samples, <=, source->max_samples);
	}
}

static void
load(const char *path)
{
	const char *no_dirs[] = {NULL};
	const TsConfigPaths paths = {path, true, no_dirs};
	g_autoptr(GPtrArray) problems = NULL;
	g_autoptr(TsSettings) settings = ts_config_load(&paths, &problems);

	g_assert_nonnull(problems);
	g_assert_true((settings == NULL) == has_error(problems));
	if (settings)
		check_sources(settings);
	g_autofree char *text = ts_config_problems_format(problems);
	g_assert_nonnull(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("config", MFD_CLOEXEC);
	g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(write(fd, data, size), ==, size);
	load(path);
	close(fd);
	return 0;
}
