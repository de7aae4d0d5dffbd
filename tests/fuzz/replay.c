/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay.c - runs a fuzz target once over each file of its corpus, without a fuzzer
 *
 * One TAP case a file. A finding ends the program (an assertion or a sanitizer), so a plan that is not
 * met is the failure. Each input is handed over in a block of just its size, so that AddressSanitizer
 * sees a read behind it.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
compare_names(const void *a, const void *b)
{
	return g_strcmp0(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *
list_corpus(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, compare_names);
	return names;
}

static void
replay(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *contents = NULL;
	g_autoptr(GError) error = NULL;
	gsize size;

	if (!g_file_get_contents(path, &contents, &size, &error))
		g_error("%s", error->message);
	uint8_t *exact = malloc(size); /* g_malloc would give NULL for an empty file */
	memcpy(exact, contents, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
		return 2;
	}
	g_autoptr(GPtrArray) names = list_corpus(argv[1]);
	printf("1..%u\n", names->len);
	for (unsigned i = 0; i < names->len; i++) {
		replay(argv[1], names->pdata[i]);
		printf("ok %u - %s\n", i + 1, (char *)names->pdata[i]);
		fflush(stdout);
	}
	return EXIT_SUCCESS;
}
